// Selection for AArch64: integer arithmetic and extension. Part of Lower (lower.hpp).
//
// Rules for i8 and i16 extend their operands to a W register where the upper bits would show in the
// low ones: divisions, right shifts, comparisons, counts.
#ifndef JITKIT_EMIT_ARM64_LOWER_INT_HPP
#define JITKIT_EMIT_ARM64_LOWER_INT_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- extension of narrow values ----

// Whether the bits of the W (or X) register above the value are known to be zero.
inline bool Lower::is_zero_extended(Value v) const {
  const Inst i = fn_.def(v);
  if (!i) return false;
  const Opcode op = fn_[i].op;
  const unsigned n = ir::bits(fn_.type(v));
  if (n == 32)
    return op == Opcode::load || op == Opcode::load_trap || op == Opcode::uload8 || op == Opcode::uload16 ||
           (op >= Opcode::add && op <= Opcode::bitrev && op != Opcode::smul_ov && op != Opcode::umul_ov);
  return op == Opcode::load || op == Opcode::load_trap || op == Opcode::uload8 || op == Opcode::lshr || op == Opcode::zext;
}

// d <- n, from a type of at most 32 bits to 32 or 64.
inline void Lower::extend_into(VReg d, VReg n, Type from, bool is_signed, bool to_wide) {
  const unsigned wide = to_wide ? 1 : 0;
  switch (from) {
    case Type::i1:
      if (is_signed)
        op_dn(next(Form::sbfx_w, wide), d, n, detail::extract_bits(0, 1));
      else
        op_dm(Form::mov_reg_w, d, n);
      return;
    case Type::i8: return op_dn(is_signed ? next(Form::sxtb_w, wide) : Form::uxtb, d, n);
    case Type::i16: return op_dn(is_signed ? next(Form::sxth_w, wide) : Form::uxth, d, n);
    default:
      if (is_signed && to_wide)
        op_dn(Form::sxtw, d, n);
      else
        op_dm(Form::mov_reg_w, d, n);
  }
}

// v in a register whose upper bits (to 32) are its extension.
inline ir::VReg Lower::extended(Value v, bool is_signed) {
  const Type t = fn_.type(v);
  if (ir::bits(t) >= 32) return vreg(v);
  if (fn_.is_constant(v)) {
    const u64 bits = fn_.constant(v).lo;
    return constant(Type::i32, is_signed ? static_cast<u32>(sign_extend(bits, ir::bits(t))) : bits);
  }
  if (!is_signed && (t == Type::i1 || is_zero_extended(v))) return vreg(v);
  const VReg d = new_vreg(Type::i32);
  extend_into(d, vreg(v), t, is_signed, false);
  return d;
}

// ---- second operands ----

// v as a register shifted by a constant, with the field bits; for the type t of the operation.
inline bool Lower::shifted(Value v, Type t, bool rotates, VReg& m, u32& imm) {
  const Opcode op = op_of(v);
  const bool shift = op == Opcode::shl || op == Opcode::lshr || op == Opcode::ashr;
  const bool rotate = op == Opcode::rotl || op == Opcode::rotr;
  return (shift || (rotate && rotates)) && fold_shift(v, t, m, imm);
}
inline bool Lower::fold_shift(Value v, Type t, VReg& m, u32& imm) {
  const Inst i = fn_.def(v);
  const Opcode op = fn_[i].op;
  const unsigned n = ir::bits(t);
  u64 count = 0;
  if (n > 64 || (n < 32 && op != Opcode::shl) || !folds(v, op) || !is_constant(fn_.operand(i, 1), count))
    return false;
  count &= n - 1;
  if (op == Opcode::rotl) count = (n - count) & (n - 1);
  const ShiftKind kind = op == Opcode::shl    ? ShiftKind::lsl
                         : op == Opcode::lshr ? ShiftKind::lsr
                         : op == Opcode::ashr ? ShiftKind::asr
                                              : ShiftKind::ror;
  m = vreg(fn_.operand(i, 0));
  imm = detail::shift_bits(kind, static_cast<unsigned>(count));
  return true;
}

