// Selection of lane-wise vector operations and of the crypto steps. Shuffles, splats and single lanes
// are in lower_shuffle.hpp.
//
// Invariant: a v64 is computed as the low half of a v128; what the upper half then holds is anything.
#ifndef JITKIT_EMIT_X86_64_LOWER_VECTOR_HPP
#define JITKIT_EMIT_X86_64_LOWER_VECTOR_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

#define JITKIT_X86_P JITKIT_X86_PACKED_FORMS
// A constant is a memory operand unless it can be made without memory.
inline void Lower::vec_binary(Inst i, const VecForms& f) {
  // pandn complements its first operand, vbic its second.
  const bool exchange = fn_[i].op == Opcode::vbic;
  const VReg x = operand_vreg(i, exchange ? 1 : 0);
  const Value second = fn_.operand(i, exchange ? 0 : 1);
  if (fn_.is_constant(second)) {
    const ir::ConstantData c = fn_.constant(second);
    const u64 high = op_type(i) == Type::v128 ? c.hi : c.lo;
    if (c.lo != high || (c.lo != 0 && c.lo != ~u64{0})) return vec_literal(f, result_vreg(i), x, c.lo, c.hi);
  }
  vec_op(f, result_vreg(i), x, vreg(second));
}

inline void Lower::vec_lanes(Inst i, const VecForms* by_lane) {
  vec_binary(i, by_lane[static_cast<u8>(lane(i))]);
}

inline void Lower::vec_mul(Inst i) {
  switch (lane(i)) {
    case ir::Lane::i16: return vec_binary(i, JITKIT_X86_P(pmullw));
    case ir::Lane::f32: return vec_binary(i, JITKIT_X86_P(mulps));
    case ir::Lane::f64: return vec_binary(i, JITKIT_X86_P(mulpd));
    default: break;
  }
  if (has(Feature::sse4_1)) return vec_binary(i, JITKIT_X86_P(pmulld));
  // The even lanes and the odd lanes, 64-bit products each, then their low halves together.
  const VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  const VReg even = temp(Type::v128), odd = temp(Type::v128), x_odd = temp(Type::v128), y_odd = temp(Type::v128);
  const VReg even_low = temp(Type::v128), odd_low = temp(Type::v128);
  vec_op(JITKIT_X86_P(pmuludq), even, x, y);
  shuffle_dwords(x_odd, x, 0xf5);
  shuffle_dwords(y_odd, y, 0xf5);
  vec_op(JITKIT_X86_P(pmuludq), odd, x_odd, y_odd);
  shuffle_dwords(even_low, even, 0x08);
  shuffle_dwords(odd_low, odd, 0x08);
  vec_op(JITKIT_X86_P(punpckldq), result_vreg(i), even_low, odd_low);
}

// --- Comparison and what follows from it

// d = (yes & mask) | (no & ~mask)
inline void Lower::blend(VReg d, VReg mask, VReg yes, VReg no) {
  if (has(Feature::avx)) {
    op(F::vblendvps_rrrr_128, {Reg::def(d), Reg::use(no), Reg::use(yes), Reg::use(mask)});
    return;
  }
  const VReg taken = temp(Type::v128), left = temp(Type::v128);
  vec_op(JITKIT_X86_P(pand), taken, yes, mask);
  vec_op(JITKIT_X86_P(pandn), left, mask, no);
  vec_op(JITKIT_X86_P(por), d, taken, left);
}

// Ones in the lanes where x > y, signed.
inline Lower::VReg Lower::greater_mask(ir::Lane l, VReg x, VReg y) {
  const VReg d = temp(Type::v128);
  switch (l) {
    case ir::Lane::i8: vec_op(JITKIT_X86_P(pcmpgtb), d, x, y); return d;
    case ir::Lane::i16: vec_op(JITKIT_X86_P(pcmpgtw), d, x, y); return d;
    case ir::Lane::i32: vec_op(JITKIT_X86_P(pcmpgtd), d, x, y); return d;
    default: break;
  }
  if (has(Feature::sse4_2)) {
    vec_op(JITKIT_X86_P(pcmpgtq), d, x, y);
    return d;
  }
  // High halves decide, signed; where they are equal the low ones do, unsigned: flip their top bits.
  constexpr u64 flip = 0x80000000;
  const VReg fx = temp(Type::v128), fy = temp(Type::v128), greater = temp(Type::v128), equal = temp(Type::v128);
  const VReg high = temp(Type::v128), low = temp(Type::v128), same = temp(Type::v128), decided = temp(Type::v128);
  vec_literal(JITKIT_X86_P(pxor), fx, x, flip, flip);
  vec_literal(JITKIT_X86_P(pxor), fy, y, flip, flip);
  vec_op(JITKIT_X86_P(pcmpgtd), greater, fx, fy);
  vec_op(JITKIT_X86_P(pcmpeqd), equal, fx, fy);
  shuffle_dwords(high, greater, 0xf5);
  shuffle_dwords(low, greater, 0xa0);
  shuffle_dwords(same, equal, 0xf5);
  vec_op(JITKIT_X86_P(pand), decided, same, low);
  vec_op(JITKIT_X86_P(por), d, high, decided);
  return d;
}

