// Selection for AArch64: vectors of 64 and 128 bits, shuffles, crypto steps. Part of Lower (lower.hpp).
//
// A v64 is the low half of a V register; what is above it is anything, so a table of 8 bytes is cleared
// above first. Words are put together here from the fields of their groups, not by form.
// Source: Arm ARM C4.1.96 (Advanced SIMD groups), C7.2.
#ifndef JITKIT_EMIT_ARM64_LOWER_VECTOR_HPP
#define JITKIT_EMIT_ARM64_LOWER_VECTOR_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// A vector instruction by its word.
inline void Lower::word(u32 bits, Fields where, std::initializer_list<Operand> operands) {
  if (require(Feature::asimd)) emit(form_of(Macro::word), operands, bits | where);
}
inline void Lower::word_dn(u32 bits, VReg d, VReg n) {
  word(bits, fields(RegField::d, RegField::n), {Reg::def(d), Reg::use(n)});
}
inline void Lower::word_dnm(u32 bits, VReg d, VReg n, VReg m) {
  word(bits, fields(RegField::d, RegField::n, RegField::m), {Reg::def(d), Reg::use(n), Reg::use(m)});
}
inline void Lower::word_tied_n(u32 bits, VReg d, VReg old, VReg n) {
  word(bits, fields(RegField::d, RegField::none, RegField::n), {Reg::use(old), Reg::def_tied(d), Reg::use(n)});
}
inline void Lower::word_tied_nm(u32 bits, VReg d, VReg old, VReg n, VReg m) {
  word(bits, fields(RegField::d, RegField::none, RegField::n, RegField::m),
       {Reg::use(old), Reg::def_tied(d), Reg::use(n), Reg::use(m)});
}
// Q for a v128.
inline u32 Lower::full(Inst i) const { return fn_[i].type == Type::v128 ? detail::vector_q : 0; }

// ---- lanes ----

inline void Lower::splat(Inst i) {
  const ir::Lane lane = static_cast<ir::Lane>(fn_[i].flags);
  const unsigned log2 = detail::lane_log2(lane);
  const VReg x = operand_vreg(i, 0), d = result_vreg(i);
  const u32 q = full(i);
  if (log2 == 3 && q == 0) {
    if (detail::is_float_lane(lane)) return copy(d, x);
    return op_dn(Form::fmov_dx, d, x);
  }
  word_dn((detail::is_float_lane(lane) ? 0x0e000400U : 0x0e000c00U) | q | detail::lane_index(log2, 0), d, x);
}

inline void Lower::extract_lane(Inst i) {
  const ir::Lane lane = static_cast<ir::Lane>(fn_[i].flags);
  const unsigned log2 = detail::lane_log2(lane);
  const u32 index = detail::lane_index(log2, fn_[i].aux);
  const VReg x = operand_vreg(i, 0), d = result_vreg(i);
  if (detail::is_float_lane(lane)) return word_dn(0x5e000400 | index, d, x);
  word_dn((log2 == 3 ? 0x4e003c00U : 0x0e003c00U) | index, d, x);
}

inline void Lower::insert_lane(Inst i) {
  const ir::Lane lane = static_cast<ir::Lane>(fn_[i].flags);
  const u32 index = detail::lane_index(detail::lane_log2(lane), fn_[i].aux);
  word_tied_n((detail::is_float_lane(lane) ? 0x6e000400U : 0x4e001c00U) | index, result_vreg(i),
              operand_vreg(i, 0), operand_vreg(i, 1));
}

inline void Lower::lane_binary(Inst i) {
  const ir::Lane lane = static_cast<ir::Lane>(fn_[i].flags);
  const detail::LaneWords w = detail::lane_words(fn_[i].op);
  const unsigned log2 = detail::lane_log2(lane);
  const bool is_float = detail::is_float_lane(lane), scalar = log2 == 3 && full(i) == 0;
  u32 bits = is_float ? (scalar ? w.float_scalar : w.float_vector) : (scalar ? w.scalar : w.vector);
  if (bits == 0) return unsupported(i);
  if (!scalar) bits |= full(i) | (is_float ? (log2 == 3 ? 1U << 22 : 0U) : log2 << 22);
  word_dnm(bits, result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1));
}

inline void Lower::vector_logical(Inst i, unsigned which) {
  constexpr u32 words[] = {0x0e201c00, 0x0ea01c00, 0x2e201c00, 0x0e601c00};
  word_dnm(words[which] | full(i), result_vreg(i), operand_vreg(i, 0), operand_vreg(i, 1));
}
inline void Lower::vector_not(Inst i) {
  word_dn(0x2e205800 | full(i), result_vreg(i), operand_vreg(i, 0));
}

// Right shifts encode their count downwards from the lane's bits and have none for 0.
inline void Lower::lane_shift(Inst i) {
  const Opcode op = fn_[i].op;
  const unsigned n = ir::lane_bits(static_cast<ir::Lane>(fn_[i].flags)), count = fn_[i].aux & (n - 1);
  const VReg x = operand_vreg(i, 0), d = result_vreg(i);
  if (count == 0) return copy(d, x);
  const bool left = op == Opcode::vshl_imm;
  u32 bits = left ? 0x0f005400 | (n + count) << 16
                  : (op == Opcode::vlshr_imm ? 0x2f000400U : 0x0f000400U) | (2 * n - count) << 16;
  bits |= n == 64 && full(i) == 0 ? 0x50000000 : full(i);  // one lane: the scalar form
  word_dn(bits, d, x);
}

// ---- shuffles ----

// The mask as one instruction: a run of bytes (ext), a lane everywhere (dup), lanes turned round in groups (rev), or
// every other lane of two operands (uzp, trn, zip). False if it is none of these.
inline bool Lower::simple_shuffle(Inst i, Span<const u8> mask, bool same) {
  const unsigned size = static_cast<unsigned>(mask.size()), wrap = (same ? size : 2 * size) - 1;
  const auto moves_lanes = [&](unsigned log2) {
    const unsigned low = (1U << log2) - 1;
    for (unsigned n = 0; n < size; ++n)
      if ((mask[n] & wrap) != (mask[n & ~low] & wrap & ~low) + (n & low)) return false;
    return true;
  };
  unsigned log2 = 3;  // of the bytes in the widest lanes that stay whole
  while (!moves_lanes(log2)) --log2;
  const unsigned lanes = size >> log2;
  const auto from = [&](unsigned k) { return (mask[k << log2] & wrap) >> log2; };
  const auto is = [&](auto&& lane) {
    for (unsigned k = 0; k < lanes; ++k)
      if (from(k) != (lane(k) & (wrap >> log2))) return false;
    return true;
  };
  const VReg d = result_vreg(i);
  const unsigned first = from(0) % lanes, other = from(0) / lanes;  // the lane and the operand of lane 0
  const auto operand = [&](unsigned n) { return operand_vreg(i, same ? 0 : n % 2); };
  if (is([&](unsigned k) { return from(0) + k; })) {
    if (first == 0) return copy(d, operand(other)), true;
    return word_dnm(0x2e000000 | full(i) | first << (log2 + 11), d, operand(other), operand(other + 1)), true;
  }
  if (is([&](unsigned) { return from(0); }))
    return word_dn(0x0e000400 | full(i) | detail::lane_index(log2, first), d, operand(other)), true;
  const unsigned group = first + 1;
  if (is_pow2(group) && group << log2 <= 8 && is([&](unsigned k) { return other * lanes + (k ^ first); })) {
    constexpr u32 words[] = {0x0e201800, 0x2e200800, 0x0e200800};  // within 2, 4 and 8 bytes
    return word_dn(words[log2_floor(group << log2) - 1] | full(i) | log2 << 22, d, operand(other)), true;
  }
  for (unsigned n = 0; n < 12; ++n) {
    const unsigned way = n / 4, odd = n / 2 % 2, swapped = n % 2 * lanes;
    if (!is([&](unsigned k) {
          const unsigned both[] = {2 * k + odd, k % 2 * lanes + (k & ~1U) + odd, k % 2 * lanes + (k + odd * lanes) / 2};
          return both[way] ^ swapped;
        }))
      continue;
    const u32 bits = 0x0e000800 | full(i) | log2 << 22 | odd << 14 | (way + 1) << 12;
    return word_dnm(bits, d, operand(n % 2), operand(n % 2 + 1)), true;
  }
  return false;
}