// v as an extended narrower register, shifted left by up to 4.
inline bool Lower::extension(Value v, VReg& m, u32& imm, bool& from_word) {
  u64 amount = 0;
  if (const Inst s = folds(v, Opcode::shl)) {
    if (!is_constant(fn_.operand(s, 1), amount) || amount > 4) return false;
    v = fn_.operand(s, 0);
  }
  Inst i = folds(v, Opcode::zext);
  const bool is_signed = !i;
  if (!i) i = folds(v, Opcode::sext);
  if (!i) return false;
  const Type from = type_of(i, 0);
  if (from != Type::i8 && from != Type::i16 && from != Type::i32) return false;
  m = vreg(fn_.operand(i, 0));
  imm = detail::extend_bits(detail::extend_kind(from, is_signed), static_cast<unsigned>(amount));
  from_word = true;
  return true;
}

// ---- addition and subtraction ----

inline bool Lower::arith_imm(const ArithForms& f, Type t, VReg d, VReg n, Value y) {
  i64 number = 0;
  if (!is_constant(y, number)) return false;
  const Encoded e = encode_addsub(number);
  if (e == refused) return false;
  const u32 imm = static_cast<u32>(e);
  if (d)
    op_dn(sized(f.imm, t), d, n, imm);
  else
    op_n(sized(f.imm, t), n, imm);
  return true;
}

inline void Lower::arith_regs(const ArithForms& f, Type t, VReg d, VReg n, VReg m, u32 imm) {
  if (d)
    op_dnm(sized(f.shift, t), d, n, m, imm);
  else
    op_nm(sized(f.shift, t), n, m, imm);
}

// d <- x op y, or the flags alone if d is none. The type has at most 64 bits.
inline void Lower::arith(const ArithForms& f, Type t, VReg d, Value x, Value y) {
  if (!is_zero(x) && fn_.is_constant(y) && arith_imm(f, t, d, vreg(x), y)) return;
  VReg m;
  u32 imm = 0;
  bool from_word = false;
  if (shifted(y, t, false, m, imm)) return arith_regs(f, t, d, vreg_or_zero(x), m, imm);
  const Opcode op = op_of(y);
  const bool may_extend = op == Opcode::zext || op == Opcode::sext || op == Opcode::shl;
  if (may_extend && !is_zero(x) && extension(y, m, imm, from_word)) {
    const VReg n = vreg(x);
    if (d) return op_dnm(sized(f.ext, t), d, n, m, imm);
    return op_nm(sized(f.ext, t), n, m, imm);
  }
  const VReg n = vreg_or_zero(x);
  arith_regs(f, t, d, n, vreg_or_zero(y));
}

// ptr_add is the same on 64 bits.
inline void Lower::add(Inst i) {
  const Type t = fn_[i].op == Opcode::ptr_add ? Type::i64 : fn_[i].type;
  if (t == Type::i128) return add_wide(i, false);
  Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (multiply_add(i, y, x, Form::madd_w) || multiply_add(i, x, y, Form::madd_w)) return;
  const Inst dx = fn_.def(x);
  const Opcode op = dx ? fn_[dx].op : Opcode::none;
  const bool may_fold = op == Opcode::shl || op == Opcode::lshr || op == Opcode::ashr ||
                        op == Opcode::zext || op == Opcode::sext;
  if (fn_.is_constant(x) || (may_fold && !fn_.is_constant(y))) {
    const Value swapped = x;
    x = y;
    y = swapped;
  }
  arith(add_forms, t, result_vreg(i), x, y);
}

inline void Lower::sub(Inst i) {
  const Type t = fn_[i].type;
  if (t == Type::i128) return add_wide(i, true);
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (!multiply_add(i, y, x, Form::msub_w)) arith(sub_forms, t, result_vreg(i), x, y);
}

