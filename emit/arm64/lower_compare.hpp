// Selection for AArch64: comparisons, and what consumes them: branches, choices, i1 values. Part of
// Lower (lower.hpp).
//
// Invariant: every comparison ends in one Cond. The two float conditions that no Cond has (one, ueq)
// get there with a conditional comparison that sets Z if the operands are unordered.
#ifndef JITKIT_EMIT_ARM64_LOWER_COMPARE_HPP
#define JITKIT_EMIT_ARM64_LOWER_COMPARE_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- comparisons ----

// Emits the comparison of an icmp or fcmp; the condition under which it holds.
inline Cond Lower::compare(Inst i) {
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (fn_[i].op == Opcode::fcmp) return compare_float(static_cast<ir::FCond>(fn_[i].aux), x, y);
  return compare_int(static_cast<ir::ICond>(fn_[i].aux), x, y);
}

inline Cond Lower::compare_int(ir::ICond c, Value x, Value y) {
  const Type t = fn_.type(x);
  if (t == Type::i128) return compare_wide(c, x, y);
  if (t == Type::i1) c = detail::unsigned_of_bit(c);
  if (fn_.is_constant(x) && !fn_.is_constant(y)) {
    const Value swapped_operand = x;
    x = y;
    y = swapped_operand;
    c = ir::swapped(c);
  }
  if (test_bits(c, x, y)) return flag_condition(c);
  if (ir::bits(t) >= 32) {
    // A constant that is no immediate has a register, so the other operand may be shifted.
    VReg m;
    u32 imm = 0;
    i64 number = 0;
    if (is_constant(y, number) && encode_addsub(number) == refused && shifted(x, t, false, m, imm)) {
      arith_regs(cmp_forms, t, VReg(), vreg(y), m, imm);
      return flag_condition(ir::swapped(c));
    }
    arith(cmp_forms, t, VReg(), x, y);
    return flag_condition(c);
  }
  // Narrow operands: the first extended, the second as an immediate or by the comparison itself.
  const bool is_signed_condition = is_signed(c) && t != Type::i1;
  const VReg n = extended(x, is_signed_condition);
  u64 bits = 0;
  if (t == Type::i1) {
    arith_regs(cmp_forms, t, VReg(), n, vreg_or_zero(y));
  } else if (is_constant(y, bits)) {
    const i64 number = is_signed_condition ? sign_extend(bits, ir::bits(t)) : static_cast<i64>(bits);
    const Encoded e = encode_addsub(number);
    if (e != refused)
      op_n(Form::cmp_imm_w, n, static_cast<u32>(e));
    else
      op_nm(Form::cmp_shift_w, n, extended(y, is_signed_condition));
  } else {
    op_nm(Form::cmp_ext_w, n, vreg(y),
          detail::extend_bits(detail::extend_kind(t, is_signed_condition)));
  }
  return flag_condition(c);
}

// (a & b) == 0 by tst.
inline bool Lower::test_bits(ir::ICond c, Value x, Value y) {
  const Inst a = is_equality(c) && is_zero(y) ? folds(x, Opcode::and_) : Inst();
  if (!a) return false;
  const Type t = fn_.type(x);
  const Value n = fn_.operand(a, 0), m = fn_.operand(a, 1);
  u64 mask = 0;
  if (is_constant(m, mask)) {
    const Encoded e = encode_logical(mask, is_wide(t) ? 64 : 32);
    if (e != refused) {
      op_n(sized(Form::tst_imm_w, t), vreg(n), static_cast<u32>(e));
      return true;
    }
    if (ir::bits(t) < 32) {
      op_nm(Form::tst_shift_w, vreg(n), constant(Type::i32, mask));
      return true;
    }
  }
  if (ir::bits(t) < 32 && t != Type::i1) {  // the bits above must not count
    op_nm(Form::tst_shift_w, vreg(n), extended(m, false));
    return true;
  }
  VReg shifted_m;
  u32 imm = 0;
  if (!shifted(m, t, true, shifted_m, imm)) shifted_m = vreg(m);
  op_nm(sized(Form::tst_shift_w, t), vreg(n), shifted_m, imm);
  return true;
}

inline Cond Lower::compare_wide(ir::ICond c, Value x, Value y) {
  using ir::ICond;
  // A subtraction gives less and not less; the others are these with operands exchanged.
  if (c == ICond::sgt || c == ICond::sle || c == ICond::ugt || c == ICond::ule) {
    const Value swapped_operand = x;
    x = y;
    y = swapped_operand;
    c = ir::swapped(c);
  }
  const Wide a = wide(x), b = wide(y);
  op_nm(Form::cmp_shift_x, a.low, b.low);
  if (is_equality(c))
    op_nm(Form::ccmp_reg_x, a.high, b.high, detail::cond_bits(Cond::eq));
  else
    put(Form::sbcs_x, fields(RegField::n, RegField::m), in_field(RegField::d, 31),
        {Reg::use(a.high), Reg::use(b.high)});
  return flag_condition(c);
}

