// Typed 32-bit indices: a Block cannot be passed where a Value is meant.
//
// Invariant: index 0 is "none" for every entity; entity arrays keep a dummy element there, so reading
// through a none index is defined (and tells the same nothing every time).
#ifndef JITKIT_IR_SUPPORT_INDEX_HPP
#define JITKIT_IR_SUPPORT_INDEX_HPP

#include <jitkit/config.hpp>

#include <compare>

namespace jitkit::inline JITKIT_ABI {

template <class Tag>
struct Index {
  u32 id = 0;

  constexpr Index() = default;
  constexpr explicit Index(u32 i) : id(i) {}
  constexpr explicit operator bool() const { return id != 0; }
  friend constexpr bool operator==(Index, Index) = default;
  friend constexpr auto operator<=>(Index, Index) = default;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_INDEX_HPP
