// Selection for AArch64: scalar floating point and its conversions. Part of Lower (lower.hpp).
//
// fmin and fmax are IEEE 754-2019 minimum and maximum; fcvtz saturates and gives 0 for NaN (Arm ARM
// A1.5, C7.2), so the portable and the native ops select the same instructions.
#ifndef JITKIT_EMIT_ARM64_LOWER_FP_HPP
#define JITKIT_EMIT_ARM64_LOWER_FP_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

inline void Lower::float_binary(Inst i, Form single) {
  op_dnm(float_sized(single, fn_[i].type), result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1));
}

inline void Lower::float_unary(Inst i, Form single) {
  op_dn(float_sized(single, fn_[i].type), result_vreg(i), operand_vreg(i, 0));
}

// Negations of a factor and of the addend are part of the instruction.
inline void Lower::fused_multiply_add(Inst i) {
  Value x = fn_.operand(i, 0), z = fn_.operand(i, 2);
  bool negative_product = false, negative_addend = false;
  if (const Inst n = folds(x, Opcode::fneg)) {
    x = fn_.operand(n, 0);
    negative_product = true;
  }
  if (const Inst n = folds(z, Opcode::fneg)) {
    z = fn_.operand(n, 0);
    negative_addend = true;
  }
  const Form f = negative_product ? (negative_addend ? Form::fnmadd_s : Form::fmsub_s)
                                  : (negative_addend ? Form::fnmsub_s : Form::fmadd_s);
  op_dnma(float_sized(f, fn_[i].type), result_vreg(i), vreg(x), operand_vreg(i, 1), vreg(z));
}

inline void Lower::copy_sign(Inst i) {
  const Type t = fn_[i].type;
  const VReg sign = constant(t, u64{1} << (ir::bits(t) - 1));
  word_tied_nm(0x2ea01c00, result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1), sign);  // bit
}

inline void Lower::convert_float(Inst i) {
  const Type to = fn_[i].type, from = type_of(i, 0);
  Form f = Form::none;
  switch (to) {
    case Type::f16: f = from == Type::f32 ? Form::fcvt_hs : Form::fcvt_hd; break;
    case Type::f32: f = from == Type::f16 ? Form::fcvt_sh : Form::fcvt_sd; break;
    default: f = from == Type::f16 ? Form::fcvt_dh : Form::fcvt_ds; break;
  }
  op_dn(f, result_vreg(i), operand_vreg(i, 0));
}

// The rows of a conversion stand in the order sw, sx, dw, dx.
inline void Lower::int_to_float(Inst i, Form word_to_single) {
  const unsigned row = (fn_[i].type == Type::f64 ? 2U : 0U) + (is_wide(type_of(i, 0)) ? 1U : 0U);
  op_dn(next(word_to_single, row), result_vreg(i), operand_vreg(i, 0));
}
static_assert(static_cast<u16>(Form::scvtf_dx) == static_cast<u16>(Form::scvtf_sw) + 3);

// ... ws, xs, wd, xd.
inline void Lower::float_to_int(Inst i, Form single_to_word) {
  const unsigned row = (type_of(i, 0) == Type::f64 ? 2U : 0U) + (is_wide(fn_[i].type) ? 1U : 0U);
  op_dn(next(single_to_word, row), result_vreg(i), operand_vreg(i, 0));
}
static_assert(static_cast<u16>(Form::fcvtzs_xd) == static_cast<u16>(Form::fcvtzs_ws) + 3);

inline void Lower::bitcast(Inst i) {
  const Type to = fn_[i].type, from = type_of(i, 0);
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  if (ir::bank(to) == ir::bank(from)) return copy(d, x);
  if (ir::bank(to) == Bank::vec && ir::bank(from) == Bank::gpr) {
    if (ir::bits(to) < 64) return op_dn(Form::fmov_sw, d, x);
    if (ir::bits(to) == 64) return op_dn(Form::fmov_dx, d, x);
    const VReg low = new_vreg(Type::v128);
    op_dn(Form::fmov_dx, low, x);
    return word_tied_n(0x4e001c00 | detail::lane_index(3, 1), d, low, high_vreg(fn_.operand(i, 0)));  // ins
  }
  if (ir::bank(to) == Bank::gpr && ir::bank(from) == Bank::vec) {
    if (ir::bits(to) < 64) return op_dn(Form::fmov_ws, d, x);
    op_dn(Form::fmov_xd, d, x);
    if (ir::bits(to) > 64) word_dn(0x4e003c00 | detail::lane_index(3, 1), wide_result(i).high, x);  // umov
    return;
  }
  unsupported(i);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_FP_HPP
