// What the backends did, and how the user chooses between them.
//
//   JITKIT_LUAJIT=jitkit|stock|check   who compiles traces; check: jitkit, with the proof of each allocation
//   JITKIT_LUAJIT_STATS=FILE           the counts below, written at exit: a line each, `name value`
//
// `area LOW HIGH` says where LuaJIT had room for traces: addresses, a line each.
//
// Invariant: a trace that stock's backend compiled while jitkit was asked for is counted with its reason.
#ifndef JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP
#define JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP

#include <jitkit/config.hpp>

namespace jitkit::luajit {

enum class Choice : u8 { jitkit, stock, check };

// Each counter as a member of Counts and as a line of the report, in its order. ir_instructions and code_bytes are of
// all traces, side_traces, loops and renames of jitkit's; far_branches stay with the VM; restarts are for more room; aborted: neither backend can do it;
// nanoseconds: in either backend, restarted attempts included.
#define JITKIT_LUAJIT_COUNTERS(row)                                                                          \
  row(traces_jitkit) row(traces_stock) row(side_traces) row(loops) row(ir_instructions) row(code_bytes)     \
  row(renames) row(patched_branches) row(far_branches) row(restarts) row(aborted) row(nanoseconds)

struct Counts {
#define JITKIT_LUAJIT_COUNTER(name) u64 name = 0;
  JITKIT_LUAJIT_COUNTERS(JITKIT_LUAJIT_COUNTER)
#undef JITKIT_LUAJIT_COUNTER
};

Choice choice();
Counts& counts();
// Of a trace left to stock. `what` must last.
void count_fallback(const char* what, const char* detail = "");
// A trace is in an area: [low, high).
void count_area(const void* low, const void* high);
// An attempt at a trace, of either backend. It may end by an error that unwinds, so this is no object.
void begin_attempt();
void end_attempt();

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP
