// Selection of i128: two registers, the low half first.
//
// Invariant: between an instruction that sets the carry for the high half and the one that takes it
// stand only moves.
#ifndef JITKIT_EMIT_X86_64_LOWER_WIDE_HPP
#define JITKIT_EMIT_X86_64_LOWER_WIDE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline Lower::Pair Lower::pair(Value v) { return {vreg(v), high_vreg(v)}; }
inline Lower::Pair Lower::result_pair(Inst i) {
  const VReg lo = result_vreg(i);
  return {lo, VReg(lo.id + 1)};
}

inline void Lower::alu_pair(Inst i, const AluForms& lo, const AluForms& hi) {
  const Pair d = result_pair(i), x = pair(fn_.operand(i, 0)), y = pair(fn_.operand(i, 1));
  update(sized(lo.rr, 64), d.lo, x.lo, y.lo);
  update(sized(hi.rr, 64), d.hi, x.hi, y.hi);
}

inline void Lower::unary_pair(Inst i) {
  const Pair d = result_pair(i), x = pair(fn_.operand(i, 0));
  switch (fn_[i].op) {
    case Opcode::not_:
      update(F::not_r_64, d.lo, x.lo);
      update(F::not_r_64, d.hi, x.hi);
      return;
    case Opcode::bswap:
      update(F::bswap_r_64, d.lo, x.hi);
      update(F::bswap_r_64, d.hi, x.lo);
      return;
    default:  // 0 - x
      update(F::sub_rr_64, d.lo, integer(Type::i64, 0), x.lo);
      update(F::sbb_rr_64, d.hi, integer(Type::i64, 0), x.hi);
  }
}

inline void Lower::mul_pair(Inst i) {
  const Pair d = result_pair(i), x = pair(fn_.operand(i, 0)), y = pair(fn_.operand(i, 1));
  const VReg high = temp(Type::i64), cross1 = temp(Type::i64), cross2 = temp(Type::i64), sum = temp(Type::i64);
  update(F::imul_rr_64, cross1, x.lo, y.hi);
  update(F::imul_rr_64, cross2, x.hi, y.lo);
  wide_product(d.lo, high, x.lo, y.lo, false);
  update(F::add_rr_64, sum, cross1, cross2);
  update(F::add_rr_64, d.hi, high, sum);
}

// The library divides; what it cannot divide is taken out before: x / 0 as x / 1, replaced after.
inline void Lower::divide_pair(Inst i, u8 flags, bool traps) {
  const bool is_signed = (flags & divide_flag::is_signed) != 0;
  const bool remainder = (flags & divide_flag::remainder) != 0;
  const Helper h = remainder ? (is_signed ? Helper::modti3 : Helper::umodti3)
                             : (is_signed ? Helper::divti3 : Helper::udivti3);
  const Pair d = result_pair(i), x = pair(fn_.operand(i, 0)), y = pair(fn_.operand(i, 1));
  const VReg any = temp(Type::i64);
  update(F::or_rr_64, any, y.lo, y.hi);
  if (traps) {
    macro(Macro::trap_if, {}, 0, 0, 0, static_cast<u8>(Cond::e));
    if (is_signed && !remainder) {  // least / -1: (x.lo | x.hi ^ least | ~(y.lo & y.hi)) == 0
      const VReg least = temp(Type::i64), ones = temp(Type::i64), not_ones = temp(Type::i64);
      const VReg either = temp(Type::i64), all = temp(Type::i64);
      update(F::xor_rr_64, least, x.hi, integer(Type::i64, u64{1} << 63));
      update(F::and_rr_64, ones, y.lo, y.hi);
      update(F::not_r_64, not_ones, ones);
      update(F::or_rr_64, either, least, x.lo);
      update(F::or_rr_64, all, either, not_ones);
      macro(Macro::trap_if, {}, 0, 0, 0, static_cast<u8>(Cond::e));
    }
    return call_helper(h, {x.lo, x.hi, y.lo, y.hi}, d.lo, d.hi);
  }
  const VReg zero8 = temp(Type::i8), zero = temp(Type::i64), divisor = temp(Type::i64);
  set_from(zero8, static_cast<u8>(Cond::e));
  unary(F::movzx_rr8_32, zero, zero8);
  update(F::or_rr_64, divisor, y.lo, zero);
  const VReg lo = temp(Type::i64), hi = temp(Type::i64);
  call_helper(h, {x.lo, x.hi, divisor, y.hi}, lo, hi);
  compare(F::test_rr_64, zero, zero);
  choose(d.lo, remainder ? x.lo : integer(Type::i64, 0), lo, Type::i64, static_cast<u8>(Cond::ne));
  choose(d.hi, remainder ? x.hi : integer(Type::i64, 0), hi, Type::i64, static_cast<u8>(Cond::ne));
}

