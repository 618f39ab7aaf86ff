// Floating-point semantics: conversions against the host's, half precision against its definition.
#include <jitkit/ir/semantics.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <iterator>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

u64 run(Opcode op, Type t, Type source, u64 x, u64 y = 0, u64 z = 0) {
  const Bits operands[] = {{x, 0}, {y, 0}, {z, 0}};
  Bits r[8];
  REQUIRE(evaluate({op, t, source, 0, 0, {}}, operands, r) == Outcome::value);
  CHECK(r[0].hi == 0);
  return r[0].lo;
}
u64 run(Opcode op, double x, double y = 0, double z = 0) {
  return run(op, Type::f64, Type::f64, std::bit_cast<u64>(x), std::bit_cast<u64>(y),
             std::bit_cast<u64>(z));
}

constexpr u64 nan64 = 0x7ff8000000000000;
constexpr u64 nan32 = 0x7fc00000;
const double inf = std::bit_cast<double>(u64{0x7ff0000000000000});

u64 bits64(double v) { return v != v ? nan64 : std::bit_cast<u64>(v); }
u64 bits32(float v) { return v != v ? nan32 : std::bit_cast<u32>(v); }

// Patterns near every exponent boundary, and random ones.
u64 pattern(unsigned i) {
  u64 x = (i + 1) * 0x9e3779b97f4a7c15U;
  x ^= x >> 29;
  x *= 0xbf58476d1ce4e5b9U;
  x ^= x >> 32;
  switch (i % 4) {
    case 0: return x;
    case 1: return (x & ~low_mask(52)) | (x & 3);                       // few low bits
    case 2: return (x & ~low_mask(52)) | (low_mask(52) ^ (x & 3));      // nearly all
    default: return (x & ~low_mask(52)) | (x & 0xf0000000) | u64{1} << 28;  // halfway for float
  }
}

}  // namespace

TEST_CASE("conversions between double, float and integers are the host's") {
  for (unsigned i = 0; i < 200000; ++i) {
    const u64 x = pattern(i);
    const double d = std::bit_cast<double>(x);
    const float f = std::bit_cast<float>(static_cast<u32>(x >> 13));
    bool ok = run(Opcode::fptrunc, Type::f32, Type::f64, x) == bits32(static_cast<float>(d)) &&
              run(Opcode::fpext, Type::f64, Type::f32, std::bit_cast<u32>(f)) ==
                  bits64(static_cast<double>(f)) &&
              run(Opcode::sitofp, Type::f64, Type::i64, x) ==
                  bits64(static_cast<double>(static_cast<i64>(x))) &&
              run(Opcode::uitofp, Type::f64, Type::i64, x) == bits64(static_cast<double>(x)) &&
              run(Opcode::sitofp, Type::f32, Type::i64, x) ==
                  bits32(static_cast<float>(static_cast<i64>(x))) &&
              run(Opcode::uitofp, Type::f32, Type::i64, x >> (i & 63)) ==
                  bits32(static_cast<float>(x >> (i & 63))) &&
              run(Opcode::sitofp, Type::f32, Type::i32, x >> 32) ==
                  bits32(static_cast<float>(static_cast<i32>(x >> 32)));
    if (d > -0x1p63 && d < 0x1p63)
      ok &= run(Opcode::fptosi_sat, Type::i64, Type::f64, x) == static_cast<u64>(static_cast<i64>(d));
    if (d > -1 && d < 0x1p64)
      ok &= run(Opcode::fptoui_sat, Type::i64, Type::f64, x) == static_cast<u64>(d);
    CAPTURE(x);
    REQUIRE(ok);
  }
}

