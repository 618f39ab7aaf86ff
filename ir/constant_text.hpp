// Constants as text, both ways, without losing a bit.
//
// Integers: decimal if short, else hexadecimal; vectors, masks and pointers the same, as one number with
// the first byte lowest. Floats: a decimal fraction where it is short and exact, else a hexadecimal one
// as in C (0x1.8p+3), +inf, -inf, +nan (the quiet NaN without payload), and #0x... for any other NaN.
// Decimals of f32 and f64 are rounded to nearest even when read; every other literal must be exact.
#ifndef JITKIT_IR_CONSTANT_TEXT_HPP
#define JITKIT_IR_CONSTANT_TEXT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/wide.hpp>
#include <jitkit/ir/type.hpp>

#include <bit>
#include <charconv>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

struct FloatFormat {
  unsigned exponent_bits;
  unsigned fraction_bits;

  constexpr int bias() const { return (1 << (exponent_bits - 1)) - 1; }
  constexpr u64 special() const { return low_mask(exponent_bits); }  // exponent of inf and NaN
  constexpr unsigned sign_bit() const { return exponent_bits + fraction_bits; }
  constexpr u64 infinity() const { return special() << fraction_bits; }
  constexpr u64 quiet_nan() const { return infinity() | u64{1} << (fraction_bits - 1); }
};

constexpr FloatFormat float_format(Type t) {
  return t == Type::f16 ? FloatFormat{5, 10} : t == Type::f32 ? FloatFormat{8, 23} : FloatFormat{11, 52};
}
constexpr bool is_float(Type t) { return contains(types::any_fp, t); }

// |x| = mantissa * 2^exponent, with an odd mantissa unless x is zero.
struct ExactFloat {
  bool negative = false;
  u64 mantissa = 0;
  int exponent = 0;
};

// Precondition: neither inf nor NaN.
constexpr ExactFloat decode_float(u64 bits, FloatFormat f) {
  ExactFloat x;
  x.negative = (bits >> f.sign_bit() & 1) != 0;
  const u64 biased = bits >> f.fraction_bits & f.special();
  x.mantissa = bits & low_mask(f.fraction_bits);
  if (biased != 0) x.mantissa |= u64{1} << f.fraction_bits;
  if (x.mantissa == 0) return x;
  x.exponent = static_cast<int>(biased != 0 ? biased : 1) - f.bias() - static_cast<int>(f.fraction_bits);
  const unsigned zeros = ctz(x.mantissa);
  x.mantissa >>= zeros;
  x.exponent += static_cast<int>(zeros);
  return x;
}

// The bits of x; false if the format does not hold it exactly.
constexpr bool encode_float(ExactFloat x, FloatFormat f, u64& bits) {
  bits = u64{x.negative} << f.sign_bit();
  if (x.mantissa == 0) return true;
  const unsigned zeros = ctz(x.mantissa);
  x.mantissa >>= zeros;
  x.exponent += static_cast<int>(zeros);
  const int top = x.exponent + static_cast<int>(log2_floor(x.mantissa));  // of the leading bit
  const int least = 1 - f.bias();                                        // of a normal number
  if (top > f.bias()) return false;
  const int unit = (top < least ? least : top) - static_cast<int>(f.fraction_bits);
  if (x.exponent < unit || x.exponent - unit > 63) return false;
  const u64 scaled = x.mantissa << (x.exponent - unit);
  // A normal number's leading bit adds one to the exponent field.
  const u64 field = top < least ? 0 : static_cast<u64>(top + f.bias() - 1);
  bits |= (field << f.fraction_bits) + scaled;
  return true;
}

namespace detail {

inline void print_integer(Sink& out, Bits v, unsigned width) {
  const unsigned n = width < 64 ? width : 64;
  const i64 number = n == 1 ? static_cast<i64>(v.lo) : sign_extend(v.lo, n);
  const bool short_number = number > -1000000 && number < 1000000;
  const bool fits = width <= 64 || v.hi == (number < 0 ? ~u64{0} : 0);
  if (short_number && fits) {
    out.dec(number);
    return;
  }
  out << "0x";
  if (v.hi != 0) {
    out.hex(v.hi);
    out.hex(v.lo, 16);
  } else {
    out.hex(v.lo);
  }
}

// A decimal of at most 10 places, if x has no more.
inline bool print_decimal(Sink& out, ExactFloat x) {
  const int length = x.mantissa == 0 ? 0 : static_cast<int>(log2_floor(x.mantissa)) + 1;
  if (x.exponent < -10 || x.exponent + length > 24) return false;
  const unsigned places = x.exponent < 0 ? static_cast<unsigned>(-x.exponent) : 0;
  out.udec(x.exponent < 0 ? x.mantissa >> places : x.mantissa << x.exponent).put('.');
  u64 rest = x.mantissa & low_mask(places);
  do {
    rest *= 10;
    out.put(static_cast<char>('0' + (rest >> places)));
    rest &= low_mask(places);
  } while (rest != 0);
  return true;
}

inline void print_hex_float(Sink& out, ExactFloat x) {
  const unsigned fraction = log2_floor(x.mantissa);
  const unsigned digits = (fraction + 3) / 4;
  out << "0x1";
  if (digits != 0) out.put('.').hex((x.mantissa & low_mask(fraction)) << (digits * 4 - fraction), digits);
  const int exponent = x.exponent + static_cast<int>(fraction);
  out << (exponent < 0 ? "p" : "p+");
  out.dec(exponent);
}

}  // namespace detail

