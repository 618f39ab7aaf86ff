// Apple's AArch64 convention by its rules: arguments on the stack take their own size and alignment, variable ones
// are all on the stack, x18 is never touched. Its functions are called by, and call, functions of AAPCS64 whose
// signature names the same bytes in 8-byte words.
// Source: Apple, "Writing ARM64 code for Apple platforms".
#include "../support/compiled_text.hpp"

#include <jitkit/emit/arm64/abi.hpp>

#include <cstring>
#include <vector>

using namespace jitkit;

namespace {


std::vector<u32> stack_offsets(const ir::Convention& c, const std::vector<ir::Type>& types, u32 fixed) {
  std::vector<ir::Param> params;
  for (const ir::Type t : types) {
    ir::Param p;
    p.type = t;
    params.push_back(p);
  }
  arm64::ArgumentPlaces places(c, params, fixed);
  std::vector<u32> offsets;
  for (usize n = 0; n < types.size(); ++n) {
    const ir::Places p = places.next();
    if (p.part[0].kind == ir::Place::Kind::stack) offsets.push_back(p.part[0].offset);
  }
  return offsets;
}

}  // namespace

TEST_CASE("darwin: named arguments are packed, variable ones take eight bytes, AAPCS64's too") {
  using ir::Type;
  std::vector<Type> types(8, Type::i64);
  for (const Type t : {Type::i8, Type::i8, Type::i16, Type::i32, Type::i8, Type::i64, Type::i1, Type::i128}) types.push_back(t);
  const u32 all = static_cast<u32>(types.size());
  CHECK(stack_offsets(arm64::darwin, types, all) == std::vector<u32>{0, 1, 2, 4, 8, 16, 24, 32});
  CHECK(stack_offsets(arm64::aapcs64, types, all) == std::vector<u32>{0, 8, 16, 24, 32, 40, 48, 64});
  const std::vector<Type> variable = {Type::ptr, Type::i32, Type::f64, Type::i8, Type::i64};
  CHECK(stack_offsets(arm64::darwin, variable, 1) == std::vector<u32>{0, 8, 16, 24});
  CHECK(stack_offsets(arm64::aapcs64, variable, 1).empty());
}

TEST_CASE("darwin: x18 belongs to the platform, a frame record is kept") {
  CHECK_FALSE(arm64::darwin.allocatable.has(arm64::preg::platform));
  CHECK_FALSE(arm64::darwin.allocatable.has(arm64::preg::frame));
  CHECK(arm64::darwin.frame.frame_pointer);
}

#if defined(__aarch64__)

namespace {

// Eight registers, then a byte, a half, a word, then eight bytes behind them.
constexpr const char* packed = "(i64, i64, i64, i64, i64, i64, i64, i64, i8, i16, i32, i64)";
using Words = u64(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);

u64 last_words[2];
u64 take_words(u64 a, u64, u64, u64, u64, u64, u64, u64 h, u64 first, u64 second) {
  last_words[0] = first;
  last_words[1] = second;
  return a * h;
}

u64 take_variable(const u64* a, u64, u64, u64, u64, u64, u64, u64, u64 one, u64 two, u64 three) {
  return *a + one + 2 * two + 3 * three;
}

u64 bits_of(double d) {
  u64 b;
  std::memcpy(&b, &d, 8);
  return b;
}

}  // namespace

TEST_CASE("darwin: a function finds its packed arguments") {
  const CompiledText f("func @f" + std::string(packed) + R"( -> i64 conv darwin {
b1(a: i64, b: i64, c: i64, d: i64, e: i64, f: i64, g: i64, h: i64, i: i8, j: i16, k: i32, x: i64):
  i2 = sext.i64 i
  j2 = sext.i64 j
  k2 = sext.i64 k
  s1 = mul.i64 i2, 3
  s2 = mul.i64 j2, 5
  s3 = mul.i64 k2, 7
  t1 = add.i64 s1, s2
  t2 = add.i64 t1, s3
  t3 = add.i64 t2, x
  t4 = add.i64 t3, a
  ret t4
}
)");
  const u64 word = 0x80 | u64{0x8001} << 16 | u64{0x80000002} << 32;
  const u64 expected = u64(-0x80 * 3) + u64(i16(-0x7fff) * 5) + u64(i64(i32(0x80000002U)) * 7) + 99 + 1;
  CHECK(f.as<Words>()(1, 2, 3, 4, 5, 6, 7, 8, word, 99) == expected);
}

TEST_CASE("darwin: a call packs its arguments") {
  const CompiledText f("declare @g" + std::string(packed) + R"( -> i64 conv darwin
func @f(i64, i8, i16, i32, i64) -> i64 {
b1(a: i64, i: i8, j: i16, k: i32, x: i64):
  r = call @g(a, 2, 3, 4, 5, 6, 7, 8, i, j, k, x)
  ret r
}
)",
                       reinterpret_cast<u64>(&take_words));
  CHECK(f.as<u64(u64, i8, i16, i32, u64)>()(11, -1, 0x1234, -2, 0xfeed) == 88);
  CHECK((last_words[0] & 0xff) == 0xff);
  const u64 half_and_word = last_words[0] >> 16;
  CHECK(half_and_word == (u64{0x1234} | u64{0xfffffffe} << 16));
  CHECK(last_words[1] == 0xfeed);
}

TEST_CASE("darwin: variable arguments are on the stack, by call and by va_start") {
  const CompiledText call(R"(declare @g(ptr, ...) -> i64 conv darwin
func @f(ptr, i64, f64) -> i64 {
b1(p: ptr, i: i64, x: f64):
  r = call @g(p, i, x, 3:i64)
  ret r
}
)",
                          reinterpret_cast<u64>(&take_variable));
  const u64 first = 1000;
  CHECK(call.as<u64(const u64*, u64, double)>()(&first, 7, 2.0) == 1000 + 7 + 2 * bits_of(2.0) + 9);
  const CompiledText callee(R"(func @f(i64, ...) -> i64 conv darwin {
  s1 = slot 8 align 8
b1(a: i64):
  l = stack_addr s1
  va_start l
  q = load.ptr l
  x = load.i64 q
  y = load.i64 q + 8
  z = load.i64 q + 16
  m = mul.i64 y, 2
  n = mul.i64 z, 3
  s = add.i64 a, x
  t = add.i64 s, m
  u = add.i64 t, n
  ret u
}
)");
  CHECK(callee.as<u64(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64, u64)>()(1, 0, 0, 0, 0, 0, 0, 0, 10, 20, 30) ==
        1 + 10 + 40 + 90);
}

#endif