inline void Lower::vec_min_max(Inst i, bool is_max, bool is_signed) {
  // By [signed][max][lane]; those of SSE2 are signed i16 and unsigned i8.
  static constexpr VecForms by_op[2][2][3] = {
      {{JITKIT_X86_P(pminub), JITKIT_X86_P(pminuw), JITKIT_X86_P(pminud)},
       {JITKIT_X86_P(pmaxub), JITKIT_X86_P(pmaxuw), JITKIT_X86_P(pmaxud)}},
      {{JITKIT_X86_P(pminsb), JITKIT_X86_P(pminsw), JITKIT_X86_P(pminsd)},
       {JITKIT_X86_P(pmaxsb), JITKIT_X86_P(pmaxsw), JITKIT_X86_P(pmaxsd)}}};
  const ir::Lane l = lane(i);
  const bool baseline = l == (is_signed ? ir::Lane::i16 : ir::Lane::i8);
  if (baseline || has(Feature::sse4_1))
    return vec_binary(i, by_op[is_signed ? 1 : 0][is_max ? 1 : 0][static_cast<u8>(l)]);
  const VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  VReg a = x, b = y;
  if (!is_signed) {  // signed order of the numbers with their top bits flipped
    const u64 flip = l == ir::Lane::i16 ? 0x8000800080008000U : 0x8000000080000000U;
    vec_literal(JITKIT_X86_P(pxor), a = temp(Type::v128), x, flip, flip);
    vec_literal(JITKIT_X86_P(pxor), b = temp(Type::v128), y, flip, flip);
  }
  const VReg greater = greater_mask(l, a, b);
  blend(result_vreg(i), greater, is_max ? x : y, is_max ? y : x);
}

inline void Lower::vec_equal(Inst i) {
  switch (lane(i)) {
    case ir::Lane::i8: return vec_binary(i, JITKIT_X86_P(pcmpeqb));
    case ir::Lane::i16: return vec_binary(i, JITKIT_X86_P(pcmpeqw));
    case ir::Lane::i32: return vec_binary(i, JITKIT_X86_P(pcmpeqd));
    default: break;
  }
  if (has(Feature::sse4_1)) return vec_binary(i, JITKIT_X86_P(pcmpeqq));
  const VReg halves = temp(Type::v128), exchanged = temp(Type::v128);
  vec_op(JITKIT_X86_P(pcmpeqd), halves, operand_vreg(i, 0), operand_vreg(i, 1));
  shuffle_dwords(exchanged, halves, 0xb1);
  vec_op(JITKIT_X86_P(pand), result_vreg(i), halves, exchanged);
}

inline void Lower::vec_greater(Inst i) {
  copy(result_vreg(i), greater_mask(lane(i), operand_vreg(i, 0), operand_vreg(i, 1)));
}

inline void Lower::vec_not(Inst i) {
  const VReg ones = constant_vreg(Type::v128, ~u64{0}, ~u64{0});
  vec_op(JITKIT_X86_P(pxor), result_vreg(i), operand_vreg(i, 0), ones);
}

// d = x shifted by an immediate, in either kind of form.
inline void Lower::vec_shift_imm(Form legacy, Form vex, VReg d, VReg x, unsigned count) {
  if (has(Feature::avx))
    unary(vex, d, x, count);
  else
    update(legacy, d, x, static_cast<i64>(count));
}

inline void Lower::vec_shift(Inst i) {
  struct Shift {
    Form legacy, vex;
  };
  static constexpr Shift left[] = {{F::psllw_ri, F::vpsllw_rri_128}, {F::pslld_ri, F::vpslld_rri_128}, {F::psllq_ri, F::vpsllq_rri_128}};
  static constexpr Shift right[] = {{F::psrlw_ri, F::vpsrlw_rri_128}, {F::psrld_ri, F::vpsrld_rri_128}, {F::psrlq_ri, F::vpsrlq_rri_128}};
  static constexpr Shift arithmetic[] = {{F::psraw_ri, F::vpsraw_rri_128}, {F::psrad_ri, F::vpsrad_rri_128}};
  const Opcode o = fn_[i].op;
  const Shift* const by_lane = o == Opcode::vshl_imm ? left : o == Opcode::vlshr_imm ? right : arithmetic;
  const Shift& f = by_lane[static_cast<u8>(lane(i)) - static_cast<u8>(ir::Lane::i16)];
  vec_shift_imm(f.legacy, f.vex, result_vreg(i), operand_vreg(i, 0), fn_[i].aux);
}

// --- Crypto steps

inline void Lower::aes(Inst i, const VecForms& f) {
  if (!missing(Feature::aes)) vec_op(f, result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1));
}

inline void Lower::aes_mix(Inst i) {
  if (!missing(Feature::aes)) vec_unary(F::aesimc_rr, F::vaesimc_rr, result_vreg(i), operand_vreg(i, 0));
}

inline void Lower::carryless(Inst i) {
  static constexpr VecForms f{F::pclmulqdq_rri, F::pclmulqdq_rmi, F::vpclmulqdq_rrri_128, F::vpclmulqdq_rrmi_128};
  if (!missing(Feature::pclmulqdq))
    vec_imm(f, result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1), static_cast<u8>(fn_[i].aux & 0x11));
}

inline void Lower::crc(Inst i) {
  if (missing(Feature::sse4_2)) return;
  const Form by_size[] = {F::crc32_rr8_32, F::crc32_rr_16, F::crc32_rr_32, F::crc32_rr_64};
  const unsigned size = log2_floor(ir::bits(op_type(i))) - 3;
  update(by_size[size], result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1));
}

#undef JITKIT_X86_P

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_VECTOR_HPP
