// Runs cases of crypto blocks (crypto_cases writes them) through every version of the block that this CPU has the
// instructions for:
//   crypto_run FILE
// Prints the cases of each version, and a total that tools/check.py counts.
#include "run.hpp"

#include <jitkit/ir/verifier.hpp>

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "run_families.hpp"

namespace crypto_test {

namespace {

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "crypto_run: %s\n", why.c_str());
  std::exit(1);
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes.substr(0, 64)) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    text += two;
  }
  return text + (bytes.size() > 64 ? "..." : "");
}

}  // namespace

std::vector<Version>& versions() {
  static std::vector<Version> all;
  return all;
}

Code::Code(const std::function<void(HostFunction&, ir::Module&)>& build, host::FeatureSet features) {
  HostFunction f;
  build(f, module_);
  ir::Diagnostics problems;
  if (!ir::verify(f, problems)) die("a function does not verify: " + std::string(problems.message(0)));
  host::Options options;
  options.features = features;
  ir::Compiler<host::Isa> compiler(options);
  compiler.check_allocations = true;
  CodeBuffer code;
  Status s = compiler.compile(f, code);
  if (s.error == Error::feature_missing) {
    missing_ = host::feature_name(static_cast<host::Feature>(s.detail));
    return;
  }
  if (s.ok()) s = memory_.add(code, block_);
  if (!s.ok()) die(std::string("a function does not compile: ") + describe(s.error));
}

Places::Places() {
  void* const p = mmap(nullptr, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED || mprotect(p, size, PROT_READ | PROT_WRITE) != 0) die("no memory");
  in_ = static_cast<u8*>(p);
}

const u8* Places::input(const std::string& bytes, unsigned turn) {
  if (bytes.size() + 16 > size) die("a case too long");
  u8* const at = turn % 2 == 0 ? in_ + size - bytes.size() : in_ + turn / 2 % 16;
  std::memcpy(at, bytes.data(), bytes.size());
  return at;
}

u8* Places::output(usize bytes, unsigned turn) {
  at_ = 64 + turn / 2 % 16;
  bytes_ = bytes;
  buffer_.assign(at_ + bytes + 64, '\x5a');
  return reinterpret_cast<u8*>(buffer_.data()) + at_;
}

std::string Places::written() const {
  for (usize n = 0; n < buffer_.size(); ++n)
    if ((n < at_ || n >= at_ + bytes_) && buffer_[n] != '\x5a') return "bytes outside the output were written";
  return buffer_.substr(at_, bytes_);
}

}  // namespace crypto_test

int main(int argc, char** argv) {
  using namespace crypto_test;
  std::FILE* const file = argc == 2 ? std::fopen(argv[1], "rb") : nullptr;
  if (file == nullptr) die("usage: crypto_run FILE");
  add_sums();
  add_aes();
  add_gcm();
  add_hashes();
  add_sm4();
  unsigned long passed = 0, failed = 0, skipped = 0, turn = 0;
  std::map<std::string, unsigned long> done;
  Places places;
  for (Case c; read(file, c); ++turn) {
    if (static_cast<unsigned>(c.block) >= block_count) die("the file is cut short");
    for (const Version& v : versions()) {
      if (v.block != c.block || !v.missing.empty() || !v.takes(c)) continue;
      const std::string got = v.run(places, c, static_cast<unsigned>(turn));
      ++done[v.name];
      if (got == c.output) {
        ++passed;
      } else if (++failed <= 20) {
        std::printf("FAIL %s: case %lu, parameter %u, key %s, iv %s, extra %s, %zu bytes of input %s: %s, not %s\n",
                    v.name.c_str(), turn, c.parameter, hex(c.key).c_str(), hex(c.iv).c_str(), hex(c.extra).c_str(),
                    c.input.size(), hex(c.input).c_str(), hex(got).c_str(), hex(c.output).c_str());
      }
    }
  }
  for (const Version& v : versions()) {
    if (!v.missing.empty()) {
      std::printf("SKIP %s: this CPU lacks %s\n", v.name.c_str(), v.missing.c_str());
      ++skipped;
    } else {
      std::printf("%s: %lu cases\n", v.name.c_str(), done[v.name]);
      if (done[v.name] == 0) die("no case for " + v.name);
    }
  }
  std::printf("%lu passed, %lu failed, %lu skipped\n", passed, failed, skipped);
  return failed == 0 ? 0 : 1;
}
