// Version, ABI namespace and the check level of this translation unit. Everything else includes this
// file first.
//
// Invariant: two translation units that see different check levels live in different inline
// namespaces, so the linker never mixes their inline functions.
#ifndef JITKIT_CONFIG_HPP
#define JITKIT_CONFIG_HPP

// One integer: major * 10000 + minor * 100 + patch.
#define JITKIT_VERSION 100

// 1: internal invariants trap when broken. 0: they are assumed. Defaults to the state of NDEBUG.
#ifndef JITKIT_CHECKS
#ifdef NDEBUG
#define JITKIT_CHECKS 0
#else
#define JITKIT_CHECKS 1
#endif
#endif

#if JITKIT_CHECKS
#define JITKIT_ABI v0_checked
#else
#define JITKIT_ABI v0
#endif

#include <cstddef>
#include <cstdint>

namespace jitkit::inline JITKIT_ABI {

using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using usize = std::size_t;

inline constexpr bool checks_enabled = JITKIT_CHECKS != 0;

// An internal invariant. Never used for user input: that is answered with a Status.
constexpr void check(bool holds) {
  if constexpr (checks_enabled) {
    if (!holds) __builtin_trap();
  }
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_CONFIG_HPP
