// TextPos: a place in a text, of an error or of a part of a function that came from one.
#ifndef JITKIT_IR_TEXT_POS_HPP
#define JITKIT_IR_TEXT_POS_HPP

#include <jitkit/config.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// Lines and columns (in bytes) count from 1. Line 0: no place.
struct TextPos {
  u32 line = 0;
  u32 column = 0;
  friend constexpr bool operator==(TextPos, TextPos) = default;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_TEXT_POS_HPP
