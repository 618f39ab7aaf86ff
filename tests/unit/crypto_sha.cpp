// SHA-1 and SHA-256 block functions, portable and native, compiled for the host: the examples of
// FIPS 180-4, agreement on random data, and what happens where the CPU lacks the instructions.
#include <doctest/doctest.h>
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/crypto/sha256.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/crypto/stream.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cstdio>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace jitkit;
using HostFunction = ir::Function<host::Isa>;

// What "the SHA instructions" are called on the host.
#if defined(__x86_64__)
constexpr host::Feature sha1_feature = host::Feature::sha, sha256_feature = host::Feature::sha;
#else
constexpr host::Feature sha1_feature = host::Feature::sha1, sha256_feature = host::Feature::sha2;
#endif

struct Algorithm {
  const char* name;
  std::span<const u32> start;
  void (*portable)(HostFunction&);
  void (*native)(HostFunction&);
  host::Feature feature;
  const char* digests[4];  // of the messages below
};

const Algorithm algorithms[] = {
    {"sha1", crypto::sha1_start, crypto::build_sha1<host::Isa>, host::build_sha1, sha1_feature,
     {"da39a3ee5e6b4b0d3255bfef95601890afd80709", "a9993e364706816aba3e25717850c26c9cd0d89d",
      "84983e441c3bd26ebaae4aa1f95129e5e54670f1", "34aa973cd4c4daa4f61eeb2bdbad27316534016f"}},
    {"sha256", crypto::sha256_start, crypto::build_sha256<host::Isa>, host::build_sha256, sha256_feature,
     {"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
      "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"}}};

std::string message(int n) {
  switch (n) {
    case 0: return "";
    case 1: return "abc";
    case 2: return "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
    default: return std::string(1000000, 'a');
  }
}

std::span<const u8> bytes_of(const std::string& s) { return {reinterpret_cast<const u8*>(s.data()), s.size()}; }

// A compiled block function, or the reason why there is none.
struct Compiled {
  ir::Module module;
  HostFunction function;
  ExecMemory memory;
  ExecBlock block;
  Status status;

  Compiled(void (*build)(HostFunction&), host::FeatureSet features) {
    crypto::declare_block_function(function, module, "blocks");
    build(function);
    ir::Diagnostics problems;
    REQUIRE(ir::verify(function, problems));
    host::Options options;
    options.features = features;
    ir::Compiler<host::Isa> compiler(options);
    compiler.check_allocations = true;
    CodeBuffer code;
    status = compiler.compile(function, code);
    if (status.ok()) status = memory.add(code, block);
  }
  crypto::BlockFunction* run() const { return block.as<crypto::BlockFunction>(); }
};

std::string digest(const Compiled& c, const Algorithm& a, std::span<const u8> data, usize piece = ~usize{0}) {
  crypto::HashStream stream(c.run(), a.start);
  while (!data.empty()) {
    const usize n = data.size() < piece ? data.size() : piece;
    stream.update(data.first(n));
    data = data.subspan(n);
  }
  u8 out[32];
  stream.finish(out);
  std::string text;
  for (usize n = 0; n < 4 * a.start.size(); ++n) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", out[n]);
    text += two;
  }
  return text;
}

void check_known_answers(const Compiled& c, const Algorithm& a) {
  REQUIRE(c.status.ok());
  for (int n = 0; n < 4; ++n) CHECK(digest(c, a, bytes_of(message(n))) == a.digests[n]);
  // A message that comes in pieces of any size is the same message.
  for (const usize piece : {usize{1}, usize{63}, usize{64}, usize{65}, usize{999}})
    CHECK(digest(c, a, bytes_of(message(2)), piece) == a.digests[2]);
}

bool host_has(const Algorithm& a) {
  if (host_features().has(a.feature)) return true;
  std::printf("SKIP native_%s: this CPU has no SHA instructions\n", a.name);
  return false;
}

}  // namespace

TEST_CASE("sha: portable functions give the examples of FIPS 180-4") {
  for (const Algorithm& a : algorithms) {
    CAPTURE(a.name);
    check_known_answers(Compiled(a.portable, host_features()), a);
    check_known_answers(Compiled(a.portable, {}), a);  // the baseline
  }
}

TEST_CASE("sha: native sha1") {
  if (host_has(algorithms[0])) check_known_answers(Compiled(algorithms[0].native, host_features()), algorithms[0]);
}

TEST_CASE("sha: native sha256") {
  if (host_has(algorithms[1])) check_known_answers(Compiled(algorithms[1].native, host_features()), algorithms[1]);
}

TEST_CASE("sha: versions agree on random blocks and states") {
  std::mt19937 random(1);
  for (const Algorithm& a : algorithms) {
    CAPTURE(a.name);
    if (!host_features().has(a.feature)) continue;
    const Compiled portable(a.portable, host_features()), native(a.native, host_features());
    for (u64 blocks = 0; blocks < 40; ++blocks) {
      std::vector<u8> data(64 * blocks + 1);
      for (u8& byte : data) byte = static_cast<u8>(random());
      u32 s[2][8];
      for (int n = 0; n < 8; ++n) s[0][n] = s[1][n] = static_cast<u32>(random());
      portable.run()(s[0], data.data() + blocks % 2, blocks);
      native.run()(s[1], data.data() + blocks % 2, blocks);
      CHECK(std::string(reinterpret_cast<char*>(s[0]), 32) == std::string(reinterpret_cast<char*>(s[1]), 32));
    }
  }
}

TEST_CASE("sha: native functions are refused where the feature is missing, by its name") {
  for (const Algorithm& a : algorithms) {
    host::FeatureSet less = host_features();
    less.disable(a.feature);
    const Compiled c(a.native, less);
    CHECK(c.status.error == Error::feature_missing);
    CHECK(c.status.detail == static_cast<u64>(a.feature));
  }
}