TEST_CASE("rounding to integers is the host's") {
  for (unsigned i = 0; i < 200000; ++i) {
    // Exponents around the fraction's width, where the answer is interesting.
    const u64 x = i % 3 == 0 ? pattern(i)
                             : (pattern(i) & ~(u64{0x7ff} << 52)) | u64{1020 + i % 60} << 52;
    const double d = std::bit_cast<double>(x);
    const u32 y = static_cast<u32>(x >> 32 & 0x807fffffU) | (120 + i % 40) << 23;
    const float f = std::bit_cast<float>(y);
    const auto is = [&](Opcode op, double want, float want32) {
      return run(op, Type::f64, Type::none, x) == bits64(want) &&
             run(op, Type::f32, Type::none, y) == bits32(want32);
    };
    CAPTURE(x);
    REQUIRE((is(Opcode::ffloor, std::floor(d), std::floor(f)) &&
             is(Opcode::fceil, std::ceil(d), std::ceil(f)) &&
             is(Opcode::ftrunc, std::trunc(d), std::trunc(f)) &&
             is(Opcode::fnearest, std::nearbyint(d), std::nearbyint(f))));
  }
}

TEST_CASE("saturating conversions clamp, and NaN gives 0") {
  const auto to = [](Opcode op, Type t, double v) { return run(op, t, Type::f64, bits64(v)); };
  for (const Opcode op : {Opcode::fptosi_sat, Opcode::fptoui_sat}) {
    CHECK(to(op, Type::i32, std::bit_cast<double>(nan64)) == 0);
    CHECK(to(op, Type::i64, 0.999) == 0);
    CHECK(to(op, Type::i32, -0.0) == 0);
  }
  CHECK(to(Opcode::fptosi_sat, Type::i32, 0x1p31) == 0x7fffffff);
  CHECK(to(Opcode::fptosi_sat, Type::i32, 2147483647.9) == 0x7fffffff);
  CHECK(to(Opcode::fptosi_sat, Type::i32, -0x1p31 - 0.5) == 0x80000000);
  CHECK(to(Opcode::fptosi_sat, Type::i32, -1e300) == 0x80000000);
  CHECK(to(Opcode::fptosi_sat, Type::i64, inf) == 0x7fffffffffffffff);
  CHECK(to(Opcode::fptosi_sat, Type::i64, -inf) == u64{1} << 63);
  CHECK(to(Opcode::fptosi_sat, Type::i64, -1.5) == ~u64{0});
  CHECK(to(Opcode::fptoui_sat, Type::i64, 0x1p64) == ~u64{0});
  CHECK(to(Opcode::fptoui_sat, Type::i64, -5.0) == 0);
  CHECK(to(Opcode::fptoui_sat, Type::i32, 0x1p32) == 0xffffffff);
  CHECK(to(Opcode::fptoui_sat, Type::i32, inf) == 0xffffffff);
  CHECK(run(Opcode::fptosi_sat, Type::i64, Type::f32, bits32(0x1p63F)) == 0x7fffffffffffffff);
}

TEST_CASE("half precision: every value, every midpoint") {
  // The value of a finite half, from the definition.
  const auto value = [](u32 h) {
    const int e = static_cast<int>(h >> 10 & 31);
    const double fraction = h & 1023;
    const double v = e == 0 ? std::ldexp(fraction, -24) : std::ldexp(1024 + fraction, e - 25);
    return (h & 0x8000) != 0 ? -v : v;
  };
  for (u32 h = 0; h < 0x7c00; ++h) {
    const double v = value(h), next = h == 0x7bff ? 65536.0 : value(h + 1);
    const double mid = (v + next) / 2;
    const u32 even = (h & 1) == 0 ? h : h + 1;
    const auto narrow = [](double d) { return run(Opcode::fptrunc, Type::f16, Type::f64, bits64(d)); };
    const auto narrow32 = [](double d) {
      return run(Opcode::fptrunc, Type::f16, Type::f32, bits32(static_cast<float>(d)));
    };
    const bool ok = run(Opcode::fpext, Type::f64, Type::f16, h) == bits64(v) &&
                    run(Opcode::fpext, Type::f32, Type::f16, h) == bits32(static_cast<float>(v)) &&
                    run(Opcode::fpext, Type::f64, Type::f16, h | 0x8000) == bits64(-v) &&
                    narrow(v) == h && narrow(-v) == (h | 0x8000) && narrow32(v) == h &&
                    narrow(mid) == even && narrow32(mid) == even &&
                    narrow(std::nextafter(mid, 1e9)) == h + 1 &&
                    narrow(std::nextafter(mid, -1e9)) == h;
    CAPTURE(h);
    REQUIRE(ok);
  }
  CHECK(run(Opcode::fptrunc, Type::f16, Type::f64, bits64(inf)) == 0x7c00);
  CHECK(run(Opcode::fptrunc, Type::f16, Type::f32, bits32(-1e30F)) == 0xfc00);
  CHECK(run(Opcode::fptrunc, Type::f16, Type::f64, nan64 | 12345) == 0x7e00);
  CHECK(run(Opcode::fpext, Type::f32, Type::f16, 0x7c01) == nan32);
  CHECK(run(Opcode::fpext, Type::f32, Type::f16, 0xfc00) == 0xff800000);
}

