// Native ops and native exits through the whole compiler: numbers an instruction cannot hold are refused,
// never cut off; what must have a register of its own has one; an exit's operands reach their places;
// core ops between a definition of the flags and its use write none, on both targets.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/ir/op_signature.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cstring>
#include <string>
#include <vector>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

template <class T>
struct Compiled {
  explicit Compiled(const std::string& text) {
    Diagnostics errors;
    const IsaInfo* const targets[] = {&T::isa_info()};
    REQUIRE(parse(text, unit, targets, errors));
    REQUIRE(verify(unit, errors));
    status = compiler.compile(*unit.find("f"), code);
  }
  static typename T::Options options() {
    typename T::Options o;
    o.features.apply("all");
    return o;
  }
  Unit unit;
  Compiler<T> compiler{options()};
  typename T::Buffer code;
  Status status;
};

Status x86_64_native(const std::string& line) {
  return Compiled<x86_64::Isa>("target x86_64\nfunc @f(ptr, i64) {\nb1(p: ptr, x: i64):\n  " + line + "\n  ret\n}\n").status;
}

}  // namespace

TEST_CASE("x86-64 native ops: a number that the instruction cannot hold is refused") {
  const struct {
    const char* line;
    i64 bad;  // 0: fits
  } cases[] = {
      {"r = x86_64.add_ri_64 x, 0x7fffffff\n  store.i64 p, r", 0},
      {"r = x86_64.add_ri_64 x, 0x80000000\n  store.i64 p, r", 0x80000000},
      {"r = x86_64.add_ri_64 x, 0x123456789a\n  store.i64 p, r", 0x123456789a},
      {"r = x86_64.mov_rm_64 p, x, 3, -8\n  store.i64 p, r", 0},
      {"r = x86_64.mov_rm_64 p, x, 4, 8\n  store.i64 p, r", 4},
      {"r = x86_64.mov_rm_64 p, x, 9, 8\n  store.i64 p, r", 9},
      {"r = x86_64.mov_rm_64 p, _, 0, 0x1000000010\n  store.i64 p, r", 0x1000000010},
      {"x86_64.mov_mi_64 p, _, 0, 0, 0x100000000", 0x100000000},
      {"x86_64.mov_mi_8 p, _, 0, 0, 255", 0},
      {"x86_64.mov_mi_8 p, _, 0, 0, 256", 256},
  };
  for (const auto& c : cases) {
    CAPTURE(c.line);
    const Status s = x86_64_native(c.line);
    CHECK(s.error == (c.bad == 0 ? Error::none : Error::operand_range));
    if (c.bad != 0) CHECK(static_cast<i64>(s.detail) == c.bad);
  }
}

TEST_CASE("AArch64 native ops: operands that are written share no register with one another") {
  Compiled<arm64::Isa> copy(
      "target arm64\nfunc @f(i64, i64) -> i64 {\nb1(p: i64, n: i64):\n  a, b, c = arm64.cpyfp p, p, n\n  ret a\n}\n");
  CHECK(copy.status.ok());
}

TEST_CASE("AArch64 native ops: eight consecutive registers from an even one, whatever else is alive") {
  std::string text = "target arm64\nfunc @f(ptr, i64) -> i64 {\nb1(p: ptr, x: i64):\n", sum;
  for (u32 n = 0; n < 24; ++n) text += "  v" + std::to_string(n) + " = mul.i64 x, " + std::to_string(n + 3) + "\n";
  text += "  a, b, c, d, e, g, h, i = arm64.ld64b p\n  arm64.st64b i, h, g, e, d, c, b, a, p\n  s0 = add.i64 a, h\n";
  for (u32 n = 0; n < 24; ++n) text += "  s" + std::to_string(n + 1) + " = xor.i64 s" + std::to_string(n) + ", v" + std::to_string(n) + "\n";
  Compiled<arm64::Isa> f(text + "  ret s24\n}\n");
  REQUIRE(f.status.ok());
  u32 found = 0;
  for (u32 n = 0; n + 4 <= f.code.offset(); n += 4) {
    u32 word = 0;
    std::memcpy(&word, f.code.data() + n, 4);
    if ((word & 0xffffbc00) != (0xf83f9000 & 0xffffbc00)) continue;  // ld64b, st64b
    CHECK((word & 1) == 0);
    CHECK((word & 31) <= 22);
    ++found;
  }
  CHECK(found == 2);
}