inline void Lower::add_wide(Inst i, bool subtract) {
  const Wide x = wide(fn_.operand(i, 0)), y = wide(fn_.operand(i, 1)), d = wide_result(i);
  op_dnm(subtract ? Form::subs_shift_x : Form::adds_shift_x, d.low, x.low, y.low);
  op_dnm(subtract ? Form::sbc_x : Form::adc_x, d.high, x.high, y.high);
}

// ---- multiplication ----

// The result is addend + product or, with msub, addend - product, if the product folds.
inline bool Lower::multiply_add(Inst i, Value product, Value addend, Form form) {
  if (op_of(product) != Opcode::mul) return false;
  return fold_product(i, product, addend, form);
}
inline bool Lower::fold_product(Inst i, Value product, Value addend, Form form) {
  const Inst p = folds(product, Opcode::mul);
  if (!p || ir::bits(fn_.type(product)) > 64) return false;
  const Type t = fn_.type(product);
  Value a = fn_.operand(p, 0), b = fn_.operand(p, 1);
  Form f = sized(form, t);
  for (const Opcode ext : {Opcode::sext, Opcode::zext}) {
    const Inst ea = folds(a, ext), eb = folds(b, ext);
    if (t != Type::i64 || !ea || !eb || type_of(ea, 0) != Type::i32 || type_of(eb, 0) != Type::i32) continue;
    const bool subtract = form == Form::msub_w;
    f = ext == Opcode::sext ? (subtract ? Form::smsubl : Form::smaddl)
                            : (subtract ? Form::umsubl : Form::umaddl);
    a = fn_.operand(ea, 0);
    b = fn_.operand(eb, 0);
    break;
  }
  op_dnma(f, result_vreg(i), vreg(a), vreg(b), vreg_or_zero(addend));
  return true;
}

inline void Lower::mul(Inst i) {
  const Type t = fn_[i].type;
  if (t == Type::i128) return mul_wide(i);
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  u64 factor = 0;
  if (is_constant(y, factor) && is_pow2(factor))
    return shift_imm(Opcode::shl, t, result_vreg(i), vreg(x), log2_floor(factor));
  for (const Opcode ext : {Opcode::sext, Opcode::zext}) {
    const Inst ea = folds(x, ext), eb = folds(y, ext);
    if (t != Type::i64 || !ea || !eb || type_of(ea, 0) != Type::i32 || type_of(eb, 0) != Type::i32) continue;
    return op_dnm(ext == Opcode::sext ? Form::smull : Form::umull, result_vreg(i), operand_vreg(ea, 0),
                  operand_vreg(eb, 0));
  }
  op_dnm(sized(Form::mul_w, t), result_vreg(i), vreg(x), vreg(y));
}

inline void Lower::mul_wide(Inst i) {
  const Wide x = wide(fn_.operand(i, 0)), y = wide(fn_.operand(i, 1)), d = wide_result(i);
  const VReg carry = new_vreg(Type::i64), cross = new_vreg(Type::i64);
  op_dnm(Form::umulh, carry, x.low, y.low);
  op_dnma(Form::madd_x, cross, x.low, y.high, carry);
  op_dnma(Form::madd_x, d.high, x.high, y.low, cross);
  op_dnm(Form::mul_x, d.low, x.low, y.low);
}

inline void Lower::neg(Inst i) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 0);
  if (t == Type::i128) {
    const Wide w = wide(x), d = wide_result(i);
    op_dm(Form::negs_shift_x, d.low, w.low);
    return op_dm(Form::ngc_x, d.high, w.high);
  }
  if (const Inst p = folds(x, Opcode::mul))
    return op_dnm(sized(Form::mneg_w, t), result_vreg(i), operand_vreg(p, 0), operand_vreg(p, 1));
  VReg m;
  u32 imm = 0;
  if (!shifted(x, t, false, m, imm)) m = vreg(x);
  op_dm(sized(Form::neg_shift_w, t), result_vreg(i), m, imm);
}

