// Versions of a crypto block under test: compiled once for the CPU this runs on, then given every case of
// their block. What a version cannot do (a parameter of another one) it says by `takes`.
#ifndef JITKIT_TESTS_CRYPTO_RUN_HPP
#define JITKIT_TESTS_CRYPTO_RUN_HPP

#include <compilers.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>

#include <functional>
#include <string>
#include <vector>

#include "case.hpp"

namespace crypto_test {

using namespace jitkit;
using HostFunction = ir::Function<host::Isa>;

// One compiled function; several may share memory and lifetime.
class Code {
 public:
  // Where it fails for want of a feature, its name is in `missing`.
  Code(const std::function<void(HostFunction&, ir::Module&)>& build, host::FeatureSet features);
  const std::string& missing() const { return missing_; }
  template <class F>
  F* as() const {
    return block_.as<F>();
  }

 private:
  ir::Module module_;
  ExecMemory memory_;
  ExecBlock block_;
  std::string missing_;
};

// Memory for a case: bytes that end where nothing can be read, or start at any alignment; bytes to write
// with guards around them.
class Places {
 public:
  Places();
  // A copy of the bytes; even turns end at the end of the memory.
  const u8* input(const std::string& bytes, unsigned turn);
  u8* output(usize bytes, unsigned turn);
  // The bytes written, or a complaint if anything around them was.
  std::string written() const;

 private:
  static constexpr usize size = 1 << 22;
  u8* in_;
  std::string buffer_;
  usize at_ = 0, bytes_ = 0;
};

struct Version {
  Block block;
  std::string name;
  std::function<bool(const Case&)> takes;
  std::function<std::string(Places&, const Case&, unsigned turn)> run;
  std::string missing;  // the feature without which it does not run
};
std::vector<Version>& versions();

}  // namespace crypto_test

#endif  // JITKIT_TESTS_CRYPTO_RUN_HPP
