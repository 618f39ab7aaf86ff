// Selection for AArch64: bitwise operations, shifts, rotations, counts, reversals, conversions between
// integers. Part of Lower (lower.hpp).
#ifndef JITKIT_EMIT_ARM64_LOWER_BITS_HPP
#define JITKIT_EMIT_ARM64_LOWER_BITS_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- bitwise ----

// With a constant that is a bit mask, however its bits above a narrow type are chosen.
inline bool Lower::logical_imm(Form f, Type t, VReg d, VReg n, Value y) {
  u64 bits = 0;
  if (!is_constant(y, bits)) return false;
  const unsigned width = is_wide(t) ? 64 : 32;
  Encoded e = encode_logical(bits, width);
  if (e == refused && ir::bits(t) > 1 && ir::bits(t) < 32)
    e = encode_logical(static_cast<u32>(sign_extend(bits, ir::bits(t))), width);
  if (e == refused) return false;
  op_dn(sized(f, t), d, n, static_cast<u32>(e));
  return true;
}

// x >> c & mask, as one extraction.
inline bool Lower::bit_field(Inst i) {
  const Type t = fn_[i].type;
  u64 mask = 0, count = 0;
  const Inst s = folds(fn_.operand(i, 0), Opcode::lshr);
  if (!s || ir::bits(t) > 64 || !is_constant(fn_.operand(i, 1), mask) || mask == 0 ||
      (mask & (mask + 1)) != 0 || !is_constant(fn_.operand(s, 1), count))
    return false;
  const unsigned n = ir::bits(t), lsb = static_cast<unsigned>(count) & (n - 1);
  unsigned width = static_cast<unsigned>(std::popcount(mask));
  if (width > n - lsb) width = n - lsb;
  op_dn(sized(Form::ubfx_w, t), result_vreg(i), operand_vreg(s, 0), detail::extract_bits(lsb, width));
  return true;
}

inline void Lower::logical(Inst i, const LogicalForms& f) {
  const Type t = fn_[i].type;
  Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  if (t == Type::i128) {
    const Wide a = wide(x), b = wide(y), d = wide_result(i);
    logical_part(f, d.low, a.low, b.low);
    return logical_part(f, d.high, a.high, b.high);
  }
  if (fn_.is_constant(x)) {
    const Value swapped = x;
    x = y;
    y = swapped;
  }
  const VReg d = result_vreg(i);
  if (fn_.is_constant(y)) {
    if (f.imm == and_forms.imm && y == fn_.operand(i, 1) && bit_field(i)) return;
    if (logical_imm(f.imm, t, d, vreg(x), y)) return;
  }
  // The complement of an i1 would leave ones above it, unless an `and` clears them.
  const bool inverts = op_of(x) == Opcode::not_ || op_of(y) == Opcode::not_;
  const bool may_invert = inverts && (t != Type::i1 || f.imm == and_forms.imm);
  for (unsigned turn = 0; turn < 2 && may_invert; ++turn) {
    const Value inverted = turn == 0 ? y : x, other = turn == 0 ? x : y;
    const Inst n = folds(inverted, Opcode::not_);
    if (!n) continue;
    VReg m;
    u32 imm = 0;
    if (!shifted(fn_.operand(n, 0), t, true, m, imm)) m = operand_vreg(n, 0);
    return op_dnm(sized(f.inverted, t), d, vreg(other), m, imm);
  }
  VReg m;
  u32 imm = 0;
  if (shifted(y, t, true, m, imm)) return op_dnm(sized(f.shift, t), d, vreg(x), m, imm);
  if (shifted(x, t, true, m, imm)) return op_dnm(sized(f.shift, t), d, vreg(y), m, imm);
  op_dnm(sized(f.shift, t), d, vreg(x), vreg(y));
}

