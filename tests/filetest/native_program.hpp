// The program that calls compiled code in a process of its own, through a wrapper for each function.
//
// The protocol with native_driver.c: a Record goes in for each call and one comes back. Values stand in
// `slots`, each at the start of its own; what is above a narrow value on the way in is garbage on
// purpose.
#ifndef JITKIT_TESTS_FILETEST_NATIVE_PROGRAM_HPP
#define JITKIT_TESTS_FILETEST_NATIVE_PROGRAM_HPP

#include <fmt/format.h>
#include <fuzz/wrapper.hpp>
#include <jitkit/ir/interpreter_memory.hpp>
#include <scratch_directory.hpp>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "run_lines.hpp"

namespace filetest {

namespace fs = std::filesystem;

// A call. As in native_driver.c.
struct Record {
  static constexpr usize slot_count = fuzz::Wrapper::slots;
  static constexpr usize slot_bytes = fuzz::Wrapper::slot_bytes;
  static constexpr u64 trapped = 1000;
  u64 what = 0;  // in: index of the wrapper; out: 0, `trapped`, or the signal the call ended with
  u64 broken = 0;  // out: the call did not preserve a register that it must
  u8 slots[slot_count][slot_bytes];

  Record() { std::memset(slots, 0xa5, sizeof slots); }
  void put(usize i, ir::Type t, const ir::Datum& d) { std::memcpy(slots[i], &d, ir::bytes(t)); }
  ir::Datum get(usize i, ir::Type t) const {
    ir::Datum d;
    std::memcpy(&d, slots[i], ir::bytes(t));
    return d;
  }
};

using fuzz::Wrapper;
using tools::ScratchDirectory;

inline bool on_path(const std::string& program) {
  const char* path = std::getenv("PATH");
  std::string_view rest = path != nullptr ? path : "";
  while (!rest.empty()) {
    const usize n = std::min(rest.find(':'), rest.size());
    if (access((fs::path(rest.substr(0, n)) / program).c_str(), X_OK) == 0) return true;
    rest.remove_prefix(std::min(n + 1, rest.size()));
  }
  return false;
}

inline bool write_file(const std::string& path, const void* bytes, usize size) {
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  return out.good();
}
inline std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_NATIVE_PROGRAM_HPP
