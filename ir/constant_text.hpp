// Constants as text, both ways, without losing a bit.
//
// Integers: decimal if short, else hexadecimal; vectors, masks and pointers the same, as one number with
// the first byte lowest. Floats: a decimal fraction where it is short and exact, else a hexadecimal one
// as in C (0x1.8p+3), +inf, -inf, +nan (the quiet NaN without payload), and #0x... for any other NaN.
// Decimals of f32 and f64 are rounded to nearest even when read; every other literal must be exact.
#ifndef JITKIT_IR_CONSTANT_TEXT_HPP
#define JITKIT_IR_CONSTANT_TEXT_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/float_format.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/support/wide.hpp>
#include <jitkit/ir/type.hpp>

#include <bit>
#include <charconv>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

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
inline bool print_decimal(Sink& out, Unpacked x) {
  const int length = x.significand == 0 ? 0 : static_cast<int>(log2_floor(x.significand)) + 1;
  if (x.exponent < -10 || x.exponent + length > 24) return false;
  const unsigned places = x.exponent < 0 ? static_cast<unsigned>(-x.exponent) : 0;
  out.udec(x.exponent < 0 ? x.significand >> places : x.significand << x.exponent).put('.');
  u64 rest = x.significand & low_mask(places);
  do {
    rest *= 10;
    out.put(static_cast<char>('0' + (rest >> places)));
    rest &= low_mask(places);
  } while (rest != 0);
  return true;
}

inline void print_hex_float(Sink& out, Unpacked x) {
  const unsigned fraction = log2_floor(x.significand);
  const unsigned digits = (fraction + 3) / 4;
  out << "0x1";
  if (digits != 0) out.put('.').hex((x.significand & low_mask(fraction)) << (digits * 4 - fraction), digits);
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
  const FloatFormat f = format_of(t);
  const u64 magnitude = v.lo & ~f.sign();
  const bool negative = magnitude != v.lo;
  if (magnitude > f.infinity()) {
    if (v.lo == f.nan())
      out << "+nan";
    else
      (out << "#0x").hex(v.lo);
    return;
  }
  if (magnitude == f.infinity()) {
    out << (negative ? "-inf" : "+inf");
    return;
  }
  const Unpacked x = reduced(unpack(v.lo, f));
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

// 0x1.8p+3; the significand has at most 64 significant bits.
constexpr bool parse_hex_float(std::string_view s, Unpacked& x) {
  s.remove_prefix(2);
  bool point = false;
  usize n = 0;
  for (; n < s.size() && (s[n] | 32) != 'p'; ++n) {
    if (s[n] == '.' && !point) {
      point = true;
      continue;
    }
    const int d = digit_of(s[n]);
    if (d >= 16 || x.significand >> 60 != 0) return false;
    x.significand = x.significand << 4 | static_cast<unsigned>(d);
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
  const FloatFormat f = format_of(t);
  const u64 sign = negative ? f.sign() : 0;
  if (s == "inf" || s == "nan") {
    bits = sign | (s == "inf" ? f.infinity() : f.nan());
    return true;
  }
  if (is_hex(s)) {
    Unpacked x;
    x.negative = negative;
    return parse_hex_float(s, x) && pack_exactly(x, f, bits);
  }
  if (t == Type::f32) {
    float v = 0;
    if (!parse_decimal(s, v)) return false;
    bits = std::bit_cast<u32>(v) | sign;
    return true;
  }
  double v = 0;
  if (!parse_decimal(s, v)) return false;
  bits = std::bit_cast<u64>(v);
  const bool finite = (bits & double_format.infinity()) != double_format.infinity();
  if (t != Type::f64 && !(finite && pack_exactly(unpack(bits, double_format), f, bits))) return false;
  bits |= sign;
  return true;
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
