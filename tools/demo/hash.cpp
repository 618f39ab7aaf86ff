// jitkit-hash FILE: compiles every version of the demo's functions for the CPU it runs on, hashes FILE
// through each and prints a line per version:
//
//   sha1 native DIGEST SECONDS     SECONDS from opening the file to the digest
//   sha1 native refused FEATURE    the CPU lacks FEATURE, or JITKIT_CPU takes it away
//   sha1 chosen native             the version a program would take here
//
// A program of its own, so that the demo can run it here and under QEMU for another target. A progress bar
// goes to standard error if that is a terminal.
#include <CLI/CLI.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/crypto/stream.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/status_text.hpp>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <cstring>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace jitkit::demo {
namespace {

using Clock = std::chrono::steady_clock;
using HostKernel = Kernel<host::Isa>;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class ProgressBar {
 public:
  ProgressBar(std::string what, u64 total)
      : what_(std::move(what)), total_(total), shown_(isatty(STDERR_FILENO) != 0) {}
  ~ProgressBar() {
    if (shown_) fmt::print(stderr, "\r\x1b[K");
  }
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  void show(u64 done) {
    if (!shown_ || total_ == 0 || seconds_since(last_) < 0.1) return;
    last_ = Clock::now();
    const u64 part = done < total_ ? done : total_;
    fmt::print(stderr, "\r{:<24} [{:<40}] {:3} %", what_, std::string(part * 40 / total_, '#'), part * 100 / total_);
  }

 private:
  std::string what_;
  u64 total_;
  bool shown_;
  Clock::time_point last_{};
};

struct Options {
  std::string file;
  i64 flip_byte = -1;
};

// The digest of the file, in hexadecimal. Empty with a message if it cannot be read.
std::string digest_of(const Options& o, const Algorithm& a, crypto::BlockFunction* blocks, const std::string& what) {
  const int file = ::open(o.file.c_str(), O_RDONLY | O_CLOEXEC);
  struct stat info {};
  if (file < 0 || ::fstat(file, &info) != 0) {
    fmt::print(stderr, "{}: {}\n", o.file, std::strerror(errno));
    return {};
  }
  static std::vector<u8> buffer(usize{256} << 10);
  crypto::HashStream stream(blocks, a.start);
  ProgressBar progress(what, static_cast<u64>(info.st_size));
  i64 done = 0;
  ssize_t n = 0;
  while ((n = ::read(file, buffer.data(), buffer.size())) > 0) {
    if (o.flip_byte >= done && o.flip_byte < done + n) buffer[static_cast<usize>(o.flip_byte - done)] ^= 1;
    stream.update({buffer.data(), static_cast<usize>(n)});
    done += n;
    progress.show(static_cast<u64>(done));
  }
  const int error = errno;
  ::close(file);
  if (n < 0) {
    fmt::print(stderr, "{}: {}\n", o.file, std::strerror(error));
    return {};
  }
  u8 digest[32];
  stream.finish(digest);
  return fmt::format("{:02x}", fmt::join(digest, digest + 4 * a.start.size(), ""));
}

// A kernel as code in memory of this process.
struct Compiled {
  ExecBlock block;
  std::string lacking;  // the feature for want of which there is none
  std::string problem;  // anything else that went wrong
};

Compiled compile(const HostKernel& k, const host::FeatureSet& features, ExecMemory& memory) {
  ir::Module module;
  ir::Function<host::Isa> function;
  crypto::declare_block_function(function, module, k.name);
  k.build(function);
  host::Options options;
  options.features = features;
  ir::Compiler<host::Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code;
  Compiled c;
  Status s = compiler.compile(function, code);
  if (s.error == Error::feature_missing) {
    c.lacking = host::Isa::feature_name(s.detail);
    return c;
  }
  if (s.ok()) s = memory.add(code, c.block);
  if (s.ok()) return c;
  StringSink sink(c.problem);
  ir::print_status<host::Isa>(function, s, sink);
  return c;
}

int hash(const Options& o) {
  std::string messages;
  StringSink sink(messages);
  const host::FeatureSet features = host_features(&sink);
  fmt::print(stderr, "{}", messages);
  ExecMemory memory;
  std::string chosen;
  for (const HostKernel& k : kernels<host::Isa>()) {
    const Compiled c = compile(k, features, memory);
    if (!c.lacking.empty()) {
      fmt::print("{} {} refused {}\n", k.algorithm.name, k.version, c.lacking);
      continue;
    }
    if (!c.problem.empty()) {
      fmt::print(stderr, "{} for {}: {}\n", k.name, host::Isa::name, c.problem);
      return 1;
    }
    if (chosen != k.algorithm.name) fmt::print("{} chosen {}\n", k.algorithm.name, k.version);
    chosen = k.algorithm.name;
    const Clock::time_point start = Clock::now();
    const std::string digest =
        digest_of(o, k.algorithm, c.block.as<crypto::BlockFunction>(), fmt::format("{} {}", host::Isa::name, k.name));
    if (digest.empty()) return 1;
    fmt::print("{} {} {} {:.6f}\n", k.algorithm.name, k.version, digest, seconds_since(start));
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace
}  // namespace jitkit::demo

int main(int argc, char** argv) {
  jitkit::demo::Options options;
  CLI::App app("SHA-1 and SHA-256 of a file, through functions compiled for this CPU", "jitkit-hash");
  app.add_option("FILE", options.file)->required();
  app.add_option("--flip-byte", options.flip_byte, "changes this byte of what is hashed: the digests are then wrong");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return jitkit::demo::hash(options);
}
