// A JIT for one method of a small object-oriented language, and what a JVM does to such a method:
//
//   lookup(ref): n = ref.get()        a weak reference's target
//                if n is no Node:     an error (checkcast)
//                return n.value()     a virtual call; no node: the cache missed
//
// References have 32 bits: an address is base + 8 * reference, and 0 is the page at the base, which nobody may touch.
// The compiled method takes three things for granted, none of which costs an instruction:
//
//   the target is there     its class is read by a load that may fault; on a fault the interpreter goes on
//   value() is Leaf's       no other class of nodes is loaded: the getter and value() are inlined. Loading one
//                           invalidates the code: its patch point leads to the interpreter
//   it is a Node            the one branch; not taken it leads to the interpreter
//
// After some faults at one load the method is compiled again with a test in front of it. Counters show each.
#include <jitkit/jitkit.hpp>
#if defined(__x86_64__)
#include <jitkit/emit/x86_64/listing.hpp>
#else
#include <jitkit/emit/arm64/listing.hpp>
#endif

#include <sys/mman.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

using namespace jitkit;
using ir::FrameEntry;
using ir::Type;

namespace {

// --- The heap ------------------------------------------------------------------------------------------

constexpr i64 missed = -1, no_node = -2;
constexpr i32 object_class = 0, class_super = 4, class_doubles = 8, target_at = 8, payload_at = 8;  // offsets

// Objects are a reference to their class and 8 bytes; a class is an object too.
class Heap {
 public:
  static constexpr usize bytes = 1 << 20, guard = 1 << 16;  // no page is larger than the guard

  Heap() {
    void* const p = ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED || ::mprotect(static_cast<u8*>(p) + guard, bytes - guard, PROT_READ | PROT_WRITE) != 0) return;
    base_ = static_cast<u8*>(p);
  }
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  ~Heap() {
    if (base_ != nullptr) ::munmap(base_, bytes);
  }
  u8* base() const { return base_; }

  u32 make(u32 class_of, u64 field) {
    const u32 reference = static_cast<u32>(next_ / 8);
    put(reference, object_class, class_of);
    put(reference, payload_at, field);
    next_ += 16;
    return reference;
  }
  u32 make_class(u32 super, bool doubles) {
    const u32 reference = make(0, doubles);
    put(reference, class_super, super);
    return reference;
  }
  template <class T = u32>
  T get(u32 reference, i32 at) const {
    T value;
    std::memcpy(&value, base_ + 8 * u64{reference} + at, sizeof value);
    return value;
  }

 private:
  template <class T>
  void put(u32 reference, i32 at, T value) {
    std::memcpy(base_ + 8 * u64{reference} + at, &value, sizeof value);
  }
  u8* base_ = nullptr;
  usize next_ = guard;
};

struct World {
  Heap heap;
  u32 object = heap.make_class(0, false), node = heap.make_class(object, false), leaf = heap.make_class(node, false);
  u32 other = heap.make_class(object, false);
};

// --- The method, interpreted ---------------------------------------------------------------------------

enum class Bytecode : u8 { load_reference, get_target, cast_to_node, call_value, give_back };
constexpr Bytecode method[] = {Bytecode::load_reference, Bytecode::get_target, Bytecode::cast_to_node,
                               Bytecode::call_value, Bytecode::give_back};

struct Counters {
  u32 compiled = 0, interpreted = 0, getters = 0, virtual_calls = 0;  // by the interpreter
  u32 missing = 0, not_a_node = 0, invalid = 0;                       // exits, by reason
};

// From bytecode `at` on, with what the frame held.
i64 interpret(const World& w, Counters& count, u32 at, u32 reference, u32 top) {
  ++count.interpreted;
  i64 value = 0;
  for (;; ++at) {
    switch (method[at]) {
      case Bytecode::load_reference: top = reference; break;
      case Bytecode::get_target:
        ++count.getters;
        top = w.heap.get(top, target_at);
        break;
      case Bytecode::cast_to_node:
        if (top != 0 && w.heap.get(w.heap.get(top, object_class), class_super) != w.node) return no_node;
        break;
      case Bytecode::call_value: {
        if (top == 0) return missed;
        ++count.virtual_calls;
        const i64 payload = w.heap.get<i64>(top, payload_at);
        value = w.heap.get<u64>(w.heap.get(top, object_class), class_doubles) != 0 ? 2 * payload : payload;
        break;
      }
      case Bytecode::give_back: return value;
    }
  }
}

// --- The method, compiled ------------------------------------------------------------------------------

// A frame state's number: where the interpreter goes on, and why the code was left.
enum State : u64 { at_entry = 1, no_target = 2, wrong_class = 3 };
constexpr u32 bytecode_of[] = {0, 0, 2, 2};
enum Key : u64 { key_reference, key_top, keys };