inline void print_constant(Sink& out, Type t, Bits v) {
  if (!is_float(t)) {
    detail::print_integer(out, v, bits(t));
    return;
  }
  const FloatFormat f = float_format(t);
  const u64 magnitude = v.lo & low_mask(f.sign_bit());
  const bool negative = magnitude != v.lo;
  if (magnitude > f.infinity()) {
    if (v.lo == f.quiet_nan())
      out << "+nan";
    else
      (out << "#0x").hex(v.lo);
    return;
  }
  if (magnitude == f.infinity()) {
    out << (negative ? "-inf" : "+inf");
    return;
  }
  const ExactFloat x = decode_float(v.lo, f);
  if (negative) out.put('-');
  if (!detail::print_decimal(out, x)) detail::print_hex_float(out, x);
}

namespace detail {

constexpr int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return 99;
}
constexpr bool is_hex(std::string_view s) { return s.size() > 2 && s[0] == '0' && (s[1] | 32) == 'x'; }

}  // namespace detail

// Reads digits with an optional 0x; false if s is anything else or does not fit 128 bits.
constexpr bool parse_magnitude(std::string_view s, u128& v) {
  const int base = detail::is_hex(s) ? 16 : 10;
  if (base == 16) s.remove_prefix(2);
  v = 0;
  for (const char c : s) {
    const int d = detail::digit_of(c);
    if (d >= base || v > (~u128{0} - static_cast<unsigned>(d)) / static_cast<unsigned>(base)) return false;
    v = v * static_cast<unsigned>(base) + static_cast<unsigned>(d);
  }
  return !s.empty();
}

namespace detail {

// 0x1.8p+3; the mantissa has at most 64 significant bits.
constexpr bool parse_hex_float(std::string_view s, ExactFloat& x) {
  s.remove_prefix(2);
  bool point = false;
  usize n = 0;
  for (; n < s.size() && (s[n] | 32) != 'p'; ++n) {
    if (s[n] == '.' && !point) {
      point = true;
      continue;
    }
    const int d = digit_of(s[n]);
    if (d >= 16 || x.mantissa >> 60 != 0) return false;
    x.mantissa = x.mantissa << 4 | static_cast<unsigned>(d);
    if (point) x.exponent -= 4;
  }
  if (n == s.size()) return !point;
  s.remove_prefix(n + 1);
  const bool minus = !s.empty() && s[0] == '-';
  if (!s.empty() && (s[0] == '-' || s[0] == '+')) s.remove_prefix(1);
  if (s.empty() || s.size() > 5) return false;
  int exponent = 0;
  for (const char c : s) {
    if (digit_of(c) > 9) return false;
    exponent = exponent * 10 + digit_of(c);
  }
  x.exponent += minus ? -exponent : exponent;
  return true;
}

template <class F>
bool parse_decimal(std::string_view s, F& v) {
  const std::from_chars_result r = std::from_chars(s.data(), s.data() + s.size(), v);
  return r.ec == std::errc() && r.ptr == s.data() + s.size();
}

inline bool parse_float(bool negative, std::string_view s, Type t, u64& bits) {
  const FloatFormat f = float_format(t);
  const u64 sign = u64{negative} << f.sign_bit();
  if (s == "inf" || s == "nan") {
    bits = sign | (s == "inf" ? f.infinity() : f.quiet_nan());
    return true;
  }
  if (is_hex(s)) {
    ExactFloat x;
    x.negative = negative;
    return parse_hex_float(s, x) && encode_float(x, f, bits);
  }
  if (t == Type::f32) {
    float v = 0;
    if (!parse_decimal(s, v)) return false;
    bits = std::bit_cast<u32>(v) | sign;
    return true;
  }
  double v = 0;
  if (!parse_decimal(s, v)) return false;
  bits = std::bit_cast<u64>(v) | sign;
  if (t == Type::f64) return true;
  const FloatFormat wide = float_format(Type::f64);
  return (bits & wide.infinity()) != wide.infinity() && encode_float(decode_float(bits, wide), f, bits);
}

}  // namespace detail

// The constant that `text` (without its sign) denotes in type t. Null, or what is wrong with it.
inline const char* parse_constant(bool negative, std::string_view text, Type t, Bits& v) {
  v = {};
  if (is_float(t))
    return detail::parse_float(negative, text, t, v.lo) ? nullptr : "not a literal this float type holds";
  u128 magnitude = 0;
  if (!parse_magnitude(text, magnitude)) return "not an integer of at most 128 bits";
  const unsigned n = bits(t);
  if (n == 0 || n > 128) return "a constant of this type cannot be written";
  const u128 limit = negative ? u128{1} << (n - 1) : ~u128{0} >> (128 - n);
  if (magnitude > limit) return "out of range for its type";
  if (negative) magnitude = (u128{0} - magnitude) & (~u128{0} >> (128 - n));
  v = Bits::of(magnitude);
  return nullptr;
}

// #0x7fc00001: the bits themselves.
inline const char* parse_raw_constant(std::string_view text, Type t, Bits& v) {
  u128 raw = 0;
  if (!is_float(t)) return "raw bits are for float types";
  if (!parse_magnitude(text, raw) || raw >> bits(t) != 0) return "out of range for its type";
  v = Bits::of(raw);
  return nullptr;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_CONSTANT_TEXT_HPP
