// Native crypto: SHA-1's block function with the CPU's own SHA instructions as native ops among core ops
// (emit/<arch>/crypto/sha1.hpp). Where the CPU has none, compiling says which feature is missing, and the
// portable version takes its place. JITKIT_CPU=-sha1 makes any CPU look like one without.
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/crypto/stream.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>

#include <cstdio>
#include <cstring>
#include <string_view>

using namespace jitkit;

namespace {

Status compile(void (*build)(ir::Function<host::Isa>&), ExecMemory& memory, ExecBlock& block) {
  ir::Module module;
  ir::Function<host::Isa> f;
  crypto::declare_block_function(f, module, "sha1_blocks");
  build(f);
  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  const Status s = compiler.compile(f, code);
  return s.ok() ? memory.add(code, block) : s;
}

}  // namespace

int main() {
  ExecMemory memory;
  ExecBlock block;
  Status s = compile(host::build_sha1, memory, block);
  if (s.error == Error::feature_missing) {
    const std::string_view name = host::feature_name(static_cast<host::Feature>(s.detail));
    std::printf("no feature %.*s here: portable code\n", static_cast<int>(name.size()), name.data());
    s = compile(crypto::build_sha1<host::Isa>, memory, block);
  }
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  crypto::HashStream stream(block.as<crypto::BlockFunction>(), crypto::sha1_start);
  stream.update({reinterpret_cast<const u8*>("abc"), 3});
  u8 digest[20];
  stream.finish(digest);
  for (const u8 byte : digest) std::printf("%02x", byte);
  std::printf("  \"abc\"\n");
  static constexpr u8 expected[20] = {0xa9, 0x99, 0x3e, 0x36, 0x47, 0x06, 0x81, 0x6a, 0xba, 0x3e,
                                      0x25, 0x71, 0x78, 0x50, 0xc2, 0x6c, 0x9c, 0xd0, 0xd8, 0x9d};
  return std::memcmp(digest, expected, sizeof digest) == 0 ? 0 : 1;
}
