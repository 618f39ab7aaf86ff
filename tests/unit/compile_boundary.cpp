// Functions in which every general register belongs to the outside where they begin and are left: by the
// convention, or each named by a parameter and by the operands of two native exits. Executed on the host
// with numbers in all of them; and what cannot keep x16 and x17 on AArch64 is refused.
#include "../support/all_registers.hpp"

#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cstring>
#include <vector>

using namespace jitkit;
using boundary::AllRegisters;
using boundary::is_free;
using boundary::register_count;

namespace {

constexpr u64 pattern(u32 n) { return 0x9e3779b97f4a7c15 * (n + 3); }

ir::Convention everything(bool preserved) {
  ir::Convention c = host::Isa::convention(ir::CallConv::c);
  c.name = "everything";
  RegSet all;
  for (u32 n = 0; n < register_count; ++n)
    if (is_free(n)) all.add(PReg(n));
  c.allocatable = c.allocatable | all;
  c.preserved = preserved ? all : RegSet();
  c.preserved_low = {};
  return c;
}

struct Parsed {
  ir::Unit unit;
  explicit Parsed(const std::string& text) {
    ir::Diagnostics errors;
    REQUIRE(ir::parse(text, unit, {}, errors));
    REQUIRE(ir::verify(unit, errors));
  }
  const ir::FunctionData& f() { return *unit.find("f"); }
};

// Sums 40 numbers that are all alive, writes the sum, and leaves by its lowest bit. A result in `place`.
std::string summing(const std::string& slots, const std::string& place) {
  std::string text = "declare @left1(" + place + ")\ndeclare @left2(" + place + ")\nfunc @f(ptr in reg(2)) conv custom0 {\n" + slots +
                     "  e1 = exit_to @left1(" + place + ")\n  e2 = exit_to @left2(" + place + ")\nb1(p: ptr):\n";
  const auto n_of = [](u32 n) { return std::to_string(n); };
  for (u32 n = 0; n < 40; ++n) text += "  v" + n_of(n) + " = load.i64.volatile p + " + n_of(8 * n) + "\n";
  if (!slots.empty()) text += "  q = stack_addr s1\n  store.i64.volatile q + 4992, v3\n  w = load.i64.volatile q + 4992\n";
  text += "  s0 = add.i64 v0, " + std::string(slots.empty() ? "0" : "w") + "\n";
  for (u32 n = 1; n < 40; ++n) text += "  s" + n_of(n) + " = add.i64 s" + n_of(n - 1) + ", v" + n_of(n) + "\n";
  text += "  store.i64 p + 320, s39\n  b = and.i64 s39, 1\n  c = icmp.ne.i64 b, 0\n  brif c, b2, b3\n";
  const std::string operand = place.empty() ? "" : ", s39";
  return text + "b2:\n  exit e1" + operand + "\nb3:\n  exit e2" + operand + "\n}\n";
}

void run_summing(const std::string& slots, u32 result) {
  const std::string place = result < register_count ? "i64 in reg(" + std::to_string(result) + ")" : "";
  Parsed p(summing(slots, place));
  AllRegisters all;
  ir::Convention convention = everything(true);
  if (result < register_count) convention.preserved.remove(PReg(result));
  REQUIRE(all.compile(p.f(), convention).ok());
  for (u64 odd = 0; odd < 2; ++odd) {
    u64 data[41], sum = 0;
    for (u32 n = 0; n < 40; ++n) sum += data[n] = 2 * pattern(n);
    if (!slots.empty()) sum += data[3];
    data[0] += odd;
    sum += odd;
    for (u32 n = 0; n < register_count; ++n) all.registers[n] = pattern(n + 100);
    all.registers[2] = reinterpret_cast<u64>(data);
    all.run();
    CHECK(all.left == (odd != 0 ? 1 : 2));
    CHECK(data[40] == sum);
    for (u32 n = 0; n < register_count; ++n) {
      CAPTURE(n);
      if (!is_free(n)) continue;
      CHECK(all.registers[n] == (n == result ? sum : n == 2 ? reinterpret_cast<u64>(data) : pattern(n + 100)));
    }
  }
}

// Every register a parameter; one exit has them where they came, the other in reverse.
std::string permuting() {
  std::string types, params, straight, reverse, sum = "  s0 = add.i64 a0, 0\n";
  u32 last = 0;
  for (u32 n = 0; n < register_count; ++n) {
    if (!is_free(n)) continue;
    const std::string id = std::to_string(n), comma = n == 0 ? "" : ", ";
    types += comma + "i64 in reg(" + id + ")";
    params += comma + "a" + id + ": i64";
    straight += ", a" + id;
    reverse = ", a" + id + reverse;
    if (n != 0) sum += "  s" + id + " = xor.i64 s" + std::to_string(last) + ", a" + id + "\n";
    last = n;
  }
  return "declare @left1(" + types + ")\ndeclare @left2(" + types + ")\nfunc @f(" + types + ") conv custom0 {\n  e1 = exit_to @left1(" + types +
         ")\n  e2 = exit_to @left2(" + types + ")\nb1(" + params + "):\n" + sum + "  b = and.i64 s" + std::to_string(last) +
         ", 1\n  c = icmp.ne.i64 b, 0\n  brif c, b2, b3\nb2:\n  exit e1" + straight + "\nb3:\n  exit e2" + reverse + "\n}\n";
}

}  // namespace

