// What the compiler does when something runs out or is too large: memory at every point where it is asked
// for, types the target does not have, more operands than an instruction holds, large frames. It ends with
// a Status, never with a crash, and what it accepts passes the checker.
#include <doctest/doctest.h>

#include <compilers.hpp>
#include <jitkit/ir/builder.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>
#include <vector>

#include <fuzz/random_program.hpp>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

x86_64::Isa::Options x86_64_options() {
  x86_64::Isa::Options o;
  o.features = x86_64::Isa::core_features();
  return o;
}
arm64::Isa::Options arm64_options() {
  arm64::Isa::Options o;
  o.features = arm64::Isa::core_features();
  return o;
}

template <class T>
Status compiled(const FunctionData& f, const typename T::Options& options, u64 memory = ~u64{0}) {
  ir::Compiler<T> c(options, memory);
  c.check_allocations = true;
  typename T::Buffer code;
  return c.compile(f, code);
}

// The function @f of a text that must be valid.
struct Text {
  explicit Text(const std::string& text) {
    Diagnostics errors;
    REQUIRE(parse(text, unit, {}, errors));
    REQUIRE(verify(unit, errors));
  }
  Status x86_64() const { return compiled<x86_64::Isa>(*function(), x86_64_options()); }
  Status arm64() const { return compiled<arm64::Isa>(*function(), arm64_options()); }
  const FunctionData* function() const { return unit.find(unit.module.find("f")); }
  Unit unit;
};

// `check.template operator()<T>(f, options)` for some random functions, for both targets.
template <class Check>
void for_random_functions(const Check& check) {
  for (u64 seed = 1; seed <= 4; ++seed) {
    Unit unit;
    fuzz::RandomProgram(seed, unit).build();
    const FunctionData* f = unit.find(unit.module.find("f0"));
    REQUIRE(f != nullptr);
    x86_64::Isa::Options x = x86_64_options();
    arm64::Isa::Options a = arm64_options();
    const Convention custom_x[] = {x86_64::conventions[0]}, custom_a[] = {arm64::aapcs64};
    x.conventions = custom_x;
    a.conventions = custom_a;
    check.template operator()<x86_64::Isa>(*f, x);
    check.template operator()<arm64::Isa>(*f, a);
  }
}

template <class T>
void sweep(const FunctionData& f, const typename T::Options& options) {
  u64 refused = 0;
  for (u64 limit = 0;;) {
    const Status s = compiled<T>(f, options, limit);
    if (s.ok()) break;
    REQUIRE(s.error == Error::out_of_memory);
    REQUIRE(s.detail != 0);
    ++refused;
    limit += 16 + limit / 64;  // chunks are 16 bytes or more, and mostly much larger
  }
  CHECK(refused > 3);
}

}  // namespace

TEST_CASE("out of memory anywhere in compile() is a Status") {
  for_random_functions([]<class T>(const FunctionData& f, const typename T::Options& o) { sweep<T>(f, o); });
}

namespace {

// In memory that is too small the error says how much is enough.
template <class T>
void fill_up(const FunctionData& f, const typename T::Options& options) {
  ir::Compiler<T> c(options);
  const auto work = [&](CodeBuffer& code) {
    const Status s = c.compile(f, code);
    return s.ok() ? code.finish() : s;
  };
  CodeBuffer grown;
  REQUIRE(work(grown).ok());
  const u32 size = grown.offset();
  for (const u32 room : {0U, 64U, size / 2, size - 1}) {
    std::vector<u8> memory(room);
    CodeBuffer tight{std::span<u8>(memory)};
    const Status s = work(tight);
    REQUIRE(s.error == Error::out_of_code_space);
    memory.resize(s.detail);
    CodeBuffer enough{std::span<u8>(memory)};
    CHECK(work(enough).ok());
    CHECK(enough.offset() == size);
  }
}

}  // namespace

TEST_CASE("out of code space is a Status that says how much is enough") {
  for_random_functions([]<class T>(const FunctionData& f, const typename T::Options& o) { fill_up<T>(f, o); });
}

// Made again where they are needed, constants need not be known in every block of a long loop.
TEST_CASE("a loop of thousands of blocks with a constant each takes no quadratic memory") {
  constexpr u32 count = 6000;
  std::string text = "func @f(i64) -> i64 {\nb1(x: i64):\n  br b2\n";
  for (u32 n = 2; n < count; ++n) {
    const std::string id = std::to_string(n), next = std::to_string(n + 1);
    text += "b" + id + ":\n  c" + id + " = icmp.eq.i64 x, 0x123456789" + std::to_string(10000 + n) + "\n  brif c" + id + ", b0, b" + next + "\n";
  }
  const Text f(text + "b" + std::to_string(count) + ":\n  br b2\nb0:\n  ret x\n}\n");
  CodeBuffer x, a;  // without the checker, which keeps a state for each block
  CHECK(ir::Compiler<x86_64::Isa>(x86_64_options(), u64{50} << 20).compile(*f.function(), x).ok());
  CHECK(ir::Compiler<arm64::Isa>(arm64_options(), u64{50} << 20).compile(*f.function(), a).ok());
}

