// Selection of splats, single lanes, shuffles and table look-ups.
//
// Invariants: without SSSE3's byte shuffle, patterns of whole words take SSE2 forms and anything else
// goes byte by byte through the scratch slot (x and y in bytes 0..31, the result in 32..47).
#ifndef JITKIT_EMIT_X86_64_LOWER_SHUFFLE_HPP
#define JITKIT_EMIT_X86_64_LOWER_SHUFFLE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline void Lower::shuffle_dwords(VReg d, VReg x, u8 imm) {
  unary(has(Feature::avx) ? F::vpshufd_rri_128 : F::pshufd_rri, d, x, imm);
}

// --- Splat

inline void Lower::vec_splat(Inst i) {
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  const ir::Lane l = lane(i);
  VReg low = x;
  if (ir::bank(ir::lane_type(l)) == Bank::gpr)
    move_to_vec(low = temp(Type::v128), x, ir::lane_bits(l) == 64 ? 64 : 32);
  switch (ir::lane_bits(l)) {
    case 64: return vec_op(JITKIT_X86_PACKED_FORMS(punpcklqdq), d, low, low);
    case 32: return shuffle_dwords(d, low, 0);
    case 8: {
      const VReg words = temp(Type::v128);
      vec_op(JITKIT_X86_PACKED_FORMS(punpcklbw), words, low, low);
      low = words;
      break;
    }
    default: break;
  }
  const VReg dword = temp(Type::v128);
  unary(has(Feature::avx) ? F::vpshuflw_rri_128 : F::pshuflw_rri, dword, low, 0);
  shuffle_dwords(d, dword, 0);
}

// --- Single lanes

inline void Lower::vec_extract(Inst i) {
  const VReg d = result_vreg(i), x = operand_vreg(i, 0);
  const ir::Lane l = lane(i);
  const unsigned n = fn_[i].aux, bytes = ir::lane_bits(l) / 8;
  const bool avx = has(Feature::avx);
  if (l == ir::Lane::i16) return unary(avx ? F::vpextrw_rri : F::pextrw_rri, d, x, n);
  if (has(Feature::sse4_1) && n != 0) {
    if (l == ir::Lane::i8) return unary(avx ? F::vpextrb_rri : F::pextrb_rri, d, x, n);
    if (l == ir::Lane::i32) return unary(avx ? F::vpextrd_rri : F::pextrd_rri, d, x, n);
    if (l == ir::Lane::i64) return unary(avx ? F::vpextrq_rri : F::pextrq_rri, d, x, n);
  }
  const bool is_float = ir::bank(ir::lane_type(l)) == Bank::vec;
  VReg low = x;
  if (n != 0) {
    low = is_float ? d : temp(Type::v128);
    vec_shift_imm(F::psrldq_ri, F::vpsrldq_rri_128, low, x, n * bytes);
  }
  if (!is_float) return move_to_gpr(d, low, bytes == 8 ? 64 : 32);
  if (n == 0) copy(d, x);
}

// d = x with word lane n from a general register.
inline void Lower::insert_word(VReg d, VReg x, VReg word, unsigned n) {
  static constexpr VecForms f{F::pinsrw_rri, F::pinsrw_rmi, F::vpinsrw_rrri, F::vpinsrw_rrmi};
  vec_imm(f, d, x, word, static_cast<u8>(n));
}

inline void Lower::vec_insert(Inst i) {
  static constexpr VecForms byte{F::pinsrb_rri, F::pinsrb_rmi, F::vpinsrb_rrri, F::vpinsrb_rrmi};
  static constexpr VecForms dword{F::pinsrd_rri, F::pinsrd_rmi, F::vpinsrd_rrri, F::vpinsrd_rrmi};
  static constexpr VecForms quad{F::pinsrq_rri, F::pinsrq_rmi, F::vpinsrq_rrri, F::vpinsrq_rrmi};
  static constexpr VecForms single{F::insertps_rri, F::insertps_rmi, F::vinsertps_rrri, F::vinsertps_rrmi};
  const VReg d = result_vreg(i), x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  const unsigned n = fn_[i].aux;
  const bool sse4 = has(Feature::sse4_1);
  VReg word = y;
  switch (lane(i)) {
    case ir::Lane::f16:
      move_to_gpr(word = temp(Type::i32), y, 32);
      return insert_word(d, x, word, n);
    case ir::Lane::i16: return insert_word(d, x, y, n);
    case ir::Lane::i8: {
      if (sse4) return vec_imm(byte, d, x, y, static_cast<u8>(n));
      const VReg old = temp(Type::i32), kept = temp(Type::i32), fresh = temp(Type::i32), merged = temp(Type::i32);
      unary(F::pextrw_rri, old, x, n / 2);
      update(F::and_ri_32, kept, old, n % 2 != 0 ? 0xff : 0xff00);
      unary(F::movzx_rr8_32, fresh, y);
      VReg placed = fresh;
      if (n % 2 != 0) shift_imm(shl_forms, 32, placed = temp(Type::i32), fresh, 8);
      update(F::or_rr_32, merged, kept, placed);
      return insert_word(d, x, merged, n / 2);
    }
    case ir::Lane::f32:
      if (sse4) return vec_imm(single, d, x, y, static_cast<u8>(n << 4));
      move_to_gpr(word = temp(Type::i32), y, 32);
      [[fallthrough]];
    case ir::Lane::i32: {
      if (sse4) return vec_imm(dword, d, x, word, static_cast<u8>(n));
      const VReg half = temp(Type::v128), high = temp(Type::i32);
      insert_word(half, x, word, 2 * n);
      shift_imm(shr_forms, 32, high, word, 16);
      return insert_word(d, half, high, 2 * n + 1);
    }
    case ir::Lane::i64:
      if (sse4) return vec_imm(quad, d, x, y, static_cast<u8>(n));
      move_to_vec(word = temp(Type::f64), y, 64);
      [[fallthrough]];
    case ir::Lane::f64:
      if (n == 1) return vec_op(JITKIT_X86_PACKED_FORMS(punpcklqdq), d, x, word);
      if (has(Feature::avx))
        op(F::vmovsd_rrr, {Reg::def(d), Reg::use(x), Reg::use(word)});
      else
        update(F::movsd_rr, d, x, word);
  }
}

// --- Shuffles

// Patterns of whole 32-bit words; false if this is none of them.
inline bool Lower::shuffle_words(VReg d, VReg x, VReg y, const u8* mask) {
  u8 word[4];
  for (unsigned w = 0; w < 4; ++w) {
    word[w] = mask[4 * w] / 4;
    for (unsigned b = 0; b < 4; ++b)
      if (mask[4 * w + b] != 4 * word[w] + b) return false;
  }
  const auto control = [&] {
    return static_cast<u8>((word[0] & 3) | (word[1] & 3) << 2 | (word[2] & 3) << 4 | (word[3] & 3) << 6);
  };
  const bool first = (word[0] | word[1] | word[2] | word[3]) < 4;
  if (first || (word[0] & word[1] & word[2] & word[3]) >= 4)
    return shuffle_dwords(d, first ? x : y, control()), true;
  if ((word[0] < 4) != (word[1] < 4) || (word[2] < 4) != (word[3] < 4)) return false;
  static constexpr VecForms f{F::shufps_rri, F::shufps_rmi, F::vshufps_rrri_128, F::vshufps_rrmi_128};
  vec_imm(f, d, word[0] < 4 ? x : y, word[2] < 4 ? x : y, control());
  return true;
}

// A run of bytes out of x followed by y, or out of y followed by x; false if it is none.
inline bool Lower::shuffle_run(VReg d, VReg x, VReg y, const u8* mask) {
  if (!has(Feature::ssse3)) return false;
  for (unsigned b = 1; b < 16; ++b)
    if (mask[b] != ((mask[0] + b) & 31)) return false;
  static constexpr VecForms f{F::palignr_rri, F::palignr_rmi, F::vpalignr_rrri_128, F::vpalignr_rrmi_128};
  const bool exchanged = mask[0] >= 16;
  vec_imm(f, d, exchanged ? x : y, exchanged ? y : x, mask[0] & 15);
  return true;
}