TEST_CASE("native exits: operands without a place of their own go where the convention passes them") {
  const std::string text =
      "declare @g(i64, i64)\nfunc @f(i64, i64) -> i64 {\n  e1 = exit_to @g(i64, i64)\nb1(a: i64, b: i64):\n  exit e1, b, a\n}\n";
  const auto places = [](const MachFunction& mf) {
    std::vector<u8> regs;
    for (const MachInst& m : mf.insts)
      if ((m.flags & mach_terminator) != 0)
        for (const Operand& o : mf.operands_of(m)) regs.push_back(o.arg);
    return regs;
  };
  Compiled<x86_64::Isa> x(text);
  REQUIRE(x.status.ok());
  CHECK(places(x.compiler.machine()) == std::vector<u8>{x86_64::preg::rdi.id, x86_64::preg::rsi.id});
  Compiled<arm64::Isa> a(text);
  REQUIRE(a.status.ok());
  CHECK(places(a.compiler.machine()) == std::vector<u8>{0, 1});
  // More of them than there are registers: no place left.
  Compiled<x86_64::Isa> many(
      "declare @g(i64, i64, i64, i64, i64, i64, i64)\nfunc @f(i64) -> i64 {\n"
      "  e1 = exit_to @g(i64, i64, i64, i64, i64, i64, i64)\nb1(a: i64):\n  exit e1, a, a, a, a, a, a, a\n}\n");
  CHECK(many.status.error == Error::unsupported);
}

TEST_CASE("native exits without a target are the end of the code, or refused") {
  const auto status = [](const std::string& text) {
    const Status x = Compiled<x86_64::Isa>(text).status, a = Compiled<arm64::Isa>(text).status;
    CHECK(x.error == a.error);
    return x.error;
  };
  const std::string head = "func @f(i64) -> i64 {\n  e1 = exit_to bare (i64)\n  e2 = exit_to bare (i64)\nb1(x: i64):\n";
  CHECK(status(head + "  y = mul.i64 x, x\n  exit e1, y\n}\n") == Error::none);
  // Another exit, or a stub, stands behind it.
  CHECK(status(head + "  c = icmp.eq.i64 x, 0\n  brif c, b2, b3\nb2:\n  y = mul.i64 x, x\n  exit e1, y\nb3:\n  z = mul.i64 x, 3\n"
                      "  exit e2, z\n}\n") == Error::unsupported);
  CHECK(status(head + "  st = state 1 [1: x]\n  c = icmp.ne.i64 x, 0\n  guard c [st]\n  exit e1, x\n}\n") == Error::unsupported);
}

TEST_CASE("x86-64: incoming slots count from the caller's stack arguments, whatever the frame") {
  Compiled<x86_64::Isa> f(
      "func @f(ptr, i64 in slot(2)) -> i64 {\n  s1 = slot 64\nb1(p: ptr, b: i64):\n  q = stack_addr s1\n"
      "  store.i64 p, b\n  call @h(q)\n  ret b\n}\ndeclare @h(ptr)\n");
  REQUIRE(f.status.ok());
  // push rbx; sub rsp, 64; then the slot: 64 and 8 of this frame, the return address, two slots.
  bool found = false;
  for (u32 n = 0; n + 5 <= f.code.offset(); ++n) {
    const u8* c = f.code.data() + n;
    found = found || (c[0] == 0x48 && c[1] == 0x8b && (c[2] & 0xc7) == 0x44 && c[3] == 0x24 && c[4] == 64 + 8 + 8 + 16);
  }
  CHECK(found);
}