TEST_CASE("a compiler that ran out of memory compiles the next function") {
  const Text small("func @f(i64) -> i64 {\nb1(x: i64):\n  y = add.i64 x, 1\n  ret y\n}\n");
  std::string text = "func @f(i64) -> i64 {\nb1(x: i64):\n  v0 = add.i64 x, 1\n";
  for (u32 n = 1; n < 3000; ++n) text += "  v" + std::to_string(n) + " = mul.i64 v" + std::to_string(n - 1) + ", x\n";
  const Text large(text + "  ret v2999\n}\n");
  ir::Compiler<x86_64::Isa> c(x86_64_options(), 40000);
  CodeBuffer code;
  CHECK(c.compile(*large.function(), code).error == Error::out_of_memory);
  CodeBuffer second;
  CHECK(c.compile(*small.function(), second).ok());
}

TEST_CASE("types that a target does not have are refused when compiled") {
  const auto uses = [](const std::string& t) {
    return std::vector<std::string>{
        "func @f(ptr) {\nb1(p: ptr):\n  x = load." + t + " p\n  store." + t + " p, x\n  ret\n}\n",
        "func @f(" + t + ") -> " + t + " {\nb1(x: " + t + "):\n  ret x\n}\n",
        "func @f(i1, " + t + ", " + t + ") -> " + t + " {\nb1(c: i1, x: " + t + ", y: " + t + "):\n  z = select." + t +
            " c, x, y\n  ret z\n}\n",
        "declare @g(" + t + ") -> " + t + "\nfunc @f(ptr) {\nb1(p: ptr):\n  x = load." + t +
            " p\n  y = call @g(x)\n  store." + t + " p, y\n  ret\n}\n",
        "func @f(ptr, i1) {\nb1(p: ptr, c: i1):\n  x = load." + t + " p\n  y = load." + t + " p + 64\n  brif c, b2(x), b2(y)\nb2(z: " +
            t + "):\n  store." + t + " p, z\n  ret\n}\n"};
  };
  for (const std::string& text : uses("v256")) {
    CHECK(Text(text).arm64().error == Error::unsupported);
    CHECK(Text(text).x86_64().ok());
    CHECK(compiled<x86_64::Isa>(*Text(text).function(), {}).error == Error::feature_missing);
  }
  x86_64::Isa::Options avx512 = x86_64_options();
  avx512.features.apply("+avx512bw");
  for (const std::string t : {"v512", "mask"})
    for (const std::string& text : uses(t)) {
      CHECK(Text(text).arm64().error == Error::unsupported);
      CHECK(Text(text).x86_64().error == Error::feature_missing);
      // No convention passes masks.
      const bool passed = t == "mask" && (text.find("(mask)") != std::string::npos || text.find("mask, mask") != std::string::npos);
      CHECK(compiled<x86_64::Isa>(*Text(text).function(), avx512).error == (passed ? Error::unsupported : Error::none));
    }
}

TEST_CASE("regions are for targets that have exclusives") {
  Unit unit;
  const SymbolRef s = unit.module.declare_function("f", unit.module.add_signature({}, {}));
  FunctionData& f = *unit.add_function(s, &x86_64::Isa::isa_info());
  Builder b(f);
  b.entry();
  for (const Opcode op : {Opcode::region_begin, Opcode::region_end}) f.append(b.block(), f.new_inst(op, Type::none, {}, {}));
  b.ret();
  CHECK(compiled<x86_64::Isa>(f, x86_64_options()).error == Error::unsupported);
}

TEST_CASE("more entries of a frame state than an instruction holds") {
  for (const u32 count : {30000U, 65534U, 65536U, 70000U}) {
    Unit unit;
    Param p;
    p.type = Type::i64;
    const SymbolRef s = unit.module.declare_function("f", unit.module.add_signature({&p, 1}, {}));
    FunctionData& f = *unit.add_function(s);
    Builder b(f);
    b.entry();
    const Value x = b.param(b.block(), 0);
    std::vector<FrameEntry> entries;
    for (u32 n = 0; n < count; ++n) entries.push_back(Builder::entry_of(n, x));
    b.guard(b.icmp(ICond::ne, x, b.i64(0)), b.frame_state(1, entries));
    b.ret();
    REQUIRE(f.status().ok());
    const Status x86 = compiled<x86_64::Isa>(f, x86_64_options()), arm = compiled<arm64::Isa>(f, arm64_options());
    CHECK(x86.error == (count < 65535 ? Error::none : Error::unsupported));
    CHECK(arm.error == (count < 65535 ? Error::none : Error::unsupported));
  }
}