inline void Lower::complement(Inst i) {
  const Type t = fn_[i].type;
  const Value x = fn_.operand(i, 0);
  if (t == Type::i128) {
    const Wide w = wide(x), d = wide_result(i);
    op_dm(Form::mvn_shift_x, d.low, w.low);
    return op_dm(Form::mvn_shift_x, d.high, w.high);
  }
  if (t == Type::i1)
    return op_dn(Form::eor_imm_w, result_vreg(i), vreg(x), static_cast<u32>(encode_logical(1, 32)));
  if (const Inst e = folds(x, Opcode::xor_))
    return op_dnm(sized(Form::eon_shift_w, t), result_vreg(i), operand_vreg(e, 0), operand_vreg(e, 1));
  VReg m;
  u32 imm = 0;
  if (!shifted(x, t, true, m, imm)) m = vreg(x);
  op_dm(sized(Form::mvn_shift_w, t), result_vreg(i), m, imm);
}

// ---- shifts and rotations ----

// By a constant below the bits of t (at most 64).
inline void Lower::shift_imm(Opcode op, Type t, VReg d, VReg n, unsigned count) {
  const unsigned bits = ir::bits(t), width = is_wide(t) ? 64 : 32;
  if (op == Opcode::shl)
    return op_dn(sized(Form::lsl_imm_w, t), d, n,
                 ((width - count) & (width - 1)) << 16 | (width - 1 - count) << 10);
  const Form f = op == Opcode::ashr ? Form::sbfx_w : Form::ubfx_w;
  op_dn(sized(f, t), d, n, detail::extract_bits(count, bits - count));
}

inline void Lower::shift_left(Inst i) {
  const Type t = fn_[i].type;
  if (t == Type::i128) return shift_wide(i);
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  u64 count = 0;
  if (is_constant(y, count))
    return shift_imm(Opcode::shl, t, result_vreg(i), vreg(x), static_cast<unsigned>(count) & (ir::bits(t) - 1));
  VReg by = vreg(y);
  if (ir::bits(t) < 32) {
    by = new_vreg(Type::i32);
    op_dn(Form::and_imm_w, by, vreg(y), static_cast<u32>(encode_logical(ir::bits(t) - 1, 32)));
  }
  op_dnm(sized(Form::lsl_reg_w, t), result_vreg(i), vreg(x), by);
}

inline void Lower::shift_right(Inst i, bool arithmetic) {
  const Type t = fn_[i].type;
  if (t == Type::i128) return shift_wide(i);
  const Value x = fn_.operand(i, 0), y = fn_.operand(i, 1);
  u64 count = 0;
  if (is_constant(y, count))
    return shift_imm(fn_[i].op, t, result_vreg(i), vreg(x), static_cast<unsigned>(count) & (ir::bits(t) - 1));
  VReg by = vreg(y);
  if (ir::bits(t) < 32) {
    by = new_vreg(Type::i32);
    op_dn(Form::and_imm_w, by, vreg(y), static_cast<u32>(encode_logical(ir::bits(t) - 1, 32)));
  }
  const Form f = arithmetic ? Form::asr_reg_w : Form::lsr_reg_w;
  op_dnm(sized(f, t), result_vreg(i), extended(x, arithmetic), by);
}

inline void Lower::shift_wide_imm(Inst i, unsigned count) {
  const Opcode op = fn_[i].op;
  const Wide x = wide(fn_.operand(i, 0)), d = wide_result(i);
  const bool left = op == Opcode::shl;
  const VReg near = left ? d.low : d.high, far = left ? d.high : d.low;
  const VReg from = left ? x.low : x.high;
  if (count == 0) {
    copy(d.low, x.low);
    return copy(d.high, x.high);
  }
  if (count < 64) {  // far <- the bits that cross over
    op_dnm(Form::extr_x, far, x.high, x.low, (left ? 64 - count : count) << 10);
    return shift_imm(op, Type::i64, near, from, count);
  }
  shift_imm(op, Type::i64, far, from, count - 64);
  if (op == Opcode::ashr)
    shift_imm(op, Type::i64, near, from, 63);
  else
    op_dm(Form::mov_reg_x, near, VReg());
}

