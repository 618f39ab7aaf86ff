// Where jitkit left the values of snapshots, as LuaJIT's exits want to know it.
//
// Invariants: a reference's RegSP is its place at the first exit that names it; what is different at a later
// exit becomes an IR_RENAME. LuaJIT reads these from the newest to the oldest and keeps the last that is not
// beyond the exit, so they stand by falling snapshot. jitkit's register numbers are LuaJIT's.
#ifndef JITKIT_CONSUMERS_LUAJIT_LOCATIONS_HPP
#define JITKIT_CONSUMERS_LUAJIT_LOCATIONS_HPP

#include <jitkit/consumers/luajit/trace.hpp>
#include <jitkit/ir/compile.hpp>

namespace jitkit::luajit {

class Locations {
 public:
  static constexpr u32 most_renames = 4096;

  // Writes the RegSP of all references into t.ir and collects the renames; false (with a reason) if
  // LuaJIT has no word for a place.
  bool write(Trace& t, const LocationMap& map);
  u32 renames() const { return count_; }
  // Fills the end of the IR, [from, to), which is large enough: nothing, then the renames.
  void append(Trace& t, IRRef from, IRRef to) const;

 private:
  struct Rename {
    IRRef ref;
    u32 snapshot;
    u16 place;
  };
  static bool place_of(const Location& l, u16& place);

  u16 now_[Trace::max_refs];  // set by write() for the references of the trace
  Rename renames_[most_renames];
  u32 count_ = 0;
};

// Forgets what recording left in the fields of places: the state from which write() starts.
void clear_places(Trace& t);

// Offsets in the code at which snapshots begin, for errors that calls throw; false if one is too far.
bool write_snapshot_offsets(Trace& t, std::span<const ir::CodePosition> positions, u32 head);

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_LOCATIONS_HPP