FrameEntry entry_of(ir::Value v, u64 key) { return {FrameEntry::Kind::value, v.id, key}; }

ir::Value decode(ir::Builder& b, ir::Value base, ir::Value reference) {
  return b.ptr_add(base, b.shl(reference, b.i64(3)));
}

// (base, reference) -> value
void build(ir::Builder& b, const World& w, bool tests_target) {
  const ir::Block entry = b.entry();
  const ir::Value base = b.param(entry, 0), reference = b.param(entry, 1);
  const FrameEntry entries[] = {entry_of(reference, key_reference)};
  b.patch_point(8, {}, {}, b.frame_state(at_entry, entries));
  const ir::Value top = b.uload32(Type::i64, decode(b, base, b.zext(Type::i64, reference)), target_at);  // get()
  const FrameEntry more[] = {entry_of(reference, key_reference), entry_of(top, key_top)};
  if (tests_target) {
    const ir::Block there = b.new_block(), absent = b.new_block();
    b.brif(b.icmp(ir::ICond::ne, top, b.i64(0)), {there}, {absent});
    b.at(absent);
    b.ret({b.i64(missed)});
    b.at(there);
  }
  const ir::Value node = decode(b, base, top);
  const ir::Value class_of = tests_target ? b.load(Type::i32, node, object_class)
                                          : b.load_trap(Type::i32, node, object_class, b.frame_state(no_target, more));
  const ir::Value super = b.load(Type::i32, decode(b, base, b.zext(Type::i64, class_of)), class_super);
  b.guard(b.icmp(ir::ICond::eq, super, b.i32(w.node)), b.frame_state(wrong_class, more));
  b.ret({b.load(Type::i64, node, payload_at)});  // value() of Leaf
}

struct Code {
  OwnedLocationMap map;
  std::span<const CfiRow> rows;
  ExecBlock block;
  u64 size = 0;
  std::string listing;
  ir::Compiler<host::Isa> compiler;

  explicit Code(const host::Options& o) : compiler(o) {}
  bool has(u64 pc) const { return pc >= block.run && pc < block.run + size; }
};

// --- The virtual machine -------------------------------------------------------------------------------

class Runtime {
 public:
  static constexpr u32 patience = 3;  // faults at one load

  World world;
  Counters count;
  TrapTable traps;

  Status start() {
    if (world.heap.base() == nullptr) return {Error::system};
    if (const Status s =
            thunk_.create([](MachineState& state, void* m) { static_cast<Runtime*>(m)->on_exit(state); }, this);
        !s)
      return s;
    if (const Status s = traps.install(); !s) return s;
    return compile(false);
  }
  i64 lookup(u32 reference) {
    const i64 result = entry_(world.heap.base(), reference);
    if (status_.ok() && count.missing == patience && count.compiled == 1) status_ = compile(true);
    return result;
  }
  // A second class of nodes.
  u32 load_class(bool doubles) {
    if (status_.ok()) status_ = patcher_.invalidate(current().block, 0, *current().map);
    return world.heap.make_class(world.node, doubles);
  }
  const Status& status() const { return status_; }
  const std::string& listing(u32 n) const { return codes_[n].listing; }

 private:
  using Entry = i64(const u8*, u32);
  Code& current() { return codes_[count.compiled - 1]; }

  Status compile(bool tests_target) {
    Code& code = codes_[count.compiled++];
    ir::Module module;
    ir::Function<host::Isa> f;
    f.module = &module;
    f.signature = module.add_signature({Type::ptr, Type::i32}, {Type::i64});
    f.symbol = module.declare_function("lookup", f.signature);
    ir::Builder b(f);
    build(b, world, tests_target);
    CodeBuffer buffer;
    Status s = code.compiler.compile(f, buffer);
    if (s.ok()) s = code.map.copy(code.compiler.locations());
    if (!s) return s;
    char text[8192];
    BufferSink out(text, sizeof text);
    host::Listing(f, code.compiler, buffer, out).print();
    code.listing = out.text();
    code.size = buffer.offset();
    code.rows = code.compiler.cfi();
    const auto find = [](void* thunk, std::string_view name, u64& address) {
      address = static_cast<ExitThunk*>(thunk)->address();
      return name == "exit";
    };
    s = memory_.add(buffer, code.block, {find, &thunk_}, thunk_.address(), Audience::this_thread);
    if (s.ok()) s = traps.add(code.block.run, code.size, *code.map);
    if (s.ok()) entry_ = code.block.as<Entry>();
    return s;
  }