inline Cond Lower::compare_float(ir::FCond c, Value x, Value y) {
  const Type t = fn_.type(x);
  const VReg a = vreg(x);
  const bool two = c == ir::FCond::one || c == ir::FCond::ueq;
  if (is_zero(y) && !two) {
    op_n(float_sized(Form::fcmp_zero_s, t), a);
    return detail::float_condition(c);
  }
  const VReg b = vreg(y);
  op_nm(float_sized(Form::fcmp_s, t), a, b);
  if (two) op_nm(float_sized(Form::fccmp_s, t), a, b, detail::nzcv_z | detail::cond_bits(Cond::vc));
  return detail::float_condition(c);
}

// The Cond under which an i1 is 1: that of its comparison if it folds, else of a test.
inline Cond Lower::flags_of(Value condition) {
  if (const Inst n = folds(condition, Opcode::not_)) return invert(flags_of(fn_.operand(n, 0)));
  if (Cond c; overflow_flags(condition, c)) return c;
  Inst i = folds(condition, Opcode::icmp);
  if (!i) i = folds(condition, Opcode::fcmp);
  if (i) return compare(i);
  if (const Inst t = folds(condition, Opcode::trunc)) {
    if (ir::bits(type_of(t, 0)) <= 64) {
      op_n(Form::tst_imm_w, operand_vreg(t, 0), static_cast<u32>(encode_logical(1, 32)));
      return Cond::ne;
    }
  }
  op_n(Form::cmp_imm_w, vreg(condition));
  return Cond::ne;
}

inline void Lower::set_condition(Inst i) {
  const Cond c = compare(i);
  op_d(Form::cset_w, result_vreg(i), detail::set_bits(c));
}

// ---- branches ----

// A branch that is taken when the i1 is 1, or 0 if inverted. Emits the comparison it needs.
inline Lower::BranchTest Lower::branch_test(Value condition, bool inverted) {
  while (const Inst n = folds(condition, Opcode::not_)) {
    condition = fn_.operand(n, 0);
    inverted = !inverted;
  }
  if (Cond c; overflow_flags(condition, c)) return {Form::b_cond, static_cast<u32>(inverted ? invert(c) : c), VReg()};
  BranchTest test;
  Inst i = folds(condition, Opcode::icmp);
  if (i && compare_branch(i, inverted, test)) return test;
  if (!i) i = folds(condition, Opcode::fcmp);
  if (i) {
    const Cond c = compare(i);
    return {Form::b_cond, static_cast<u32>(inverted ? invert(c) : c), VReg()};
  }
  const Inst t = folds(condition, Opcode::trunc);
  if (t && ir::bits(type_of(t, 0)) <= 64)
    return {inverted ? Form::tbz_w : Form::tbnz_w, 0, operand_vreg(t, 0)};
  return {inverted ? Form::cbz_w : Form::cbnz_w, 0, vreg(condition)};
}

// The instruction right before the one being selected, if the value is whether it overflowed, nobody else asks, and it
// leaves that in the flags.
inline Lower::Inst Lower::overflow_before(Value v) const {
  const Inst i = fn_.def(v);
  if (fn_[v].uses != 1 || wanted(v) || !i || i != fn_[current_].prev) return {};
  const bool overflows = fn_[i].op >= Opcode::sadd_ov && fn_[i].op <= Opcode::sub_borrow;
  return overflows && ir::bits(fn_[i].type) >= 32 ? i : Inst();
}

// Whether the flags behind that instruction are the condition, which then holds under c.
inline bool Lower::overflow_flags(Value condition, Cond& c) {
  const Inst i = overflow_before(condition);
  if (!i) return false;
  c = overflow_condition(i);
  fused_overflow_ = i;
  vreg(fn_.result(i, 0));  // it is there for its flags at least
  return true;
}

