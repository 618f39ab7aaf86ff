// CPU feature detection: decoding of recorded answers on any host, and the host against the kernel.
#include <doctest/doctest.h>
#include <jitkit/emit/runtime/cpu_features.hpp>

#include <cstdio>
#include <string>

using namespace jitkit;

namespace {

// A CPU with AVX-512, all bits of the leaves we ask set.
x86_64::CpuidResult all_ones(u32, u32) { return {{~0U, ~0U, ~0U, ~0U}}; }
x86_64::CpuidResult nothing(u32, u32) { return {}; }
// Says AVX2 and FMA but not AVX, as a careless hypervisor may.
x86_64::CpuidResult holes(u32 leaf, u32) {
  if (leaf == 1) return {{0, 0, 1U << 12 | 1U << 9 | 1U << 0 | 1U << 23, 0}};
  if (leaf == 7) return {{0, 1U << 5 | 1U << 29, 0, 0}};
  return {};
}

}  // namespace

TEST_CASE("cpuid: register state decides over AVX and AVX-512") {
  using x86_64::Feature;
  CHECK(x86_64::decode_cpuid(all_ones, 0xe7) == x86_64::FeatureSet::all());
  const x86_64::FeatureSet ymm = x86_64::decode_cpuid(all_ones, 0x7);
  CHECK(ymm.has(Feature::avx2));
  CHECK(ymm.has(Feature::vaes));
  CHECK_FALSE(ymm.has(Feature::avx512f));
  CHECK_FALSE(ymm.has(Feature::avx512vl));
  for (const u64 xcr0 : {u64{0}, u64{1}, u64{3}, u64{5}}) {
    const x86_64::FeatureSet xmm = x86_64::decode_cpuid(all_ones, xcr0);
    CHECK(xmm.has(Feature::sha));
    CHECK(xmm.has(Feature::aes));
    CHECK_FALSE(xmm.has(Feature::avx));
    CHECK_FALSE(xmm.has(Feature::fma));
    CHECK_FALSE(xmm.has(Feature::vpclmulqdq));
  }
  CHECK(x86_64::decode_cpuid(nothing, 0xe7) == x86_64::FeatureSet());
}

TEST_CASE("cpuid: what lacks something it implies is not there") {
  using x86_64::Feature;
  const x86_64::FeatureSet set = x86_64::decode_cpuid(holes, 0xe7);
  CHECK(set.has(Feature::ssse3));
  CHECK(set.has(Feature::popcnt));
  CHECK(set.has(Feature::sha));
  CHECK_FALSE(set.has(Feature::avx));
  CHECK_FALSE(set.has(Feature::avx2));
  CHECK_FALSE(set.has(Feature::fma));
}

TEST_CASE("hwcap: bits to features") {
  using arm64::Feature;
  // Cortex-A72 under Linux: fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid.
  const arm64::FeatureSet a72 = arm64::decode_hwcap(0x8ff, 0);
  for (const Feature f : {Feature::fp, Feature::asimd, Feature::aes, Feature::pmull, Feature::sha1,
                          Feature::sha2, Feature::crc})
    CHECK(a72.has(f));
  for (const Feature f : {Feature::lse, Feature::sha512, Feature::fp16, Feature::pauth, Feature::bti})
    CHECK_FALSE(a72.has(f));
  CHECK_FALSE(arm64::decode_hwcap(1U << 5, 0).has(Feature::sha1));         // without asimd
  CHECK_FALSE(arm64::decode_hwcap(3 | 1U << 9, 0).has(Feature::fp16));     // scalar half alone
  CHECK_FALSE(arm64::decode_hwcap(3 | 1U << 30, 0).has(Feature::pauth));   // no generic
  CHECK(arm64::decode_hwcap(3 | 3U << 30, 1U << 17).has(Feature::pauth));
  CHECK(arm64::decode_hwcap(3 | 3U << 30, 1U << 17).has(Feature::bti));
  const arm64::FeatureSet all = arm64::decode_hwcap(~u64{0}, ~u64{0});
  for (const arm64::HwcapRow& row : arm64::hwcap_rows) {
    CAPTURE(arm64::feature_name(row.feature));
    CHECK(all.has(row.feature));
  }
}

TEST_CASE("JITKIT_CPU only takes away, and says what it could not do") {
  std::string said;
  StringSink sink(said);
  const host::FeatureSet all = host::FeatureSet::all();
  host::FeatureSet set = restrict_features(all, "-aes,-sha1,-sha2", &sink);
  CHECK(said.empty());
  CHECK_FALSE(set.has(host::Feature::aes));
#if defined(__x86_64__)
  CHECK_FALSE(set.has(host::Feature::sha));
  CHECK_FALSE(set.has(host::Feature::vaes));  // implies aes
#else
  CHECK_FALSE(set.has(host::Feature::sha1));
  CHECK_FALSE(set.has(host::Feature::sha512));  // needs sha2
#endif
  set = restrict_features(host::FeatureSet(), "+aes", &sink);
  CHECK(set == host::FeatureSet());
  CHECK(said == "JITKIT_CPU: the CPU lacks '+aes'\n");
  said.clear();
  set = restrict_features(all, "-nosuch,-aes", &sink);
  CHECK(said == "JITKIT_CPU: unknown feature '-nosuch'\n");
  CHECK_FALSE(set.has(host::Feature::aes));
  said.clear();
  CHECK(restrict_features(all, "-all", &sink) == host::FeatureSet());
  CHECK(restrict_features(host::FeatureSet(), "+all", &sink) == host::FeatureSet());
  CHECK(restrict_features(all, "-aes,+aes", &sink).has(host::Feature::aes));
  CHECK(said.empty());
}

TEST_CASE("host: detection agrees with /proc/cpuinfo") {
  std::FILE* f = std::fopen("/proc/cpuinfo", "r");
  REQUIRE(f != nullptr);
  std::string text(1 << 16, '\0');
  text.resize(std::fread(text.data(), 1, text.size(), f));
  std::fclose(f);
  const host::FeatureSet set = host::detect_features();
#if defined(__x86_64__)
  const usize at = text.find("\nflags");
  if (at == std::string::npos) return;  // a guest of an emulator shows another machine's file
  const std::string flags = text.substr(at, text.find('\n', at + 1) - at) + " ";
  const struct {
    host::Feature feature;
    const char* flag;
  } pairs[] = {{host::Feature::sha, " sha_ni "},       {host::Feature::aes, " aes "},
               {host::Feature::avx, " avx "},          {host::Feature::avx2, " avx2 "},
               {host::Feature::avx512f, " avx512f "},  {host::Feature::bmi2, " bmi2 "},
               {host::Feature::lzcnt, " abm "},        {host::Feature::vaes, " vaes "},
               {host::Feature::rdpid, " rdpid "},      {host::Feature::adx, " adx "},
               {host::Feature::fsrm, " fsrm "},        {host::Feature::xsavec, " xsavec "},
               {host::Feature::cx16, " cx16 "},        {host::Feature::lahf, " lahf_lm "},
               {host::Feature::avx512vl, " avx512vl "}, {host::Feature::prefetchw, " 3dnowprefetch "}};
  for (const auto& p : pairs) {
    CAPTURE(p.flag);
    CHECK(set.has(p.feature) == (flags.find(p.flag) != std::string::npos));
  }
#else
  CHECK(set.has(host::Feature::fp));
  CHECK(set.has(host::Feature::asimd));
#endif
}
