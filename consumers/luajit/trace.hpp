// One trace while it is compiled: LuaJIT's state on one side, jitkit's on the other.
//
// Invariants: `ir` is the copy in J->curfinal, which does not move, so code may hold addresses of its
// constants. A Trace lives in static memory: LuaJIT's errors unwind through the compiler without running
// anything of it, so nothing here may need a destructor's help. `reason` is set once, by the first thing
// that can't be done; then the trace is given up.
#ifndef JITKIT_CONSUMERS_LUAJIT_TRACE_HPP
#define JITKIT_CONSUMERS_LUAJIT_TRACE_HPP

#include <jitkit/emit/code_buffer.hpp>
#include <jitkit/ir/builder.hpp>

#include <jitkit/consumers/luajit/target.hpp>

#include <string_view>

namespace jitkit::luajit {

// The name of a symbol that a trace has several of: a letter and a number.
class NumberedName {
 public:
  NumberedName(char letter, u32 n) {
    do text_[--first_] = static_cast<char>('0' + n % 10), n /= 10;
    while (n != 0);
    text_[--first_] = letter;
  }
  operator std::string_view() const { return {text_ + first_, sizeof text_ - first_}; }

 private:
  char text_[12];
  u32 first_ = sizeof text_;
};

struct Trace {
  Trace() {}  // leaves `values` as it is: a translator begins by clearing those of the trace

  static constexpr u32 max_refs = 0x10000, max_snapshots = Target::most_exits + 1;

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

  union {
    ir::Value values[max_refs];
  };
  static constexpr u8 by_trace = 1, by_exits = 2, compiled = 4;
  u8 used[max_refs];  // who wants a reference; whether its instruction was done
  ir::FrameStateRef states[max_snapshots];  // of the snapshots that something can leave through
  u32 first_inst[max_snapshots];  // jitkit's instructions of a snapshot begin here
  ir::Inst unpatchable[4];        // guards of the collector's
  u32 unpatchables = 0;
  ir::Block loop;                 // what LOOP begins
  PReg base_register;  // where BASE arrives; invalid: it is loaded
  u32 frame_writes = 0;  // bytes of the lowest part of the frame that calls write to
  u32 topslot = 0;     // of the Lua stack, that the trace needs checked
  bool copies_slots = false;  // of the parent: its values get places of the trace's own
  bool too_far = false;       // failed for a slot that LuaJIT cannot name
  const char* reason = nullptr;
  const char* detail = "";
  TraceError error = LJ_TRERR_BADRA;  // what LuaJIT is told

  bool failed() const { return reason != nullptr; }
  void fail(const char* why, const char* more = "") {
    if (reason == nullptr) reason = why, detail = more, error = LJ_TRERR_BADRA, too_far = false;
  }
  // By a limit of LuaJIT's frames.
  void exceed(const char* what) {
    if (failed()) return;
    fail("limit:", what);
    error = LJ_TRERR_SPILLOV;
    too_far = true;
  }
};

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_TRACE_HPP