// `word` multiplies W registers to an X register; its upper half is moved down without a sign, so that
// the upper half of the result is clear.
inline void Lower::multiply_high(Inst i, Form word, Form full) {
  const VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1), d = result_vreg(i);
  if (is_wide(fn_[i].type)) return op_dnm(full, d, x, y);
  const VReg product = new_vreg(Type::i64);
  op_dnm(word, product, x, y);
  op_dn(Form::lsr_imm_x, d, product, 32U << 16);
}

// ---- division ----

// The instructions give 0 for x / 0 and the least number for its quotient by -1, as the ops do.
inline void Lower::divide(Inst i, const DivideRule& rule) {
  if (fn_[i].type == Type::i128) return divide_wide(i, rule, false);
  divide_regs(i, rule, extended(fn_.operand(i, 0), rule.is_signed),
              extended(fn_.operand(i, 1), rule.is_signed));
}

inline void Lower::divide_regs(Inst i, const DivideRule& rule, VReg x, VReg y) {
  const Type t = fn_[i].type;
  const VReg d = result_vreg(i);
  if (!rule.remainder) return op_dnm(sized(rule.form, t), d, x, y);
  const VReg quotient = new_vreg(register_type(t));
  op_dnm(sized(rule.form, t), quotient, x, y);
  op_dnma(sized(Form::msub_w, t), d, quotient, y, x);
}

inline void Lower::divide_or_trap(Inst i, const DivideRule& rule) {
  const Type t = fn_[i].type;
  if (t == Type::i128) return divide_wide(i, rule, true);
  const VReg x = extended(fn_.operand(i, 0), rule.is_signed);
  const VReg y = extended(fn_.operand(i, 1), rule.is_signed);
  u64 divisor = 0;
  const bool known = is_constant(fn_.operand(i, 1), divisor);
  if (!known || divisor == 0) trap_if({sized(Form::cbz_w, t), 0, y});
  const bool minus_one = !known || divisor == low_mask(ir::bits(t));
  if (rule.is_signed && !rule.remainder && minus_one) trap_if_overflow(t, x, y);
  divide_regs(i, rule, x, y);
}

// Traps if x is the least number of t and y is -1. Both are sign-extended.
inline void Lower::trap_if_overflow(Type t, VReg x, VReg y) {
  const unsigned n = ir::bits(t);
  op_n(sized(Form::cmn_imm_w, t), y, 1U << 10);
  if (n >= 32) {  // x - 1 overflows; if y is not -1, no flag is set
    op_n(sized(Form::ccmp_imm_w, t), x, 1U << 16 | static_cast<u32>(Cond::eq) << 12);
    return trap_if({Form::b_cond, static_cast<u32>(Cond::vs), VReg()});
  }
  const VReg least = constant(Type::i32, static_cast<u32>(sign_extend(u64{1} << (n - 1), n)));
  op_nm(Form::ccmp_reg_w, x, least, static_cast<u32>(Cond::eq) << 12);
  trap_if({Form::b_cond, static_cast<u32>(Cond::eq), VReg()});
}