// By a register: both halves shifted by the count modulo 64, the bits that cross over, and a choice by
// bit 6 of the count.
inline void Lower::shift_wide(Inst i) {
  const Opcode op = fn_[i].op;
  u64 count = 0;
  if (is_constant(fn_.operand(i, 1), count)) return shift_wide_imm(i, static_cast<unsigned>(count) & 127);
  const bool left = op == Opcode::shl;
  const Wide x = wide(fn_.operand(i, 0)), d = wide_result(i);
  const VReg by = operand_vreg(i, 1);
  const VReg from = left ? x.low : x.high, to = left ? x.high : x.low;
  const Form toward = left ? Form::lsl_reg_x : op == Opcode::ashr ? Form::asr_reg_x : Form::lsr_reg_x;
  const VReg inverse = new_vreg(Type::i64), half = new_vreg(Type::i64), crossing = new_vreg(Type::i64);
  const VReg near = new_vreg(Type::i64), far = new_vreg(Type::i64), joined = new_vreg(Type::i64);
  op_dm(Form::mvn_shift_x, inverse, by);
  // Shifted by 1 and then by 63 - count: a count of 0 moves nothing across.
  shift_imm(left ? Opcode::lshr : Opcode::shl, Type::i64, half, from, 1);
  op_dnm(left ? Form::lsr_reg_x : Form::lsl_reg_x, crossing, half, inverse);
  op_dnm(left ? Form::lsl_reg_x : Form::lsr_reg_x, far, to, by);
  op_dnm(Form::orr_shift_x, joined, far, crossing);
  op_dnm(toward, near, from, by);
  VReg fill;
  if (op == Opcode::ashr) {
    fill = new_vreg(Type::i64);
    shift_imm(op, Type::i64, fill, from, 63);
  }
  op_n(Form::tst_imm_x, by, static_cast<u32>(encode_logical(64, 64)));
  const u32 far_count = static_cast<u32>(Cond::ne) << 12;
  op_dnm(Form::csel_x, left ? d.high : d.low, near, joined, far_count);
  op_dnm(Form::csel_x, left ? d.low : d.high, fill, near, far_count);
}

inline void Lower::rotate(Inst i, bool left) {
  const Type t = fn_[i].type;
  const unsigned n = ir::bits(t);
  const Value y = fn_.operand(i, 1);
  VReg x = operand_vreg(i, 0);
  if (n < 32) {  // repeated to 32 bits, a rotation of the whole is one of each part
    x = extended(fn_.operand(i, 0), false);
    for (unsigned s = n; s < 32; s *= 2) {
      const VReg twice = new_vreg(Type::i32);
      op_dnm(Form::orr_shift_w, twice, x, x, detail::shift_bits(ShiftKind::lsl, s));
      x = twice;
    }
  }
  const unsigned width = n < 32 ? 32 : n;
  u64 count = 0;
  if (is_constant(y, count)) {
    const u64 right = (left ? 0 - count : count) & (width - 1);
    return op_dnm(sized(Form::extr_w, t), result_vreg(i), x, x, static_cast<u32>(right) << 10);
  }
  VReg by = vreg(y);
  if (left) {
    by = new_vreg(register_type(t));
    op_dm(sized(Form::neg_shift_w, t), by, vreg(y));
  }
  op_dnm(sized(Form::ror_reg_w, t), result_vreg(i), x, by);
}

// ---- counts and reversals ----

inline void Lower::count_leading(Inst i) {
  const Type t = fn_[i].type;
  const unsigned n = ir::bits(t);
  const VReg x = extended(fn_.operand(i, 0), false), d = result_vreg(i);
  if (n >= 32) return op_dn(sized(Form::clz_w, t), d, x);
  const VReg all = new_vreg(Type::i32);
  op_dn(Form::clz_w, all, x);
  op_dn(Form::sub_imm_w, d, all, (32 - n) << 10);
}

