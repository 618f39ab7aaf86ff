// Frame states: the map from the values of compiled code to the state of the interpreter it stands for,
// as guards, trapping loads, patch points and safepoints name it.
//
// Invariants: guards that name the same frame state share one location map (regalloc keeps every
// value of it in one place from the first to the last of them). Virtual objects are listed before the
// entries that name them, so their nesting has no cycles.
#ifndef JITKIT_IR_FRAME_STATE_HPP
#define JITKIT_IR_FRAME_STATE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/index.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

struct FrameStateRefTag;
using FrameStateRef = Index<FrameStateRefTag>;

// One entry of a frame state or one field of a virtual object.
struct FrameEntry {
  enum class Kind : u8 { value, virtual_object };
  Kind kind = Kind::value;
  u32 index = 0;  // value: Value (possibly a constant); virtual_object: number of the object in its state, from 0
  u64 key = 0;    // the consumer's name for it (a stack slot, a local, a field offset)
};

// An object that exists only if the exit is taken.
struct VirtualObject {
  u64 descriptor = 0;   // the consumer's name of its class or size
  u32 first_field = 0;  // into the function's frame entries
  u32 fields = 0;
};

struct FrameState {
  u64 id = 0;  // the consumer's name: bytecode position, snapshot number
  u32 first_entry = 0;
  u32 entries = 0;
  u32 first_object = 0;
  u32 objects = 0;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_FRAME_STATE_HPP
