// Places that signatures fix, where only the convention tells that they cannot hold their values, and where no
// verifier ran before: compile() refuses them with the number of the value and what is wrong. What it accepts
// keeps every value.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>
#include <vector>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

template <class Isa>
Status compiled(const FunctionData& f, const Convention* custom = nullptr) {
  typename Isa::Options o;
  o.features = Isa::core_features();
  if (custom != nullptr) o.conventions = {custom, 1};
  ir::Compiler<Isa> c(o);
  c.check_allocations = true;
  CodeBuffer code;
  return c.compile(f, code);
}

// What compiling @f of a text says; nothing if it is accepted.
template <class Isa>
std::string message(const std::string& text, const Convention* custom = nullptr) {
  Unit unit;
  Diagnostics errors;
  REQUIRE(parse(text, unit, {}, errors));
  REQUIRE(verify(unit, errors));
  const FunctionData& f = *unit.find("f");
  const Status s = compiled<Isa>(f, custom);
  std::string line;
  StringSink sink(line);
  if (!s.ok()) print_status<Isa>(f, s, sink);
  return line;
}

std::string refused(const std::string& why) { return "a fixed place of a signature cannot be used: " + why; }
std::string reg(u32 n) { return " in reg(" + std::to_string(n) + ")"; }

struct Numbers {
  u32 preserved, frame;
};

template <class Isa>
void check_text(Numbers r) {
  const std::string kept = "something else needs the register there", taken = "another value is there";
  const u32 first = Isa::convention(CallConv::c).int_args[0].id;
  const auto entry = [](const std::string& params, const std::string& body, const std::string& results = "") {
    return "func @f(" + params + ")" + (results.empty() ? "" : " -> " + results) + " {\n" + body + "}\n";
  };
  // What the convention gives out by itself may be what another value fixed, before or after it.
  CHECK(message<Isa>(entry("i64" + reg(first) + ", i64", "b1(a: i64, b: i64):\n  ret\n")) == refused("value 2: " + taken));
  CHECK(message<Isa>(entry("i64, i64" + reg(first), "b1(a: i64, b: i64):\n  ret\n")) == refused("value 2: " + taken));
  CHECK(message<Isa>(entry("i64, i64" + reg(r.preserved), "b1(a: i64, b: i64):\n  ret\n")).empty());
  // The epilogue restores what must be kept.
  CHECK(message<Isa>(entry("", "b1:\n  ret 7\n", "(i64" + reg(r.preserved) + ")")) == refused("value 1: " + kept));
  CHECK(message<Isa>("declare @g(i64)\n" + entry("", "  e1 = exit_to @g(i64" + reg(r.preserved) + ")\nb1:\n  exit e1, 7\n")) ==
        refused("value 1: " + kept));
  CHECK(message<Isa>("declare @g(i64)\n" + entry("", "  e1 = exit_to bare @g(i64" + reg(r.preserved) + ")\nb1:\n  exit e1, 7\n")).empty());
  CHECK(message<Isa>("declare @g(i64" + reg(r.preserved) + ")\n" + entry("", "b1:\n  tail_call @g(7)\n")) == refused("value 1: " + kept));
  CHECK(message<Isa>("declare @g(i64" + reg(r.preserved) + ")\n" + entry("", "b1:\n  call @g(7)\n  ret\n")).empty());
  CHECK(message<Isa>("declare @g() -> (i64" + reg(r.preserved) + ")\n" + entry("", "b1:\n  x = call @g()\n  ret\n")) ==
        refused("value 1: " + kept));
  // A frame pointer is one only where the function keeps it.
  const std::string store = "  store.i64.volatile p, a\n  ret\n";
  CHECK(message<Isa>(entry("ptr, i64" + reg(r.frame), "b1(p: ptr, a: i64):\n" + store)).empty());
  CHECK(message<Isa>(entry("i64, i64" + reg(r.frame), "b1(n: i64, a: i64):\n  p = alloca n, 16\n" + store)) ==
        refused("the frame pointer's register"));
  // Halves of an i128 do not fit slots of four bytes.
  Convention narrow = Isa::convention(CallConv::c);
  const std::string halves = "func @f(i128 in slot(2)) conv custom0 {\nb1(a: i128):\n  ret\n}\n";
  CHECK(message<Isa>(halves, &narrow).empty());
  narrow.frame.slot_bytes = 4;
  CHECK(message<Isa>(halves, &narrow) == refused("value 1: " + taken));
  CHECK(message<Isa>("func @f(i64 in slot(2), i32 in slot(3)) conv custom0 {\nb1(a: i64, b: i32):\n  ret\n}\n", &narrow) ==
        refused("value 2: " + taken));
  CHECK(message<Isa>("func @f(i64 in slot(2), i32 in slot(4), i32 in slot(1)) conv custom0 {\nb1(a: i64, b: i32, c: i32):\n  ret\n}\n",
                     &narrow).empty());
}

