// The IEEE 754 binary formats f16, f32 and f64: their fields, and numbers taken apart and put together in
// integer arithmetic.
//
// Invariant: pack rounds once, to nearest even.
#ifndef JITKIT_IR_FLOAT_FORMAT_HPP
#define JITKIT_IR_FLOAT_FORMAT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/type.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct FloatFormat {
  unsigned exponent_bits;
  unsigned fraction_bits;  // those stored

  constexpr unsigned bits() const { return 1 + exponent_bits + fraction_bits; }
  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr u64 sign() const { return u64{1} << (exponent_bits + fraction_bits); }
  constexpr u64 infinity() const { return low_mask(exponent_bits) << fraction_bits; }
  constexpr u64 nan() const { return infinity() | u64{1} << (fraction_bits - 1); }
  constexpr bool is_nan(u64 v) const { return (v & ~sign()) > infinity(); }
};
inline constexpr FloatFormat half_format{5, 10};
inline constexpr FloatFormat single_format{8, 23};
inline constexpr FloatFormat double_format{11, 52};

constexpr FloatFormat format_of_bits(unsigned n) {
  return n == 16 ? half_format : n == 32 ? single_format : double_format;
}
constexpr FloatFormat format_of(Type t) { return format_of_bits(bits(t)); }
constexpr bool is_float(Type t) { return contains(types::any_fp, t); }

// A finite number: (-1)^negative * significand * 2^exponent.
struct Unpacked {
  bool negative = false;
  u64 significand = 0;
  int exponent = 0;

  friend constexpr bool operator==(const Unpacked&, const Unpacked&) = default;
};

// Precondition: neither infinite nor a NaN.
constexpr Unpacked unpack(u64 v, FloatFormat f) {
  const int biased = static_cast<int>((v & f.infinity()) >> f.fraction_bits);
  const u64 fraction = v & low_mask(f.fraction_bits);
  const u64 hidden = biased != 0 ? u64{1} << f.fraction_bits : 0;
  const int unit = 1 - f.bias() - static_cast<int>(f.fraction_bits);  // exponent of a subnormal's unit
  return {(v & f.sign()) != 0, hidden | fraction, biased != 0 ? unit + biased - 1 : unit};
}

// The number in format f, rounded to nearest even.
constexpr u64 pack(Unpacked n, FloatFormat f) {
  const u64 sign = n.negative ? f.sign() : 0;
  if (n.significand == 0) return sign;
  const int fraction_bits = static_cast<int>(f.fraction_bits);
  const int top = n.exponent + static_cast<int>(log2_floor(n.significand));
  if (top > f.bias()) return sign | f.infinity();
  const int least_unit = 1 - f.bias() - fraction_bits;
  const int unit = top - fraction_bits > least_unit ? top - fraction_bits : least_unit;
  const int drop = unit - n.exponent;  // low bits of the significand below the unit
  u64 kept = 0;
  if (drop <= 0) {
    kept = n.significand << -drop;
  } else if (drop <= 64) {
    const u64 rest = n.significand & low_mask(static_cast<unsigned>(drop));
    const u64 half = u64{1} << (drop - 1);
    kept = drop == 64 ? 0 : n.significand >> drop;
    if (rest > half || (rest == half && (kept & 1) != 0)) ++kept;
  }
  // The hidden bit, and a carry out of the rounding, add to the exponent field by themselves.
  return sign | ((static_cast<u64>(unit - least_unit) << f.fraction_bits) + kept);
}

// The same number with an odd significand; zero has exponent 0.
constexpr Unpacked reduced(Unpacked n) {
  if (n.significand == 0) return {n.negative, 0, 0};
  const unsigned zeros = ctz(n.significand);
  return {n.negative, n.significand >> zeros, n.exponent + static_cast<int>(zeros)};
}

// The bits of n; false if the format does not hold it exactly.
constexpr bool pack_exactly(Unpacked n, FloatFormat f, u64& bits) {
  bits = pack(n, f);
  return (bits & f.infinity()) != f.infinity() && reduced(unpack(bits, f)) == reduced(n);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_FLOAT_FORMAT_HPP