namespace {

constexpr TypeSet absent = types::wide_vector | set_of(Type::mask);

// What operand n of the op on type t is written as: the implied type, else the first legal one.
Type type_of_operand(Opcode op, Type t, u32 n) {
  FunctionData f;
  InstData d;
  d.op = op;
  d.type = has_type(op) ? t : Type::none;
  const SlotType slot = operand_slot(f, d, n);
  if (slot.implied != Type::none) return slot.implied;
  for (unsigned k = 1; k < type_count; ++k)
    if (contains(slot.legal & ~absent, static_cast<Type>(k))) return static_cast<Type>(k);
  return Type::none;
}
Type type_of_result(Opcode op, Type t, u32 n) {
  FunctionData f;
  InstData d;
  d.op = op;
  d.type = has_type(op) ? t : Type::none;
  const Type implied = result_slot(f, d, n).implied;
  return implied == Type::none ? t : implied;
}

std::string list(u32 count, const std::string& name, u32 first = 0) {
  std::string s;
  for (u32 n = first; n < count; ++n) s += (n != first ? ", " : "") + name + std::to_string(n);
  return s;
}

// @f with the op between `define` and `read`, native ops that name a0, a1, z and the flags f.
std::string text_around(const char* target, Opcode op, Type t, const std::string& define, const std::string& read) {
  const OpSignature& s = signature_of(op);
  std::string types = "i64, i64", params = "a0: i64, a1: i64", results = "i64";
  for (u32 n = 0; n < s.operands; ++n) {
    const std::string type = name(type_of_operand(op, t, n));
    types += ", " + type;
    params += ", a" + std::to_string(n + 2) + ": " + type;
  }
  for (u32 n = 0; n < s.results; ++n) results += ", " + std::string(name(type_of_result(op, t, n)));
  std::string text = "target " + std::string(target) + "\nfunc @f(" + types + ", i64) -> (" + results + ") {\nb1(" + params + ", z: i64):\n";
  text += "  f = " + define + "\n  " + list(s.results, "r") + (s.results != 0 ? " = " : "") + std::string(name(op));
  text += (has_type(op) ? "." + std::string(name(t)) : "") + " " + list(s.operands + 2, "a", 2) + "\n";
  return text + "  c = " + read + "\n  ret c" + (s.results != 0 ? ", " : "") + list(s.results, "r") + "\n}\n";
}

// In program order: the form `define`, then nothing that writes flags, then the form `read`.
template <class T>
bool keeps_flags(const MachFunction& mf, const std::string& define, const std::string& read) {
  bool live = false;
  for (u32 i = mf.insts.size(); i-- > 0;) {
    const MachInst& m = mf.insts[i];
    const bool real = m.form != 0 && m.form < T::isa_info().forms;
    const std::string form(real ? T::isa_info().form_name(m.form).view() : "");
    if (form == read) return live;
    if (live && ((m.flags & mach_writes_flags) != 0 || (real && (T::isa_info().form_effects(m.form) & writes_flags) != 0)))
      return false;
    live = live || form == define;
  }
  return false;
}

// Every core op and type that the target says it selects without writing flags.
template <class T>
void sweep(const std::string& define, const std::string& read) {
  const auto form = [](const std::string& line) { return line.substr(line.find('.') + 1, line.find(' ') - line.find('.') - 1); };
  u32 tried = 0;
  for (unsigned n = 1; n < core_op_count; ++n) {
    const Opcode op = static_cast<Opcode>(n);
    const OpSignature& s = signature_of(op);
    if (s.any || s.operands == 0 || is_terminator(op) || has_lane(op) || info(op).option != Option::none) continue;
    for (unsigned k = 1; k < type_count; ++k) {
      const Type t = static_cast<Type>(k);
      if (has_type(op) ? !contains(info(op).types & ~absent, t) : k != 1) continue;
      if (!T::flag_free(op, t) || type_of_operand(op, t, s.operands - 1) == Type::none) continue;
      const std::string text = text_around(T::name, op, t, define, read);
      CAPTURE(text);
      Compiled<T> c(text);
      REQUIRE(c.status.ok());
      CHECK(keeps_flags<T>(c.compiler.machine(), form(define), form(read)));
      ++tried;
    }
  }
  CHECK(tried > 40);
}

}  // namespace

TEST_CASE("core ops that are selected without writing flags write none: x86-64") {
  sweep<x86_64::Isa>("x86_64.cmp_rr_64 a0, a1", "x86_64.cmove_rr_64 a0, z, f");
}
TEST_CASE("core ops that are selected without writing flags write none: AArch64") {
  sweep<arm64::Isa>("arm64.cmp_shift_x a0, a1, 0", "arm64.csel_x a0, z, 0, f");
}

