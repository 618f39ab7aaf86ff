// Exits of jitkit's traces: where their branches go at first, and how they are led to a side trace later.
//
// Invariants: the branches of a trace are known from the relocations of its code; nothing scans code. An
// exit that the collector shares is patched but for the collector's own branch, and its stub is not.
#ifndef JITKIT_CONSUMERS_LUAJIT_EXITS_HPP
#define JITKIT_CONSUMERS_LUAJIT_EXITS_HPP

#include <jitkit/consumers/luajit/trace.hpp>
#include <jitkit/ir/exits.hpp>

#include <span>

namespace jitkit::luajit {

// Symbols of the exits, by number, and what they need before the code is made. Throws LuaJIT's errors.
struct ExitSymbols {
  Symbol symbols[Trace::max_snapshots + 2];
  u32 count = 0;
  u32 first = 0;  // of their numbers

  void make(Trace& t);
};

// Behind the code: on AArch64 a stub for each exit. Returns where LuaJIT's "end of the code" is.
u32 write_exit_stubs(Trace& t, u32 exits);
// Address of a trace's own exit, on AArch64.
u64 own_exit(const Trace& t, u64 end, u32 exit);

// Keeps the branches of a trace whose code is placed. `start`: where the buffer's code begins.
void remember_branches(const Trace& t, const ExitSymbols& exits, std::span<const ir::ExitSite> sites,
                       const ir::MachFunction& machine, const MCode* start);
// False if the trace is not jitkit's.
bool patch_exit(jit_State* J, GCtrace* T, ExitNo exit, MCode* target);

}  // namespace jitkit::luajit

#endif  // JITKIT_CONSUMERS_LUAJIT_EXITS_HPP