  // The compiled code has been left; the interpreter goes on, and returns to its caller.
  void on_exit(MachineState& s) {
    Code& code = codes_[0].has(s.pc) ? codes_[0] : codes_[1];
    const u32 at = static_cast<u32>(s.pc - code.block.run);
    const auto& state = *code.map->state_of_stub(at);
    u64 value[keys] = {};
    for (const FrameValue& v : code.map->entries(state)) value[v.key] = read_value(v, s).lo;
    ++(state.id == at_entry ? count.invalid : state.id == no_target ? count.missing : count.not_a_node);
    const i64 result = interpret(world, count, bytecode_of[state.id], static_cast<u32>(value[key_reference]),
                                 static_cast<u32>(value[key_top]));
    unwind_frame(code.rows, at, s);
    s.general[0] = static_cast<u64>(result);
  }

  static host::Options options() {
    host::Options o;
    o.features = host_features();
    o.exit_symbol = "exit";
    return o;
  }

  ExecMemory memory_;
  ExitThunk thunk_{memory_};
  CodePatcher patcher_{memory_};
  Code codes_[2] = {Code(options()), Code(options())};
  Entry* entry_ = nullptr;
  Status status_;
};

// --- What is expected ----------------------------------------------------------------------------------

int failures = 0;

void expect(const char* what, i64 got, i64 expected) {
  if (got == expected) return;
  std::fprintf(stderr, "%s: %" PRId64 ", not %" PRId64 "\n", what, got, expected);
  ++failures;
}

// Lines of machine code whose mnemonic begins so.
i64 instructions(const std::string& listing, std::span<const std::string_view> mnemonics) {
  i64 n = 0;
  for (usize at = 0; at < listing.size();) {
    const usize end = std::min(listing.find('\n', at), listing.size());
    const std::string_view line(listing.data() + at, end - at);
    for (const std::string_view m : mnemonics) n += line.starts_with("  ") && line.substr(2).starts_with(m) ? 1 : 0;
    at = end + 1;
  }
  return n;
}

#if defined(__x86_64__)
constexpr std::string_view branches[] = {"je ", "jne ", "jb ", "ja "}, calls[] = {"call "}, shifts[] = {"shl "},
                           null_tests[] = {"test "};
#else
constexpr std::string_view branches[] = {"b.", "cbz ", "cbnz "}, calls[] = {"bl "}, shifts[] = {"lsl ", "ubfiz "},
                           null_tests[] = {"cbz ", "cbnz "};
#endif

void run(Runtime& m) {
  World& w = m.world;
  const u32 good = w.heap.make(w.object, w.heap.make(w.leaf, 42)), empty = w.heap.make(w.object, 0);
  const u32 bad = w.heap.make(w.object, w.heap.make(w.other, 7));
  i64 sum = 0;
  for (u32 n = 0; n < 1000; ++n) sum += m.lookup(good);
  expect("a thousand values", sum, 42000);
  expect("interpreted for them", m.count.interpreted, 0);

  expect("no node", m.lookup(bad), no_node);
  expect("exits for a wrong class", m.count.not_a_node, 1);

  for (u32 n = 0; n < Runtime::patience + 5; ++n) expect("no target", m.lookup(empty), missed);
  expect("faults", static_cast<i64>(m.traps.taken()), Runtime::patience);
  expect("exits for no target", m.count.missing, Runtime::patience);
  expect("compilations", m.count.compiled, 2);
  expect("with the test", m.lookup(good), 42);
  expect("getters and virtual calls so far", m.count.getters + m.count.virtual_calls, 0);

  const u32 special = m.load_class(true);
  const u32 twice = w.heap.make(w.object, w.heap.make(special, 42));
  expect("the second class's value", m.lookup(twice), 84);
  expect("the first one's", m.lookup(good), 42);
  expect("exits of invalid code", m.count.invalid, 2);
  expect("virtual calls", m.count.virtual_calls, 2);
  expect("getters", m.count.getters, 2);
  expect("status", m.status().ok() ? 0 : 1, 0);

  expect("branches at first", instructions(m.listing(0), branches), 1);
  expect("null tests at first", instructions(m.listing(0), null_tests), 0);
  expect("branches with the test", instructions(m.listing(1), branches), 2);
  expect("calls, but for the exits'", instructions(m.listing(0).substr(0, m.listing(0).find("  ret")), calls), 0);
  expect("shifts of references", instructions(m.listing(0), shifts), 0);
}

}  // namespace

int main() {
  static Runtime m;
  if (const Status s = m.start(); !s) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  run(m);
  std::printf("%s\nexits: %u missing, %u of a wrong class, %u invalid; interpreted: %u; compiled: %u\n",
              m.listing(0).c_str(), m.count.missing, m.count.not_a_node, m.count.invalid, m.count.interpreted,
              m.count.compiled);
  return failures == 0 ? 0 : 1;
}
