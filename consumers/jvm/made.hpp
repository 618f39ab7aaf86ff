// Stubs made when the agent is loaded, for the CPU found: the sources that jitkit_add_stubs compiles while the agent is
// built are also part of the agent, with the compiler, which may here use every instruction that this CPU has.
//
// Invariants: called by one thread; what was made stays until the process ends. A function is compiled when it is
// first needed, and so is what it calls.
#ifndef JITKIT_CONSUMERS_JVM_MADE_HPP
#define JITKIT_CONSUMERS_JVM_MADE_HPP

#include <jitkit/config.hpp>
#include <jitkit/consumers/jvm/table.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <span>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::hotspot {

// Puts entries made now into a row for one stub. False, with the reason, if that can't be.
bool make(Code& code, Sink& why);

// The code of a function that was made; empty if there is none of that name.
std::span<const u8> made_code(std::string_view name);

struct MadeTotals {
  u32 functions = 0;
  u64 bytes = 0;
  u64 nanoseconds = 0;
};
const MadeTotals& made_totals();

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_MADE_HPP
