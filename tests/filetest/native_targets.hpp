// The targets that NativeExecutor runs: which tools make and run their programs, and what code may use.
#ifndef JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP
#define JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP

#include <compilers.hpp>
#include <custom_convention.hpp>
#include <jitkit/emit/runtime/code_description.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>

#include "native_executor.hpp"

namespace filetest {

template <Machine of>
struct OfMachine {
  static constexpr Machine machine = of;
  static constexpr bool is_host = of == host_machine;
  static constexpr bool on_request = false;
};

struct Arm64 : OfMachine<Machine::arm64> {
  using Isa = arm64::Isa;
  static constexpr const char* name = "arm64";
  static constexpr const char* linker = "aarch64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-aarch64-static";

  static Isa::Options options() {
    Isa::Options o;
    o.features = Isa::core_features();
    o.features.enable(arm64::Feature::sha1).enable(arm64::Feature::sha2);
    o.conventions = {&tools::arm64_custom, 1};
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

struct X86_64 : OfMachine<Machine::x86_64> {
  using Isa = x86_64::Isa;
  static constexpr const char* name = "x86_64";
  static constexpr const char* linker = "x86_64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-x86_64-static";

  // What no core op can do without, and what that implies: AVX among it.
  static Isa::Options options() {
    Isa::Options o;
    o.features = Isa::core_features();
    o.conventions = {&tools::x86_64_custom, 1};
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

// With AVX-512, which many CPUs lack, and QEMU too: only where it is the host.
struct X86_64Avx512 : X86_64 {
  static constexpr const char* name = "x86_64+avx512";
  static constexpr bool on_request = true;
  static constexpr x86_64::Feature wanted[] = {x86_64::Feature::avx512vl, x86_64::Feature::avx512bw,
                                               x86_64::Feature::avx512dq};

  static Isa::Options options() {
    Isa::Options o = X86_64::options();
    for (const x86_64::Feature f : wanted) o.features.enable(f);
    return o;
  }
  static const char* missing() {
#if defined(__x86_64__)
    for (const x86_64::Feature f : wanted)
      if (!x86_64::detect_features().has(f)) return "no AVX-512 in this CPU";
#endif
    return X86_64::missing();
  }
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP
