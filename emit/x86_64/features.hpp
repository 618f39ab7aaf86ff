// The CPU features that instruction rows name, sets of them, and the text form users write.
//
// Invariants: Feature 0 (`base`) is the x86-64 baseline (SSE2, CMOV, CX8, FXSR ...) and in every set.
// A set built by enable/disable/parse is closed: it has what each member implies. Names are those
// `jitkit features` prints; detection lives in emit/runtime, this file needs no operating system.
// Source: Intel SDM vol. 2 (CPUID feature flag column), AMD APM vol. 3.
#ifndef JITKIT_EMIT_X86_64_FEATURES_HPP
#define JITKIT_EMIT_X86_64_FEATURES_HPP

#include <jitkit/config.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// feature, its name in text, the features it directly implies (`base`: none).
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
#define JITKIT_X86_FEATURE_NAME(id, text, implied0, implied1) id,
  JITKIT_X86_FEATURES(JITKIT_X86_FEATURE_NAME)
#undef JITKIT_X86_FEATURE_NAME
      count
};
static_assert(static_cast<unsigned>(Feature::count) <= 64);

struct FeatureInfo {
  std::string_view name;
  Feature implied[2];
};
inline constexpr FeatureInfo feature_infos[] = {
#define JITKIT_X86_FEATURE_INFO(id, text, implied0, implied1) \
  {text, {Feature::implied0, Feature::implied1}},
    JITKIT_X86_FEATURES(JITKIT_X86_FEATURE_INFO)
#undef JITKIT_X86_FEATURE_INFO
};
#undef JITKIT_X86_FEATURES

constexpr std::string_view feature_name(Feature f) {
  return feature_infos[static_cast<u8>(f)].name;
}

// The feature of that name; Feature::count if there is none. `sha1` and `sha2` both mean sha.
constexpr Feature feature_by_name(std::string_view name) {
  if (name == "sha1" || name == "sha2") return Feature::sha;
  for (u8 i = 0; i < static_cast<u8>(Feature::count); ++i)
    if (feature_infos[i].name == name) return static_cast<Feature>(i);
  return Feature::count;
}

class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  static constexpr FeatureSet all() {
    FeatureSet s;
    s.bits_ = (u64{1} << static_cast<u8>(Feature::count)) - 1;
    return s;
  }
  // Exactly these, not closed: what one instruction asks for.
  static constexpr FeatureSet of(Feature a, Feature b = Feature::base, Feature c = Feature::base) {
    FeatureSet s;
    s.bits_ = bit(Feature::base) | bit(a) | bit(b) | bit(c);
    return s;
  }

  constexpr bool has(Feature f) const { return (bits_ & bit(f)) != 0; }
  constexpr bool has(FeatureSet s) const { return (s.bits_ & ~bits_) == 0; }
  constexpr u64 bits() const { return bits_; }
  // The first feature of `wanted` that is missing here; base if none is.
  constexpr Feature first_missing(FeatureSet wanted) const {
    for (u8 i = 1; i < static_cast<u8>(Feature::count); ++i)
      if ((wanted.bits_ & ~bits_ & bit(static_cast<Feature>(i))) != 0) return static_cast<Feature>(i);
    return Feature::base;
  }

  // With f and all it implies.
  constexpr FeatureSet& enable(Feature f) {
    bits_ |= bit(f);
    for (const Feature i : feature_infos[static_cast<u8>(f)].implied)
      if (i != Feature::base) enable(i);
    return *this;
  }
  // Without f and all that imply it. The baseline stays.
  constexpr FeatureSet& disable(Feature f) {
    if (f == Feature::base) return *this;
    bits_ &= ~bit(f);
    for (u8 i = 0; i < static_cast<u8>(Feature::count); ++i) {
      const FeatureInfo& info = feature_infos[i];
      if (has(static_cast<Feature>(i)) && (info.implied[0] == f || info.implied[1] == f))
        disable(static_cast<Feature>(i));
    }
    return *this;
  }

  // Applies a list such as "+avx2,-sha,adx" (no sign: enable; "all" and "none" set the start).
  // Returns the first name that is not a feature, or an empty view when the whole list was applied;
  // in the first case the set is unchanged.
  constexpr std::string_view apply(std::string_view list) {
    FeatureSet result = *this;
    while (!list.empty()) {
      const usize comma = list.find(',');
      std::string_view item = list.substr(0, comma);
      list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
      const bool off = !item.empty() && item[0] == '-';
      if (!item.empty() && (item[0] == '-' || item[0] == '+')) item.remove_prefix(1);
      if (item.empty()) continue;
      if (item == "all" || item == "none") {
        result = (item == "all") != off ? all() : FeatureSet();
        continue;
      }
      const Feature f = feature_by_name(item);
      if (f == Feature::count) return item;
      off ? result.disable(f) : result.enable(f);
    }
    *this = result;
    return {};
  }

  friend constexpr bool operator==(FeatureSet, FeatureSet) = default;
  friend constexpr FeatureSet operator|(FeatureSet a, FeatureSet b) {
    a.bits_ |= b.bits_;
    return a;
  }
  friend constexpr FeatureSet operator&(FeatureSet a, FeatureSet b) {
    a.bits_ &= b.bits_;
    return a;
  }

 private:
  static constexpr u64 bit(Feature f) { return u64{1} << static_cast<u8>(f); }
  u64 bits_ = 1;
};

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_FEATURES_HPP