inline void Lower::shuffle(Inst i) {
  const unsigned size = ir::bytes(fn_[i].type);
  const Span<const u8> mask = fn_.data.slice(fn_[i].aux, size);
  const bool same = fn_.operand(i, 0) == fn_.operand(i, 1);
  if (simple_shuffle(i, mask, same)) return;
  u64 bytes[2] = {0, 0};
  for (unsigned n = 0; n < size; ++n)
    bytes[n / 8] |= u64{mask[n] & ((same ? size : 2 * size) - 1)} << n % 8 * 8;
  const VReg x = operand_vreg(i, 0), d = result_vreg(i);
  const VReg indices = constant_vreg(fn_[i].type, bytes[0], bytes[1]);
  if (same) return word_dnm(0x0e000000 | full(i), d, x, indices);
  const VReg y = operand_vreg(i, 1);
  if (size == 8) {  // both fit one register
    const VReg both = new_vreg(Type::v128);
    word_tied_n(0x6e000400 | detail::lane_index(3, 1), both, x, y);
    return word_dnm(0x0e000000, d, both, indices);
  }
  Operand first = Reg::use(x), second = Reg::use(y);
  first.constraint = second.constraint = ConstraintKind::tuple;
  first.role |= ir::role_tuple_wraps;
  second.arg = 1;
  word(0x4e002000, fields(RegField::d, RegField::n, RegField::none, RegField::m),
       {Reg::def(d), first, second, Reg::use(indices)});
}

inline void Lower::table_lookup(Inst i) {
  VReg table = operand_vreg(i, 0);
  if (full(i) == 0) {
    const VReg clear = new_vreg(Type::v128);
    op_dn(Form::fmov_reg_d, clear, table);
    table = clear;
  }
  word_dnm(0x0e000000 | full(i), result_vreg(i), table, operand_vreg(i, 1));
}

// ---- crypto steps ----

// aese and aesd add their key before the other steps; with a key of 0 they are those steps alone.
inline void Lower::aes_round(Inst i) {
  if (!require(Feature::aes)) return;
  const Opcode op = fn_[i].op;
  const bool inverse = op == Opcode::aes_dec || op == Opcode::aes_declast;
  VReg state = new_vreg(Type::v128);
  word_tied_n(inverse ? 0x4e285800 : 0x4e284800, state, operand_vreg(i, 0), constant_vreg(Type::v128, 0));
  if (op == Opcode::aes_enc || op == Opcode::aes_dec) {
    const VReg mixed = new_vreg(Type::v128);
    word_dn(inverse ? 0x4e287800 : 0x4e286800, mixed, state);
    state = mixed;
  }
  word_dnm(0x6e201c00, result_vreg(i), state, operand_vreg(i, 1));
}

inline void Lower::aes_inverse_mix(Inst i) {
  if (require(Feature::aes)) word_dn(0x4e287800, result_vreg(i), operand_vreg(i, 0));
}

inline void Lower::carryless_multiply(Inst i) {
  if (!require(Feature::pmull)) return;
  const bool high_x = (fn_[i].aux & 1) != 0, high_y = (fn_[i].aux & 16) != 0;
  VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  if (high_x != high_y) {  // bring the high half down
    VReg& high = high_x ? x : y;
    const VReg low = new_vreg(Type::v128);
    word_dn(0x5e000400 | detail::lane_index(3, 1), low, high);
    high = low;
  }
  word_dnm(high_x && high_y ? 0x4ee0e000 : 0x0ee0e000, result_vreg(i), x, y);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_VECTOR_HPP
