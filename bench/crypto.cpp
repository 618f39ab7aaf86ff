// Crypto blocks beside libcrypto and zlib in one process: ours and theirs in turn, eleven times, the same work on the
// same bytes, results compared. Prints one line per row:
//   NAME <tab> BYTES <tab> ours, bytes/s <tab> theirs <tab> ratio <tab> bar      medians; the bar is of the ratio, or
//                                                                                 of bytes/s where it says so
// or NAME <tab> not measurable: WHY. No argument; `crypto NAME` runs one row.
#include <jitkit/emit/arm64/crypto/adler.hpp>
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/crypto/sha256.hpp>
#include <jitkit/emit/arm64/crypto/sha512.hpp>
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/crypto/gcm.hpp>
#include <jitkit/emit/crypto/gcm_stream.hpp>
#include <jitkit/emit/crypto/keccak.hpp>
#include <jitkit/emit/crypto/sha512.hpp>
#include <jitkit/emit/crypto/stream.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/crypto/adler.hpp>
#include <jitkit/emit/x86_64/crypto/keccak.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/crypto/sha512.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>

#include <ctime>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>

#include "case.hpp"
#include "crypto_peers.hpp"

void bench::die(const std::string& why) {
  std::fprintf(stderr, "crypto: %s\n", why.c_str());
  std::exit(1);
}

namespace {

using namespace jitkit;
using bench::Peer;
using HostFunction = ir::Function<host::Isa>;

std::string missing;  // the feature for whose want the last function was not made

// A function that lives as long as the process.
template <class F>
F* made(const std::function<void(HostFunction&, ir::Module&)>& build) {
  static ExecMemory memory;
  static std::deque<ExecBlock> blocks;
  ir::Module module;
  HostFunction f;
  build(f, module);
  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  Status s = compiler.compile(f, code);
  if (s.error == Error::feature_missing) {
    missing = host::feature_name(static_cast<host::Feature>(s.detail));
    return nullptr;
  }
  if (s.ok()) s = memory.add(code, blocks.emplace_back());
  bench::require(s.ok(), describe(s.error));
  return blocks.back().as<F>();
}

struct Row {
  const char* name;
  usize bytes;
  double bar;
  bool rate;  // the bar is bytes per second, not the ratio
  std::function<Peer()> ours, theirs;
};

const u8 key[32] = {1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233};
const u8 iv[16] = {9, 8, 7};

// The version of a block for the widest vectors this CPU has: the first that can be made.
Peer first_of(std::initializer_list<Peer (*)()> versions) {
  Peer best;
  for (Peer (*const version)() : versions)
    if (!best) best = version();
  return best;
}

template <class Word, usize n>
Peer hash(void (*build)(HostFunction&), const Word (&start)[n]) {
  auto* const f = made<crypto::BlockFunctionOf<Word>>([&](HostFunction& fn, ir::Module& m) {
    crypto::declare_block_function(fn, m, "blocks");
    build(fn);
  });
  if (f == nullptr) return {};
  return [f, &start](const u8* in, u8* out, usize bytes) {
    crypto::HashStreamOf<Word> stream(f, start);
    stream.update({in, bytes});
    stream.finish(out);
  };
}

const u8* schedule() {
  alignas(16) static u8 bytes[240];
  auto* const expand = made<void(const u8*, u8*)>(
      [](HostFunction& f, ir::Module& m) { crypto::build_aes_expand(f, m, "expand", 128); });
  if (expand != nullptr) expand(key, bytes);
  return bytes;
}

template <class Aes>
Peer ctr() {
  const u8* const keys = schedule();
  auto* const f = made<void(const u8*, const u8*, u8*, u64, u8*)>(
      [](HostFunction& fn, ir::Module& m) { crypto::build_aes_ctr<Aes>(fn, m, "ctr", 128); });
  if (f == nullptr) return {};
  return [f, keys](const u8* in, u8* out, usize bytes) {
    u8 counter[16];
    std::memcpy(counter, iv, 16);
    f(keys, in, out, bytes, counter);
  };
}

template <class Aes>
Peer gcm() {
  const u8* const keys = schedule();
  crypto::GcmFunctions g{};
  g.block = made<void(const u8*, const u8*, u8*, u64)>([](HostFunction& f, ir::Module& m) {
    crypto::build_aes_ecb<Aes>(f, m, "ecb", crypto::AesWay::encrypt, 128);
  });
  g.table = made<void(const u8*, u8*)>(
      [](HostFunction& f, ir::Module& m) { crypto::build_ghash_table<Aes>(f, m, "table"); });
  g.ghash = made<void(u8*, const u8*, const u8*, u64)>(
      [](HostFunction& f, ir::Module& m) { crypto::build_ghash<Aes>(f, m, "ghash"); });
  g.encrypt = made<void(const u8*, const u8*, const u8*, u8*, u64, u8*)>([](HostFunction& f, ir::Module& m) {
    crypto::build_aes_gcm<Aes>(f, m, "gcm", crypto::AesWay::encrypt, 128);
  });
  if (g.block == nullptr || g.table == nullptr || g.ghash == nullptr || g.encrypt == nullptr) return {};
  const auto state = std::make_shared<crypto::AesGcm>(g, keys);
  return [state](const u8* in, u8* out, usize bytes) {
    state->encrypt({iv, 12}, {}, {in, bytes}, out, out + bytes);
  };
}

template <class Lanes>
Peer sha3_256() {
  constexpr unsigned rate = crypto::sha3_rate(256);
  auto* const f = made<crypto::BlockFunction64>([](HostFunction& fn, ir::Module& m) {
    crypto::declare_block_function(fn, m, "blocks");
    crypto::build_keccak<Lanes>(fn, rate);
  });
  if (f == nullptr) return {};
  return [f](const u8* in, u8* out, usize bytes) { crypto::Sponge(f, rate).hash({in, bytes}, 0x06, {out, 32}); };
}

Peer sum(void (*build)(HostFunction&), u32 before) {
  auto* const f = made<u32(u32, const u8*, u64)>([build](HostFunction& fn, ir::Module& m) {
    crypto::declare_crc(fn, m, "sum");
    build(fn);
  });
  if (f == nullptr) return {};
  return [f, before](const u8* in, u8* out, usize bytes) {
    const u32 after = f(before, in, bytes);
    std::memcpy(out, &after, sizeof after);
  };
}
template <class V>
Peer crc32_folding() {
  return sum([](HostFunction& f) { crypto::build_crc_by_folding<V>(f, crypto::Crc::crc32); }, 0);
}
Peer adler32() {
  return sum([](HostFunction& f) { crypto::build_adler32<host::AdlerSteps>(f); }, 1);
}

// What a CPU lacks is said of the version that needs least.
#if defined(__x86_64__)
Peer sha512() {
  return first_of({[] { return hash(x86_64::build_sha512, crypto::sha512_start); },
                   [] { return hash(x86_64::build_sha512_avx2, crypto::sha512_start); },
                   [] { return hash(crypto::build_sha512_by_vectors<host::Isa>, crypto::sha512_start); }});
}
Peer best_sha3() { return first_of({sha3_256<x86_64::KeccakVectors>, sha3_256<crypto::KeccakScalar>}); }
Peer best_ctr() { return first_of({ctr<x86_64::Aes512>, ctr<x86_64::Aes256>, ctr<x86_64::Aes>}); }
Peer best_gcm() { return first_of({gcm<x86_64::Aes512>, gcm<x86_64::Aes256>, gcm<x86_64::Aes>}); }
Peer crc32() {
  return first_of({crc32_folding<x86_64::Vector512>, crc32_folding<x86_64::Vector256>, crc32_folding<crypto::Vector128>});
}
#else
Peer sha512() { return hash(arm64::build_sha512, crypto::sha512_start); }
Peer best_sha3() { return sha3_256<crypto::KeccakScalar>(); }
Peer best_ctr() { return ctr<arm64::Aes>(); }
Peer best_gcm() { return gcm<arm64::Aes>(); }
Peer crc32() { return crc32_folding<crypto::Vector128>(); }
#endif

const Row rows[] = {
    {"sha1", 16384, 0.98, false, [] { return hash(host::build_sha1, crypto::sha1_start); }, [] { return bench::evp_digest("SHA1"); }},
    {"sha256", 16384, 0.98, false, [] { return hash(host::build_sha256, crypto::sha256_start); },
     [] { return bench::evp_digest("SHA256"); }},
    {"sha512", 16384, 0.98, false, sha512, [] { return bench::evp_digest("SHA512"); }},
    {"sha3-256", 16384, 0.98, false, best_sha3, [] { return bench::evp_digest("SHA3-256"); }},
    {"aes-128-ctr", 16384, 1.8, false, best_ctr, [] { return bench::evp_cipher("AES-128-CTR", key, iv); }},
    {"aes-128-gcm", 16384, 1.8, false, best_gcm, [] { return bench::evp_gcm("AES-128-GCM", key, iv); }},
    {"crc32", 65536, 50e9, true, crc32, bench::zlib_crc32},
    {"adler32", 65536, 1, false, adler32, bench::zlib_adler32},
};

double seconds() {
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) * 1e-9;
}

