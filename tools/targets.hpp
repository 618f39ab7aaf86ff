// What tools know of each target beyond its Isa: features by name, what makes and runs its programs.
#ifndef JITKIT_TOOLS_TARGETS_HPP
#define JITKIT_TOOLS_TARGETS_HPP

#include <compilers.hpp>
#include <jitkit/emit/arm64/listing.hpp>
#include <jitkit/emit/object.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/x86_64/listing.hpp>

#include <string_view>
#include <type_traits>

namespace jitkit::tools {

struct Arm64 {
  using Isa = arm64::Isa;
  using Listing = arm64::Listing;
  static constexpr Machine machine = Machine::arm64;
  static constexpr u8 padding = 0;
  static constexpr const char* linker = "aarch64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-aarch64-static";

  static arm64::FeatureSet needs(u16 form) {
    return arm64::FeatureSet::of(arm64::form_feature(static_cast<arm64::Form>(form)));
  }
  // What core ops cannot do without.
  static arm64::FeatureSet core_features() {
    using F = arm64::Feature;
    arm64::FeatureSet set;
    for (const F f : {F::asimd, F::aes, F::pmull, F::crc}) set.enable(f);
    return set;
  }
};

struct X86_64 {
  using Isa = x86_64::Isa;
  using Listing = x86_64::Listing;
  static constexpr Machine machine = Machine::x86_64;
  static constexpr u8 padding = 0xcc;
  static constexpr const char* linker = "x86_64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-x86_64-static";

  static x86_64::FeatureSet needs(u16 form) { return x86_64::required_features(static_cast<x86_64::Form>(form)); }
  static x86_64::FeatureSet core_features() {
    using F = x86_64::Feature;
    x86_64::FeatureSet set;
    for (const F f : {F::cx16, F::sse4_2, F::aes, F::pclmulqdq, F::fma, F::f16c}) set.enable(f);
    return set;
  }
};

template <class Target>
inline constexpr bool is_host = std::is_same_v<typename Target::Isa, host::Isa>;

// The features code of the unit may use. A list without signs: exactly these. Otherwise the changes of
// the list to `base` and what the unit's native ops ask for. Returns the first name that is none.
template <class Target>
std::string_view choose_features(std::string_view list, ir::Unit& unit, typename Target::Isa::FeatureSet base,
                                 typename Target::Isa::FeatureSet& set) {
  const bool changes = list.empty() || list.front() == '+' || list.front() == '-';
  set = changes ? base : typename Target::Isa::FeatureSet();
  if (changes)
    unit.for_each([&](const ir::FunctionData& f, const ir::TextMap&) {
      for (const ir::InstData& d : f.insts)
        if (f.isa == &Target::Isa::isa_info() && ir::is_native(d.op)) set.enable_all(Target::needs(ir::native_form(d.op)));
    });
  return set.apply(list);
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_TARGETS_HPP
