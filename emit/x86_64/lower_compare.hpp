// Selection of comparisons, of what consumes them (selects; branches are in lower_control.hpp), and of
// conversions between integer types.
//
// Invariants: a comparison and its consumer are emitted by the same call, so only moves stand between
// them. A condition code is a Cond, or one of the two codes that need a second flag (machine_word.hpp).
#ifndef JITKIT_EMIT_X86_64_LOWER_COMPARE_HPP
#define JITKIT_EMIT_X86_64_LOWER_COMPARE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

#include <utility>

namespace jitkit::inline JITKIT_ABI::x86_64 {

constexpr u8 code(Cond c) { return static_cast<u8>(c); }

constexpr u8 code_of(ir::ICond c) {
  constexpr Cond codes[] = {Cond::e,  Cond::ne, Cond::l, Cond::ge, Cond::g,
                            Cond::le, Cond::b,  Cond::ae, Cond::a, Cond::be};
  return code(codes[static_cast<u8>(c)]);
}

// The numbers of an i1 are 0 and -1; its byte holds 0 or 1, so signed order turns around.
constexpr ir::ICond bool_condition(ir::ICond c) {
  switch (c) {
    case ir::ICond::slt: return ir::ICond::ugt;
    case ir::ICond::sge: return ir::ICond::ule;
    case ir::ICond::sgt: return ir::ICond::ult;
    case ir::ICond::sle: return ir::ICond::uge;
    default: return c;
  }
}

inline u8 Lower::compare_integers(ir::ICond c, Value x, Value y) {
  const Type t = fn_.type(x);
  if (t == Type::i128) return compare_pair(c, x, y);
  if (t == Type::i1) c = bool_condition(c);
  const unsigned n = t == Type::i1 ? 8 : ir::bits(t);
  if (fn_.is_constant(x) || (!fn_.is_constant(y) && folds_load(x) && !folds_load(y))) {
    std::swap(x, y);
    c = ir::swapped(c);
  }
  i64 imm = 0;
  Address a;
  if (!imm32(y, imm)) {
    if (memory_operand(y, n, a))
      op_mem(sized(F::cmp_rm_8, n), {Reg::use(vreg(x)), Reg::use(a.base), Reg::use(a.index)}, a);
    else
      compare(sized(F::cmp_rr_8, n), vreg(x), vreg(y));
    return code_of(c);
  }
  if (t == Type::i1) imm &= 1;
  if (imm != 0) {
    if (memory_operand(x, n, a))
      op_mem(sized(F::cmp_mi_8, n), {Reg::use(a.base), Reg::use(a.index)}, a, static_cast<i32>(imm));
    else
      compare_imm(sized(F::cmp_ri_8, n), vreg(x), imm);
    return code_of(c);
  }
  const Inst masked = folds(x, Opcode::and_);
  if (masked && n != 128) {
    Value p = fn_.operand(masked, 0), q = fn_.operand(masked, 1);
    if (fn_.is_constant(p)) std::swap(p, q);
    if (imm32(q, imm))
      compare_imm(sized(F::test_ri_8, n), vreg(p), t == Type::i1 ? imm & 1 : imm);
    else if (n < 32 || c > ir::ICond::ne || !has(Feature::bmi1) ||
             (!bit_trick(Opcode::and_, {}, p, q) && !bit_trick(Opcode::and_, {}, q, p)))
      compare(sized(F::test_rr_8, n), vreg(p), vreg(q));
  } else if (memory_operand(x, n, a)) {
    op_mem(sized(F::cmp_mi_8, n), {Reg::use(a.base), Reg::use(a.index)}, a, 0);
  } else {
    compare(sized(F::test_rr_8, n), vreg(x), vreg(x));
  }
  return code_of(c);
}

// ucomis: unordered sets ZF, PF and CF; below CF; equal ZF.
inline u8 Lower::compare_floats(ir::FCond c, Value x, Value y) {
  using ir::FCond;
  const bool swap = c == FCond::olt || c == FCond::ole || c == FCond::ugt || c == FCond::uge;
  if (swap) {
    std::swap(x, y);
    c = ir::swapped(c);
  }
  const bool is_double = fn_.type(x) == Type::f64, avx = has(Feature::avx);
  Address a;
  if (memory_operand(y, ir::bits(fn_.type(x)), a))
    op_mem(is_double ? (avx ? F::vucomisd_rm : F::ucomisd_rm) : (avx ? F::vucomiss_rm : F::ucomiss_rm),
           {Reg::use(vreg(x)), Reg::use(a.base), Reg::use(a.index)}, a);
  else
    compare(is_double ? (avx ? F::vucomisd_rr : F::ucomisd_rr) : (avx ? F::vucomiss_rr : F::ucomiss_rr),
            vreg(x), vreg(y));
  switch (c) {
    case FCond::oeq: return cond_ordered_equal;
    case FCond::une: return cond_unordered_or_ne;
    case FCond::ogt: return code(Cond::a);
    case FCond::oge: return code(Cond::ae);
    case FCond::ult: return code(Cond::b);
    case FCond::ule: return code(Cond::be);
    case FCond::one: return code(Cond::ne);
    case FCond::ueq: return code(Cond::e);
    case FCond::ord: return code(Cond::np);
    default: return code(Cond::p);  // uno; the rest were swapped
  }
}

inline u8 Lower::condition(Value c) {
  if (const Inst i = folds(c, Opcode::icmp))
    return compare_integers(static_cast<ir::ICond>(fn_[i].aux), fn_.operand(i, 0), fn_.operand(i, 1));
  if (const Inst i = folds(c, Opcode::fcmp))
    return compare_floats(static_cast<ir::FCond>(fn_[i].aux), fn_.operand(i, 0), fn_.operand(i, 1));
  if (const Inst i = folds(c, Opcode::not_)) return inverse_code(condition(fn_.operand(i, 0)));
  if (const Inst i = overflow_before(c)) {
    vreg(fn_.result(i, 0));  // it is there for its flags at least
    return code(overflow_condition(i));
  }
  const VReg v = vreg(c);
  compare(F::test_rr_8, v, v);
  return code(Cond::ne);
}

// d = 1 if the condition holds, else 0.
inline void Lower::set_from(VReg d, u8 c) {
  if (c < cond_ordered_equal) return op(form_for(F::seto_r, static_cast<Cond>(c)), {Reg::def(d)});
  const bool equal = c == cond_ordered_equal;
  const VReg zero = temp(Type::i1), parity = temp(Type::i1);
  op(equal ? F::sete_r : F::setne_r, {Reg::def(zero)});
  op(equal ? F::setnp_r : F::setp_r, {Reg::def(parity)});
  update(equal ? F::and_rr_32 : F::or_rr_32, d, zero, parity);
}

// d = yes if the condition holds, else no; general registers of up to 64 bits.
inline void Lower::choose(VReg d, VReg yes, VReg no, Type t, u8 c) {
  const unsigned w = width(t);
  if (c < cond_ordered_equal)
    return update(sized(form_for(F::cmovo_rr_16, static_cast<Cond>(c)), w), d, no, yes);
  if (c == cond_ordered_equal) {  // otherwise, with the alternatives exchanged
    std::swap(yes, no);
  }
  const VReg step = temp(t);
  update(sized(F::cmovne_rr_16, w), step, no, yes);
  update(sized(F::cmovp_rr_16, w), d, step, yes);
}

inline void Lower::lower_compare(Inst i) {
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  const u8 c = fn_[i].op == Opcode::icmp ? compare_integers(static_cast<ir::ICond>(fn_[i].aux), x, y)
                                         : compare_floats(static_cast<ir::FCond>(fn_[i].aux), x, y);
  set_from(result_vreg(i), c);
}

inline void Lower::select(Inst i) {
  const Type t = op_type(i);
  if (ir::bank(t) != Bank::gpr) return select_vector(i);
  const Value yes = fn_.operand(i, 1), no = fn_.operand(i, 2);
  const VReg d = result_vreg(i), a = vreg(yes), b = vreg(no);
  const u8 c = condition(fn_.operand(i, 0));
  choose(d, a, b, t, c);
  if (t == Type::i128) choose(VReg(d.id + 1), VReg(a.id + 1), VReg(b.id + 1), Type::i64, c);
}

// All ones in the low 64 (v128: 128) bits if c is 1, else all zeroes.
inline Lower::VReg Lower::lane_mask(Value c, Type t) {
  const VReg bit = temp(Type::i32), bits = temp(Type::i64), mask = temp(Type::v128);
  unary(F::movzx_rr8_32, bit, vreg(c));
  update(F::neg_r_64, bits, bit);
  move_to_vec(mask, bits, 64);
  if (t != Type::v128) return mask;
  const VReg both = temp(Type::v128);
  vec_op(JITKIT_X86_PACKED_FORMS(punpcklqdq), both, mask, mask);
  return both;
}

// A float selected by a comparison of the same width: the comparison makes the mask.
inline bool Lower::select_by_compare(Inst i) {
  using ir::FCond;
  const Type t = op_type(i);
  const Inst compared = folds(fn_.operand(i, 0), Opcode::fcmp);
  if (!compared || !ir::contains(ir::types::fp, t) || operand_type(compared, 0) != t) return false;
  // Predicates of cmps: by FCond, 8 added where the operands are exchanged; 255: none.
  constexpr u8 predicates[] = {0, 4, 1, 5, 2, 6, 1 + 8, 5 + 8, 2 + 8, 6 + 8, 255, 255, 7, 3};
  const u8 p = predicates[fn_[compared].aux];
  if (p == 255) return false;
  const bool swap = (p & 8) != 0;
  const VReg d = result_vreg(i), yes = operand_vreg(i, 1), no = operand_vreg(i, 2);
  const VReg mask = temp(t);
  static constexpr VecForms f32{F::cmpss_rri, F::cmpss_rmi, F::vcmpss_rrri, F::vcmpss_rrmi};
  static constexpr VecForms f64{F::cmpsd_rri, F::cmpsd_rmi, F::vcmpsd_rrri, F::vcmpsd_rrmi};
  vec_imm(t == Type::f64 ? f64 : f32, mask, operand_vreg(compared, swap ? 1 : 0),
          operand_vreg(compared, swap ? 0 : 1), p & 7);
  blend(d, mask, yes, no);
  return true;
}

inline void Lower::select_vector(Inst i) {
  const Type t = op_type(i);
  if (ir::bits(t) > 128 || t == Type::mask) {
    macro(Macro::select_wide, {Reg::use(operand_vreg(i, 0)), Reg::use(operand_vreg(i, 1)),
                               Reg::use(operand_vreg(i, 2)), Reg::def_tied(result_vreg(i))},
          0, 0, ir::mach_writes_flags);
    return;
  }
  if (select_by_compare(i)) return;
  const VReg mask = lane_mask(fn_.operand(i, 0), t);
  blend(result_vreg(i), mask, operand_vreg(i, 1), operand_vreg(i, 2));
}

// --- Between integer types

// Whether v's register holds zeroes above v, because the instruction that made it wrote 32 bits. Not so what may
// turn out to be a copy (shifts and products by constants) or leaves its destination alone (bsf, bsr).
inline bool Lower::is_zero_extended(Value v) const {
  const Opcode op = op_of(v);
  if (op == Opcode::load || op == Opcode::load_trap || op == Opcode::uload8) return true;
  if (ir::bits(fn_.type(v)) != 32) return false;
  switch (op) {
    case Opcode::add:
    case Opcode::sub:
    case Opcode::neg:
    case Opcode::and_:
    case Opcode::or_:
    case Opcode::xor_:
    case Opcode::not_:
    case Opcode::uload16:
    case Opcode::sadd_ov:
    case Opcode::ssub_ov:
    case Opcode::uadd_ov:
    case Opcode::usub_ov:
    case Opcode::add_carry:
    case Opcode::sub_borrow: return true;
    default: return false;
  }
}

inline void Lower::zero_extend(Inst i) {
  const Type t = op_type(i), from = operand_type(i, 0);
  const VReg d = result_vreg(i);
  if (t == Type::i128) copy(VReg(d.id + 1), integer(Type::i64, 0));
  Address a;
  if (ir::bits(from) >= 8 && memory_operand(fn_.operand(i, 0), ir::bits(from), a))
    return load_value(from, d, a);
  const VReg x = operand_vreg(i, 0);
  if (from != Type::i1 && is_zero_extended(fn_.operand(i, 0))) return copy(d, x);
  switch (ir::bits(from)) {
    case 1:
    case 8: return unary(F::movzx_rr8_32, d, x);
    case 16: return unary(F::movzx_rr16_32, d, x);
    case 32: return unary(F::mov_rr_32, d, x);
    default: return copy(d, x);
  }
}

inline void Lower::sign_extend_op(Inst i) {
  const Type t = op_type(i), from = operand_type(i, 0);
  const unsigned w = width(t);
  const VReg d = result_vreg(i);
  Address a;
  if (from == Type::i1) {
    const VReg bit = temp(t);
    unary(F::movzx_rr8_32, bit, operand_vreg(i, 0));
    update(sized(F::neg_r_8, w), d, bit);
  } else if (ir::bits(from) < 64 && memory_operand(fn_.operand(i, 0), ir::bits(from), a)) {
    load(ir::bits(from) == 8    ? sized(F::movsx_rm8_16, w)
         : ir::bits(from) == 16 ? sized(F::movsx_rm16_32, w)
                                : F::movsxd_rm,
         d, a);
  } else {
    const VReg x = operand_vreg(i, 0);
    switch (ir::bits(from)) {
      case 8: unary(sized(F::movsx_rr8_16, w), d, x); break;
      case 16: unary(sized(F::movsx_rr16_32, w), d, x); break;
      case 32: unary(F::movsxd_rr, d, x); break;
      default: copy(d, x);
    }
  }
  if (t == Type::i128) shift_imm(sar_forms, 64, VReg(d.id + 1), d, 63);
}

inline void Lower::truncate(Inst i) {
  if (op_type(i) == Type::i1) return update(F::and_ri_32, result_vreg(i), operand_vreg(i, 0), 1);
  rename(i);
}

inline void Lower::freeze(Inst i) {
  rename(i);
  if (op_type(i) == Type::i128) copy(VReg(result_vreg(i).id + 1), high_vreg(fn_.operand(i, 0)));
}

// The same bits in another bank, or in two registers instead of one.
inline void Lower::bitcast(Inst i) {
  const Type t = op_type(i), from = operand_type(i, 0);
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  const unsigned n = ir::bits(t);
  if (t == Type::mask || from == Type::mask) return refuse();
  if (from == Type::i128) {
    const VReg lo = temp(Type::v128), hi = temp(Type::v128);
    move_to_vec(lo, x, 64);
    move_to_vec(hi, VReg(x.id + 1), 64);
    return vec_op(JITKIT_X86_PACKED_FORMS(punpcklqdq), d, lo, hi);
  }
  if (t == Type::i128) {
    const VReg hi = temp(Type::v128);
    move_to_gpr(d, x, 64);
    shuffle_dwords(hi, x, 0xee);
    return move_to_gpr(VReg(d.id + 1), hi, 64);
  }
  if (ir::bank(t) == ir::bank(from)) return copy(d, x);
  if (ir::bank(t) == Bank::vec)
    move_to_vec(d, x, n < 32 ? 32 : n);
  else
    move_to_gpr(d, x, n < 32 ? 32 : n);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_COMPARE_HPP
