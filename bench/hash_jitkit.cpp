// SHA-1 and SHA-256 with the CPU's instructions: 16 KiB per run, padding and digest included, as
// `openssl speed` does it. No case where the CPU lacks them. Valgrind knows none of these instructions,
// so they are timed and not counted.
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

#include <memory>
#include <vector>

#include "case.hpp"

namespace {

using namespace jitkit;

constexpr usize bytes = 16384;

struct Hash {
  ExecMemory memory;
  ExecBlock block;
  std::vector<u8> data = std::vector<u8>(bytes, 0x5a);
};

void add(const char* name, void (*build)(ir::Function<host::Isa>&), std::span<const u32> start) {
  const auto hash = std::make_shared<Hash>();
  ir::Module module;
  ir::Function<host::Isa> f;
  crypto::declare_block_function(f, module, "blocks");
  build(f);
  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  Status s = compiler.compile(f, code);
  if (s.error == Error::feature_missing) {
    const std::string_view missing = host::feature_name(static_cast<host::Feature>(s.detail));
    bench::facts().push_back({std::string("not measurable:") + name, "CPU lacks " + std::string(missing)});
    return;
  }
  if (s.ok()) s = hash->memory.add(code, hash->block);
  bench::require(s.ok(), std::string(name) + ": " + describe(s.error));
  bench::Case c{std::string("hash ") + name, "jitkit", "bytes", bytes, [hash, start] {
                  crypto::HashStream stream(hash->block.as<crypto::BlockFunction>(), start);
                  stream.update(hash->data);
                  u8 digest[32];
                  stream.finish(digest);
                  // Whoever looks at the digest keeps the work.
                  asm volatile("" : : "r"(digest) : "memory");
                }};
  c.counted = false;
  bench::cases().push_back(c);
}

void add_all() {
  add("sha1", host::build_sha1, crypto::sha1_start);
  add("sha256", host::build_sha256, crypto::sha256_start);
}
const bench::Register registered(add_all);

}  // namespace
