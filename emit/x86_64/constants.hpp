// How a 64-bit constant gets into a general register in the fewest bytes.
//
// Invariants: plan_constant() touches nothing but the register; plan_constant_flags() also flags. Of equal
// length the plan with fewer instructions. Neither writes a part of a register, memory or the stack.
// Source: Intel SDM vol. 2 (lengths); the plans were compared with all others of two instructions by hand.
#ifndef JITKIT_EMIT_X86_64_CONSTANTS_HPP
#define JITKIT_EMIT_X86_64_CONSTANTS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>

#include <bit>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct ConstantPlan {
  enum class Way : u8 {
    word,       // mov r32, value
    sign,       // mov r64, value (sign-extended 32 bits)
    full,       // mov r64, value
    inverted,   // mov r32, value; not r64
    swapped,    // mov r32, value; bswap r64
    scaled,     // mov r32, value; lea r64, [r + r * 2^by]
    doubled,    // mov r32, value; lea r64, [r + r]
    // writing flags
    zero,       // xor r32, r32
    ones,       // or r64, -1
    low_ones,   // or r32, -1
    bit,        // xor r32, r32; bts r64, by
    shifted,    // mov r32, value; shl r64, by
    high_mask,  // or r64, -1; shl r64, by
    low_mask,   // or r64, -1; shr r64, by
  };
  Way way = Way::full;
  u8 length = 10;
  u8 by = 0;
  u64 value = 0;
};

// For register d (0..15).
constexpr ConstantPlan plan_constant(unsigned d, u64 v) {
  using Way = ConstantPlan::Way;
  const auto word = static_cast<u8>(d < 8 ? 5 : 6);
  if (v <= 0xffffffff) return {Way::word, word, 0, v};
  if (fits_signed(static_cast<i64>(v), 32)) return {Way::sign, 7, 0, v};
  ConstantPlan best{Way::full, 10, 0, v};
  const auto consider = [&](Way way, unsigned length, u64 value, unsigned by = 0) {
    if (value <= 0xffffffff && length < best.length)
      best = {way, static_cast<u8>(length), static_cast<u8>(by), value};
  };
  consider(Way::inverted, word + 3U, ~v);
  if ((v & 0xffffffff) == 0) consider(Way::swapped, word + 3U, __builtin_bswap64(v));
  if (d != 4) {  // rsp is no index; rbp and r13 as a base need a displacement
    const unsigned lea = (d & 7) == 5 ? 5 : 4;
    if (v % 2 == 0) consider(Way::doubled, word + lea, v / 2);
    for (unsigned by = 1; by <= 3; ++by)
      if (const u64 factor = (u64{1} << by) + 1; v % factor == 0) consider(Way::scaled, word + lea, v / factor, by);
  }
  return best;
}

constexpr ConstantPlan plan_constant_flags(unsigned d, u64 v) {
  using Way = ConstantPlan::Way;
  ConstantPlan best = plan_constant(d, v);
  const unsigned rex = d < 8 ? 0 : 1;
  const auto consider = [&](Way way, unsigned length, unsigned by = 0, u64 value = 0) {
    if (length < best.length) best = {way, static_cast<u8>(length), static_cast<u8>(by), value};
  };
  if (v == 0) consider(Way::zero, 2 + rex);
  if (v == 0xffffffff) consider(Way::low_ones, 3 + rex);
  if (~v == 0) consider(Way::ones, 4);
  if (v == 0) return best;
  const auto low = static_cast<unsigned>(std::countr_zero(v)), high = static_cast<unsigned>(std::countl_zero(v));
  const unsigned shift = low == 1 ? 3 : 4;
  if (std::has_single_bit(v)) consider(Way::bit, 7 + rex, low);
  if (~v != 0 && v == ~u64{0} << low) consider(Way::high_mask, shift + 4, low);
  if (~v != 0 && v == ~u64{0} >> high) consider(Way::low_mask, (high == 1 ? 3U : 4U) + 4, high);
  if (v >> low <= 0xffffffff) consider(Way::shifted, shift + 5 + rex, low, v >> low);
  return best;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CONSTANTS_HPP
