// Bit arithmetic used by every layer; constexpr, no library beyond <bit>.
#ifndef JITKIT_IR_SUPPORT_BITS_HPP
#define JITKIT_IR_SUPPORT_BITS_HPP

#include <jitkit/config.hpp>

#include <bit>

namespace jitkit::inline JITKIT_ABI {

// True if v fits a signed field of `bits` bits (1..64).
constexpr bool fits_signed(i64 v, unsigned bits) {
  return bits >= 64 || (v >= -(i64{1} << (bits - 1)) && v < (i64{1} << (bits - 1)));
}

// True if v fits an unsigned field of `bits` bits (1..64).
constexpr bool fits_unsigned(u64 v, unsigned bits) { return bits >= 64 || (v >> bits) == 0; }

// The low `bits` bits set (0..64).
constexpr u64 low_mask(unsigned bits) { return bits >= 64 ? ~u64{0} : (u64{1} << bits) - 1; }

// The low `bits` bits of v as a signed number (1..64).
constexpr i64 sign_extend(u64 v, unsigned bits) {
  const unsigned shift = 64 - bits;
  return static_cast<i64>(v << shift) >> shift;
}

// Writes a piece of an instruction. Not as bytes, which may be part of anything: the compiler would have to
// read the buffer's own members again after each.
[[gnu::always_inline]] inline void store_code(u8* at, u32 word) {
  using Unaligned [[gnu::aligned(1)]] = u32;
  *reinterpret_cast<Unaligned*>(at) = word;
}
[[gnu::always_inline]] inline void store_code(u8* at, u64 bytes) {
  using Unaligned [[gnu::aligned(1)]] = u64;
  *reinterpret_cast<Unaligned*>(at) = bytes;
}

// v rounded up to a multiple of the power of two `align`.
constexpr u64 align_up(u64 v, u64 align) { return (v + align - 1) & ~(align - 1); }

constexpr bool is_pow2(u64 v) { return v != 0 && (v & (v - 1)) == 0; }
constexpr unsigned log2_floor(u64 v) { return 63U - static_cast<unsigned>(std::countl_zero(v)); }
constexpr unsigned ctz(u64 v) { return static_cast<unsigned>(std::countr_zero(v)); }

// Calls f(i) for every set bit i of v, lowest first.
template <class F>
constexpr void for_each_bit(u64 v, F f) {
  for (; v != 0; v &= v - 1) f(ctz(v));
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_BITS_HPP