TEST_CASE("boundary: a convention that preserves every register, two exits") {
  run_summing("", 64);
}
TEST_CASE("boundary: every register preserved in a frame of several pages") {
  run_summing("  s1 = slot 5001\n", 64);
}
TEST_CASE("boundary: a result in any register, all others preserved") {
  for (u32 n = 0; n < register_count; ++n)
    if (is_free(n) && n != 2) run_summing("", n);
}

TEST_CASE("boundary: every register a parameter and an operand of two exits") {
  Parsed p(permuting());
  AllRegisters all;
  REQUIRE(all.compile(p.f(), everything(false)).ok());
  std::vector<u32> order;
  for (u32 n = 0; n < register_count; ++n)
    if (is_free(n)) order.push_back(n);
  for (u64 odd = 0; odd < 2; ++odd) {
    for (u32 n = 0; n < register_count; ++n) all.registers[n] = 2 * pattern(n);
    all.registers[5] += odd;
    all.run();
    REQUIRE(all.left == (odd != 0 ? 1 : 2));
    for (usize n = 0; n < order.size(); ++n) {
      const u32 from = odd != 0 ? order[n] : order[order.size() - 1 - n];
      CAPTURE(order[n]);
      CHECK(all.registers[order[n]] == 2 * pattern(from) + (from == 5 ? odd : 0));
    }
  }
}

namespace {

struct Arm64 {
  Parsed parsed;
  ir::Convention convention = arm64::aapcs64;
  CodeBuffer code;
  std::string message;

  explicit Arm64(const std::string& text) : parsed(text) {}
  Status compile(bool landing_pads = false) {
    arm64::Options o;
    o.features.apply("all");
    o.conventions = {&convention, 1};
    o.landing_pads = landing_pads;
    ir::Compiler<arm64::Isa> compiler(o);
    compiler.check_allocations = true;
    const Status s = compiler.compile(parsed.f(), code);
    StringSink<std::string> out(message);
    ir::print_status<arm64::Isa>(parsed.f(), s, out);
    return s;
  }
};

constexpr u32 no_exit = 64;
std::string with_parameters(const std::string& slot, u32 exit_place = no_exit) {
  const std::string place = exit_place == no_exit ? "" : "i64 in reg(" + std::to_string(exit_place) + ")";
  return "declare @left1(" + place + ")\nfunc @f(i64 in reg(16), i64 in reg(17)) conv custom0 {\n" + slot + "  e1 = exit_to @left1(" + place +
         ")\nb1(a: i64, b: i64):\n  q = stack_addr s1\n  c = add.i64 a, b\n  store.i64.volatile q, c\n  exit e1" +
         (place.empty() ? "" : ", c") + "\n}\n";
}

}  // namespace

TEST_CASE("AArch64: values in x16 and x17 that the frame's size would destroy are refused by name") {
  Arm64 near(with_parameters("  s1 = slot 4000\n"));
  CHECK(near.compile().ok());
  Arm64 far(with_parameters("  s1 = slot 5001\n"));
  CHECK(far.compile() == Status{Error::register_kept, 0, 16});
  CHECK(far.message.find("x16") != std::string::npos);
}

TEST_CASE("AArch64: saves of x16 and x17 in a far frame of the environment are refused by name") {
  for (const u32 reserved : {256U, 4096U}) {
    Arm64 f("declare @left1()\nfunc @f(i64 in reg(0)) conv custom0 {\n  e1 = exit_to @left1()\nb1(a: i64):\n  exit e1\n}\n");
    f.convention.preserved = arm64::preg::all_general;
    f.convention.preserved_low = {};
    f.convention.frame.adjusts_sp = false;
    f.convention.frame.reserved = reserved;
    const Status s = f.compile();
    CHECK(s == (reserved == 256 ? Status{} : Status{Error::register_kept, 0, 16}));
  }
}

TEST_CASE("AArch64: x16 and x17 are saved only where the code may need them") {
  for (const bool frame : {false, true}) {
    Arm64 f("declare @left1()\nfunc @f(ptr in reg(0), i64 in reg(1)) conv custom0 {\n" + std::string(frame ? "  s1 = slot 5001\n" : "") +
            "  e1 = exit_to @left1()\nb1(p: ptr, a: i64):\n  x = load.i64 p\n  y = mul.i64 x, a\n  z = xor.i64 y, 0x123456789abcdef\n  store.i64 p, z\n  exit e1\n}\n");
    f.convention.preserved = arm64::preg::all_general;
    f.convention.preserved_low = {};
    REQUIRE(f.compile().ok());
    bool saved = false;
    for (u32 n = 0; n + 4 <= f.code.offset(); n += 4) {
      u32 word = 0;
      std::memcpy(&word, f.code.data() + n, 4);
      saved = saved || (word & 0xffc07fff) == 0xa90047f0;  // stp x16, x17, [sp, ...]
    }
    CHECK(saved == frame);
  }
}

TEST_CASE("AArch64: a branch that leaves with a value in x16 or x17 gets no veneer") {
  for (const u32 place : {0U, 16U, 17U}) {
    Arm64 f(with_parameters("  s1 = slot 64\n", place));
    REQUIRE(f.compile().ok());
    const SymbolAddress far[] = {{"left1", u64{1} << 32}};
    const std::span<const SymbolAddress> table(far);
    CHECK(f.code.place(0x1000, resolve_from(table)).error == (place == 0 ? Error::none : Error::fixup_range));
    const SymbolAddress close[] = {{"left1", u64{1} << 20}};
    const std::span<const SymbolAddress> near(close);
    CHECK(f.code.place(0x1000, resolve_from(near)).ok());
  }
}