TEST_CASE("more operands than an IR instruction holds are an error of the text") {
  for (const u32 count : {65535U, 65536U}) {
    std::string text = "declare @g(i64, ...)\nfunc @f() {\nb1:\n  call @g(1";
    for (u32 n = 1; n < count; ++n) text += ", 2:i64";
    text += ")\n  ret\n}\n";
    Unit unit;
    Diagnostics errors;
    CHECK(parse(text, unit, {}, errors) == (count < 65536));
    if (count > 65535) continue;
    const FunctionData& f = *unit.find(unit.module.find("f"));
    CHECK(compiled<x86_64::Isa>(f, x86_64_options()).ok());
    CHECK(compiled<arm64::Isa>(f, arm64_options()).ok());
  }
}

TEST_CASE("more operands than an IR instruction holds are refused where it is made") {
  FunctionData f;
  const std::vector<Value> many(65536, f.constant(Type::i64, 1));
  const Block b = f.new_block(), c = f.new_block();
  CHECK(!f.new_inst(Opcode::ret, Type::none, many, {}));
  CHECK(f.status().error == Error::unsupported);
  f.clear();
  CHECK(f.status().ok());
  CHECK(!f.new_edge(c, many));
  CHECK(f.status().error == Error::unsupported);
  f.clear();
  f.new_block();
  for (u32 n = 0; n < 65535; ++n) f.add_param(b, Type::i64);
  CHECK(f.status().ok());
  CHECK(!f.add_param(b, Type::i64));
  CHECK(f.status().error == Error::unsupported);
}

TEST_CASE("tail calls that this frame cannot make room for, or whose promises differ, are refused") {
  const std::string one = "func @f(i64) -> i64 {\nb1(x: i64):\n";
  // Stack arguments that do not fit where this function's were.
  Text stack("declare @g(i64, i64, i64, i64, i64, i64, i64, i64, i64, i64) -> i64\n" + one +
             "  tail_call @g(x, x, x, x, x, x, x, x, x, x)\n}\n");
  CHECK(stack.x86_64().error == Error::unsupported);
  CHECK(stack.arm64().error == Error::unsupported);
  // A copy on this frame.
  Text copy("declare @g(ptr byval(64) align(16)) -> i64\nfunc @f(ptr) -> i64 {\nb1(p: ptr):\n  tail_call @g(p)\n}\n");
  CHECK(copy.x86_64().error == Error::unsupported);
  CHECK(copy.arm64().error == Error::unsupported);
  // The callee preserves less.
  Text less("declare @g(i64) -> i64 conv custom0\n" + one + "  tail_call @g(x)\n}\n");
  x86_64::Isa::Options x = x86_64_options();
  arm64::Isa::Options a = arm64_options();
  Convention custom_x = x86_64::conventions[0], custom_a = arm64::aapcs64;
  x.conventions = {&custom_x, 1};
  a.conventions = {&custom_a, 1};
  CHECK(compiled<x86_64::Isa>(*less.function(), x).ok());
  CHECK(compiled<arm64::Isa>(*less.function(), a).ok());
  custom_x.preserved.remove(x86_64::preg::rbx);
  custom_a.preserved.remove(arm64::preg::x(20));
  CHECK(compiled<x86_64::Isa>(*less.function(), x).error == Error::unsupported);
  CHECK(compiled<arm64::Isa>(*less.function(), a).error == Error::unsupported);
  // The result is elsewhere, or extended otherwise.
  custom_x = x86_64::conventions[0];
  custom_a = arm64::aapcs64;
  custom_x.int_results[0] = x86_64::preg::rdx;
  custom_a.int_results[0] = arm64::preg::x(1);
  CHECK(compiled<x86_64::Isa>(*less.function(), x).error == Error::unsupported);
  CHECK(compiled<arm64::Isa>(*less.function(), a).error == Error::unsupported);
  Text extended("declare @g(i64) -> i8\nfunc @f(i64) -> i8 sext {\nb1(x: i64):\n  tail_call @g(x)\n}\n");
  CHECK(extended.x86_64().error == Error::unsupported);
  CHECK(extended.arm64().error == Error::unsupported);
}
