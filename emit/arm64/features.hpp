// The optional features of the AArch64 architecture that instruction forms name. Sets of them:
// ir/support/feature_set.hpp.
//
// The names are those of `jitkit features`, `--features` and JITKIT_CPU. Detection is elsewhere
// (emit/runtime): this header needs no operating system.
// Source: Arm ARM A2.2 (FEAT_ names); the short names follow the assemblers' where they have one.
#ifndef JITKIT_EMIT_ARM64_FEATURES_HPP
#define JITKIT_EMIT_ARM64_FEATURES_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/feature_set.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// name, the feature it needs (base: none), the architecture's name. A row stands after what it needs.
#define JITKIT_A64_FEATURES(X)                     \
  X(fp, base, "FEAT_FP")                           \
  X(asimd, fp, "FEAT_AdvSIMD")                     \
  X(aes, asimd, "FEAT_AES")                        \
  X(pmull, aes, "FEAT_PMULL")                      \
  X(sha1, asimd, "FEAT_SHA1")                      \
  X(sha2, asimd, "FEAT_SHA256")                    \
  X(sha512, sha2, "FEAT_SHA512")                   \
  X(sha3, asimd, "FEAT_SHA3")                      \
  X(sm3, asimd, "FEAT_SM3")                        \
  X(sm4, asimd, "FEAT_SM4")                        \
  X(crc, base, "FEAT_CRC32")                       \
  X(lse, base, "FEAT_LSE")                         \
  X(lse128, lse, "FEAT_LSE128")                    \
  X(lor, base, "FEAT_LOR")                         \
  X(rdm, asimd, "FEAT_RDM")                        \
  X(fp16, fp, "FEAT_FP16")                         \
  X(fhm, fp16, "FEAT_FHM")                         \
  X(dotprod, asimd, "FEAT_DotProd")                \
  X(i8mm, asimd, "FEAT_I8MM")                      \
  X(bf16, asimd, "FEAT_BF16")                      \
  X(fcma, asimd, "FEAT_FCMA")                      \
  X(jscvt, fp, "FEAT_JSCVT")                       \
  X(frintts, fp, "FEAT_FRINTTS")                   \
  X(rcpc, base, "FEAT_LRCPC")                      \
  X(rcpc2, rcpc, "FEAT_LRCPC2")                    \
  X(rcpc3, rcpc2, "FEAT_LRCPC3")                   \
  X(ls64, base, "FEAT_LS64")                       \
  X(ls64_v, ls64, "FEAT_LS64_V")                   \
  X(ls64_accdata, ls64_v, "FEAT_LS64_ACCDATA")     \
  X(mops, base, "FEAT_MOPS")                       \
  X(flagm, base, "FEAT_FlagM")                     \
  X(flagm2, flagm, "FEAT_FlagM2")                  \
  X(pauth, base, "FEAT_PAuth")                     \
  X(bti, base, "FEAT_BTI")                         \
  X(mte, base, "FEAT_MTE2")                        \
  X(mops_mte, mops, "FEAT_MOPS and FEAT_MTE2")     \
  X(cssc, base, "FEAT_CSSC")                       \
  X(specres, base, "FEAT_SPECRES")                 \
  X(specres2, specres, "FEAT_SPECRES2")            \
  X(sb, base, "FEAT_SB")                           \
  X(ssbs, base, "FEAT_SSBS2")                      \
  X(dit, base, "FEAT_DIT")                         \
  X(pan, base, "FEAT_PAN")                         \
  X(pan2, pan, "FEAT_PAN2")                        \
  X(uao, base, "FEAT_UAO")                         \
  X(ras, base, "FEAT_RAS")                         \
  X(dpb, base, "FEAT_DPB")                         \
  X(dpb2, dpb, "FEAT_DPB2")                        \
  X(rng, base, "FEAT_RNG")                         \
  X(spe, base, "FEAT_SPE")                         \
  X(trf, base, "FEAT_TRF")                         \
  X(tlbios, base, "FEAT_TLBIOS")                   \
  X(tlbirange, tlbios, "FEAT_TLBIRANGE")           \
  X(wfxt, base, "FEAT_WFxT")                       \
  X(xs, base, "FEAT_XS")                           \
  X(hbc, base, "FEAT_HBC")                         \
  X(clrbhb, base, "FEAT_CLRBHB")                   \
  X(dgh, base, "FEAT_DGH")                         \
  X(nv, base, "FEAT_NV")                           \
  X(the, base, "FEAT_THE")                         \
  X(rprfm, base, "FEAT_RPRFM")

enum class Feature : u8 {
  base,
#define JITKIT_A64_FEATURE(name, needs, arch) name,
  JITKIT_A64_FEATURES(JITKIT_A64_FEATURE)
#undef JITKIT_A64_FEATURE
};

struct FeatureInfo {
  std::string_view name;
  Feature needs;
  const char* architecture;
};

inline constexpr FeatureInfo feature_infos[] = {
    {"base", Feature::base, "Armv8.0"},
#define JITKIT_A64_FEATURE(name, needs, arch) {#name, Feature::needs, arch},
    JITKIT_A64_FEATURES(JITKIT_A64_FEATURE)
#undef JITKIT_A64_FEATURE
};

struct FeatureTable {
  using Feature = arm64::Feature;
  static constexpr unsigned count = sizeof feature_infos / sizeof feature_infos[0];
  static constexpr Feature needs(Feature f, unsigned n) {
    if (n == 1) return f == Feature::mops_mte ? Feature::mte : Feature::base;
    return feature_infos[static_cast<u8>(f)].needs;
  }
  static constexpr Feature find(std::string_view name) {
    return static_cast<Feature>(find_feature_name(feature_infos, count, name));
  }
};
using FeatureSet = FeatureSetOf<FeatureTable>;

constexpr std::string_view feature_name(Feature f) { return feature_infos[static_cast<u8>(f)].name; }

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_FEATURES_HPP
