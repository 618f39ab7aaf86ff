// Integer semantics: all i8 pairs against plain arithmetic in wider integers, wide types at the edges.
#include <jitkit/ir/semantics.hpp>

#include <doctest/doctest.h>

using namespace jitkit;
using namespace jitkit::ir;

namespace {

struct Two {
  Bits first;
  Bits second;
};

Two run(Opcode op, Type t, Bits x, Bits y = {}, Bits z = {}, u32 aux = 0, Type source = Type::none) {
  const Bits operands[] = {x, y, z};
  Bits r[8];
  const Outcome o = evaluate({op, t, source, 0, aux, {}}, operands, r);
  REQUIRE(o == Outcome::value);
  return {r[0], r[1]};
}
bool traps(Opcode op, Type t, u64 x, u64 y) {
  const Bits operands[] = {{x, 0}, {y, 0}};
  Bits r[8];
  return evaluate({op, t}, operands, r) == Outcome::trap;
}
u64 run64(Opcode op, u64 x, u64 y = 0) { return run(op, Type::i64, {x, 0}, {y, 0}).first.lo; }

constexpr u64 least64 = u64{1} << 63;
constexpr Bits ones128{~u64{0}, ~u64{0}};

}  // namespace

TEST_CASE("every pair of i8: results are those of int, cut to eight bits") {
  for (int a = 0; a < 256; ++a)
    for (int b = 0; b < 256; ++b) {
      const Bits x{static_cast<u64>(a), 0}, y{static_cast<u64>(b), 0};
      const int sa = static_cast<i8>(a), sb = static_cast<i8>(b), s = b & 7;
      const auto is = [&](Opcode op, int want) {
        return run(op, Type::i8, x, y).first == Bits{static_cast<u64>(want & 0xff), 0};
      };
      const auto overflows = [&](Opcode op, int exact, bool is_signed) {
        const Two r = run(op, Type::i8, x, y);
        const int low = is_signed ? static_cast<i8>(exact) : exact & 0xff;
        return r.first.lo == static_cast<u64>(exact & 0xff) && r.second.lo == (low != exact);
      };
      bool ok = is(Opcode::add, a + b) && is(Opcode::sub, a - b) && is(Opcode::mul, a * b) &&
                is(Opcode::smin, sa < sb ? a : b) && is(Opcode::smax, sa < sb ? b : a) &&
                is(Opcode::umin, a < b ? a : b) && is(Opcode::umax, a < b ? b : a) &&
                is(Opcode::shl, a << s) && is(Opcode::lshr, a >> s) && is(Opcode::ashr, sa >> s) &&
                is(Opcode::rotl, a << s | a >> (8 - s)) && is(Opcode::rotr, a >> s | a << (8 - s)) &&
                is(Opcode::udiv, b == 0 ? 0 : a / b) && is(Opcode::urem, b == 0 ? a : a % b) &&
                is(Opcode::sdiv, sb == 0 ? 0 : sa / sb) && is(Opcode::srem, sb == 0 ? sa : sa % sb) &&
                overflows(Opcode::sadd_ov, sa + sb, true) &&
                overflows(Opcode::ssub_ov, sa - sb, true) &&
                overflows(Opcode::smul_ov, sa * sb, true) &&
                overflows(Opcode::uadd_ov, a + b, false) &&
                overflows(Opcode::usub_ov, a - b, false) &&
                overflows(Opcode::umul_ov, a * b, false) &&
                traps(Opcode::udiv_trap, Type::i8, x.lo, y.lo) == (b == 0) &&
                traps(Opcode::urem_trap, Type::i8, x.lo, y.lo) == (b == 0) &&
                traps(Opcode::srem_trap, Type::i8, x.lo, y.lo) == (b == 0) &&
                traps(Opcode::sdiv_trap, Type::i8, x.lo, y.lo) == (b == 0 || (sa == -128 && sb == -1));
      const bool conditions[] = {a == b, a != b, sa < sb,  sa >= sb, sa > sb,
                                 sa <= sb, a < b, a >= b, a > b,    a <= b};
      for (u32 c = 0; c < 10; ++c)
        ok &= (run(Opcode::icmp, Type::i8, x, y, {}, c).first.lo != 0) == conditions[c];
      CAPTURE(a);
      CAPTURE(b);
      REQUIRE(ok);
    }
}

TEST_CASE("bit counts and reversals") {
  CHECK(run64(Opcode::clz, 0) == 64);
  CHECK(run64(Opcode::ctz, 0) == 64);
  CHECK(run64(Opcode::clz, 1) == 63);
  CHECK(run64(Opcode::ctz, least64) == 63);
  CHECK(run64(Opcode::popcnt, ~u64{0}) == 64);
  CHECK(run(Opcode::clz, Type::i8, {1, 0}).first.lo == 7);
  CHECK(run(Opcode::ctz, Type::i16, {0, 0}).first.lo == 16);
  CHECK(run64(Opcode::bswap, 0x0102030405060708) == 0x0807060504030201);
  CHECK(run(Opcode::bswap, Type::i8, {0x5a, 0}).first.lo == 0x5a);
  CHECK(run(Opcode::bswap, Type::i128, {0x0102030405060708, 0x090a0b0c0d0e0f10}).first ==
        Bits{0x100f0e0d0c0b0a09, 0x0807060504030201});
  CHECK(run64(Opcode::bitrev, 1) == least64);
  CHECK(run(Opcode::bitrev, Type::i16, {0x8001, 0}).first.lo == 0x8001);
  CHECK(run(Opcode::bitrev, Type::i32, {0x2, 0}).first.lo == 0x40000000);
}

TEST_CASE("64-bit products, divisions and overflow at the edges") {
  CHECK(run64(Opcode::umulhi, ~u64{0}, ~u64{0}) == ~u64{1});
  CHECK(run64(Opcode::smulhi, ~u64{0}, ~u64{0}) == 0);
  CHECK(run64(Opcode::smulhi, least64, least64) == u64{1} << 62);
  CHECK(run(Opcode::smulhi, Type::i32, {0x80000000, 0}, {2, 0}).first.lo == 0xffffffff);
  CHECK(run64(Opcode::sdiv, least64, ~u64{0}) == least64);
  CHECK(run64(Opcode::srem, least64, ~u64{0}) == 0);
  CHECK(run64(Opcode::sdiv, ~u64{6}, 2) == ~u64{2});
  CHECK(run64(Opcode::srem, ~u64{6}, 2) == ~u64{0});
  CHECK(run64(Opcode::iabs, least64) == least64);
  CHECK(run(Opcode::smul_ov, Type::i64, {least64, 0}, {~u64{0}, 0}).second.lo == 1);
  CHECK(run(Opcode::umul_ov, Type::i64, {least64, 0}, {2, 0}).second.lo == 1);
  CHECK(run(Opcode::add_carry, Type::i64, {~u64{0}, 0}, {0, 0}, {1, 0}).first == Bits{0, 0});
  CHECK(run(Opcode::add_carry, Type::i64, {~u64{0}, 0}, {0, 0}, {1, 0}).second.lo == 1);
  CHECK(run(Opcode::sub_borrow, Type::i32, {0, 0}, {0, 0}, {1, 0}).first.lo == 0xffffffff);
  CHECK(run(Opcode::sub_borrow, Type::i32, {0, 0}, {0, 0}, {1, 0}).second.lo == 1);
  CHECK(run(Opcode::sub_borrow, Type::i32, {5, 0}, {4, 0}, {1, 0}).second.lo == 0);
}

TEST_CASE("i128 crosses its words") {
  const auto run128 = [](Opcode op, Bits x, Bits y) { return run(op, Type::i128, x, y).first; };
  CHECK(run128(Opcode::add, {~u64{0}, 0}, {1, 0}) == Bits{0, 1});
  CHECK(run128(Opcode::sub, {0, 1}, {1, 0}) == Bits{~u64{0}, 0});
  CHECK(run128(Opcode::mul, ones128, ones128) == Bits{1, 0});
  CHECK(run128(Opcode::shl, {1, 0}, {127, 0}) == Bits{0, least64});
  CHECK(run128(Opcode::shl, {1, 0}, {128, 0}) == Bits{1, 0});
  CHECK(run128(Opcode::lshr, {0, least64}, {127, 0}) == Bits{1, 0});
  CHECK(run128(Opcode::ashr, {0, least64}, {127, 0}) == ones128);
  CHECK(run128(Opcode::udiv, {0, 1}, {3, 0}) == Bits{0x5555555555555555, 0});
  CHECK(run128(Opcode::sdiv, {0, least64}, ones128) == Bits{0, least64});
  CHECK(run128(Opcode::srem, ones128, {2, 0}) == ones128);
  CHECK(run(Opcode::icmp, Type::i128, {0, least64}, {0, 0}, {}, 2).first.lo == 1);  // slt
}

TEST_CASE("conversions between integers") {
  CHECK(run(Opcode::sext, Type::i128, {0x80, 0}, {}, {}, 0, Type::i8).first ==
        Bits{~u64{0x7f}, ~u64{0}});
  CHECK(run(Opcode::sext, Type::i32, {1, 0}, {}, {}, 0, Type::i1).first.lo == 0xffffffff);
  CHECK(run(Opcode::zext, Type::i64, {0xffffffff, 0}, {}, {}, 0, Type::i32).first.lo == 0xffffffff);
  CHECK(run(Opcode::trunc, Type::i1, {0x2, 0}, {}, {}, 0, Type::i32).first.lo == 0);
  CHECK(run(Opcode::trunc, Type::i64, ones128, {}, {}, 0, Type::i128).first == Bits{~u64{0}, 0});
}

TEST_CASE("operations that are not on values alone are not evaluated") {
  Bits r[8];
  const Bits x[] = {{0, 0}, {0, 0}};
  CHECK(evaluate({Opcode::load, Type::i64}, x, r) == Outcome::unknown);
  CHECK(evaluate({Opcode::br, Type::none}, {}, r) == Outcome::unknown);
  CHECK(evaluate({Opcode::select, Type::v512}, x, r) == Outcome::unknown);
  CHECK(evaluate({native_opcode(7), Type::none}, x, r) == Outcome::unknown);
}

static_assert([] {  // folding happens at compile time too
  const Bits x[] = {{200, 0}, {100, 0}};
  Bits r[8];
  return evaluate({Opcode::add, Type::i8}, x, r) == Outcome::value && r[0].lo == 44;
}());
