// The targets that NativeExecutor runs: which tools make and run their programs, and what code may use.
#ifndef JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP
#define JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP

#include <jitkit/emit/arm64/target.hpp>

#include "native_executor.hpp"

namespace filetest {

struct Arm64 {
  using Isa = arm64::Isa;
  static constexpr const char* name = "arm64";
  static constexpr Machine machine = Machine::arm64;
  static constexpr const char* linker = "aarch64-linux-gnu-gcc";
  static constexpr const char* emulator = "qemu-aarch64-static";
#if defined(__aarch64__)
  static constexpr bool is_host = true;
#else
  static constexpr bool is_host = false;
#endif

  static Isa::Options options() {
    Isa::Options o;
    for (const arm64::Feature f : {arm64::Feature::asimd, arm64::Feature::pmull, arm64::Feature::crc}) o.features.add(f);
    return o;
  }
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_NATIVE_TARGETS_HPP