TEST_CASE("AArch64: the emitter's registers are never allocated, and saved where a convention preserves them") {
  Convention all = arm64::aapcs64;
  all.allocatable = arm64::preg::all_general | arm64::preg::all_vector;
  all.preserved = arm64::preg::all_general - RegSet::of(arm64::preg::x(0));
  all.preserved_low = {};
  auto options = Compiled<arm64::Isa>::options();
  options.conventions = {&all, 1};
  std::string text = "func @f(ptr) -> i64 conv custom0 {\n  s1 = slot 5000\nb1(p: ptr):\n", sum;
  for (u32 n = 0; n < 40; ++n) text += "  v" + std::to_string(n) + " = load.i64.volatile p + " + std::to_string(8 * n) + "\n";
  text += "  s0 = add.i64 v0, 1\n";
  for (u32 n = 1; n < 40; ++n) text += "  s" + std::to_string(n) + " = add.i64 s" + std::to_string(n - 1) + ", v" + std::to_string(n) + "\n";
  Unit unit;
  Diagnostics errors;
  REQUIRE(parse(text + "  ret s39\n}\n", unit, {}, errors));
  Compiler<arm64::Isa> compiler(options);
  CodeBuffer code;
  REQUIRE(compiler.compile(*unit.find("f"), code).ok());
  CHECK((compiler.machine().used & arm64::preg::scratches).empty());
  RegSet saved;
  for (u32 n = 0; n + 4 <= code.offset(); n += 4) {
    u32 word = 0;
    std::memcpy(&word, code.data() + n, 4);
    const bool pair = (word & 0xffc003e0) == (0xa9000000 | 31 << 5), single = (word & 0xffc003e0) == (0xf9000000 | 31 << 5);
    if (pair || single) saved.add(arm64::preg::x(word & 31));  // stp, str to [sp, ...]
    if (pair) saved.add(arm64::preg::x(word >> 10 & 31));
  }
  CHECK((saved & arm64::preg::scratches) == arm64::preg::scratches);
}

TEST_CASE("x86-64: vzeroupper before calls and returns where upper halves are dirty, unless a v256 is passed") {
  const auto count = [](const std::string& text) {
    Compiled<x86_64::Isa> f(text);
    REQUIRE(f.status.ok());
    u32 found = 0;
    for (u32 n = 0; n + 3 <= f.code.offset(); ++n) {
      const u8* c = f.code.data() + n;
      found += c[0] == 0xc5 && c[1] == 0xf8 && c[2] == 0x77 ? 1U : 0U;
    }
    return found;
  };
  const std::string body = "{\nb1(p: ptr):\n  x = load.v256 p\n  store.v256 p + 32, x\n  call @g()\n";
  CHECK(count("declare @g()\nfunc @f(ptr) " + body + "  ret\n}\n") == 2);
  CHECK(count("declare @g()\nfunc @f(ptr) -> v256 " + body + "  y = load.v256 p\n  ret y\n}\n") == 1);
  CHECK(count("declare @g()\nfunc @f(ptr) {\nb1(p: ptr):\n  x = load.v128 p\n  store.v128 p + 32, x\n  call @g()\n  ret\n}\n") == 0);
  const std::string exits = "declare @g(i64)\nfunc @f(ptr, i64) {\n  e1 = exit_to @g(i64)\nb1(p: ptr, a: i64):\n  x = load.v256 p\n"
                            "  store.v256 p + 32, x\n  exit e1, a\n}\n";
  CHECK(count(exits) == 1);
  const std::string wide = "declare @g(v256)\nfunc @f(ptr) {\n  e1 = exit_to @g(v256)\nb1(p: ptr):\n  x = load.v256 p\n  exit e1, x\n}\n";
  CHECK(count(wide) == 0);
  // What a caller passes is dirty too.
  CHECK(count("declare @g()\nfunc @f(v256) {\nb1(x: v256):\n  call @g()\n  ret\n}\n") == 2);
}