// By a library routine, which must not see 0 as divisor.
inline void Lower::divide_wide(Inst i, const DivideRule& rule, bool traps) {
  const Wide x = wide(fn_.operand(i, 0)), y = wide(fn_.operand(i, 1)), d = wide_result(i);
  const VReg any = new_vreg(Type::i64);
  op_dnm(Form::orr_shift_x, any, y.low, y.high);
  VReg divisor = y.low;
  if (traps) {
    trap_if({Form::cbz_x, 0, any});
    if (rule.is_signed && !rule.remainder) {
      // The operands of an overflow: x ^ least and ~y are 0.
      const VReg turned = new_vreg(Type::i64), sum = new_vreg(Type::i64), both = new_vreg(Type::i64);
      const VReg ones = new_vreg(Type::i64);
      op_dn(Form::eor_imm_x, turned, x.high, static_cast<u32>(encode_logical(u64{1} << 63, 64)));
      op_dnm(Form::orr_shift_x, sum, turned, x.low);
      op_dnm(Form::and_shift_x, ones, y.low, y.high);
      op_dnm(Form::orn_shift_x, both, sum, ones);
      trap_if({Form::cbz_x, 0, both});
    }
  } else {
    divisor = new_vreg(Type::i64);
    op_n(Form::cmp_imm_x, any);
    op_dnm(Form::csinc_x, divisor, y.low, VReg(), static_cast<u32>(Cond::ne) << 12);
  }
  const VReg arguments[] = {x.low, x.high, divisor, y.high};
  if (traps) {
    const VReg results[] = {d.low, d.high};
    return call_helper(rule.helper, arguments, results);
  }
  const VReg results[] = {new_vreg(Type::i64), new_vreg(Type::i64)};
  call_helper(rule.helper, arguments, results);
  op_n(Form::cmp_imm_x, any);
  const u32 nonzero = static_cast<u32>(Cond::ne) << 12;
  op_dnm(Form::csel_x, d.low, results[0], rule.remainder ? x.low : VReg(), nonzero);
  op_dnm(Form::csel_x, d.high, results[1], rule.remainder ? x.high : VReg(), nonzero);
}

// ---- minimum, maximum, absolute value ----

inline void Lower::extremum(Inst i, Form native, Cond c) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  const bool is_signed = c == Cond::le || c == Cond::ge;
  const VReg a = extended(x, is_signed), b = extended(y, is_signed), d = result_vreg(i);
  if (has(Feature::cssc)) return op_dnm(sized(native, t), d, a, b);
  arith_regs(cmp_forms, t, VReg(), a, b);
  op_dnm(sized(Form::csel_w, t), d, a, b, static_cast<u32>(c) << 12);
}

inline void Lower::absolute(Inst i) {
  const Type t = fn_[i].type;
  const VReg x = extended(fn_.operand(i, 0), true), d = result_vreg(i);
  if (has(Feature::cssc)) return op_dn(sized(Form::abs_w, t), d, x);
  op_n(sized(Form::cmp_imm_w, t), x);
  op_dnm(sized(Form::csneg_w, t), d, x, x, static_cast<u32>(Cond::pl) << 12);
}

// ---- overflow and carry ----

// What holds behind an instruction that leaves in the flags whether it overflowed.
inline Cond Lower::overflow_condition(Inst i) const {
  switch (fn_[i].op) {
    case Opcode::sadd_ov:
    case Opcode::ssub_ov: return Cond::vs;
    case Opcode::uadd_ov:
    case Opcode::add_carry: return Cond::hs;
    case Opcode::usub_ov:
    case Opcode::sub_borrow: return Cond::lo;
    default: return Cond::ne;
  }
}

// The second result, if there is to be one in a register.
inline void Lower::finish_overflow(Inst i) {
  if (wanted(fn_.result(i, 1))) op_d(Form::cset_w, result_vreg(i, 1), detail::set_bits(overflow_condition(i)));
}

inline void Lower::add_overflow(Inst i, const ArithForms& f, bool is_signed) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  const VReg d = result_vreg(i);
  const bool subtract = f.imm == sub_forms.imm;
  if (ir::bits(t) >= 32) {
    arith(subtract ? subs_forms : adds_forms, t, d, x, y);
    return finish_overflow(i);
  }
  // In 32 bits nothing overflows: compare with what is left in the narrow type.
  const VReg n = extended(x, is_signed);
  const u32 extend = detail::extend_bits(detail::extend_kind(t, is_signed));
  op_dnm(f.ext, d, n, vreg(y), extend);
  if (!wanted(fn_.result(i, 1))) return;
  const VReg flag = result_vreg(i, 1);
  if (is_signed) {
    op_nm(Form::cmp_ext_w, d, d, extend);
    op_d(Form::cset_w, flag, static_cast<u32>(invert(Cond::ne)) << 12);
  } else {
    op_dn(Form::ubfx_w, flag, d, detail::extract_bits(ir::bits(t), 1));
  }
}

