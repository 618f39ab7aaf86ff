// CodeDescription: what the tools that watch a process are told about a piece of code that runs in it.
//
// Invariant: everything it points to is read while it is published and not kept, but for `name` and
// `user`, which the code's registry hands out until the code is taken back.
#ifndef JITKIT_EMIT_RUNTIME_CODE_DESCRIPTION_HPP
#define JITKIT_EMIT_RUNTIME_CODE_DESCRIPTION_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/cfi.hpp>
#include <jitkit/emit/dwarf.hpp>
#include <jitkit/ir/support/span.hpp>

#include <time.h>

#include <string_view>

namespace jitkit::inline JITKIT_ABI {

#if defined(__x86_64__)
inline constexpr Machine host_machine = Machine::x86_64;
#else
inline constexpr Machine host_machine = Machine::arm64;
#endif

struct CodeDescription {
  std::string_view name;
  u64 address = 0;  // where it runs; readable
  u32 size = 0;
  Span<const CfiRow> cfi = {};
  Span<const LineRow> lines = {};
  std::string_view directory = {};                // of the sources
  Span<const std::string_view> files = {};   // that LineRow::file counts from 1
  void* user = nullptr;
  // Bytes from `address` on that hold nothing else (ExecMemory::room): perf needs some behind the code
  // to unwind through it from a jitdump. 0: no more than the code.
  u64 room = 0;

  Span<const u8> bytes() const { return {reinterpret_cast<const u8*>(address), size}; }
  std::string_view file(u32 number) const {
    return number - 1 < files.size() ? files[number - 1] : std::string_view("?");
  }
};

// The clock of a record that tools order by: CLOCK_MONOTONIC (perf record -k mono).
inline u64 monotonic_nanoseconds() {
  timespec t{};
  ::clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<u64>(t.tv_sec) * 1000000000U + static_cast<u64>(t.tv_nsec);
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_CODE_DESCRIPTION_HPP