inline void Lower::vec_shuffle(Inst i) {
  const bool half = op_type(i) == Type::v64;
  const unsigned size = half ? 8 : 16;
  const VReg d = result_vreg(i);
  VReg x = operand_vreg(i, 0), y = operand_vreg(i, 1);
  u8 mask[16] = {};
  for (unsigned b = 0; b < size; ++b) mask[b] = static_cast<u8>(fn_.data[fn_[i].aux + b] & (2 * size - 1));
  if (half) {  // both in one register
    const VReg both = temp(Type::v128);
    vec_op(JITKIT_X86_PACKED_FORMS(punpcklqdq), both, x, y);
    x = y = both;
    for (unsigned b = 8; b < 16; ++b) mask[b] = static_cast<u8>(b);
  }
  if (shuffle_words(d, x, y, mask) || shuffle_run(d, x, y, mask)) return;
  if (!has(Feature::ssse3)) {
    const Address slot = of_kind(AddressKind::slot, 0, scratch_slot());
    store_vreg(Type::v128, slot, x);
    store_vreg(Type::v128, at(slot, 16), y);
    return bytes_through_memory(d, {}, mask, size);
  }
  u64 from_x[2] = {}, from_y[2] = {};
  bool uses_y = false, uses_x = false;
  for (unsigned b = 0; b < 16; ++b) {
    const bool second = mask[b] >= 16;
    (second ? uses_y : uses_x) = true;
    from_x[b / 8] |= u64{second ? u8{0x80} : mask[b]} << b % 8 * 8;
    from_y[b / 8] |= u64{second ? u8(mask[b] - 16) : u8{0x80}} << b % 8 * 8;
  }
  const VReg part_x = uses_y ? temp(Type::v128) : d, part_y = uses_x ? temp(Type::v128) : d;
  if (uses_x) vec_literal(JITKIT_X86_PACKED_FORMS(pshufb), part_x, x, from_x[0], from_x[1]);
  if (uses_y) vec_literal(JITKIT_X86_PACKED_FORMS(pshufb), part_y, y, from_y[0], from_y[1]);
  if (uses_x && uses_y) vec_op(JITKIT_X86_PACKED_FORMS(por), d, part_x, part_y);
}

// Result byte b is byte mask[b] of the scratch slot, or, with `indices`, byte indices[b].
inline void Lower::bytes_through_memory(VReg d, VReg indices, const u8* mask, unsigned size) {
  const Address slot = of_kind(AddressKind::slot, 0, scratch_slot());
  const Address result = at(slot, 32);
  if (indices) store_vreg(Type::v128, result, indices);  // each is read before it is overwritten
  for (unsigned b = 0; b < size; ++b) {
    const VReg byte = temp(Type::i32);
    const Address to = at(result, static_cast<i32>(b));
    if (indices) {
      const VReg index = temp(Type::i64);
      load(F::movzx_rm8_32, index, to);
      Address from = slot;
      from.index = index;
      load(F::movzx_rm8_32, byte, from);
    } else {
      load(F::movzx_rm8_32, byte, at(slot, mask[b]));
    }
    store(F::mov_mr_8, to, byte);
  }
  load_value(size == 8 ? Type::v64 : Type::v128, d, result);
}

// Indices of 16 and more must give 0. pshufb does that where bit 7 is set: a saturating add sets it.
// A v64 looks at its table twice, so that indices raised by 8 find the same bytes.
inline void Lower::vec_table(Inst i) {
  const bool half = op_type(i) == Type::v64;
  const VReg d = result_vreg(i), indices = operand_vreg(i, 1);
  VReg table = operand_vreg(i, 0);
  const VReg limited = temp(Type::v128);
  if (!has(Feature::ssse3)) {
    const u64 last = half ? 0x0808080808080808U : 0x1010101010101010U;
    const Address slot = of_kind(AddressKind::slot, 0, scratch_slot());
    const VReg zero = constant_vreg(Type::v128, 0, 0);
    store_vreg(Type::v128, slot, table);
    store_vreg(Type::v128, at(slot, half ? 8 : 16), zero);
    vec_literal(JITKIT_X86_PACKED_FORMS(pminub), limited, indices, last, last);
    return bytes_through_memory(d, limited, nullptr, half ? 8 : 16);
  }
  const u64 raise = half ? 0x7878787878787878U : 0x7070707070707070U;
  vec_literal(JITKIT_X86_PACKED_FORMS(paddusb), limited, indices, raise, raise);
  if (half) {
    const VReg twice = temp(Type::v128);
    vec_op(JITKIT_X86_PACKED_FORMS(punpcklqdq), twice, table, table);
    table = twice;
  }
  vec_op(JITKIT_X86_PACKED_FORMS(pshufb), d, table, limited);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_SHUFFLE_HPP
