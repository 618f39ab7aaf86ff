// What the backends did, and how the user chooses between them.
//
//   JITKIT_LUAJIT=jitkit|stock|check   who compiles traces; check: jitkit, with the proof of each allocation
//   JITKIT_LUAJIT_STATS=FILE           the counts below, written at exit: a line each, `name value`
//
// Invariant: a trace that stock's backend compiled while jitkit was asked for is counted with its reason.
#ifndef JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP
#define JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP

#include <jitkit/config.hpp>

namespace jitkit::luajit {

enum class Choice : u8 { jitkit, stock, check };

struct Counts {
  u64 jitkit_traces = 0, stock_traces = 0;
  u64 ir_instructions = 0, code_bytes = 0;  // of jitkit's
  u64 side_traces = 0, loops = 0, renames = 0, patched_branches = 0, far_branches = 0;
  u64 restarts = 0;  // for more room
  u64 aborted = 0;   // traces that neither backend can do
  u64 nanoseconds = 0;  // in the backend
};

Choice choice();
Counts& counts();
// Of a trace left to stock. `what` must last.
void count_fallback(const char* what, const char* detail = "");
u64 clock_nanoseconds();

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_STATISTICS_HPP