inline void Lower::count_trailing(Inst i) {
  const Type t = fn_[i].type;
  const unsigned n = ir::bits(t);
  VReg x = operand_vreg(i, 0);
  if (n < 32) {  // a bit above the value bounds the count
    const VReg bounded = new_vreg(Type::i32);
    op_dn(Form::orr_imm_w, bounded, x, static_cast<u32>(encode_logical(u64{1} << n, 32)));
    x = bounded;
  }
  if (has(Feature::cssc)) return op_dn(sized(Form::ctz_w, t), result_vreg(i), x);
  const VReg reversed = new_vreg(register_type(t));
  op_dn(sized(Form::rbit_w, t), reversed, x);
  op_dn(sized(Form::clz_w, t), result_vreg(i), reversed);
}

inline void Lower::count_ones(Inst i) {
  const Type t = fn_[i].type;
  const VReg x = extended(fn_.operand(i, 0), false), d = result_vreg(i);
  if (has(Feature::cssc)) return op_dn(sized(Form::cnt_w, t), d, x);
  const VReg bits = new_vreg(Type::f64), counts = new_vreg(Type::f64), sum = new_vreg(Type::f64);
  op_dn(is_wide(t) ? Form::fmov_dx : Form::fmov_sw, bits, x);
  word_dn(0x0e205800, counts, bits);  // cnt v.8b
  word_dn(0x0e31b800, sum, counts);   // addv b
  op_dn(Form::fmov_ws, d, sum);
}

inline void Lower::swap_bytes(Inst i) {
  const Value x = fn_.operand(i, 0);
  switch (fn_[i].type) {
    case Type::i8: return op_dm(Form::mov_reg_w, result_vreg(i), vreg(x));
    case Type::i16: return op_dn(Form::rev16_w, result_vreg(i), vreg(x));
    case Type::i32: return op_dn(Form::rev_w, result_vreg(i), vreg(x));
    case Type::i64: return op_dn(Form::rev_x, result_vreg(i), vreg(x));
    default: break;
  }
  const Wide w = wide(x), d = wide_result(i);
  op_dn(Form::rev_x, d.low, w.high);
  op_dn(Form::rev_x, d.high, w.low);
}

inline void Lower::reverse_bits(Inst i) {
  const Type t = fn_[i].type;
  const unsigned n = ir::bits(t);
  const VReg x = operand_vreg(i, 0), d = result_vreg(i);
  if (n >= 32) return op_dn(sized(Form::rbit_w, t), d, x);
  const VReg all = new_vreg(Type::i32);
  op_dn(Form::rbit_w, all, x);
  shift_imm(Opcode::lshr, Type::i32, d, all, 32 - n);
}

// ---- copies and extensions ----

inline void Lower::freeze(Inst i) {
  const Value x = fn_.operand(i, 0);
  copy(result_vreg(i), vreg(x));
  if (fn_.type(x) == Type::i128) copy(wide_result(i).high, wide(x).high);
}

inline void Lower::zero_extend(Inst i) {
  const Type t = fn_[i].type, from = type_of(i, 0);
  const Value x = fn_.operand(i, 0);
  const VReg d = result_vreg(i);
  if (t == Type::i128) op_dm(Form::mov_reg_x, wide_result(i).high, VReg());
  if (is_wide(from)) return copy(d, vreg(x));
  // Whatever made a clear one wrote a W register, so the upper half is clear too.
  if (!fn_.is_constant(x) && (from == Type::i1 || is_zero_extended(x))) return copy(d, vreg(x));
  extend_into(d, vreg(x), from, false, is_wide(t));
}

inline void Lower::sign_extend_to(Inst i) {
  const Type t = fn_[i].type, from = type_of(i, 0);
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  if (is_wide(from))
    copy(d, x);
  else
    extend_into(d, x, from, true, is_wide(t));
  if (t == Type::i128) shift_imm(Opcode::ashr, Type::i64, wide_result(i).high, d, 63);
}

inline void Lower::truncate(Inst i) {
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  if (fn_[i].type == Type::i1)
    op_dn(Form::and_imm_w, d, x, static_cast<u32>(encode_logical(1, 32)));
  else
    copy(d, x);
}

inline void Lower::checksum(Inst i) {
  const Type t = fn_[i].type;
  const unsigned size = log2_floor(ir::bits(t)) - 3;
  op_dnm(next(Form::crc32cb, size), result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1));
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_BITS_HPP
