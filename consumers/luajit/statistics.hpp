// What the backends did, and how the user chooses between them.
//
//   JITKIT_LUAJIT=jitkit|stock|check   who compiles traces; check: jitkit, with the proof of each allocation
//   JITKIT_LUAJIT_STATS=FILE           the counts below, written at exit: a line each, `name value`; then
//                                      `abort TIMES ERROR`, `refusal TIMES REASON`, `op TIMES OPERATION TYPE` and
//                                      `area LOW HIGH`: addresses where LuaJIT had room for traces
//   JITKIT_LUAJIT_IR=FILE              jitkit's IR of each trace as it is compiled: behind a line `; trace NUMBER` what
//                                      `jitkit check` accepts; of a number that is there again, the last one counts
//   JITKIT_LUAJIT_LANDING_PADS=1       traces begin with a landing pad for indirect branches (bti j, endbr64), and on
//                                      AArch64 their memory is guarded where the CPU has BTI
//
// Invariants: every trace that is given up is counted with its reason, be it recorder's or backend's; whatever several
// threads write is written under one lock.
#ifndef JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP
#define JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP

#include <jitkit/config.hpp>

#include <string_view>

namespace jitkit::luajit {

enum class Choice : u8 { jitkit, stock, check };

// Each counter as a member of Counts and as a line of the report, in its order. ir_instructions and code_bytes are of
// all traces, side_traces, loops and renames of jitkit's; far_branches stay with the VM; restarts are for more room;
// aborted: given up, restarts and the recorder's errors included; blacklisted: places where LuaJIT begins no trace any
// more; refused: of those given up, by jitkit's backend; nanoseconds: in either backend, restarted attempts included.
#define JITKIT_LUAJIT_COUNTERS(row)                                                                                  \
  row(traces_jitkit) row(traces_stock) row(side_traces) row(loops) row(ir_instructions) row(code_bytes) row(renames) \
      row(patched_branches) row(far_branches) row(restarts) row(aborted) row(blacklisted) \
      row(refused) row(nanoseconds)

struct Counts {
#define JITKIT_LUAJIT_COUNTER(name) u64 name = 0;
  JITKIT_LUAJIT_COUNTERS(JITKIT_LUAJIT_COUNTER)
#undef JITKIT_LUAJIT_COUNTER
  u64 compiled[256][32] = {};  // instructions by LuaJIT's operation and type
};

Choice choice();
bool landing_pads();
bool wants_ir();
void write_ir(u32 trace, std::string_view text);

// The counts while nobody else has them: threads with states of their own count together. Nothing of LuaJIT's that may
// end by an error is called meanwhile, since its errors run no destructors.
class Counting {
 public:
  Counting();
  ~Counting();
  Counting(const Counting&) = delete;
  Counting& operator=(const Counting&) = delete;
  Counts* operator->() const;
};
inline Counting counts() { return {}; }

// A trace is in an area: [low, high).
void count_area(const void* low, const void* high);
// Of a trace that jitkit's backend gives up.
void count_refusal(const char* what, const char* detail = "");
// Of a trace that is given up, with LuaJIT's error.
void count_abort(u32 error);
// An attempt at a trace, of either backend. It may end by an error that unwinds, so this is no object.
void begin_attempt();
void end_attempt();

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP
