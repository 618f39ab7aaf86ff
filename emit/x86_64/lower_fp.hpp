// Selection of scalar floating point, and the helpers that pick legacy or VEX forms.
//
// Invariants: NaN results are quiet; exact bits are kept by neg, abs and copysign alone. A conversion
// writes a register whose old contents are zero, so that it does not wait for an unrelated value.
// Source for the f64 to f16 step: Boldo and Melquiond, "When double rounding is odd" (2005).
#ifndef JITKIT_EMIT_X86_64_LOWER_FP_HPP
#define JITKIT_EMIT_X86_64_LOWER_FP_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

namespace float_bits {
inline constexpr u64 sign32 = u64{1} << 31, sign64 = u64{1} << 63;
inline constexpr u64 one32 = 0x3f800000, one64 = 0x3ff0000000000000;
// 2^n as a number of that type.
constexpr u64 power(ir::Type t, unsigned n) {
  return t == ir::Type::f32 ? one32 + (u64{n} << 23) : one64 + (u64{n} << 52);
}
constexpr u64 sign(ir::Type t) { return t == ir::Type::f32 ? sign32 : sign64; }
constexpr u64 magnitude(ir::Type t) { return t == ir::Type::f32 ? sign32 - 1 : sign64 - 1; }
}  // namespace float_bits

inline void Lower::vec_op(const VecForms& f, VReg d, VReg x, VReg y) {
  if (has(Feature::avx))
    op(f.rrr, {Reg::def(d), Reg::use(x), Reg::use(y)});
  else
    update(f.rr, d, x, y);
}

inline void Lower::vec_op_mem(const VecForms& f, VReg d, VReg x, const Address& y) {
  if (has(Feature::avx))
    op_mem(f.rrm, {Reg::def(d), Reg::use(x), Reg::use(y.base), Reg::use(y.index)}, y);
  else
    update_mem(f.rm, d, x, y);
}

inline void Lower::vec_imm(const VecForms& f, VReg d, VReg x, VReg y, u8 imm) {
  if (has(Feature::avx))
    op(f.rrr, {Reg::def(d), Reg::use(x), Reg::use(y)}, imm);
  else
    update(f.rr, d, x, y, imm);
}

// d = x op the 16 bytes hi:lo.
inline void Lower::vec_literal(const VecForms& f, VReg d, VReg x, u64 lo, u64 hi) {
  vec_op_mem(f, d, x, literal(lo, hi, 16));
}

// The VEX form takes the bits above the result from its first source.
inline void Lower::scalar_unary(const VecForms& f, VReg d, VReg x, i64 imm) {
  if (has(Feature::avx))
    op(f.rrr, {Reg::def(d), Reg::use(x), Reg::use(x)}, static_cast<u64>(imm));
  else
    unary(f.rr, d, x, imm);
}

inline void Lower::move_to_vec(VReg d, VReg s, unsigned bits) {
  if (bits == 64)
    vec_unary(F::movq_r64, F::vmovq_r64, d, s);
  else
    vec_unary(F::movd_rr, F::vmovd_rr, d, s);
}

inline void Lower::move_to_gpr(VReg d, VReg s, unsigned bits) {
  if (bits == 64)
    vec_unary(F::movq_r64r, F::vmovq_r64r, d, s);
  else
    vec_unary(F::movd_r32r, F::vmovd_r32r, d, s);
}

// --- Arithmetic

inline void Lower::float_op(Inst i, const VecForms& f32, const VecForms& f64) {
  const Type t = op_type(i);
  const VecForms& f = t == Type::f64 ? f64 : f32;
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  const Value y = fn_.operand(i, 1);
  Address a;
  u64 bits = 0;
  if (is_constant(y, bits) && bits != 0)
    vec_op_mem(f, d, x, literal(bits, 0, ir::bytes(t)));
  else if (memory_operand(y, ir::bits(t), a))
    vec_op_mem(f, d, x, a);
  else
    vec_op(f, d, x, vreg(y));
}

inline void Lower::float_sqrt(Inst i) {
  static constexpr VecForms f32 = JITKIT_X86_SCALAR_FORMS(sqrtss), f64 = JITKIT_X86_SCALAR_FORMS(sqrtsd);
  scalar_unary(op_type(i) == Type::f64 ? f64 : f32, result_vreg(i), operand_vreg(i, 0));
}

inline void Lower::float_fma(Inst i) {
  if (missing(Feature::fma)) return;
  op(op_type(i) == Type::f64 ? F::vfmadd213sd_rrr : F::vfmadd213ss_rrr,
     {Reg::use(operand_vreg(i, 0)), Reg::def_tied(result_vreg(i)), Reg::use(operand_vreg(i, 1)),
      Reg::use(operand_vreg(i, 2))});
}