// Comparisons with 0 that a branch does by itself: cbz, cbnz, tbz, tbnz.
inline bool Lower::compare_branch(Inst i, bool inverted, BranchTest& test) {
  ir::ICond c = static_cast<ir::ICond>(fn_[i].aux);
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  const Type t = fn_.type(x);
  const unsigned n = ir::bits(t);
  i64 number = 0;
  if (n > 64 || !is_constant(y, number) || fn_.is_constant(x)) return false;
  if (inverted) c = ir::inverse(c);
  const auto test_bit = [&](bool set, unsigned bit, Value v) {
    test = {set ? Form::tbnz_w : Form::tbz_w, (bit >> 5) << 31 | (bit & 31) << 19, vreg(v)};
    return true;
  };
  if (t != Type::i1) {  // the sign alone decides
    if ((c == ir::ICond::slt && number == 0) || (c == ir::ICond::sle && number == -1))
      return test_bit(true, n - 1, x);
    if ((c == ir::ICond::sge && number == 0) || (c == ir::ICond::sgt && number == -1))
      return test_bit(false, n - 1, x);
  }
  if (!is_equality(c) || number != 0) return false;
  const bool not_equal = c == ir::ICond::ne;
  u64 mask = 0;
  const Inst a = folds(x, Opcode::and_);
  if (a && is_constant(fn_.operand(a, 1), mask)) {
    if (is_pow2(mask)) return test_bit(not_equal, ctz(mask), fn_.operand(a, 0));
    return false;  // tst
  }
  if (a || (n < 32 && t != Type::i1)) return false;
  const Form f = not_equal ? Form::cbnz_w : Form::cbz_w;
  test = {sized(f, t), 0, vreg(x)};
  return true;
}

// ---- choices ----

inline void Lower::select(Inst i) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 1), y = fn_.operand(i, 2);
  const VReg d = result_vreg(i);
  const Cond c = flags_of(fn_.operand(i, 0));
  const u32 bits = detail::cond_bits(c);
  switch (ir::bank(t)) {
    case Bank::gpr:
      if (t == Type::i128) {
        const Wide a = wide(x), b = wide(y), r = wide_result(i);
        op_dnm(Form::csel_x, r.low, a.low, b.low, bits);
        return op_dnm(Form::csel_x, r.high, a.high, b.high, bits);
      }
      return select_int(c, t, d, x, y);
    case Bank::vec:
      if (t == Type::v128) return select_vector(c, d, vreg(x), vreg(y));
      if (ir::bits(t) <= 64) {
        const bool is_double = ir::bits(t) == 64;
        return op_dnm(is_double ? Form::fcsel_d : Form::fcsel_s, d, vreg(x), vreg(y), bits);
      }
      break;
    default: break;
  }
  unsupported(i);
}

// csel, or a form that computes the second choice on the way.
inline void Lower::select_int(Cond c, Type t, VReg d, Value x, Value y) {
  i64 a = 0, b = 0;
  const bool constants = is_constant(x, a) && is_constant(y, b);
  const bool all_ones = t != Type::i1 && (a == -1 || b == -1);
  if (constants && ((a == 1 && b == 0) || (t == Type::i1 && a == -1 && b == 0)))
    return op_d(sized(Form::cset_w, t), d, detail::set_bits(c));
  if (constants && ((a == 0 && b == 1) || (t == Type::i1 && a == 0 && b == -1)))
    return op_d(sized(Form::cset_w, t), d, detail::set_bits(invert(c)));
  if (constants && all_ones && (a == 0 || b == 0))
    return op_d(sized(Form::csetm_w, t), d, detail::set_bits(a == -1 ? c : invert(c)));
  const struct {
    Opcode op;
    Form form;
  } rules[] = {{Opcode::neg, Form::csneg_w}, {Opcode::not_, Form::csinv_w}};
  for (const auto& r : rules) {
    if (t == Type::i1) break;
    if (const Inst n = folds(y, r.op))
      return op_dnm(sized(r.form, t), d, vreg_or_zero(x), operand_vreg(n, 0), detail::cond_bits(c));
    if (const Inst n = folds(x, r.op))
      return op_dnm(sized(r.form, t), d, vreg_or_zero(y), operand_vreg(n, 0), detail::cond_bits(invert(c)));
  }
  op_dnm(sized(Form::csel_w, t), d, vreg_or_zero(x), vreg_or_zero(y), detail::cond_bits(c));
}

// No conditional select of 128 bits: a mask of ones or zeroes chooses bit by bit.
inline void Lower::select_vector(Cond c, VReg d, VReg x, VReg y) {
  const VReg ones = new_vreg(Type::i64), mask = new_vreg(Type::v128);
  op_d(Form::csetm_x, ones, detail::set_bits(c));
  word_dn(0x4e080c00, mask, ones);  // dup v.2d, x
  word_tied_nm(0x6e601c00, d, mask, x, y);  // bsl
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_COMPARE_HPP