TEST_CASE("native exits: the table has the branch of each, or the end of the code") {
  const std::string two =
      "declare @g(i64)\ndeclare @h(i64)\nfunc @f(i64, i64) {\n  e1 = exit_to @g(i64)\n  e2 = exit_to bare @h(i64)\n"
      "b1(a: i64, b: i64):\n  c = icmp.eq.i64 a, b\n  brif c, b2, b3\nb2:\n  exit e1, a\nb3:\n  exit e2, b\n}\n";
  const std::string end = "func @f(i64) {\n  e1 = exit_to bare (i64)\nb1(a: i64):\n  y = mul.i64 a, a\n  exit e1, y\n}\n";
  const auto check_table = [&](auto target, auto is_branch) {
    using T = decltype(target);
    Compiled<T> f(two);
    REQUIRE(f.status.ok());
    OwnedLocationMap map;
    REQUIRE(map.copy(f.compiler.locations()).ok());
    REQUIRE(map->exits.size() == 2);
    CHECK(map->exits[0].exit + map->exits[1].exit == 3);
    CHECK(map->exits[0].offset < map->exits[1].offset);
    for (const LocationMap::NativeExit& e : map->exits) CHECK(is_branch(f.code.data() + e.offset));
    Compiled<T> bare(end);
    REQUIRE(bare.status.ok());
    REQUIRE(bare.compiler.locations().exits.size() == 1);
    CHECK(bare.compiler.locations().exits[0].offset == bare.code.offset());
  };
  check_table(x86_64::Isa(), [](const u8* c) { return c[0] == 0xe9; });
  check_table(arm64::Isa(), [](const u8* c) { return c[3] == 0x14; });
}

TEST_CASE("AArch64: with landing pads no branch goes to a block indirectly") {
  std::string text = "func @f(i64) -> i64 {\nb1(x: i64):\n  switch.i64 x", blocks;
  for (u32 n = 0; n < 10; ++n) {
    const std::string name = std::to_string(n + 2), value = std::to_string(n);
    text += ", " + value + ": b" + name;
    blocks += "b" + name + ":\n  r" + name + " = mul.i64 x, " + std::to_string(100 + n) + "\n  ret r" + name + "\n";
  }
  text += ", else: b12\n" + blocks + "b12:\n  ret x\n}\n";
  for (const bool pads : {false, true}) {
    Unit unit;
    Diagnostics errors;
    REQUIRE(parse(text, unit, {}, errors));
    auto options = Compiled<arm64::Isa>::options();
    options.landing_pads = pads;
    CodeBuffer code;
    REQUIRE(Compiler<arm64::Isa>(options).compile(*unit.find("f"), code).ok());
    bool branches = false;
    for (u32 n = 0; n + 4 <= code.offset(); n += 4) {
      u32 word = 0;
      std::memcpy(&word, code.data() + n, 4);
      branches = branches || (word & 0xfffffc1f) == 0xd61f0000;
    }
    CHECK(branches != pads);
  }
}

TEST_CASE("the halves of an i128 take the register that is named and the next one") {
  const std::string text = "func @f(i128 in reg(2)) -> i128 {\nb1(a: i128):\n  ret a\n}\n";
  const auto places = [](const MachFunction& mf) {
    std::vector<u8> regs;
    for (const MachInst& m : mf.insts)
      if (m.form == static_cast<u16>(Pseudo::param_def))
        for (const Operand& o : mf.operands_of(m)) regs.push_back(o.arg);
    return regs;
  };
  Compiled<x86_64::Isa> x(text);
  REQUIRE(x.status.ok());
  CHECK(places(x.compiler.machine()) == std::vector<u8>{2, 3});
  Compiled<arm64::Isa> a(text);
  REQUIRE(a.status.ok());
  CHECK(places(a.compiler.machine()) == std::vector<u8>{2, 3});
}

TEST_CASE("slots of the environment are no place for the arguments of a call") {
  const std::string text = "declare @g(i64, i64 in slot(5))\nfunc @f(i64) {\nb1(a: i64):\n  call @g(a, a)\n  ret\n}\n";
  CHECK(Compiled<x86_64::Isa>(text).status.error == Error::unsupported);
  CHECK(Compiled<arm64::Isa>(text).status.error == Error::unsupported);
}
