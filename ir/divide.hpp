// Division by constants: a multiplication by the reciprocal and shifts, for i32 and i64; a remainder is what
// the quotient leaves.
//
// With n bits and a divisor d, x / d is the high part of x * m, shifted by s, where m is 2^(n+s) / d rounded
// up and s the least that makes that exact for every x. Where an unsigned m needs n + 1 bits, its top bit is
// an addition. i32 multiplies in 64 bits, where m always fits. A signed quotient is rounded towards zero
// by adding one to a negative one. Signed powers of two are shifts, biased for negative numbers.
// Unsigned powers of two and divisions by one are folding's (fold.hpp).
// Cost: linear. Sources: Granlund and Montgomery, Division by Invariant Integers using Multiplication
// (1994); Warren, Hacker's Delight (2nd edition), chapter 10.
#ifndef JITKIT_IR_DIVIDE_HPP
#define JITKIT_IR_DIVIDE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/ir/semantics.hpp>
#include <jitkit/ir/support/wide.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

namespace detail {

struct Reciprocal {
  u128 multiplier = 0;
  unsigned shift = 0;  // of the high part
};

// For unsigned numbers of n bits; d is above 2 and no power of two. The multiplier may have n + 1 bits.
constexpr Reciprocal unsigned_reciprocal(u64 d, unsigned n) {
  const unsigned most = 64 - static_cast<unsigned>(std::countl_zero(d));  // 2^most is above d
  for (unsigned s = 0; s < most; ++s) {
    const u128 power = u128{1} << (n + s), m = power / d + 1;
    if (m >> n == 0 && m * d - power <= u128{1} << s) return {m, s};
  }
  // 2^(n+most) / d, rounded up: 2^n and the rest, so that no number of 129 bits is needed.
  const u128 rest = ((u128{1} << most) - d) << (n < 64 ? n : 0);
  u128 m = n < 64 ? rest / d : 0;
  if (n == 64) {  // bit by bit: ((2^most - d) << 64) / d
    u128 remainder = (u128{1} << most) - d;
    for (unsigned k = 0; k < 64; ++k) {
      remainder <<= 1;
      m <<= 1;
      if (remainder >= d) {
        remainder -= d;
        m |= 1;
      }
    }
  }
  return {(u128{1} << n) + m + 1, most};
}

// For signed numbers of n bits and the magnitude d, at least 2. The multiplier has n bits.
constexpr Reciprocal signed_reciprocal(u64 d, unsigned n) {
  const u128 t = u128{1} << (n - 1), nc = t - 1 - t % d;
  unsigned p = n;
  while ((u128{1} << p) <= nc * (d - (u128{1} << p) % d)) ++p;
  return {((u128{1} << p) + d - (u128{1} << p) % d) / d, p - n};
}

}  // namespace detail

class DivisionExpander {
 public:
  explicit DivisionExpander(PassContext& context) : c_(context), f_(context.function()), arena_(context.arena()) {}

  Status run() {
    bool attached = false;
    for (u32 b = 1; b < f_.blocks.size(); ++b)
      for (Inst i = f_.blocks[b].first; i && c_.status().ok();) {
        const Inst next = f_[i].next;
        if (is_division(f_[i])) {
          if (!attached && !replace_.attach(f_, arena_)) return c_.status();
          attached = true;
          block_ = Block(b);
          at_ = i;
          if (const Value v = expanded(f_[i])) {
            replace_.set(f_.result(i), v);
            f_.remove(block_, i);
          }
        }
        i = next;
      }
    if (replace_.any()) replace_.apply(f_);
    return c_.status();
  }

 private:
  static Opcode plain(Opcode op) {
    const Opcode safe = semantics::without_trap(op);
    return safe != Opcode::none ? safe : op;
  }
  bool is_division(const InstData& d) const {
    if (d.op < Opcode::sdiv || d.op > Opcode::urem_trap || !contains(types::wide_int, d.type)) return false;
    if (!f_.is_constant(Value(d.ops[1])) || f_.is_constant(Value(d.ops[0]))) return false;
    const u64 y = f_.constant(Value(d.ops[1])).lo;
    return y > 1 && y != low_mask(bits(d.type));  // not by 0, 1 and -1
  }

  Value make(Opcode op, Value x, Value y) { return c_.make_before(block_, at_, {op, type_, 0, 2, 0, {x, y, {}}}, type_); }
  Value make(Opcode op, Value x, u64 y) { return make(op, x, f_.constant(type_, y)); }
  Value convert(Opcode op, Type to, Value x) { return c_.make_before(block_, at_, {op, to, 0, 1, 0, {x, {}, {}}}, to); }

  Value expanded(const InstData& d) {
    type_ = d.type;
    const Opcode op = plain(d.op);
    const Value x(d.ops[0]), divisor(d.ops[1]);
    const u64 y = f_.constant(divisor).lo;
    const bool is_signed = op == Opcode::sdiv || op == Opcode::srem;
    if (!is_signed && is_pow2(y)) return {};
    const Value q = is_signed ? signed_quotient(x, y) : unsigned_quotient(x, y);
    if (!q || op == Opcode::sdiv || op == Opcode::udiv) return q;
    const Value product = make(Opcode::mul, q, divisor);
    return product ? make(Opcode::sub, x, product) : Value();
  }

  // Bits n and above of x * m, shifted right by s more.
  Value high(Value x, u64 m, unsigned s, bool is_signed) {
    if (type_ == Type::i64) {
      const Value h = make(is_signed ? Opcode::smulhi : Opcode::umulhi, x, m);
      return s == 0 || !h ? h : make(is_signed ? Opcode::ashr : Opcode::lshr, h, s);
    }
    const Value wide = convert(is_signed ? Opcode::sext : Opcode::zext, Type::i64, x);
    type_ = Type::i64;
    Value p = wide ? make(Opcode::mul, wide, m) : Value();
    if (p) p = make(is_signed ? Opcode::ashr : Opcode::lshr, p, u64{32} + s);
    type_ = Type::i32;
    return p ? convert(Opcode::trunc, Type::i32, p) : Value();
  }

  Value unsigned_quotient(Value x, u64 d) {
    const unsigned n = bits(type_);
    const detail::Reciprocal r = detail::unsigned_reciprocal(d, n);
    const u64 m = static_cast<u64>(r.multiplier) & low_mask(n);
    if (r.multiplier >> n == 0) return high(x, m, r.shift, false);
    // x * (2^n + m): half of what x is above the high part, so that the sum fits.
    const Value h = high(x, m, 0, false);
    Value rest = h ? make(Opcode::sub, x, h) : Value();
    if (rest) rest = make(Opcode::lshr, rest, 1);
    const Value sum = rest ? make(Opcode::add, rest, h) : Value();
    return sum ? make(Opcode::lshr, sum, r.shift - 1) : Value();
  }

  Value signed_quotient(Value x, u64 y) {
    const unsigned n = bits(type_);
    const bool negative = (y >> (n - 1) & 1) != 0;
    const u64 d = (negative ? 0 - y : y) & low_mask(n);
    if (!negative && is_pow2(y)) {
      const unsigned k = ctz(y);
      Value bias = k == 1 ? x : make(Opcode::ashr, x, n - 1);
      if (bias) bias = make(Opcode::lshr, bias, n - k);
      const Value sum = bias ? make(Opcode::add, x, bias) : Value();
      return sum ? make(Opcode::ashr, sum, k) : Value();
    }
    const detail::Reciprocal r = detail::signed_reciprocal(d, n);
    const u64 m = static_cast<u64>(r.multiplier);
    Value q;
    if (n == 64 && m >> 63 != 0) {  // as a signed number it is m - 2^64
      q = high(x, m, 0, true);
      if (q) q = make(Opcode::add, q, x);
      if (q && r.shift != 0) q = make(Opcode::ashr, q, r.shift);
    } else {
      q = high(x, m, r.shift, true);
    }
    const Value sign = q ? make(Opcode::lshr, x, n - 1) : Value();
    if (sign) q = make(Opcode::add, q, sign);
    return negative && q ? c_.make_before(block_, at_, {Opcode::neg, type_, 0, 1, 0, {q, {}, {}}}, type_) : q;
  }

  PassContext& c_;
  FunctionData& f_;
  Arena& arena_;
  Block block_;
  Inst at_;
  Type type_ = Type::none;
  Replacements replace_;
};

inline Status expand_divisions(PassContext& context) { return DivisionExpander(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_DIVIDE_HPP
