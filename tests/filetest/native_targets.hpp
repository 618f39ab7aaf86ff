// The targets that NativeExecutor runs: which tools make and run their programs, and what code may use.
#ifndef JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP
#define JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP

#include <compilers.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>

#include "native_executor.hpp"

namespace filetest {

// CallConv::custom0 of each target: arguments in registers that C preserves and others, in no order;
// vector registers preserved as a whole.
inline constexpr ir::Convention arm64_custom = [] {
  ir::Convention c = arm64::aapcs64;
  c.name = "custom";
  constexpr unsigned arguments[] = {19, 0, 21, 9, 20}, results[] = {20, 11, 19, 0, 9, 10, 12, 13};
  for (unsigned n = 0; n < 8; ++n) {
    c.int_args[n] = n < 5 ? arm64::preg::x(arguments[n]) : PReg();
    c.fp_args[n] = n < 4 ? arm64::preg::v(9 - 2 * n) : PReg();
    c.int_results[n] = arm64::preg::x(results[n]);
    c.fp_results[n] = arm64::preg::v(16 + n);
  }
  c.preserved = RegSet::range(22, 9) | RegSet::range(32 + 10, 6);
  c.preserved_low = RegSet();
  return c;
}();
inline constexpr ir::Convention x86_64_custom = [] {
  using namespace x86_64::preg;
  ir::Convention c = x86_64::system_v();
  c.name = "custom";
  const PReg arguments[] = {rbx, r10, r12, rdx}, results[] = {r12, rcx, rbx, rax, rdi, rsi, x86_64::preg::r8, r9};
  for (unsigned n = 0; n < 8; ++n) {
    c.int_args[n] = n < 4 ? arguments[n] : PReg();
    c.fp_args[n] = n < 3 ? xmm(9 - 2 * n) : PReg();
    c.int_results[n] = results[n];
    c.fp_results[n] = xmm(7 - n);
  }
  c.preserved = set(rbp, r13, r14, r15) | RegSet::range(16 + 12, 4);
  return c;
}();

struct Arm64 {
  using Isa = arm64::Isa;
  static constexpr const char* name = "arm64";
  static constexpr Machine machine = Machine::arm64;
  static constexpr const char* linker = "aarch64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-aarch64-static";
  static constexpr bool on_request = false;
#if defined(__aarch64__)
  static constexpr bool is_host = true;
#else
  static constexpr bool is_host = false;
#endif

  static Isa::Options options() {
    Isa::Options o;
    o.features = Isa::core_features();
    o.features.enable(arm64::Feature::sha1).enable(arm64::Feature::sha2);
    o.conventions = {&arm64_custom, 1};
    return o;
  }
  static const char* missing() { return ""; }
};

// With other instructions for atomics. Not CSSC: QEMU has it only from version 9 on.
struct Arm64Modern : Arm64 {
  static constexpr const char* name = "arm64+modern";
  static constexpr bool is_host = false;  // hosts may lack them, QEMU does not

  static Isa::Options options() {
    Isa::Options o = Arm64::options();
    for (const arm64::Feature f : {arm64::Feature::lse, arm64::Feature::rcpc}) o.features.enable(f);
    return o;
  }
};

struct X86_64 {
  using Isa = x86_64::Isa;
  static constexpr const char* name = "x86_64";
  static constexpr Machine machine = Machine::x86_64;
  static constexpr const char* linker = "x86_64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-x86_64-static";
  static constexpr bool on_request = false;
#if defined(__x86_64__)
  static constexpr bool is_host = true;
#else
  static constexpr bool is_host = false;
#endif

  // What no core op can do without, and what that implies: AVX among it.
  static Isa::Options options() {
    Isa::Options o;
    o.features = Isa::core_features();
    o.conventions = {&x86_64_custom, 1};
    return o;
  }
  static const char* missing() {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("aes") || !__builtin_cpu_supports("pclmul")) return "no AES and PCLMULQDQ in this CPU";
    if (!__builtin_cpu_supports("fma")) return "no FMA and F16C in this CPU";  // they came together
#endif
    return "";
  }
};

// With other instructions for shifts and bit counts.
struct X86_64Modern : X86_64 {
  static constexpr const char* name = "x86_64+modern";

  static Isa::Options options() {
    Isa::Options o = X86_64::options();
    using F = x86_64::Feature;
    for (const F f : {F::popcnt, F::lzcnt, F::bmi1, F::bmi2}) o.features.enable(f);
    return o;
  }
  static const char* missing() {
#if defined(__x86_64__)
    if (!__builtin_cpu_supports("bmi2")) return "no BMI2 in this CPU";  // none has it without the others
#endif
    return X86_64::missing();
  }
};

// With the SHA extensions, which many CPUs lack, and QEMU before version 8.2: only where it is the host.
struct X86_64Sha : X86_64 {
  static constexpr const char* name = "x86_64+sha";
  static constexpr bool on_request = true;

  static Isa::Options options() {
    Isa::Options o = X86_64::options();
    o.features.enable(x86_64::Feature::sha);
    return o;
  }
  static const char* missing() {
#if defined(__x86_64__)
    if (!x86_64::detect_features().has(x86_64::Feature::sha)) return "no SHA extensions in this CPU";
#endif
    return X86_64::missing();
  }
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP
