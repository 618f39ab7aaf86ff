// Selection of integer arithmetic up to 64 bits.
//
// Invariants: operands may hold anything above their type's bits (lower.hpp); sums, products and bitwise
// ops therefore run at 32 or 64 bits, and comparisons at the type's own width.
#ifndef JITKIT_EMIT_X86_64_LOWER_INT_HPP
#define JITKIT_EMIT_X86_64_LOWER_INT_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

#include <utility>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline void Lower::alu(Inst i, const AluForms& f) {
  const Type t = op_type(i);
  if (t == Type::i128) return alu_pair(i, f, f);
  Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (f.commutes && (fn_.is_constant(x) || (!fn_.is_constant(y) && !folds_load(y) && folds_load(x)))) std::swap(x, y);
  const unsigned w = width(t);
  const VReg d = result_vreg(i);
  i64 imm = 0;
  Address a;
  if (imm32(y, imm)) {
    update(sized(f.ri, w), d, vreg(x), t == Type::i1 ? imm & 1 : imm);
  } else if (has(Feature::bmi1) && (bit_trick(fn_[i].op, d, x, y) || bit_trick(fn_[i].op, d, y, x))) {
    return;
  } else if (ir::bits(t) == w && memory_operand(y, w, a)) {  // no wider than the load
    update_mem(sized(f.rm, w), d, vreg(x), a);
  } else {
    update(sized(f.rr, w), d, vreg(x), vreg(y));
  }
}

// With BMI1: x & ~z as andn, x & -x as blsi, x & (x - 1) as blsr, x ^ (x - 1) as blsmsk, where y is the
// second operand; d may be none.
inline bool Lower::bit_trick(Opcode op, VReg d, Value x, Value y) {
  const Opcode made = op_of(y);
  if ((op != Opcode::and_ && op != Opcode::xor_) || !folds(y, made)) return false;
  const Inst maker = fn_.def(y);
  const Type t = fn_.type(x);
  const unsigned w = width(t);
  i64 step = 0;
  Address a;
  if (made == Opcode::not_ && op == Opcode::and_) {
    const Value z = fn_.operand(maker, 0);
    if (!d) d = temp(t);
    if (ir::bits(t) == w && memory_operand(x, w, a))
      op_mem(sized(F::andn_rrm_32, w), {Reg::def(d), Reg::use(vreg(z)), Reg::use(a.base), Reg::use(a.index)}, a);
    else
      this->op(sized(F::andn_rrr_32, w), {Reg::def(d), Reg::use(vreg(z)), Reg::use(vreg(x))});
    return true;
  }
  if (t == Type::i1 || (made != Opcode::neg && made != Opcode::add && made != Opcode::sub)) return false;
  if (fn_.operand(maker, 0) != x) return false;
  if (made == Opcode::neg ? op != Opcode::and_
                          : !is_constant(fn_.operand(maker, 1), step) || step != (made == Opcode::sub ? 1 : -1))
    return false;
  if (!d) d = temp(t);
  unary(sized(made == Opcode::neg ? F::blsi_rr_32 : op == Opcode::and_ ? F::blsr_rr_32 : F::blsmsk_rr_32, w), d, vreg(x));
  return true;
}

// A sum as a lea: flags stay, and operands that live on need no copy.
inline bool Lower::add_as_address(Inst i) {
  const Type t = op_type(i);
  Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (fn_.is_constant(x)) std::swap(x, y);
  i64 imm = 0;
  Value index;
  Address a;
  if (imm32(y, imm)) {
    if (!flags_live_ && fn_[x].uses == 1) return false;
    a = based(vreg(x), static_cast<i32>(imm));
  } else if (op_of(y) == Opcode::shl && shifted_index(y, index, a.scale) && a.scale != 0) {
    a.base = vreg(x);
    a.index = vreg(index);
  } else if (op_of(x) == Opcode::shl && shifted_index(x, index, a.scale) && a.scale != 0) {
    a.base = vreg(y);
    a.index = vreg(index);
  } else {
    if (!flags_live_ && (fn_[x].uses == 1 || fn_[y].uses == 1)) return false;
    a.base = vreg(x);
    a.index = vreg(y);
  }
  lea(t, result_vreg(i), a);
  return true;
}

inline void Lower::lower_add(Inst i) {
  if (op_type(i) == Type::i128) return alu_pair(i, alu_add, alu_adc);
  if (!add_as_address(i)) alu(i, alu_add);
}

inline void Lower::lower_sub(Inst i) {
  const Type t = op_type(i);
  if (t == Type::i128) return alu_pair(i, alu_sub, alu_sbb);
  const VReg d = result_vreg(i);
  i64 imm = 0;
  if (imm32(fn_.operand(i, 1), imm) && fits_signed(-imm, 32) &&
      (flags_live_ || fn_[fn_.operand(i, 0)].uses > 1))
    return lea(t, d, based(operand_vreg(i, 0), static_cast<i32>(-imm)));
  if (!flags_live_) return alu(i, alu_sub);
  // x - y = ~(~x + y)
  const VReg inverted = temp(t), sum = temp(t);
  update(sized(F::not_r_8, width(t)), inverted, operand_vreg(i, 0));
  Address a = based(inverted);
  a.index = operand_vreg(i, 1);
  lea(t, sum, a);
  update(sized(F::not_r_8, width(t)), d, sum);
}

// x * c as one shift or lea.
inline bool Lower::mul_by_constant(VReg d, VReg x, Type t, i64 c) {
  const u64 u = static_cast<u64>(c) & low_mask(ir::bits(t));
  if (is_pow2(u)) {
    shift_imm(shl_forms, width(t), d, x, log2_floor(u));
    return true;
  }
  if (u != 3 && u != 5 && u != 9) return false;
  Address a = based(x);
  a.index = x;
  a.scale = static_cast<u8>(log2_floor(u - 1));
  lea(t, d, a);
  return true;
}

inline void Lower::lower_mul(Inst i) {
  const Type t = op_type(i);
  if (t == Type::i128) return mul_pair(i);
  Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (fn_.is_constant(x)) std::swap(x, y);
  const unsigned w = width(t);
  const VReg d = result_vreg(i);
  i64 c = 0;
  Address a;
  if (is_constant(y, c) && mul_by_constant(d, vreg(x), t, c)) return;
  if (imm32(y, c)) {
    unary(sized(F::imul_rri_16, w), d, vreg(x), c);
  } else if (ir::bits(t) == w && memory_operand(y, w, a)) {
    update_mem(sized(F::imul_rm_16, w), d, vreg(x), a);
  } else {
    update(sized(F::imul_rr_16, w), d, vreg(x), vreg(y));
  }
}

// hi:lo = x * y, 64 bits each.
inline void Lower::wide_product(VReg lo, VReg hi, VReg x, VReg y, bool is_signed) {
  if (!is_signed && has(Feature::bmi2)) {
    op(F::mulx_rrr_64, {Reg::def(hi), Reg::def(lo), Reg::use(y), Reg::use_fixed(x, preg::rdx)});
    return;
  }
  op(is_signed ? F::imul_r_64 : F::mul_r_64,
     {Reg::use(y), Reg::use_fixed(x, preg::rax), Reg::def_fixed(lo, preg::rax), Reg::def_fixed(hi, preg::rdx)});
}

inline void Lower::high_product(Inst i, bool is_signed) {
  const VReg d = result_vreg(i), x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  if (op_type(i) == Type::i64) return wide_product(temp(Type::i64), d, x, y, is_signed);
  const VReg a = temp(Type::i64), b = temp(Type::i64), product = temp(Type::i64);
  unary(is_signed ? F::movsxd_rr : F::mov_rr_32, a, x);
  unary(is_signed ? F::movsxd_rr : F::mov_rr_32, b, y);
  update(F::imul_rr_64, product, a, b);
  shift_imm(shr_forms, 64, d, product, 32);
}

inline void Lower::negate(Inst i) {
  const Type t = op_type(i);
  if (t == Type::i128) return unary_pair(i);
  const unsigned w = width(t);
  if (!flags_live_) return update(sized(F::neg_r_8, w), result_vreg(i), operand_vreg(i, 0));
  const VReg inverted = temp(t);
  update(sized(F::not_r_8, w), inverted, operand_vreg(i, 0));
  lea(t, result_vreg(i), based(inverted, 1));
}

inline void Lower::complement(Inst i) {
  const Type t = op_type(i);
  if (t == Type::i128) return unary_pair(i);
  if (t == Type::i1) return update(F::xor_ri_32, result_vreg(i), operand_vreg(i, 0), 1);
  update(sized(F::not_r_8, width(t)), result_vreg(i), operand_vreg(i, 0));
}

// --- Division

// What stands in rdx before a division of x.
inline Lower::VReg Lower::high_of_dividend(VReg x, Type t, bool is_signed) {
  if (!is_signed) return integer(Type::i32, 0);
  const VReg high = temp(t);
  op(width(t) == 64 ? F::cqo : F::cdq, {Reg::use_fixed(x, preg::rax), Reg::def_fixed(high, preg::rdx)});
  return high;
}

// q, r = x / y at 32 or 64 bits; the processor traps on what it cannot divide.
inline void Lower::divide_unchecked(VReg q, VReg r, VReg x, VReg y, Type t, bool is_signed) {
  const unsigned w = width(t);
  const VReg high = high_of_dividend(x, t, is_signed);
  op(sized(is_signed ? F::idiv_r_16 : F::div_r_16, w),
     {Reg::use(y), Reg::use_fixed(x, preg::rax), Reg::use_fixed(high, preg::rdx), Reg::def_fixed(q, preg::rax),
      Reg::def_fixed(r, preg::rdx)});
}

// Divisors for which nothing can go wrong; powers of two without a division.
inline bool Lower::divide_by_constant(Inst i, u8 flags) {
  const Type t = op_type(i);
  const bool is_signed = (flags & divide_flag::is_signed) != 0;
  const bool remainder = (flags & divide_flag::remainder) != 0;
  i64 c = 0;
  if (!is_constant(fn_.operand(i, 1), c) || c == 0 || c == -1) return false;
  const u64 u = static_cast<u64>(c) & low_mask(ir::bits(t));
  const VReg d = result_vreg(i);
  const VReg x = extended(fn_.operand(i, 0), is_signed);
  if (!is_signed && is_pow2(u)) {
    if (!remainder) {
      shift_imm(shr_forms, width(t), d, x, log2_floor(u));
    } else if (fits_signed(static_cast<i64>(u - 1), 32)) {
      update(sized(F::and_ri_8, width(t)), d, x, static_cast<i64>(u - 1));
    } else {
      update(F::and_rr_64, d, x, integer(Type::i64, u - 1));
    }
    return true;
  }
  const VReg y = integer(t, is_signed ? static_cast<u64>(c) : u);
  const VReg other = temp(t);
  divide_unchecked(remainder ? other : d, remainder ? d : other, x, y, t, is_signed);
  return true;
}

inline void Lower::divide(Inst i, u8 flags, bool traps) {
  const Type t = op_type(i);
  if (t == Type::i128) return divide_pair(i, flags, traps);
  if (divide_by_constant(i, flags)) return;
  const bool is_signed = (flags & divide_flag::is_signed) != 0;
  const bool remainder = (flags & divide_flag::remainder) != 0;
  const VReg d = result_vreg(i), other = temp(t);
  const VReg x = extended(fn_.operand(i, 0), is_signed);
  VReg y = extended(fn_.operand(i, 1), is_signed);
  // Of the trapping ones only the signed remainder differs from the processor: least rem -1 is 0.
  if (traps && !(is_signed && remainder)) {
    divide_unchecked(remainder ? other : d, remainder ? d : other, x, y, t, is_signed);
    if (is_signed && ir::bits(t) < 32) {  // the quotient may overflow the type alone
      compare(F::cmp_rr_32, extended(d, t, true), d);
      macro(Macro::trap_if, {}, 0, 0, 0, static_cast<u8>(Cond::ne));
    }
    return;
  }
  if (traps) {
    compare(sized(F::test_rr_8, width(t)), y, y);
    macro(Macro::trap_if, {}, 0, 0, 0, static_cast<u8>(Cond::e));
  }
  if (width(t) == 64) flags |= divide_flag::wide;
  if (x == y) copy(y = temp(t), x);  // one is overwritten while the other is still needed
  const VReg high = high_of_dividend(x, t, is_signed);
  macro(Macro::divide,
        {Reg::use_fixed(x, preg::rax), Reg::use_fixed(high, preg::rdx), Reg::late_use(y),
         Reg::def_fixed(remainder ? other : d, preg::rax), Reg::def_fixed(remainder ? d : other, preg::rdx)},
        0, 0, ir::mach_writes_flags, flags);
}

// --- Minimum, maximum, absolute value

inline void Lower::min_max(Inst i, Cond keeps_first) {
  const Type t = op_type(i);
  const VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  compare(sized(F::cmp_rr_8, ir::bits(t)), x, y);
  choose(result_vreg(i), x, y, t, static_cast<u8>(keeps_first));
}

inline void Lower::absolute(Inst i) {
  const Type t = op_type(i);
  const VReg x = extended(fn_.operand(i, 0), true), negative = temp(t);
  update(sized(F::neg_r_8, width(t)), negative, x);
  choose(result_vreg(i), x, negative, t, static_cast<u8>(Cond::s));
}