inline void Lower::float_sign(Inst i, bool flip) {
  const Type t = op_type(i);
  if (flip)
    vec_literal(JITKIT_X86_PACKED_FORMS(xorps), result_vreg(i), operand_vreg(i, 0), float_bits::sign(t), 0);
  else
    vec_literal(JITKIT_X86_PACKED_FORMS(andps), result_vreg(i), operand_vreg(i, 0), float_bits::magnitude(t), 0);
}

inline void Lower::with_sign_of(VReg d, VReg x, VReg y, Type t) {
  const VReg magnitude = temp(t), sign = temp(t);
  vec_literal(JITKIT_X86_PACKED_FORMS(andps), magnitude, x, float_bits::magnitude(t), 0);
  vec_literal(JITKIT_X86_PACKED_FORMS(andps), sign, y, float_bits::sign(t), 0);
  vec_op(JITKIT_X86_PACKED_FORMS(orps), d, magnitude, sign);
}

inline void Lower::copy_sign(Inst i) {
  with_sign_of(result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1), op_type(i));
}

// d = all ones where the predicate of cmps holds of x and y.
inline void Lower::float_mask(VReg d, VReg x, VReg y, Type t, u8 predicate) {
  static constexpr VecForms f32{F::cmpss_rri, F::cmpss_rmi, F::vcmpss_rrri, F::vcmpss_rrmi};
  static constexpr VecForms f64{F::cmpsd_rri, F::cmpsd_rmi, F::vcmpsd_rrri, F::vcmpsd_rrmi};
  vec_imm(t == Type::f64 ? f64 : f32, d, x, y, predicate);
}

// min and max give their second operand for zeroes of unlike sign and for NaNs: of both orders, or
// (min) and and (max) keep the right zero. Where a NaN is involved, all ones make a quiet one.
inline void Lower::float_min_max(Inst i, bool is_max) {
  static constexpr VecForms min32 = JITKIT_X86_SCALAR_FORMS(minss), min64 = JITKIT_X86_SCALAR_FORMS(minsd);
  static constexpr VecForms max32 = JITKIT_X86_SCALAR_FORMS(maxss), max64 = JITKIT_X86_SCALAR_FORMS(maxsd);
  const Type t = op_type(i);
  const bool wide = t == Type::f64;
  const VecForms& f = is_max ? (wide ? max64 : max32) : (wide ? min64 : min32);
  const VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  const VReg one_way = temp(t), other_way = temp(t), merged = temp(t), unordered = temp(t);
  vec_op(f, one_way, x, y);
  vec_op(f, other_way, y, x);
  if (is_max)
    vec_op(JITKIT_X86_PACKED_FORMS(andps), merged, one_way, other_way);
  else
    vec_op(JITKIT_X86_PACKED_FORMS(orps), merged, one_way, other_way);
  float_mask(unordered, x, y, t, 3);
  vec_op(JITKIT_X86_PACKED_FORMS(orps), result_vreg(i), merged, unordered);
}

// `mode` as the immediate of roundss: 8 to nearest, 9 down, 10 up, 11 to zero.
inline void Lower::round(Inst i, u8 mode) {
  if (!has(Feature::sse4_1)) return round_portable(i, mode);
  static constexpr VecForms f32{F::roundss_rri, F::roundss_rmi, F::vroundss_rrri, F::vroundss_rrmi};
  static constexpr VecForms f64{F::roundsd_rri, F::roundsd_rmi, F::vroundsd_rrri, F::vroundsd_rrmi};
  scalar_unary(op_type(i) == Type::f64 ? f64 : f32, result_vreg(i), operand_vreg(i, 0), mode);
}

// Adding and subtracting 2^52 (2^23) rounds a smaller magnitude to an integer; one step corrects it for
// the other modes. Larger numbers are integers already.
inline void Lower::round_portable(Inst i, u8 mode) {
  static constexpr VecForms add32 = JITKIT_X86_SCALAR_FORMS(addss), add64 = JITKIT_X86_SCALAR_FORMS(addsd);
  static constexpr VecForms sub32 = JITKIT_X86_SCALAR_FORMS(subss), sub64 = JITKIT_X86_SCALAR_FORMS(subsd);
  const Type t = op_type(i);
  const bool wide = t == Type::f64;
  const VecForms& add = wide ? add64 : add32;
  const VecForms& sub = wide ? sub64 : sub32;
  const VReg x = operand_vreg(i, 0);
  const VReg limit = constant_vreg(t, float_bits::power(t, wide ? 52 : 23));
  const VReg magnitude = temp(t), raised = temp(t), nearest = temp(t), rounded = temp(t);
  vec_literal(JITKIT_X86_PACKED_FORMS(andps), magnitude, x, float_bits::magnitude(t), 0);
  vec_op(add, raised, magnitude, limit);
  vec_op(sub, nearest, raised, limit);
  VReg result = nearest;
  if (mode != 8) {
    VReg exact = magnitude;
    if (mode != 11) with_sign_of(result = temp(t), nearest, exact = x, t);
    const VReg off = temp(t), step = temp(t), corrected = temp(t);
    const bool up = mode == 10;
    float_mask(off, up ? result : exact, up ? exact : result, t, 1);
    vec_literal(JITKIT_X86_PACKED_FORMS(andps), step, off, float_bits::power(t, 0), 0);
    vec_op(up ? add : sub, corrected, result, step);
    result = corrected;
  }
  with_sign_of(rounded, result, x, t);
  const VReg small = temp(t), quiet = temp(t);
  float_mask(small, magnitude, limit, t, 1);
  vec_op(add, quiet, x, constant_vreg(t, 0));
  blend(result_vreg(i), small, rounded, quiet);
}

