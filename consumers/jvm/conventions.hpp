// Calling conventions of stubs that are not quite C's, as data.
//
// framed: C's with a frame pointer, for stubs that call: perf walks from the code they call to Java's frames. atomic: of
// the functions that libjvm's C++ code calls through pointers on AArch64; the callers keep values in every register but
// x0, x2, x3, x8 and x9.
// Source: openjdk-17, src/hotspot/os_cpu/linux_aarch64/atomic_linux_aarch64.hpp.
#ifndef JITKIT_CONSUMERS_JVM_CONVENTIONS_HPP
#define JITKIT_CONSUMERS_JVM_CONVENTIONS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/abi.hpp>
#include <jitkit/emit/x86_64/abi.hpp>

#include <span>
#include <string_view>

namespace jitkit::inline JITKIT_ABI::hotspot {

inline constexpr auto framed_convention = static_cast<ir::CallConv>(static_cast<u8>(ir::CallConv::custom0));
inline constexpr auto atomic_convention = static_cast<ir::CallConv>(static_cast<u8>(ir::CallConv::custom0) + 1);

constexpr ir::Convention framed(ir::Convention c) {
  c.name = "framed";
  c.frame.frame_pointer = true;
  return c;
}
constexpr ir::Convention atomic(ir::Convention c) {
  c.name = "atomic";
  for (auto* list : {&c.int_args, &c.int_results, &c.fp_args, &c.fp_results})
    for (PReg& r : *list) r = {};
  RegSet written;
  for (const unsigned n : {0U, 2U, 3U, 8U, 9U}) written.add(arm64::preg::x(n));
  for (const unsigned n : {0U, 1U, 2U}) c.int_args[n] = arm64::preg::x(n);
  c.int_results[0] = arm64::preg::x(0);
  c.allocatable = written;
  c.allocatable.add(arm64::preg::x(1));
  // The emitter's registers are for far offsets and constants, and there are none.
  c.preserved = (arm64::preg::all_general | arm64::preg::all_vector) - written - arm64::preg::scratches;
  c.preserved_low = {};
  return c;
}

inline constexpr ir::Convention arm64_conventions[] = {framed(arm64::aapcs64), atomic(arm64::aapcs64)};
inline constexpr ir::Convention x86_64_conventions[] = {framed(x86_64::system_v())};

template <class Isa>
constexpr std::span<const ir::Convention> conventions() {
  if constexpr (std::string_view(Isa::name) == "arm64")
    return arm64_conventions;
  else
    return x86_64_conventions;
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_CONVENTIONS_HPP