// Without a text and without the verifier.
template <class Isa>
void check_built(Type type, FixedPlace place) {
  Module module;
  Param p[2];
  p[0].type = type;
  p[0].place = place;
  p[1].type = Type::i64;
  FunctionData f;
  f.module = &module;
  f.signature = module.add_signature(p, {});
  Builder b(f);
  b.entry();
  b.ret();
  CHECK(compiled<Isa>(f).error == Error::place);
  Diagnostics errors;
  CHECK(!verify(f, errors));
  REQUIRE(errors.count() == 1);
  CHECK(errors.list()[0].rule == static_cast<u16>(Rule::place));
}

FixedPlace in_register(u32 n) { return {FixedPlace::Kind::reg, PReg(n), 0}; }
FixedPlace in_slot(i32 n) { return {FixedPlace::Kind::slot, {}, n}; }

}  // namespace

TEST_CASE("fixed places: what the convention does not allow is refused") {
  check_text<arm64::Isa>({19, 29});
  check_text<x86_64::Isa>({3, 5});
}

TEST_CASE("fixed places: AArch64's link register and x18") {
  const std::string kept = refused("value 1: something else needs the register there");
  CHECK(message<arm64::Isa>("declare @g(i64 in reg(30))\nfunc @f() {\nb1:\n  call @g(7)\n  ret\n}\n") == kept);
  CHECK(message<arm64::Isa>("func @f(i64 in reg(30)) -> i64 {\nb1(a: i64):\n  ret a\n}\n").empty());
  const std::string platform = "func @f(i64 in reg(18)) -> i64 conv custom0 {\nb1(a: i64):\n  ret a\n}\n";
  Convention c = arm64::aapcs64;
  const std::string left = "declare @g(i64 in reg(18))\nfunc @f(i64) conv custom0 {\n  e1 = exit_to @g(i64 in reg(18))\nb1(a: i64):\n  exit e1, a\n}\n";
  CHECK(message<arm64::Isa>(platform, &c) == kept);
  CHECK(message<arm64::Isa>(left, &c) == kept);
  c.allocatable.add(arm64::preg::platform);
  CHECK(message<arm64::Isa>(platform, &c).empty());
  CHECK(message<arm64::Isa>(left, &c).empty());
}

TEST_CASE("fixed places: functions made in C++ are refused too, never a crash") {
  for (const FixedPlace place : {in_register(255), in_register(64), in_slot(-1), in_slot(INT32_MAX), in_slot(INT32_MIN)}) {
    check_built<arm64::Isa>(Type::i64, place);
    check_built<x86_64::Isa>(Type::i64, place);
    check_built<arm64::Isa>(Type::i128, place);
    check_built<x86_64::Isa>(Type::i128, place);
  }
  const auto both = [](Status s) { CHECK(s.error == Error::place); };
  for (const u32 n : {31U, 32U, 63U}) {  // no register, and two of another class
    Module module;
    Param p;
    p.type = Type::i64;
    p.place = in_register(n);
    FunctionData f;
    f.module = &module;
    f.signature = module.add_signature({&p, 1}, {});
    Builder b(f);
    b.entry();
    b.ret();
    both(compiled<arm64::Isa>(f));
    both(compiled<x86_64::Isa>(f));
  }
  FunctionData homeless;
  Builder b(homeless);
  b.entry();
  b.ret();
  CHECK(compiled<arm64::Isa>(homeless).error == Error::invalid_ir);
  CHECK(compiled<x86_64::Isa>(homeless).error == Error::invalid_ir);
}

TEST_CASE("signatures: more values than one holds are refused, not counted modulo 65536") {
  Module module;
  const std::vector<Param> many(65536 + 3);
  CHECK(!module.add_signature(many, {}));
  CHECK(module.add_signature(std::span<const Param>(many).first(65535), {}));
}

TEST_CASE("fixed places: more registers than a call can name on x86-64 are refused, not forgotten") {
  std::string params, values;
  u32 count = 0;
  for (u32 n = 0; n < 32; ++n) {
    if (n == x86_64::preg::rsp.id) continue;
    params += (count != 0 ? ", " : "") + std::string(n < 16 ? "i64" : "f64") + reg(n);
    values += (count != 0 ? ", " : "") + std::string(n < 16 ? "1" : "1.0");
    ++count;
    const std::string text = "declare @g(" + params + ")\nfunc @f() {\nb1:\n  call @g(" + values + ")\n  ret\n}\n";
    CHECK(message<x86_64::Isa>(text) == (count <= 20 ? "" : "not supported by this target: call @g"));
    CHECK(message<arm64::Isa>("func @f() {\nb1:\n  ret\n}\n").empty());
  }
}

TEST_CASE("a type that a target or convention has no place for is named, and where") {
  const std::string in = "not supported by this target: values of type ";
  CHECK(message<arm64::Isa>("func @f(v256) -> v256 {\nb1(x: v256):\n  ret x\n}\n") == in + "v256 in ret");
  CHECK(message<arm64::Isa>("func @f(ptr) {\nb1(p: ptr):\n  x = load.mask p\n  store.mask p, x\n  ret\n}\n") == in + "mask in store of mask");
  CHECK(message<x86_64::Isa>("declare @g() -> mask\nfunc @f() {\nb1:\n  x = call @g()\n  ret\n}\n") == in + "mask in call @g");
  CHECK(message<x86_64::Isa>("func @f(i128) conv win64 {\nb1(x: i128):\n  ret\n}\n") == in + "i128 in the signature");
}