inline void Lower::shift_pair_by_constant(Inst i, unsigned count) {
  const Pair d = result_pair(i), x = pair(fn_.operand(i, 0));
  const Opcode o = fn_[i].op;
  if (count == 0) {
    copy(d.lo, x.lo);
    return copy(d.hi, x.hi);
  }
  if (o == Opcode::shl) {
    if (count >= 64) {
      shift_imm(shl_forms, 64, d.hi, x.lo, count - 64);
      return copy(d.lo, integer(Type::i64, 0));
    }
    update(F::shld_rri_64, d.hi, x.hi, x.lo, count);
    return shift_imm(shl_forms, 64, d.lo, x.lo, count);
  }
  const ShiftForms& f = o == Opcode::ashr ? sar_forms : shr_forms;
  if (count >= 64) {
    shift_imm(f, 64, d.lo, x.hi, count - 64);
    if (o == Opcode::ashr) return shift_imm(sar_forms, 64, d.hi, x.hi, 63);
    return copy(d.hi, integer(Type::i64, 0));
  }
  update(F::shrd_rri_64, d.lo, x.lo, x.hi, count);
  shift_imm(f, 64, d.hi, x.hi, count);
}

// Shifts each way as if the count were below 64, then moves the halves if bit 6 of it is set.
inline void Lower::shift_pair(Inst i) {
  u64 constant = 0;
  if (is_constant(fn_.operand(i, 1), constant))
    return shift_pair_by_constant(i, static_cast<unsigned>(constant) & 127);
  const Pair d = result_pair(i), x = pair(fn_.operand(i, 0));
  const VReg count = operand_vreg(i, 1);
  const Opcode o = fn_[i].op;
  const bool left = o == Opcode::shl;
  const ShiftForms& f = left ? shl_forms : o == Opcode::ashr ? sar_forms : shr_forms;
  // `far` receives bits from `near`.
  const VReg near = left ? x.lo : x.hi, far = left ? x.hi : x.lo;
  const VReg funnel = temp(Type::i64), rest = temp(Type::i64);
  op(left ? F::shld_rrc_64 : F::shrd_rrc_64,
     {Reg::use(far), Reg::def_tied(funnel), Reg::use(near), Reg::use_fixed(count, preg::rcx)});
  shift_by(f, 64, rest, near, count);
  VReg fill = integer(Type::i64, 0);
  if (o == Opcode::ashr) shift_imm(sar_forms, 64, fill = temp(Type::i64), x.hi, 63);
  compare_imm(F::test_ri_8, count, 64);
  choose(left ? d.hi : d.lo, rest, funnel, Type::i64, static_cast<u8>(Cond::ne));
  choose(left ? d.lo : d.hi, fill, rest, Type::i64, static_cast<u8>(Cond::ne));
}

// The comparison of all 128 bits; gives the condition.
inline u8 Lower::compare_pair(ir::ICond c, Value vx, Value vy) {
  using ir::ICond;
  if (c == ICond::eq || c == ICond::ne) {
    const Pair x = pair(vx), y = pair(vy);
    const VReg lo = temp(Type::i64), hi = temp(Type::i64);
    update(F::xor_rr_64, lo, x.lo, y.lo);
    update(F::xor_rr_64, hi, x.hi, y.hi);
    update(F::or_rr_64, temp(Type::i64), lo, hi);
    return static_cast<u8>(c == ICond::eq ? Cond::e : Cond::ne);
  }
  // The borrow of x - y decides x < y and x >= y.
  const bool swap = c == ICond::sgt || c == ICond::sle || c == ICond::ugt || c == ICond::ule;
  if (swap) c = ir::swapped(c);
  const Pair x = pair(swap ? vy : vx), y = pair(swap ? vx : vy);
  compare(F::cmp_rr_64, x.lo, y.lo);
  update(F::sbb_rr_64, temp(Type::i64), x.hi, y.hi);
  switch (c) {
    case ICond::slt: return static_cast<u8>(Cond::l);
    case ICond::sge: return static_cast<u8>(Cond::ge);
    case ICond::ult: return static_cast<u8>(Cond::b);
    default: return static_cast<u8>(Cond::ae);
  }
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_WIDE_HPP
