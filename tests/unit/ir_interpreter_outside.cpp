// What the interpreter reaches by callbacks: outside functions and symbols, safepoints and patch points.
#include <doctest/doctest.h>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/parser.hpp>

#include <string_view>
#include <thread>
#include <vector>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

struct Loaded {
  explicit Loaded(std::string_view text) {
    const bool good = parse(text, unit, {}, errors);
    REQUIRE(good);
    unit.for_each([&](FunctionData& f, TextMap&) { functions.push_back(&f); });
  }
  Run run(std::string_view name, std::vector<u64> arguments) {
    std::vector<Datum> data;
    for (const u64 a : arguments) data.push_back({{a, 0}});
    status = in.load(unit.module, functions);
    return in.run(*unit.find(name), data);
  }
  Unit unit;
  Diagnostics errors;
  std::vector<const FunctionData*> functions;
  Interpreter in;
  Status status;
};

constexpr std::string_view calling = R"(
declare @host(i64, ...) -> (i64, i8)
declare data @variable
data @pointer size 8 align 8 { } relocs { 0: @variable + 8 }
func @direct(i64) -> i64 {
b1(x: i64):
  a, b = call @host(x, 2.5:f64)
  c = sext.i64 b
  r = add.i64 a, c
  ret r
}
func @tail(i64) -> (i64, i8) {
b1(x: i64):
  tail_call @host(x)
}
func @by_address(ptr, i64) -> i64 {
b1(f: ptr, x: i64):
  r = call_indirect (i64) -> i64, f(x)
  ret r
}
func @read_variable() -> i64 {
b1:
  p = symbol_addr @pointer
  q = load.ptr p
  r = load.i64 q
  ret r
}
)";

struct Seen {
  u32 calls = 0;
  u64 address = 0;
  std::vector<Type> types;
};

bool host_call(void* context, const OutsideCall& c, std::span<Datum> results) {
  Seen& seen = *static_cast<Seen*>(context);
  ++seen.calls;
  seen.address = c.address;
  seen.types.assign(c.argument_types.begin(), c.argument_types.end());
  results[0].low.lo = c.arguments[0].low.lo * 2;
  if (results.size() > 1) results[1].low.lo = 0x1ff;  // too wide: the interpreter cuts it
  return true;
}

}  // namespace

TEST_CASE("calls that leave the module go through the callback") {
  Loaded p(calling);
  Seen seen;
  p.in.hooks.context = &seen;
  p.in.hooks.call = &host_call;
  static const u64 variable[2] = {5, 6};
  p.in.hooks.symbol = [](void*, const Module& m, SymbolRef s) -> const void* {
    return m.symbol_name(s) == "variable" ? variable : nullptr;
  };
  CHECK(p.run("direct", {21}).values[0].low.lo == 41);
  CHECK(seen.types == std::vector<Type>{Type::i64, Type::f64});
  const Run r = p.run("tail", {4});
  REQUIRE(r.returned());
  CHECK(r.values[0].low.lo == 8);
  CHECK(r.values[1].low.lo == 0xff);
  CHECK(p.run("by_address", {0x123456, 3}).values[0].low.lo == 6);
  CHECK(seen.address == 0x123456);
  CHECK(seen.calls == 3);
  CHECK(p.run("read_variable", {}).values[0].low.lo == 6);
  CHECK(p.status.ok());
}

TEST_CASE("what nobody answers for ends the run with a message") {
  Loaded p(calling);
  const Run r = p.run("direct", {1});
  CHECK(r.end == RunEnd::unsupported);
  CHECK(std::string_view(r.message) == "a call that leads out of the module");
  CHECK(p.status.error == Error::symbol_undefined);
  CHECK(p.status.where == p.unit.module.find("variable").id);
}

TEST_CASE("a safepoint's callback may move references; a patch point may give results") {
  Loaded p(R"(
func @f(ref) -> ref {
b1(r: ref):
  fs = state 1 [0: r]
  safepoint [fs]
  ret r
}
func @g(i64) -> i64 {
b1(x: i64):
  fs = state 2 [0: x]
  y: i64 = patch_point.16 x [fs]
  ret y
}
)");
  CHECK(p.run("f", {0x1000}).values[0].low.lo == 0x1000);
  CHECK(p.run("g", {1}).end == RunEnd::unsupported);
  p.in.hooks.point = [](void*, Interpreter& in, const FunctionData& f, Inst at, std::span<Datum> results) {
    const FrameState& s = f.frame_states[f[at].aux];
    Datum& d = in.value(Value(f.frame_entries[s.first_entry].index));
    d.low.lo += 0x10;
    if (!results.empty()) results[0].low.lo = d.low.lo + 1;
    return true;
  };
  CHECK(p.run("f", {0x1000}).values[0].low.lo == 0x1010);
  CHECK(p.run("g", {1}).values[0].low.lo == 0x12);
}

TEST_CASE("atomics are atomic between interpreters on several threads") {
  constexpr std::string_view text = R"(
func @count(ptr, i64) {
b1(p: ptr, n: i64):
  br b2(n)
b2(i: i64):
  o = atomic_add.i64.align8.relaxed p, 1
  w = atomic_load.i128.align16.seq_cst p + 16
  x = add.i128 w, 0x10000000000000001
  v = atomic_cas.i128.align16.acq_rel p + 16, w, x
  won = icmp.eq.i128 v, w
  j = sub.i64 i, 1
  brif won, b3(j), b3(i)
b3(k: i64):
  more = icmp.ne.i64 k, 0
  brif more, b2(k), b4
b4:
  ret
}
)";
  alignas(16) static u64 shared[4];
  shared[0] = shared[2] = shared[3] = 0;
  constexpr u64 turns = 5000;
  const auto work = [&] {
    Loaded p(text);
    CHECK(p.run("count", {address_of(shared), turns}).returned());
  };
  std::thread other(work);
  work();
  other.join();
  CHECK(shared[0] >= 2 * turns);
  CHECK(shared[2] == 2 * turns);
  CHECK(shared[3] == 2 * turns);
}
