// The features of the CPU this process runs on: cpuid and the operating system's register state on
// x86-64, AT_HWCAP on AArch64; reduced by the environment variable JITKIT_CPU.
//
// Invariants: a feature is reported only if the CPU has it, the operating system keeps its registers
// and everything it implies is there too. JITKIT_CPU only takes away. Features that no hint tells of
// (most of the privileged ones) are never reported.
// Sources: Intel SDM vol. 1 13.2 (XCR0), vol. 2 CPUID; AMD APM vol. 3 appendix E; Linux
// Documentation/arch/arm64/elf_hwcaps.rst.
#ifndef JITKIT_EMIT_RUNTIME_CPU_FEATURES_HPP
#define JITKIT_EMIT_RUNTIME_CPU_FEATURES_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <cstdlib>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#elif defined(__aarch64__)
#include <sys/auxv.h>
#else
#error "jitkit's runtime supports x86-64 and AArch64 hosts"
#endif

namespace jitkit::inline JITKIT_ABI {

namespace x86_64 {

struct CpuidResult {
  u32 registers[4];  // eax, ebx, ecx, edx
};
// Answers a leaf the CPU does not have with zeros.
using ReadCpuid = CpuidResult (*)(u32 leaf, u32 subleaf);

struct CpuidRow {
  Feature feature;
  u32 leaf;
  u32 subleaf;
  u8 reg;   // index into CpuidResult
  u8 bit;
  u8 state;  // bits of XCR0 that must be set
};
inline constexpr u8 cpuid_ebx = 1;
inline constexpr u8 cpuid_ecx = 2;
inline constexpr u8 state_ymm = 0x06;
inline constexpr u8 state_zmm = 0xe6;

// clang-format off
inline constexpr CpuidRow cpuid_rows[] = {
    {Feature::sse3, 1, 0, cpuid_ecx, 0, 0},
    {Feature::pclmulqdq, 1, 0, cpuid_ecx, 1, 0},
    {Feature::vmx, 1, 0, cpuid_ecx, 5, 0},
    {Feature::ssse3, 1, 0, cpuid_ecx, 9, 0},
    {Feature::fma, 1, 0, cpuid_ecx, 12, state_ymm},
    {Feature::cx16, 1, 0, cpuid_ecx, 13, 0},
    {Feature::sse4_1, 1, 0, cpuid_ecx, 19, 0},
    {Feature::sse4_2, 1, 0, cpuid_ecx, 20, 0},
    {Feature::movbe, 1, 0, cpuid_ecx, 22, 0},
    {Feature::popcnt, 1, 0, cpuid_ecx, 23, 0},
    {Feature::aes, 1, 0, cpuid_ecx, 25, 0},
    {Feature::xsave, 1, 0, cpuid_ecx, 27, 0},  // OSXSAVE: the operating system turned it on
    {Feature::avx, 1, 0, cpuid_ecx, 28, state_ymm},
    {Feature::f16c, 1, 0, cpuid_ecx, 29, state_ymm},
    {Feature::rdrand, 1, 0, cpuid_ecx, 30, 0},
    {Feature::bmi1, 7, 0, cpuid_ebx, 3, 0},
    {Feature::avx2, 7, 0, cpuid_ebx, 5, state_ymm},
    {Feature::bmi2, 7, 0, cpuid_ebx, 8, 0},
    {Feature::erms, 7, 0, cpuid_ebx, 9, 0},
    {Feature::invpcid, 7, 0, cpuid_ebx, 10, 0},
    {Feature::avx512f, 7, 0, cpuid_ebx, 16, state_zmm},
    {Feature::avx512dq, 7, 0, cpuid_ebx, 17, state_zmm},
    {Feature::rdseed, 7, 0, cpuid_ebx, 18, 0},
    {Feature::adx, 7, 0, cpuid_ebx, 19, 0},
    {Feature::smap, 7, 0, cpuid_ebx, 20, 0},
    {Feature::avx512ifma, 7, 0, cpuid_ebx, 21, state_zmm},
    {Feature::clflushopt, 7, 0, cpuid_ebx, 23, 0},
    {Feature::clwb, 7, 0, cpuid_ebx, 24, 0},
    {Feature::avx512cd, 7, 0, cpuid_ebx, 28, state_zmm},
    {Feature::sha, 7, 0, cpuid_ebx, 29, 0},
    {Feature::avx512bw, 7, 0, cpuid_ebx, 30, state_zmm},
    {Feature::avx512vl, 7, 0, cpuid_ebx, 31, state_zmm},
    {Feature::avx512vbmi, 7, 0, cpuid_ecx, 1, state_zmm},
    {Feature::avx512vbmi2, 7, 0, cpuid_ecx, 6, state_zmm},
    {Feature::gfni, 7, 0, cpuid_ecx, 8, 0},
    {Feature::vaes, 7, 0, cpuid_ecx, 9, state_ymm},
    {Feature::vpclmulqdq, 7, 0, cpuid_ecx, 10, state_ymm},
    {Feature::avx512vnni, 7, 0, cpuid_ecx, 11, state_zmm},
    {Feature::avx512bitalg, 7, 0, cpuid_ecx, 12, state_zmm},
    {Feature::avx512vpopcntdq, 7, 0, cpuid_ecx, 14, state_zmm},
    {Feature::rdpid, 7, 0, cpuid_ecx, 22, 0},
    {Feature::movdiri, 7, 0, cpuid_ecx, 27, 0},
    {Feature::movdir64b, 7, 0, cpuid_ecx, 28, 0},
    {Feature::fsgsbase, 7, 0, cpuid_ebx, 0, 0},
    {Feature::fsrm, 7, 0, 3, 4, 0},
    {Feature::avx_vnni, 7, 1, 0, 4, state_ymm},
    {Feature::xsaveopt, 13, 1, 0, 0, 0},
    {Feature::xsavec, 13, 1, 0, 1, 0},
    {Feature::xsaves, 13, 1, 0, 3, 0},
    {Feature::lahf, 0x80000001, 0, cpuid_ecx, 0, 0},
    {Feature::lzcnt, 0x80000001, 0, cpuid_ecx, 5, 0},
    {Feature::prefetchw, 0x80000001, 0, cpuid_ecx, 8, 0},
    {Feature::rdtscp, 0x80000001, 0, 3, 27, 0},
    {Feature::rdpru, 0x80000008, 0, cpuid_ebx, 4, 0},
};
// clang-format on
static_assert(sizeof cpuid_rows / sizeof cpuid_rows[0] == static_cast<usize>(Feature::count) - 1,
              "a row per feature but base");

// The features of a CPU with these answers whose operating system has set `xcr0` (0: no xgetbv).
inline FeatureSet decode_cpuid(ReadCpuid read, u64 xcr0) {
  FeatureSet raw;
  for (const CpuidRow& row : cpuid_rows) {
    const u32 value = read(row.leaf, row.subleaf).registers[row.reg];
    if ((value >> row.bit & 1) != 0 && (xcr0 & row.state) == row.state)
      raw = raw | FeatureSet::of(row.feature);
  }
  return raw.usable();
}

}  // namespace x86_64

namespace arm64 {

struct HwcapRow {
  Feature feature;
  u8 word;   // 0: AT_HWCAP, 1: AT_HWCAP2
  u64 bits;  // all of them
};
// clang-format off
inline constexpr HwcapRow hwcap_rows[] = {
    {Feature::fp, 0, 1U << 0},
    {Feature::asimd, 0, 1U << 1},
    {Feature::aes, 0, 1U << 3},
    {Feature::pmull, 0, 1U << 4},
    {Feature::sha1, 0, 1U << 5},
    {Feature::sha2, 0, 1U << 6},
    {Feature::crc, 0, 1U << 7},
    {Feature::lse, 0, 1U << 8},
    {Feature::fp16, 0, 1U << 9 | 1U << 10},  // scalar and vector
    {Feature::rdm, 0, 1U << 12},
    {Feature::jscvt, 0, 1U << 13},
    {Feature::fcma, 0, 1U << 14},
    {Feature::rcpc, 0, 1U << 15},
    {Feature::dpb, 0, 1U << 16},
    {Feature::sha3, 0, 1U << 17},
    {Feature::sm3, 0, 1U << 18},
    {Feature::sm4, 0, 1U << 19},
    {Feature::dotprod, 0, 1U << 20},
    {Feature::sha512, 0, 1U << 21},
    {Feature::fhm, 0, 1U << 23},
    {Feature::dit, 0, 1U << 24},
    {Feature::rcpc2, 0, 1U << 26},
    {Feature::flagm, 0, 1U << 27},
    {Feature::ssbs, 0, 1U << 28},
    {Feature::sb, 0, 1U << 29},
    {Feature::pauth, 0, 1U << 30 | 1U << 31},  // addresses and generic
    {Feature::dpb2, 1, 1U << 0},
    {Feature::flagm2, 1, 1U << 7},
    {Feature::frintts, 1, 1U << 8},
    {Feature::i8mm, 1, 1U << 13},
    {Feature::bf16, 1, 1U << 14},
    {Feature::dgh, 1, 1U << 15},
    {Feature::rng, 1, 1U << 16},
    {Feature::bti, 1, 1U << 17},
    {Feature::mte, 1, 1U << 18},
    {Feature::wfxt, 1, u64{1} << 31},
    {Feature::cssc, 1, u64{1} << 34},
    {Feature::rprfm, 1, u64{1} << 35},
    {Feature::mops, 1, u64{1} << 43},
    {Feature::hbc, 1, u64{1} << 44},
    {Feature::rcpc3, 1, u64{1} << 46},
    {Feature::lse128, 1, u64{1} << 47},
};
// clang-format on

inline FeatureSet decode_hwcap(u64 hwcap, u64 hwcap2) {
  const u64 words[2] = {hwcap, hwcap2};
  FeatureSet raw;
  for (const HwcapRow& row : hwcap_rows)
    if ((words[row.word] & row.bits) == row.bits) raw = raw | FeatureSet::of(row.feature);
  return (raw | FeatureSet::of(Feature::mops_mte)).usable();  // what two of them give together
}

}  // namespace arm64

#if defined(__x86_64__)
namespace host = x86_64;

namespace x86_64 {

inline CpuidResult host_cpuid(u32 leaf, u32 subleaf) {
  CpuidResult r{};
  u32* out = r.registers;
  if (__get_cpuid_count(leaf, subleaf, &out[0], &out[1], &out[2], &out[3]) == 0) return {};
  return r;
}

// Everything the CPU and the operating system allow.
inline FeatureSet detect_features() {
  u64 xcr0 = 0;
  if ((host_cpuid(1, 0).registers[cpuid_ecx] >> 27 & 1) != 0) {
    u32 low = 0;
    u32 high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    xcr0 = u64{high} << 32 | low;
  }
  return decode_cpuid(host_cpuid, xcr0);
}

}  // namespace x86_64

#else
namespace host = arm64;

namespace arm64 {

// Everything the CPU and the operating system allow.
inline FeatureSet detect_features() { return decode_hwcap(getauxval(AT_HWCAP), getauxval(AT_HWCAP2)); }

}  // namespace arm64
#endif

// `detected` reduced by a list such as "-sha1,-sha2". What cannot be done (an unknown name, a feature
// the CPU lacks) is left out and said to `messages`.
inline host::FeatureSet restrict_features(host::FeatureSet detected, std::string_view list,
                                          Sink* messages = nullptr) {
  host::FeatureSet set = detected;
  const auto say = [&](const char* what, std::string_view name) {
    if (messages != nullptr) *messages << "JITKIT_CPU: " << what << " '" << name << "'\n";
  };
  while (!list.empty()) {
    const usize comma = list.find(',');
    const std::string_view item = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view() : list.substr(comma + 1);
    host::FeatureSet next = set;
    if (!next.apply(item).empty()) {
      say("unknown feature", item);
      continue;
    }
    const bool lacking = !detected.has(next);
    next = (next & detected).usable();
    if (lacking && item.find("all") == std::string_view::npos) say("the CPU lacks", item);
    set = next;
  }
  return set;
}

// What code for this process may use: the CPU's features less what JITKIT_CPU takes away.
inline host::FeatureSet host_features(Sink* messages = nullptr) {
  const char* list = std::getenv("JITKIT_CPU");
  const host::FeatureSet detected = host::detect_features();
  return list == nullptr ? detected : restrict_features(detected, list, messages);
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_CPU_FEATURES_HPP
