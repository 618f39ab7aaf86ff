// The CPU features that instruction rows name. Sets of them: ir/support/feature_set.hpp.
//
// Feature::base is the x86-64 baseline (SSE2, CMOV, CX8, FXSR ...). Names are those `jitkit features`
// prints; detection lives in emit/runtime, this file needs no operating system.
// Source: Intel SDM vol. 2 (CPUID feature flag column), AMD APM vol. 3.
#ifndef JITKIT_EMIT_X86_64_FEATURES_HPP
#define JITKIT_EMIT_X86_64_FEATURES_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/feature_set.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// feature, its name in text, the features it directly needs (`base`: none).
#define JITKIT_X86_FEATURES(X)                        \
  X(base, "base", base, base)                         \
  X(sse3, "sse3", base, base)                         \
  X(ssse3, "ssse3", sse3, base)                       \
  X(sse4_1, "sse4.1", ssse3, base)                    \
  X(sse4_2, "sse4.2", sse4_1, base)                   \
  X(popcnt, "popcnt", base, base)                     \
  X(lzcnt, "lzcnt", base, base)                       \
  X(bmi1, "bmi1", base, base)                         \
  X(bmi2, "bmi2", base, base)                         \
  X(adx, "adx", base, base)                           \
  X(movbe, "movbe", base, base)                       \
  X(cx16, "cx16", base, base)                         \
  X(lahf, "lahf", base, base)                         \
  X(aes, "aes", base, base)                           \
  X(pclmulqdq, "pclmulqdq", base, base)               \
  X(sha, "sha", base, base)                           \
  X(gfni, "gfni", base, base)                         \
  X(avx, "avx", sse4_2, base)                         \
  X(avx2, "avx2", avx, base)                          \
  X(fma, "fma", avx, base)                            \
  X(f16c, "f16c", avx, base)                          \
  X(vaes, "vaes", avx, aes)                           \
  X(vpclmulqdq, "vpclmulqdq", avx, pclmulqdq)         \
  X(avx_vnni, "avxvnni", avx2, base)                  \
  X(avx512f, "avx512f", avx2, fma)                    \
  X(avx512bw, "avx512bw", avx512f, base)              \
  X(avx512dq, "avx512dq", avx512f, base)              \
  X(avx512vl, "avx512vl", avx512f, base)              \
  X(avx512cd, "avx512cd", avx512f, base)              \
  X(avx512ifma, "avx512ifma", avx512f, base)          \
  X(avx512vbmi, "avx512vbmi", avx512bw, base)         \
  X(avx512vbmi2, "avx512vbmi2", avx512bw, base)       \
  X(avx512vnni, "avx512vnni", avx512f, base)          \
  X(avx512bitalg, "avx512bitalg", avx512bw, base)     \
  X(avx512vpopcntdq, "avx512vpopcntdq", avx512f, base)\
  X(rdrand, "rdrand", base, base)                     \
  X(rdseed, "rdseed", base, base)                     \
  X(rdtscp, "rdtscp", base, base)                     \
  X(rdpid, "rdpid", base, base)                       \
  X(rdpru, "rdpru", base, base)                       \
  X(fsgsbase, "fsgsbase", base, base)                 \
  X(prefetchw, "prefetchw", base, base)               \
  X(clflushopt, "clflushopt", base, base)             \
  X(clwb, "clwb", base, base)                         \
  X(movdiri, "movdiri", base, base)                   \
  X(movdir64b, "movdir64b", base, base)               \
  X(xsave, "xsave", base, base)                       \
  X(xsaveopt, "xsaveopt", xsave, base)                \
  X(xsavec, "xsavec", xsave, base)                    \
  X(xsaves, "xsaves", xsavec, base)                   \
  X(invpcid, "invpcid", base, base)                   \
  X(smap, "smap", base, base)                         \
  X(vmx, "vmx", base, base)                           \
  X(erms, "erms", base, base)                         \
  X(fsrm, "fsrm", base, base)

enum class Feature : u8 {
#define JITKIT_X86_FEATURE_NAME(id, text, needs0, needs1) id,
  JITKIT_X86_FEATURES(JITKIT_X86_FEATURE_NAME)
#undef JITKIT_X86_FEATURE_NAME
      count
};

struct FeatureInfo {
  std::string_view name;
  Feature needs[2];
};
inline constexpr FeatureInfo feature_infos[] = {
#define JITKIT_X86_FEATURE_INFO(id, text, needs0, needs1) {text, {Feature::needs0, Feature::needs1}},
    JITKIT_X86_FEATURES(JITKIT_X86_FEATURE_INFO)
#undef JITKIT_X86_FEATURE_INFO
};
#undef JITKIT_X86_FEATURES

struct FeatureTable {
  using Feature = x86_64::Feature;
  static constexpr unsigned count = static_cast<unsigned>(Feature::count);
  static constexpr Feature needs(Feature f, unsigned n) { return feature_infos[static_cast<u8>(f)].needs[n]; }
  // `sha1` and `sha2` both mean sha.
  static constexpr Feature find(std::string_view name) {
    if (name == "sha1" || name == "sha2") return Feature::sha;
    return static_cast<Feature>(find_feature_name(feature_infos, count, name));
  }
};
using FeatureSet = FeatureSetOf<FeatureTable>;

constexpr std::string_view feature_name(Feature f) { return feature_infos[static_cast<u8>(f)].name; }

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_FEATURES_HPP