TEST_CASE("minimum and maximum are those of IEEE 754-2019") {
  CHECK(run(Opcode::fmin, 0.0, -0.0) == bits64(-0.0));
  CHECK(run(Opcode::fmin, -0.0, 0.0) == bits64(-0.0));
  CHECK(run(Opcode::fmax, 0.0, -0.0) == bits64(0.0));
  CHECK(run(Opcode::fmax, -0.0, -0.0) == bits64(-0.0));
  CHECK(run(Opcode::fmin, 1, 2) == bits64(1));
  CHECK(run(Opcode::fmax, -inf, 2) == bits64(2));
  CHECK(run(Opcode::fmin, std::bit_cast<double>(nan64), 1) == nan64);
  CHECK(run(Opcode::fmax, 1, std::bit_cast<double>(nan64)) == nan64);
}

TEST_CASE("arithmetic: NaN is the quiet one, sign operations keep bits, fma rounds once") {
  CHECK(run(Opcode::fadd, inf, -inf) == nan64);
  CHECK(run(Opcode::fmul, inf, 0) == nan64);
  CHECK(run(Opcode::fdiv, 0, 0) == nan64);
  CHECK(run(Opcode::fdiv, -1, 0) == bits64(-inf));
  CHECK(run(Opcode::fsqrt, -1) == nan64);
  CHECK(run(Opcode::fsqrt, -0.0) == bits64(-0.0));
  CHECK(run(Opcode::fsqrt, 2) == 0x3ff6a09e667f3bcd);
  const u64 payload = 0xfff4000000000123;
  CHECK(run(Opcode::fneg, Type::f64, Type::none, payload) == (payload ^ u64{1} << 63));
  CHECK(run(Opcode::fabs, Type::f64, Type::none, payload) == (payload & ~(u64{1} << 63)));
  CHECK(run(Opcode::fcopysign, Type::f64, Type::none, payload, bits64(1)) ==
        (payload & ~(u64{1} << 63)));
  // (1 + 2^-30)^2 - 1 - 2^-29 is 2^-60: lost if the product is rounded first.
  CHECK(run(Opcode::fma, 1 + 0x1p-30, 1 + 0x1p-30, -1 - 0x1p-29) == bits64(0x1p-60));
  CHECK(run(Opcode::fma, Type::f32, Type::none, bits32(1 + 0x1p-12F), bits32(1 + 0x1p-12F),
            bits32(-1 - 0x1p-11F)) == bits32(0x1p-24F));
  CHECK(run(Opcode::fma, inf, 0, 1) == nan64);
}

TEST_CASE("comparisons: ordered ones are false for NaN, unordered ones true") {
  const double nan = std::bit_cast<double>(nan64);
  const double values[] = {-inf, -1, -0.0, 0.0, 1, inf, nan};
  for (const double a : values)
    for (const double b : values) {
      const bool un = a != a || b != b;
      const bool want[] = {a == b, !(a == b), a < b,  !(a < b), a <= b,          !(a <= b), a > b,
                           !(a > b), a >= b,  !(a >= b), !un && a != b, un || a == b, !un, un};
      for (u32 c = 0; c < std::size(want); ++c) {
        const Bits x[] = {{std::bit_cast<u64>(a), 0}, {std::bit_cast<u64>(b), 0}};
        Bits r[8];
        REQUIRE(evaluate({Opcode::fcmp, Type::f64, Type::none, 0, c, {}}, x, r) == Outcome::value);
        CAPTURE(c);
        CHECK(r[0].lo == want[c]);
      }
    }
}
