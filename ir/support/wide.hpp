// 128-bit integers, and the bits of one IR value of at most 128 bits.
#ifndef JITKIT_IR_SUPPORT_WIDE_HPP
#define JITKIT_IR_SUPPORT_WIDE_HPP

#include <jitkit/config.hpp>

namespace jitkit::inline JITKIT_ABI {

__extension__ using u128 = unsigned __int128;
__extension__ using i128 = __int128;

// A value's bits, least significant first; those above the type's width are clear.
struct Bits {
  u64 lo = 0;
  u64 hi = 0;

  static constexpr Bits of(u128 v) { return {static_cast<u64>(v), static_cast<u64>(v >> 64)}; }
  constexpr u128 value() const { return u128{hi} << 64 | lo; }
  friend constexpr bool operator==(const Bits&, const Bits&) = default;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_WIDE_HPP
