// What tools know of each target beyond its Isa: what makes and runs its programs.
#ifndef JITKIT_TOOLS_TARGETS_HPP
#define JITKIT_TOOLS_TARGETS_HPP

#include <compilers.hpp>
#include <jitkit/emit/arm64/listing.hpp>
#include <jitkit/emit/object.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/x86_64/listing.hpp>

#include <type_traits>

namespace jitkit::tools {

struct Arm64 {
  using Isa = arm64::Isa;
  using Listing = arm64::Listing;
  static constexpr Machine machine = Machine::arm64;
  static constexpr u8 padding = 0;
  static constexpr const char* linker = "aarch64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-aarch64-static";
};

struct X86_64 {
  using Isa = x86_64::Isa;
  using Listing = x86_64::Listing;
  static constexpr Machine machine = Machine::x86_64;
  static constexpr u8 padding = 0xcc;
  static constexpr const char* linker = "x86_64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-x86_64-static";
};

template <class Target>
inline constexpr bool is_host = std::is_same_v<typename Target::Isa, host::Isa>;

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_TARGETS_HPP