// --- Overflow and carry
//
// A branch, guard or choice right behind takes the flags as they are, and so does an add_carry or sub_borrow with
// nothing between that needs to write flags. The instruction then is asked for its first result at least.

// The one right before the one being selected, if the value is whether it overflowed and nobody else asks.
inline Lower::Inst Lower::overflow_before(Value v) const {
  const Inst i = fn_.def(v);
  if (fn_[v].uses != 1 || wanted(v) || !i || i != fn_[current_].prev) return {};
  return fn_[i].op >= Opcode::sadd_ov && fn_[i].op <= Opcode::sub_borrow ? i : Inst();
}

// What holds behind an instruction that overflowed.
inline Cond Lower::overflow_condition(Inst i) const {
  const unsigned n = ir::bits(fn_[i].type);
  switch (fn_[i].op) {
    case Opcode::sadd_ov:
    case Opcode::ssub_ov: return Cond::o;
    case Opcode::smul_ov: return n >= 16 ? Cond::o : Cond::ne;
    case Opcode::umul_ov: return n >= 32 ? Cond::o : Cond::a;
    default: return Cond::b;
  }
}

// The second result, if there is to be one in a register.
inline void Lower::finish_overflow(Inst i) {
  if (wanted(fn_.result(i, 1))) set_from(result_vreg(i, 1), static_cast<u8>(overflow_condition(i)));
}

// d = x, then d = f(d, y), with flags of that many bits.
inline void Lower::update_with(const AluForms& f, unsigned bits, VReg d, Value x, Value y) {
  i64 imm = 0;
  Address a;
  if (imm32(y, imm))
    update(sized(f.ri, bits), d, vreg(x), imm);
  else if (memory_operand(y, bits, a))
    update_mem(sized(f.rm, bits), d, vreg(x), a);
  else
    update(sized(f.rr, bits), d, vreg(x), vreg(y));
}

inline void Lower::with_overflow(Inst i, const AluForms& f) {
  if (i == fused_) flags_live_ = false;
  update_with(f, ir::bits(op_type(i)), result_vreg(i), fn_.operand(i, 0), fn_.operand(i, 1));
  finish_overflow(i);
}

inline void Lower::mul_overflow(Inst i, bool is_signed) {
  const Type t = op_type(i);
  const unsigned n = ir::bits(t);
  const VReg d = result_vreg(i);
  if (is_signed && n >= 16) {
    update(sized(F::imul_rr_16, n), d, operand_vreg(i, 0), operand_vreg(i, 1));
  } else if (n >= 32) {
    op(sized(F::mul_r_16, n), {Reg::use(operand_vreg(i, 1)), Reg::use_fixed(operand_vreg(i, 0), preg::rax),
                               Reg::def_fixed(d, preg::rax), Reg::def_fixed(temp(t), preg::rdx)});
  } else {
    update(F::imul_rr_32, d, extended(fn_.operand(i, 0), is_signed), extended(fn_.operand(i, 1), is_signed));
    if (is_signed)
      compare(F::cmp_rr_32, extended(d, t, true), d);
    else
      compare_imm(F::cmp_ri_32, d, static_cast<i64>(low_mask(n)));
  }
  finish_overflow(i);
}

// Whether v is a carry that can stay in the flags until here. What stands between then has to do without writing flags.
inline bool Lower::keep_carry(Value v) {
  const Opcode made = op_of(v);
  if (made != Opcode::uadd_ov && made != Opcode::usub_ov && made != Opcode::add_carry && made != Opcode::sub_borrow) return false;
  const Inst maker = carry_before(v);
  if (!maker) return false;
  fused_ = maker;
  flags_live_ = true;
  vreg(fn_.result(maker, 0));
  return true;
}

inline void Lower::with_carry(Inst i, const AluForms& f, const AluForms& without) {
  if (i == fused_) flags_live_ = false;
  const unsigned n = ir::bits(op_type(i));
  const Value carry = fn_.operand(i, 2), x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  const VReg d = result_vreg(i);
  u64 constant = 0;
  const bool none = is_constant(carry, constant) && constant == 0;
  if (!none && !keep_carry(carry))
    update(F::add_ri_8, temp(Type::i8), vreg(carry), -1);  // CF = carry
  update_with(none ? without : f, n, d, x, y);
  finish_overflow(i);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_INT_HPP