inline void Lower::multiply_overflow(Inst i, bool is_signed) {
  const Type t = fn_[i].type;
  const unsigned n = ir::bits(t);
  const VReg x = extended(fn_.operand(i, 0), is_signed), y = extended(fn_.operand(i, 1), is_signed);
  const VReg d = result_vreg(i);
  const bool flag = wanted(fn_.result(i, 1)) || i == fused_overflow_;
  if (n == 64) {
    const VReg high = new_vreg(Type::i64);
    if (flag) op_dnm(is_signed ? Form::smulh : Form::umulh, high, x, y);
    op_dnm(Form::mul_x, d, x, y);
    if (!flag) return;
    if (is_signed)
      op_nm(Form::cmp_shift_x, high, d, detail::shift_bits(ShiftKind::asr, 63));
    else
      op_n(Form::cmp_imm_x, high);
  } else if (n == 32) {
    const VReg product = new_vreg(Type::i64);
    op_dnm(is_signed ? Form::smull : Form::umull, product, x, y);
    op_dm(Form::mov_reg_w, d, product);
    if (!flag) return;
    if (is_signed)
      op_nm(Form::cmp_ext_x, product, product, detail::extend_bits(ExtendKind::sxtw));
    else
      op_n(Form::tst_imm_x, product, static_cast<u32>(encode_logical(~u64{0} << 32, 64)));
  } else {
    op_dnm(Form::mul_w, d, x, y);
    if (!flag) return;
    if (is_signed)
      op_nm(Form::cmp_ext_w, d, d, detail::extend_bits(detail::extend_kind(t, true)));
    else
      op_n(Form::tst_imm_w, d, static_cast<u32>(encode_logical(low_mask(32) & ~low_mask(n), 32)));
  }
  finish_overflow(i);
}

// Whether v is a carry out of one of these ops that can stay in the flags until here.
inline bool Lower::carry_in_flags(Value v, Opcode starts, Opcode goes_on) {
  const Opcode made = op_of(v);
  if ((made != starts && made != goes_on) || ir::bits(fn_[fn_.def(v)].type) < 32) return false;
  const Inst maker = carry_before(v);
  if (!maker) return false;
  vreg(fn_.result(maker, 0));  // it is there for its carry at least
  return true;
}

inline void Lower::add_carry(Inst i) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1), carry = fn_.operand(i, 2);
  const VReg d = result_vreg(i);
  if (is_zero(carry)) {
    arith(adds_forms, t, d, x, y);
  } else {
    const bool in_flags = carry_in_flags(carry, Opcode::uadd_ov, Opcode::add_carry);
    if (!in_flags) op_n(Form::cmp_imm_w, vreg(carry), 1U << 10);  // carry if 1
    op_dnm(sized(Form::adcs_w, t), d, vreg_or_zero(x), vreg_or_zero(y));
  }
  finish_overflow(i);
}

// The carry is the complement of a borrow.
inline void Lower::sub_borrow(Inst i) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1), borrow = fn_.operand(i, 2);
  const VReg d = result_vreg(i);
  if (is_zero(borrow)) {
    arith(subs_forms, t, d, x, y);
  } else {
    const bool in_flags = carry_in_flags(borrow, Opcode::usub_ov, Opcode::sub_borrow);
    if (!in_flags) op_nm(Form::cmp_shift_w, VReg(), vreg(borrow));  // 0 - borrow
    op_dnm(sized(Form::sbcs_w, t), d, vreg_or_zero(x), vreg_or_zero(y));
  }
  finish_overflow(i);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_INT_HPP
