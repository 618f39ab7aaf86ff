// What compiled code needs to be called from outside: a wrapper for each function, and the program that
// calls wrappers in a process of its own.
//
// The protocol with native_driver.c: a Record goes in for each call and one comes back. Values stand in
// `slots`, each at the start of its own; what is above a narrow value on the way in is garbage on
// purpose.
#ifndef JITKIT_TESTS_FILETEST_NATIVE_PROGRAM_HPP
#define JITKIT_TESTS_FILETEST_NATIVE_PROGRAM_HPP

#include <fmt/format.h>
#include <jitkit/ir/builder.hpp>
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
  static constexpr usize slot_count = 24;
  static constexpr usize slot_bytes = 16;
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

inline bool fits_record(const std::vector<ir::Type>& types) {
  for (const ir::Type t : types)
    if (ir::bytes(t) > Record::slot_bytes) return false;
  return types.size() <= Record::slot_count;
}

// Makes `wrapper`, of the signature (ptr), which takes the arguments of `callee` from the slots it is
// given, calls it and leaves the results there.
class Wrapper {
 public:
  Wrapper(ir::Unit& unit, const ir::FunctionData& callee, std::string_view name)
      : function_(declare(unit, name)), b_(*function_) {
    const ir::Module& from = *callee.module;
    const ir::Signature& s = from.signature(callee.signature);
    const ir::SigRef sig = unit.module.add_signature(from.params(callee.signature), from.results(callee.signature),
                                                     s.conv, s.variadic, s.fixed_params);
    const ir::SymbolRef target = unit.module.declare_function(from.symbol_name(callee.symbol), sig);
    b_.entry();
    slots_ = b_.param(b_.block(), 0);
    std::vector<ir::Value> arguments;
    for (const ir::Type t : parameter_types(callee)) arguments.push_back(load(t, arguments.size()));
    const ir::Inst call = b_.call(target, std::span<const ir::Value>(arguments));
    const std::vector<ir::Type> results = result_types(callee);
    for (usize i = 0; i < results.size(); ++i) store(results[i], b_.result(call, static_cast<u32>(i)), i);
    b_.ret();
  }

  ir::FunctionData& function() { return *function_; }

 private:
  static ir::FunctionData* declare(ir::Unit& unit, std::string_view name) {
    ir::Param p;
    p.type = ir::Type::ptr;
    const ir::SymbolRef s = unit.module.declare_function(name, unit.module.add_signature({&p, 1}, {}));
    unit.module.symbol(s).linkage = ir::Linkage::exported;
    return unit.add_function(s);
  }
  static bool narrow(ir::Type t) { return t == ir::Type::i1 || t == ir::Type::i8 || t == ir::Type::i16 || t == ir::Type::i32; }
  static i32 offset(usize slot) { return static_cast<i32>(slot * Record::slot_bytes); }

  ir::Value load(ir::Type t, usize slot) {
    return narrow(t) ? b_.trunc(t, b_.load(ir::Type::i64, slots_, offset(slot))) : b_.load(t, slots_, offset(slot));
  }
  void store(ir::Type t, ir::Value v, usize slot) {
    b_.store(slots_, narrow(t) ? b_.zext(ir::Type::i64, v) : v, offset(slot));
  }

  ir::FunctionData* function_;
  ir::Builder b_;
  ir::Value slots_;
};

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