// --- Conversions between formats

inline void Lower::extend_float(Inst i) {
  static constexpr VecForms widen = JITKIT_X86_SCALAR_FORMS(cvtss2sd);
  VReg x = operand_vreg(i, 0);
  if (operand_type(i, 0) == Type::f16) {
    if (missing(Feature::f16c)) return;
    const VReg single = op_type(i) == Type::f32 ? result_vreg(i) : temp(Type::f32);
    unary(F::vcvtph2ps_rr_128, single, x);
    if (op_type(i) == Type::f32) return;
    x = single;
  }
  scalar_unary(widen, result_vreg(i), x);
}

// f64 to f16 goes through an f32 rounded to odd, which the second rounding cannot tell from the exact
// number: cut off below, and the last bit set if anything was lost.
inline void Lower::truncate_float(Inst i) {
  static constexpr VecForms narrow = JITKIT_X86_SCALAR_FORMS(cvtsd2ss), widen = JITKIT_X86_SCALAR_FORMS(cvtss2sd);
  const VReg d = result_vreg(i);
  VReg x = operand_vreg(i, 0);
  if (op_type(i) == Type::f32) return scalar_unary(narrow, d, x);
  if (missing(Feature::f16c)) return;
  if (operand_type(i, 0) == Type::f64) {
    const VReg single = temp(Type::f32), back = temp(Type::f64), lost = temp(Type::f64), bit = temp(Type::f64);
    const VReg x_size = temp(Type::f64), back_size = temp(Type::f64), above = temp(Type::f64);
    const VReg cut = temp(Type::f32), odd = temp(Type::f32);
    scalar_unary(narrow, single, x);
    scalar_unary(widen, back, single);
    vec_literal(JITKIT_X86_PACKED_FORMS(andps), x_size, x, float_bits::magnitude(Type::f64), 0);
    vec_literal(JITKIT_X86_PACKED_FORMS(andps), back_size, back, float_bits::magnitude(Type::f64), 0);
    float_mask(above, x_size, back_size, Type::f64, 1);
    vec_op(JITKIT_X86_PACKED_FORMS(paddd), cut, single, above);
    float_mask(lost, x, back, Type::f64, 4);
    vec_literal(JITKIT_X86_PACKED_FORMS(andps), bit, lost, 1, 0);
    vec_op(JITKIT_X86_PACKED_FORMS(orps), odd, cut, bit);
    x = odd;
  }
  unary(F::vcvtps2ph_rri_128, d, x, 0);
}

// --- Integers to floats

// d = the signed integer s of `bits` bits.
inline void Lower::convert_integer(VReg d, VReg s, unsigned bits, Type t) {
  const bool wide = bits == 64, is_double = t == Type::f64;
  const VReg zero = constant_vreg(t, 0);
  if (has(Feature::avx))
    op(is_double ? (wide ? F::vcvtsi2sd_rrr_64 : F::vcvtsi2sd_rrr_32)
                 : (wide ? F::vcvtsi2ss_rrr_64 : F::vcvtsi2ss_rrr_32),
       {Reg::def(d), Reg::use(zero), Reg::use(s)});
  else
    update(is_double ? (wide ? F::cvtsi2sd_rr_64 : F::cvtsi2sd_rr_32)
                     : (wide ? F::cvtsi2ss_rr_64 : F::cvtsi2ss_rr_32),
           d, zero, s);
}

