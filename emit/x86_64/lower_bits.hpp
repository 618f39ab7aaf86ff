// Selection of shifts, rotates and bit counts up to 64 bits.
//
// Invariants: the processor takes counts modulo 32 or 64; counts of i8 and i16 shifts are reduced
// first. A rotate by any count is one modulo the operand's bits, whatever the processor masks.
// Source of the bit-parallel sequences: Warren, Hacker's Delight, 2nd ed., chapters 5 and 7.
#ifndef JITKIT_EMIT_X86_64_LOWER_BITS_HPP
#define JITKIT_EMIT_X86_64_LOWER_BITS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline constexpr Lower::ShiftForms Lower::shl_forms{F::shl_rc_8, F::shl_ri_8, F::shlx_rrr_32};
inline constexpr Lower::ShiftForms Lower::shr_forms{F::shr_rc_8, F::shr_ri_8, F::shrx_rrr_32};
inline constexpr Lower::ShiftForms Lower::sar_forms{F::sar_rc_8, F::sar_ri_8, F::sarx_rrr_32};
inline constexpr Lower::ShiftForms Lower::rol_forms{F::rol_rc_8, F::rol_ri_8, F::none};
inline constexpr Lower::ShiftForms Lower::ror_forms{F::ror_rc_8, F::ror_ri_8, F::none};

inline void Lower::shift_imm(const ShiftForms& f, unsigned bits, VReg d, VReg x, unsigned count) {
  if (count == 0) return copy(d, x);
  update(sized(f.by_imm, bits), d, x, static_cast<i64>(count));
}

inline void Lower::shift_by(const ShiftForms& f, unsigned bits, VReg d, VReg x, VReg count) {
  if (f.flagless != F::none && has(Feature::bmi2)) {
    op(sized(f.flagless, bits), {Reg::def(d), Reg::use(x), Reg::use(count)});
    return;
  }
  op(sized(f.by_cl, bits), {Reg::use(x), Reg::def_tied(d), Reg::use_fixed(count, preg::rcx)});
}

inline void Lower::shift(Inst i, const ShiftForms& f, bool extends, bool is_signed) {
  const Type t = op_type(i);
  if (t == Type::i128) return shift_pair(i);
  const VReg d = result_vreg(i);
  const VReg x = extends ? extended(fn_.operand(i, 0), is_signed) : operand_vreg(i, 0);
  const unsigned modulus = ir::bits(t) - 1;
  u64 constant = 0;
  if (is_constant(fn_.operand(i, 1), constant))
    return shift_imm(f, width(t), d, x, static_cast<unsigned>(constant) & modulus);
  VReg count = operand_vreg(i, 1);
  if (ir::bits(t) < 32) update(F::and_ri_32, count = temp(Type::i32), operand_vreg(i, 1), modulus);
  shift_by(f, width(t), d, x, count);
}

inline void Lower::rotate(Inst i, const ShiftForms& f) {
  const Type t = op_type(i);
  const unsigned n = ir::bits(t);
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  u64 constant = 0;
  if (!is_constant(fn_.operand(i, 1), constant)) return shift_by(f, n, d, x, operand_vreg(i, 1));
  const unsigned count = static_cast<unsigned>(constant) & (n - 1);
  if (n >= 32 && count != 0 && has(Feature::bmi2)) {
    const bool left = f.by_cl == F::rol_rc_8;
    return unary(sized(F::rorx_rri_32, n), d, x, left ? n - count : count);
  }
  shift_imm(f, n, d, x, count);
}

inline void Lower::leading_zeros(Inst i) {
  const Type t = op_type(i);
  const unsigned n = ir::bits(t), w = width(t);
  const VReg x = extended(fn_.operand(i, 0), false);
  const VReg d = result_vreg(i), count = n < 32 ? temp(Type::i32) : d;
  if (has(Feature::lzcnt)) {
    unary(sized(F::lzcnt_rr_16, w), count, x);
  } else {  // a zero leaves 2w - 1 there, which the last step turns into w
    const VReg highest = temp(t);
    update(sized(F::bsr_rr_16, w), highest, integer(t, 2 * w - 1), x);
    update(sized(F::xor_ri_8, w), count, highest, w - 1);
  }
  if (n < 32) update(F::sub_ri_32, d, count, 32 - n);
}

inline void Lower::trailing_zeros(Inst i) {
  const Type t = op_type(i);
  const unsigned n = ir::bits(t), w = width(t);
  VReg x = operand_vreg(i, 0);
  const VReg d = result_vreg(i);
  if (n < 32) update(F::or_ri_32, x = temp(Type::i32), operand_vreg(i, 0), i64{1} << n);
  if (has(Feature::bmi1))
    unary(sized(F::tzcnt_rr_16, w), d, x);
  else  // a zero leaves w there
    update(sized(F::bsf_rr_16, w), d, integer(t, w), x);
}

inline void Lower::population(Inst i) {
  const Type t = op_type(i);
  const unsigned w = width(t);
  const VReg d = result_vreg(i), x = extended(fn_.operand(i, 0), false);
  if (has(Feature::popcnt)) return unary(sized(F::popcnt_rr_16, w), d, x);
  const Type wide = w == 64 ? Type::i64 : Type::i32;
  const auto masked = [&](VReg v, u64 mask) {
    const VReg r = temp(wide);
    if (w == 32)
      update(F::and_ri_32, r, v, static_cast<i64>(mask & 0xffffffff));
    else
      update(F::and_rr_64, r, v, integer(wide, mask));
    return r;
  };
  const auto shifted = [&](VReg v, unsigned count) {
    const VReg r = temp(wide);
    shift_imm(shr_forms, w, r, v, count);
    return r;
  };
  const auto sum = [&](VReg a, VReg b) {
    const VReg r = temp(wide);
    update(sized(F::add_rr_8, w), r, a, b);
    return r;
  };
  const VReg pairs = temp(wide);
  update(sized(F::sub_rr_8, w), pairs, x, masked(shifted(x, 1), 0x5555555555555555U));
  const VReg nibbles = sum(masked(pairs, 0x3333333333333333U),
                           masked(shifted(pairs, 2), 0x3333333333333333U));
  const VReg bytes = masked(sum(nibbles, shifted(nibbles, 4)), 0x0f0f0f0f0f0f0f0fU);
  const VReg total = temp(wide);
  if (w == 32)
    unary(F::imul_rri_32, total, bytes, 0x01010101);
  else
    update(F::imul_rr_64, total, bytes, integer(wide, 0x0101010101010101U));
  shift_imm(shr_forms, w, d, total, w - 8);
}

inline void Lower::swap_bytes(Inst i) {
  const Type t = op_type(i);
  const VReg x = operand_vreg(i, 0);
  switch (ir::bits(t)) {
    case 8: return copy(result_vreg(i), x);
    case 16: return update(F::rol_ri_16, result_vreg(i), x, 8);
    case 128: return unary_pair(i);
    default: return update(sized(F::bswap_r_32, width(t)), result_vreg(i), x);
  }
}

// Groups of `distance` bits change places with their neighbours; `mask` marks the lower ones.
inline Lower::VReg Lower::exchange_bits(VReg x, unsigned w, unsigned distance, u64 mask) {
  const Type t = w == 64 ? Type::i64 : Type::i32;
  const VReg high = temp(t), high_masked = temp(t), low = temp(t), result = temp(t);
  shift_imm(shr_forms, w, high, x, distance);
  if (w == 32) {
    update(F::and_ri_32, high_masked, high, static_cast<i64>(mask & 0xffffffff));
    update(F::and_ri_32, low, x, static_cast<i64>(mask & 0xffffffff));
  } else {
    const VReg m = integer(t, mask);
    update(F::and_rr_64, high_masked, high, m);
    update(F::and_rr_64, low, x, m);
  }
  if (distance < 4) {
    Address a = based(high_masked);
    a.index = low;
    a.scale = static_cast<u8>(distance);
    lea(t, result, a);
  } else {
    const VReg moved = temp(t);
    shift_imm(shl_forms, w, moved, low, distance);
    update(sized(F::or_rr_8, w), result, high_masked, moved);
  }
  return result;
}

inline void Lower::reverse_bits(Inst i) {
  const Type t = op_type(i);
  const unsigned n = ir::bits(t), w = width(t);
  VReg x = operand_vreg(i, 0);
  if (n > 8) {
    const VReg swapped = temp(t);
    update(sized(F::bswap_r_32, w), swapped, x);
    x = swapped;
  }
  x = exchange_bits(x, w, 4, 0x0f0f0f0f0f0f0f0fU);
  x = exchange_bits(x, w, 2, 0x3333333333333333U);
  x = exchange_bits(x, w, 1, 0x5555555555555555U);
  shift_imm(shr_forms, w, result_vreg(i), x, n == 16 ? 16 : 0);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_BITS_HPP
