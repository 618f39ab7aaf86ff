// Speculation: a function that was compiled for what usually happens, and what happens when it does not.
//
//   sum(list, n): adds list[0] + ... + list[n - 1]
//
// The fast path takes for granted that no sum overflows (a guard) and that the list is there (a load
// that may fault; no test in the code). Either failing leaves through a frame state: the handler
// finds sum, index and the list again in registers and stack, goes on in a slow interpreter of its
// own, and returns its result to the caller of the compiled function.
#include <jitkit/jitkit.hpp>

#include <cinttypes>
#include <cstdio>

using namespace jitkit;
using ir::FrameEntry;
using ir::Type;

namespace {

// The consumer's names for the entries of a frame state.
enum Key : u64 { key_list, key_count, key_index, key_sum, key_next };
enum State : u64 { state_loop = 1 };

void build(ir::Builder& b) {
  const ir::Block entry = b.entry();
  const ir::Value list = b.param(entry, 0), n = b.param(entry, 1);
  const ir::Block loop = b.new_block(), done = b.new_block();
  const ir::Value i = b.add_param(loop, Type::i64), sum = b.add_param(loop, Type::i64);
  b.br({loop, {b.i64(0), b.i64(0)}});
  b.at(loop);
  const auto entry_of = [](ir::Value v, u64 key) { return FrameEntry{FrameEntry::Kind::value, v.id, key}; };
  const FrameEntry entries[] = {entry_of(list, key_list), entry_of(n, key_count), entry_of(i, key_index),
                                entry_of(sum, key_sum)};
  const ir::FrameStateRef state = b.frame_state(state_loop, entries);
  const ir::Value x = b.load_trap(Type::i64, b.ptr_add(list, b.shl(i, b.i64(3))), 0, state);
  const auto [total, overflow] = b.sadd_ov(sum, x);
  b.guard_not(overflow, state);
  const ir::Value next = b.add(i, b.i64(1));
  b.brif(b.icmp(ir::ICond::ult, next, n), {loop, {next, total}}, {done});
  b.at(done);
  b.ret({total});
}

struct Runtime {
  OwnedLocationMap map;
  std::span<const CfiRow> cfi;
  u64 code = 0;
  u32 exits = 0;
};

// The slow path: saturates, and takes a list that is not there for empty.
i64 interpret(const i64* list, u64 n, u64 i, i64 sum) {
  for (; list != nullptr && i < n; ++i)
    if (__builtin_add_overflow(sum, list[i], &sum)) sum = list[i] > 0 ? INT64_MAX : INT64_MIN;
  return sum;
}

void on_exit(MachineState& s, void* context) {
  Runtime& r = *static_cast<Runtime*>(context);
  ++r.exits;
  const u32 at = static_cast<u32>(s.pc - r.code);
  u64 value[key_next] = {};
  for (const FrameValue& v : r.map->entries(*r.map->state_of_stub(at))) value[v.key] = read_value(v, s).lo;
  const i64 result = interpret(reinterpret_cast<const i64*>(value[key_list]), value[key_count], value[key_index],
                               static_cast<i64>(value[key_sum]));
  unwind_frame(r.cfi, at, s);  // as if the function returned
  s.general[0] = static_cast<u64>(result);  // rax, x0
}

int report(const Status& s) {
  std::fprintf(stderr, "error: %s\n", describe(s.error));
  return 1;
}

}  // namespace

int main() {
  ir::Module module;
  ir::Function<host::Isa> f;
  f.module = &module;
  f.signature = module.add_signature({Type::ptr, Type::i64}, {Type::i64});
  ir::Builder b(f);
  build(b);

  ExecMemory memory;
  Runtime runtime;
  ExitThunk thunk(memory);
  Status s = thunk.create(on_exit, &runtime);
  if (!s) return report(s);

  host::Options options;
  options.features = host_features();
  options.exit_symbol = "exit";  // where the stubs of frame states go
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  ExecBlock block;
  const auto find = [](void* to, std::string_view name, u64& address) {
    address = static_cast<ExitThunk*>(to)->address();
    return name == "exit";
  };
  s = compiler.compile(f, code);
  if (s.ok()) s = runtime.map.copy(compiler.locations());
  if (s.ok()) s = memory.add(code, block, {find, &thunk}, thunk.address());
  if (!s) return report(s);
  runtime.cfi = compiler.cfi();
  runtime.code = block.run;

  TrapTable traps;
  s = traps.add(block.run, code.offset(), *runtime.map);
  if (s.ok()) s = traps.install();
  if (!s) return report(s);

  const auto sum = block.as<i64(const i64*, u64)>();
  const i64 small[] = {1, 2, 3, 4};
  const i64 large[] = {INT64_MAX - 1, 1, 1, -5};
  const i64 results[] = {sum(small, 4), sum(large, 4), sum(nullptr, 4)};
  std::printf("small: %" PRId64 "\nlarge: %" PRId64 "\nno list: %" PRId64 "\nexits: %u, of them faults: %" PRIu64 "\n",
              results[0], results[1], results[2], runtime.exits, traps.taken());
  return results[0] == 10 && results[1] == INT64_MAX - 5 && results[2] == 0 && runtime.exits == 2 ? 0 : 1;
}