inline void Lower::from_integer(Inst i, bool is_signed) {
  static constexpr VecForms mul32 = JITKIT_X86_SCALAR_FORMS(mulss), mul64 = JITKIT_X86_SCALAR_FORMS(mulsd);
  const Type t = op_type(i), from = operand_type(i, 0);
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  if (is_signed) return convert_integer(d, x, ir::bits(from), t);
  if (from == Type::i32) {
    const VReg wide = temp(Type::i64);
    unary(F::mov_rr_32, wide, x);
    return convert_integer(d, wide, 64, t);
  }
  // With the top bit set: half of x, its last bit sticky so that it rounds the same, then doubled.
  const Type bits_type = t == Type::f32 ? Type::i32 : Type::i64;
  const VReg half = temp(Type::i64), last = temp(Type::i64), sticky = temp(Type::i64);
  const VReg chosen = temp(Type::i64), factor = temp(bits_type), scale = temp(t), number = temp(t);
  shift_imm(shr_forms, 64, half, x, 1);
  update(F::and_ri_32, last, x, 1);
  update(F::or_rr_64, sticky, half, last);
  compare(F::test_rr_64, x, x);
  choose(chosen, sticky, x, Type::i64, static_cast<u8>(Cond::s));
  choose(factor, integer(bits_type, float_bits::power(t, 1)), integer(bits_type, float_bits::power(t, 0)),
         bits_type, static_cast<u8>(Cond::s));
  move_to_vec(scale, factor, ir::bits(t));
  convert_integer(number, chosen, 64, t);
  vec_op(t == Type::f64 ? mul64 : mul32, d, number, scale);
}

// --- Floats to integers

// The number cut to an integer of `bits` bits; the least one if it does not fit.
inline Lower::VReg Lower::truncated(VReg s, Type from, unsigned bits) {
  const bool is_double = from == Type::f64;
  const VReg d = temp(bits == 64 ? Type::i64 : Type::i32);
  vec_unary(sized(is_double ? F::cvttsd2si_rr_32 : F::cvttss2si_rr_32, bits),
            sized(is_double ? F::vcvttsd2si_rr_32 : F::vcvttss2si_rr_32, bits), d, s);
  return d;
}

// Numbers from 2^63 on are converted 2^63 lower.
inline Lower::VReg Lower::to_u64(VReg x, Type from) {
  static constexpr VecForms sub32 = JITKIT_X86_SCALAR_FORMS(subss), sub64 = JITKIT_X86_SCALAR_FORMS(subsd);
  const VReg low = truncated(x, from, 64);
  const VReg lowered = temp(from), too_big = temp(Type::i64), used = temp(Type::i64), d = temp(Type::i64);
  vec_op_mem(from == Type::f64 ? sub64 : sub32, lowered, x,
             literal(float_bits::power(from, 63), 0, ir::bytes(from)));
  const VReg high = truncated(lowered, from, 64);
  shift_imm(sar_forms, 64, too_big, low, 63);
  update(F::and_rr_64, used, high, too_big);
  update(F::or_rr_64, d, low, used);
  return d;
}

inline void Lower::to_integer(Inst i, bool is_signed) {
  const Type t = op_type(i), from = operand_type(i, 0);
  const VReg x = operand_vreg(i, 0);
  if (is_signed) return copy(result_vreg(i), truncated(x, from, ir::bits(t)));
  copy(result_vreg(i), t == Type::i32 ? truncated(x, from, 64) : to_u64(x, from));
}

// The comparison x ? 2^exponent.
inline void Lower::compare_with_power(VReg x, Type t, unsigned exponent) {
  const Address a = literal(float_bits::power(t, exponent), 0, ir::bytes(t));
  const bool avx = has(Feature::avx);
  op_mem(t == Type::f64 ? (avx ? F::vucomisd_rm : F::ucomisd_rm) : (avx ? F::vucomiss_rm : F::ucomiss_rm),
         {Reg::use(x), Reg::use(a.base), Reg::use(a.index)}, a);
}

inline void Lower::to_signed_sat(Inst i) {
  const Type t = op_type(i), from = operand_type(i, 0);
  const unsigned n = ir::bits(t);
  const VReg x = operand_vreg(i, 0), clamped = temp(t);
  const VReg cut = truncated(x, from, n);
  compare_with_power(x, from, n - 1);
  choose(clamped, integer(t, low_mask(n - 1)), cut, t, static_cast<u8>(Cond::ae));
  // Unordered with 2^(n-1) is unordered with itself: the flags still tell.
  choose(result_vreg(i), integer(t, 0), clamped, t, static_cast<u8>(Cond::p));
}

inline void Lower::to_unsigned_sat(Inst i) {
  static constexpr VecForms max32 = JITKIT_X86_SCALAR_FORMS(maxss), max64 = JITKIT_X86_SCALAR_FORMS(maxsd);
  const Type t = op_type(i), from = operand_type(i, 0);
  const VReg positive = temp(from);  // 0 for a NaN: max gives its second operand
  vec_op(from == Type::f64 ? max64 : max32, positive, operand_vreg(i, 0), constant_vreg(from, 0));
  const VReg cut = t == Type::i32 ? truncated(positive, from, 64) : to_u64(positive, from);
  compare_with_power(positive, from, ir::bits(t));
  choose(result_vreg(i), integer(t, low_mask(ir::bits(t))), cut, t, static_cast<u8>(Cond::ae));
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_FP_HPP