// Bytes per second of one turn of some milliseconds.
double rate(const Peer& f, const u8* in, u8* out, usize bytes) {
  usize runs = 0;
  const double start = seconds();
  double now = start;
  while (now - start < 4e-3) {
    for (int n = 0; n < 16; ++n) f(in, out, bytes);
    runs += 16;
    now = seconds();
  }
  return static_cast<double>(runs * bytes) / (now - start);
}

double median(std::array<double, 11> v) {
  std::sort(v.begin(), v.end());
  return v[5];
}

void measure(const Row& row) {
  const Peer ours = row.ours(), theirs = row.theirs();
  if (!ours) {
    std::printf("%s\tnot measurable: this CPU lacks %s\n", row.name, missing.c_str());
    return;
  }
  std::vector<u8> in(row.bytes + 64), one(row.bytes + 128), other(row.bytes + 128);
  for (usize n = 0; n < in.size(); ++n) in[n] = static_cast<u8>(n * 167 + n / 256);
  ours(in.data(), one.data(), row.bytes);
  theirs(in.data(), other.data(), row.bytes);
  bench::require(one == other, std::string(row.name) + ": results differ");
  std::array<double, 11> a, b, ratio;
  for (usize n = 0; n < a.size(); ++n) {
    a[n] = rate(ours, in.data(), one.data(), row.bytes);
    b[n] = rate(theirs, in.data(), other.data(), row.bytes);
    ratio[n] = a[n] / b[n];
  }
  std::printf("%s\t%zu\t%.0f\t%.0f\t%.3f\t%g%s\n", row.name, row.bytes, median(a), median(b), median(ratio), row.bar,
              row.rate ? " bytes/s" : "");
}

}  // namespace

int main(int argc, char** argv) {
  for (const Row& row : rows)
    if (argc < 2 || std::strcmp(argv[1], row.name) == 0) measure(row);
  return 0;
}
