// The functions of the demo: SHA-1 and SHA-256, each portable and native, for either target.
#ifndef JITKIT_TOOLS_DEMO_KERNELS_HPP
#define JITKIT_TOOLS_DEMO_KERNELS_HPP

#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/crypto/sha256.hpp>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/features.hpp>

#include <span>
#include <string>

namespace jitkit::demo {

struct Algorithm {
  const char* name;
  const char* tool;  // of coreutils
  std::span<const u32> start;
};
inline constexpr Algorithm algorithms[] = {{"sha1", "sha1sum", crypto::sha1_start},
                                           {"sha256", "sha256sum", crypto::sha256_start}};

template <class Isa>
struct Kernel {
  const char* name;  // its symbol in objects
  const Algorithm& algorithm;
  const char* version;
  const char* source;  // the header its source positions count the lines of
  void (*build)(ir::Function<Isa>&);

  bool is_native() const { return std::string_view(version) == "native"; }
};

// For each algorithm the version to prefer first.
template <class Isa>
std::span<const Kernel<Isa>> kernels();

#define JITKIT_DEMO_KERNELS(target)                                                                                 \
  template <>                                                                                                       \
  inline std::span<const Kernel<target::Isa>> kernels() {                                                           \
    using target::Isa;                                                                                              \
    static constexpr Kernel<Isa> list[] = {                                                                         \
        {"sha1_native", algorithms[0], "native", "emit/" #target "/crypto/sha1.hpp", target::build_sha1},           \
        {"sha1_portable", algorithms[0], "portable", "emit/crypto/sha1.hpp", crypto::build_sha1<Isa>},              \
        {"sha256_native", algorithms[1], "native", "emit/" #target "/crypto/sha256.hpp", target::build_sha256},     \
        {"sha256_portable", algorithms[1], "portable", "emit/crypto/sha256.hpp", crypto::build_sha256<Isa>}};       \
    return list;                                                                                                    \
  }
JITKIT_DEMO_KERNELS(arm64)
JITKIT_DEMO_KERNELS(x86_64)
#undef JITKIT_DEMO_KERNELS

// What code in an object may use: portable code runs on every CPU of the target, native code where the
// SHA instructions are. All x86-64 CPUs that have them have SSE4.1.
inline arm64::FeatureSet object_features(const Kernel<arm64::Isa>& k) {
  arm64::FeatureSet set;
  if (k.is_native()) set.enable(arm64::Feature::sha1).enable(arm64::Feature::sha2);
  return set;
}
inline x86_64::FeatureSet object_features(const Kernel<x86_64::Isa>& k) {
  x86_64::FeatureSet set;
  if (k.is_native()) set.enable(x86_64::Feature::sha).enable(x86_64::Feature::sse4_1);
  return set;
}

}  // namespace jitkit::demo

#endif  // JITKIT_TOOLS_DEMO_KERNELS_HPP
