// Floating point on bit patterns, for semantics.hpp: conversions in integer arithmetic (float_format.hpp),
// the rest on the host's float and double, which are the IEEE 754 formats.
//
// Invariants: every conversion rounds once, to nearest even. A NaN result is the positive quiet NaN
// without payload; only neg, abs and copysign keep a NaN's bits.
#ifndef JITKIT_IR_SEMANTICS_FLOAT_HPP
#define JITKIT_IR_SEMANTICS_FLOAT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/float_format.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/wide.hpp>
#include <jitkit/ir/type.hpp>

#include <bit>
#include <limits>
#include <type_traits>

namespace jitkit::inline JITKIT_ABI::ir::semantics {

static_assert(std::numeric_limits<float>::is_iec559 && std::numeric_limits<double>::is_iec559);

constexpr u64 convert_float(u64 v, FloatFormat from, FloatFormat to) {
  if (from.is_nan(v)) return to.nan();
  if ((v & from.infinity()) == from.infinity())
    return (v & from.sign()) != 0 ? to.sign() | to.infinity() : to.infinity();
  return pack(unpack(v, from), to);
}

constexpr u64 float_of_integer(u64 v, unsigned n, bool is_signed, FloatFormat to) {
  const bool negative = is_signed && (v >> (n - 1) & 1) != 0;
  return pack({negative, negative ? (0 - v) & low_mask(n) : v, 0}, to);
}

// Rounded to zero and clamped to the integers of n bits; NaN gives 0.
constexpr u64 integer_of_float(u64 v, FloatFormat from, unsigned n, bool is_signed) {
  if (from.is_nan(v)) return 0;
  const Unpacked u = unpack(v, from);
  // A significand has at most 53 bits: beyond 2^64 everything is clamped, infinity too.
  u128 magnitude = u.significand;
  if (u.exponent > 64)
    magnitude = u128{1} << 127;
  else if (u.exponent >= 0)
    magnitude <<= u.exponent;
  else
    magnitude = u.exponent > -64 ? magnitude >> -u.exponent : 0;
  const u128 half = u128{1} << (n - 1);
  const u128 limit = !is_signed ? (u.negative ? 0 : half * 2 - 1) : (u.negative ? half : half - 1);
  if (magnitude > limit) magnitude = limit;
  return static_cast<u64>(u.negative ? 0 - magnitude : magnitude) & low_mask(n);
}

template <class F>
using BitsOf = std::conditional_t<sizeof(F) == 4, u32, u64>;
template <class F>
constexpr F host(u64 v) {
  return std::bit_cast<F>(static_cast<BitsOf<F>>(v));
}
// The bits of a result of arithmetic.
template <class F>
constexpr u64 result(F v) {
  return v != v ? format_of_bits(sizeof(F) * 8).nan() : std::bit_cast<BitsOf<F>>(v);
}

template <class F>
constexpr bool compare_host(FCond c, F x, F y) {
  switch (c) {
    case FCond::oeq: return x == y;
    case FCond::une: return !(x == y);
    case FCond::olt: return x < y;
    case FCond::uge: return !(x < y);
    case FCond::ole: return x <= y;
    case FCond::ugt: return !(x <= y);
    case FCond::ogt: return x > y;
    case FCond::ule: return !(x > y);
    case FCond::oge: return x >= y;
    case FCond::ult: return !(x >= y);
    case FCond::one: return x < y || x > y;
    case FCond::ueq: return !(x < y || x > y);
    case FCond::ord: return x == x && y == y;
    case FCond::uno: return !(x == x && y == y);
  }
  return false;
}
constexpr bool compare_float(FCond c, u64 x, u64 y, unsigned n) {
  return n == 32 ? compare_host(c, host<float>(x), host<float>(y))
                 : compare_host(c, host<double>(x), host<double>(y));
}

// IEEE 754-2019 minimum (or maximum) of two numbers, given as bits too: equal ones may be zeroes of
// unlike sign, where the set sign bit makes the smaller.
template <class F>
constexpr u64 extremum(bool greater, u64 x, u64 y) {
  const F a = host<F>(x), b = host<F>(y);
  if (a != a || b != b) return format_of_bits(sizeof(F) * 8).nan();
  if (a == b) return greater ? x & y : x | y;
  return (a < b) != greater ? x : y;
}

template <class F>
constexpr u64 arithmetic(Opcode op, u64 x, u64 y) {
  const F a = host<F>(x), b = host<F>(y);
  switch (op) {
    case Opcode::fadd: return result(a + b);
    case Opcode::fsub: return result(a - b);
    case Opcode::fmul: return result(a * b);
    case Opcode::fdiv: return result(a / b);
    case Opcode::fmin:
    case Opcode::fmin_native: return extremum<F>(false, x, y);
    case Opcode::fmax:
    case Opcode::fmax_native: return extremum<F>(true, x, y);
    default: check(false); return 0;
  }
}

// An op of two floats of n bits.
constexpr u64 float_op(Opcode op, u64 x, u64 y, unsigned n) {
  const u64 sign = format_of_bits(n).sign();
  if (op == Opcode::fcopysign) return (x & ~sign) | (y & sign);
  return n == 32 ? arithmetic<float>(op, x, y) : arithmetic<double>(op, x, y);
}

// v rounded to an integer of the same format; op is ffloor, fceil, ftrunc or fnearest.
constexpr u64 round_to_integer(Opcode op, u64 v, FloatFormat f) {
  if (f.is_nan(v)) return f.nan();
  const u64 sign = v & f.sign();
  const u64 magnitude = v & ~f.sign();
  const int exponent = static_cast<int>(magnitude >> f.fraction_bits) - f.bias();
  if (exponent >= static_cast<int>(f.fraction_bits) || magnitude == 0) return v;
  const bool away = op == Opcode::ffloor ? sign != 0 : op == Opcode::fceil && sign == 0;
  if (exponent < 0) {  // below 1
    const u64 one = static_cast<u64>(f.bias()) << f.fraction_bits;
    const u64 half = one - (u64{1} << f.fraction_bits);
    return sign | (away || (op == Opcode::fnearest && magnitude > half) ? one : 0);
  }
  const unsigned below = f.fraction_bits - static_cast<unsigned>(exponent);  // bits worth less than 1
  const u64 unit = u64{1} << below;
  const u64 rest = magnitude & (unit - 1);
  const u64 truncated = magnitude - rest;
  // For 1 <= v < 2 the unit is the lowest exponent bit: it is 1 as the hidden bit would be.
  const bool odd = (truncated & unit) != 0;
  const bool up = op == Opcode::fnearest ? rest > unit / 2 || (rest == unit / 2 && odd)
                                         : away && rest != 0;
  return sign | (truncated + (up ? unit : 0));
}

inline u64 square_root(u64 v, unsigned n) {
  return n == 32 ? result(__builtin_sqrtf(host<float>(v))) : result(__builtin_sqrt(host<double>(v)));
}
inline u64 fused(u64 x, u64 y, u64 z, unsigned n) {
  return n == 32 ? result(__builtin_fmaf(host<float>(x), host<float>(y), host<float>(z)))
                 : result(__builtin_fma(host<double>(x), host<double>(y), host<double>(z)));
}

// An op of one float of n bits.
constexpr u64 float_op(Opcode op, u64 x, unsigned n) {
  const FloatFormat f = format_of_bits(n);
  switch (op) {
    case Opcode::fneg: return x ^ f.sign();
    case Opcode::fabs: return x & ~f.sign();
    case Opcode::fsqrt: return square_root(x, n);
    default: return round_to_integer(op, x, f);
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir::semantics

#endif  // JITKIT_IR_SEMANTICS_FLOAT_HPP
