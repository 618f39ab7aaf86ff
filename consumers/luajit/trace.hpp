// One trace while it is compiled: LuaJIT's state on one side, jitkit's on the other.
//
// Invariants: `ir` is the copy in J->curfinal, which does not move, so code may hold addresses of its
// constants. A Trace lives in static memory: LuaJIT's errors unwind through the compiler without running
// anything of it, so nothing here may need a destructor's help. `reason` is set once, by the first thing
// that can't be done; then the trace is stock's.
#ifndef JITKIT_CONSUMERS_LUAJIT_TRACE_HPP
#define JITKIT_CONSUMERS_LUAJIT_TRACE_HPP

#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/ir/builder.hpp>

#include <jitkit/consumers/luajit/target.hpp>

namespace jitkit::luajit {

struct Trace {
  static constexpr u32 max_refs = 0x10000, max_snapshots = 512;

  jit_State* J = nullptr;
  GCtrace* T = nullptr;
  IRIns* ir = nullptr;
  GCtrace* parent = nullptr;
  IRRef last = 0;       // the IR ends here
  IRRef first = 0;      // what is not from the parent begins here
  u32 parent_map[LJ_MAX_JSLOTS] = {};  // RegSP of the parent's values, by reference from REF_FIRST

  ir::Module module;
  ir::Function<Target::Isa> fn;
  CodeBuffer code;

  ir::Value values[max_refs];
  u8 used[max_refs];  // by_trace, by_exits
  ir::FrameStateRef states[max_snapshots];  // of the snapshots that something can leave through
  u32 first_inst[max_snapshots];  // jitkit's instructions of a snapshot begin here
  ir::Inst unpatchable[4];        // guards of the collector's
  u32 unpatchables = 0;
  PReg base_register;  // where BASE arrives; invalid: it is loaded
  bool loses_base = false;    // what the slot for it holds is not BASE at every exit
  bool writes_frame = false;  // a call writes to the lowest 16 bytes of the frame
  u32 topslot = 0;     // of the Lua stack, that the trace needs checked
  const char* reason = nullptr;
  const char* detail = "";

  bool failed() const { return reason != nullptr; }
  void fail(const char* why, const char* more = "") {
    if (reason == nullptr) reason = why, detail = more;
  }
};

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_TRACE_HPP
