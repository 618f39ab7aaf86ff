// The code that the agent carries for each stub, with the CPU features it was compiled for.
#ifndef JITKIT_CONSUMERS_JVM_TABLE_HPP
#define JITKIT_CONSUMERS_JVM_TABLE_HPP

#include <jitkit/config.hpp>
#include <jitkit/consumers/jvm/convention.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>

#include <span>
#include <string_view>

// Calls of each stub, by its number; the counted versions add to it.
extern "C" jitkit::u64 jitkit_hotspot_calls[];

namespace jitkit::inline JITKIT_ABI::hotspot {

// A stub called with what the C convention passes: addresses, and integers in the low bits.
using AnyStub = u64(u64, u64, u64, u64, u64, u64, u64, u64);

// always: replaces HotSpot's unless the options say otherwise; named: only where they name it.
enum class Use : u8 { always, named };

struct Code {  // a row of stubs.def, for one stub
  unsigned stub;  // its number
  std::string_view name;
  Use use;
  AnyStub* plain;
  AnyStub* counted;
};

// Those of one stub stand best first.
std::span<const Code> codes();

// What a CPU must have to run code of that name.
host::FeatureSet needs(std::string_view code);
inline host::FeatureSet needs(const Code& c) { return needs(c.name); }

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_TABLE_HPP
