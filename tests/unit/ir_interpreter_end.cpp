// How runs of the interpreter end when they do not return: faults, guards, exits, limits.
#include <doctest/doctest.h>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/parser.hpp>

#include <string_view>
#include <vector>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

// A unit from text, loaded, ready to run its functions.
struct Program {
  explicit Program(std::string_view text, Hooks hooks = {}, Limits limits = {}) {
    const bool good = parse(text, unit, {}, errors);
    if (!good) INFO(errors.message(0));
    REQUIRE(good);
    unit.for_each([&](FunctionData& f, TextMap&) { functions.push_back(&f); });
    in.hooks = hooks;
    in.limits = limits;
    load_status = in.load(unit.module, functions);
  }
  Run operator()(std::string_view name, std::vector<u64> arguments = {}) {
    std::vector<Datum> data;
    for (const u64 a : arguments) data.push_back({{a, 0}});
    return in.run(*unit.find(name), data);
  }

  Unit unit;
  Diagnostics errors;
  std::vector<const FunctionData*> functions;
  Interpreter in;
  Status load_status;
};

constexpr std::string_view accesses = R"(
bss @small size 16 align 16
rodata @fixed align 8 { 01 02 03 04 05 06 07 08 }
func @read(ptr) -> i64 {
b1(p: ptr):
  r = load.i64.align8 p
  ret r
}
func @write(ptr) {
b1(p: ptr):
  store.i64 p, 1
  ret
}
func @fixed_at(i64) -> ptr {
b1(i: i64):
  p = symbol_addr @fixed
  q = ptr_add p, i
  ret q
}
func @small_at(i64) -> ptr {
b1(i: i64):
  p = symbol_addr @small
  q = ptr_add p, i
  ret q
}
func @set(ptr, i64) {
b1(p: ptr, n: i64):
  memset p, 1, n
  ret
}
func @copy(ptr, ptr) {
b1(p: ptr, q: ptr):
  memcopy p, q, 8
  ret
}
func @count(ptr) -> i32 {
b1(p: ptr):
  r = atomic_add.i32.align4.relaxed p, 1
  ret r
}
)";

}  // namespace

TEST_CASE("checked memory: what was not registered is a fault with its address") {
  Program p(accesses);
  p.in.memory().check_accesses();
  const auto address = [&](std::string_view f, u64 i) { return p(f, {i}).values[0].low.lo; };
  const u64 fixed = address("fixed_at", 0), small = address("small_at", 0);
  CHECK(p("read", {fixed}).returned());
  CHECK(p("read", {fixed}).values[0].low.lo == 0x0807060504030201);
  CHECK(p("write", {fixed}).end == RunEnd::memory_fault);
  CHECK(p("write", {small + 8}).returned());
  CHECK(p("write", {small + 9}).end == RunEnd::memory_fault);
  CHECK(p("write", {small - 1}).end == RunEnd::memory_fault);
  CHECK(p("write", {small + 16}).detail == small + 16);
  CHECK(p("read", {small + 4}).end == RunEnd::memory_fault);  // it says align8
  CHECK(p("read", {0}).end == RunEnd::memory_fault);
  CHECK(p("read", {~u64{0} - 3}).end == RunEnd::memory_fault);
  CHECK(p("set", {small, 16}).returned());
  CHECK(p("set", {small, 17}).end == RunEnd::memory_fault);
  CHECK(p("set", {small, ~u64{0}}).end == RunEnd::memory_fault);
  CHECK(p("set", {0, 0}).returned());
  CHECK(p("copy", {small, fixed}).returned());
  CHECK(p("copy", {small, small + 4}).end == RunEnd::memory_fault);
  CHECK(p("copy", {fixed, small}).end == RunEnd::memory_fault);
  CHECK(p("count", {small + 4}).returned());
  CHECK(p("count", {small + 2}).end == RunEnd::memory_fault);

  u64 mine[2] = {7, 8};
  CHECK(p("read", {address_of(mine)}).end == RunEnd::memory_fault);
  p.in.memory().allow(mine, sizeof mine, false);
  CHECK(p("read", {address_of(mine + 1)}).values[0].low.lo == 8);
  CHECK(p("write", {address_of(mine)}).end == RunEnd::memory_fault);
}

TEST_CASE("unchecked memory is the host's, but for its first page") {
  Program p(accesses);
  u64 mine[2] = {7, 8};
  CHECK(p("read", {address_of(mine + 1)}).values[0].low.lo == 8);
  CHECK(p("write", {address_of(mine)}).returned());
  CHECK(mine[0] == 1);
  const Run r = p("read", {64});
  CHECK(r.end == RunEnd::memory_fault);
  CHECK(r.detail == 64);
  CHECK(r.function == p.unit.find("read"));
  CHECK((*r.function)[r.at].op == Opcode::load);
}

TEST_CASE("a failing guard names its frame state and gives the entries") {
  Program p(R"(
func @f(i64, i1, f64) -> i64 {
b1(x: i64, ok: i1, y: f64):
  fs = state 77 [1: x, 2: z, 3: 9:i32, 4: y]
  z = add.i64 x, 1
  guard ok [fs]
  bad = icmp.eq.i64 x, 100
  guard_not bad [fs]
  ret z
}
func @g(ptr) -> i64 {
b1(q: ptr):
  fs = state 5 [0: q]
  r = load_trap.i64 q + 8 [fs]
  ret r
}
)");
  CHECK(p("f", {1, 1, 0}).values[0].low.lo == 2);
  for (const std::vector<u64>& arguments : {std::vector<u64>{1, 0, 3}, std::vector<u64>{100, 1, 3}}) {
    const Run r = p("f", arguments);
    REQUIRE(r.end == RunEnd::guard_failed);
    CHECK(r.function->frame_states[static_cast<u32>(r.detail)].id == 77);
    REQUIRE(r.values.size() == 4);
    CHECK(r.values[0].low.lo == arguments[0]);
    CHECK(r.values[1].low.lo == arguments[0] + 1);
    CHECK(r.values[2].low.lo == 9);
    CHECK(r.values[3].low.lo == 3);
  }
  const u64 words[2] = {1, 2};
  CHECK(p("g", {address_of(words)}).values[0].low.lo == 2);
  const Run r = p("g", {0});
  CHECK(r.end == RunEnd::guard_failed);
  CHECK(r.function->frame_states[static_cast<u32>(r.detail)].id == 5);
}

TEST_CASE("traps, exits and unreachable code say where they are") {
  Program p(R"(
func @t(i64) -> i64 {
b1(x: i64):
  e1 = exit_to bare (i64, i64)
  switch.i64 x, 0: b2, 1: b3, 2: b4, else: b5
b2:
  trap 12
b3:
  unreachable
b4:
  exit e1, x, 40
b5:
  r = udiv_trap.i64 1, 0
  ret r
}
)");
  CHECK(p("t", {0}).end == RunEnd::trapped);
  CHECK(p("t", {0}).detail == 12);
  CHECK(p("t", {1}).end == RunEnd::unreachable);
  const Run r = p("t", {2});
  CHECK(r.end == RunEnd::exited);
  CHECK(r.detail == 1);
  REQUIRE(r.values.size() == 2);
  CHECK(r.values[0].low.lo == 2);
  CHECK(r.values[1].low.lo == 40);
  CHECK(p("t", {3}).end == RunEnd::trapped);
}

TEST_CASE("limits end loops, nesting and stack use") {
  Limits limits;
  limits.fuel = 1000;
  limits.depth = 50;
  limits.stack = 4096;
  Program p(R"(
func @forever() {
b1:
  br b2
b2:
  br b2
}
func @deep(i64) -> i64 {
b1(n: i64):
  m = add.i64 n, 1
  r = call @deep(m)
  ret r
}
func @tail(i64) -> i64 {
b1(n: i64):
  m = add.i64 n, 1
  tail_call @tail(m)
}
func @greedy(i64) {
b1(n: i64):
  p = alloca n, 16
  store.i8 p, 1
  ret
}
func @big() {
b1:
  s = slot 8192
  ret
}
)",
            {}, limits);
  const Run r = p("forever");
  CHECK(r.end == RunEnd::out_of_fuel);
  CHECK(r.steps == 1000);
  CHECK(p("deep", {0}).end == RunEnd::too_deep);
  CHECK(p("tail", {0}).end == RunEnd::out_of_fuel);
  CHECK(p("greedy", {4000}).returned());
  CHECK(p("greedy", {5000}).end == RunEnd::stack_overflow);
  CHECK(p("greedy", {~u64{0}}).end == RunEnd::stack_overflow);
  CHECK(p("big").end == RunEnd::stack_overflow);
  CHECK(p("greedy", {}).end == RunEnd::unsupported);  // an argument is missing
}

TEST_CASE("out of memory is an end, not a crash") {
  Unit unit;
  Diagnostics errors;
  REQUIRE(parse("func @deep(i64) -> i64 {\nb1(n: i64):\n  m = add.i64 n, 1\n  r = call @deep(m)\n  ret r\n}\n",
                unit, {}, errors));
  const FunctionData* f = unit.find("deep");
  Interpreter in(u64{1} << 21);
  in.limits.depth = 1000000;
  REQUIRE(in.load(unit.module, {&f, 1}).ok());
  const Datum zero{};
  const Run r = in.run(*f, {&zero, 1});
  CHECK(r.end == RunEnd::out_of_memory);
  CHECK(r.detail > 4096);  // the growth that was refused
  Interpreter none(1024);
  CHECK(none.load(unit.module, {&f, 1}).error == Error::out_of_memory);
}
