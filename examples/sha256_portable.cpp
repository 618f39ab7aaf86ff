// SHA-256 in core ops only (emit/crypto/sha256.hpp: one C++ template that fills a function for any
// target), compiled for the host and checked against FIPS 180-4's examples.
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/crypto/sha256.hpp>
#include <jitkit/emit/crypto/stream.hpp>
#include <jitkit/emit/runtime/cpu_features.hpp>
#include <jitkit/emit/runtime/exec_memory.hpp>
#include <jitkit/emit/x86_64/target.hpp>
#include <jitkit/ir/compile.hpp>

#include <cstdio>
#include <cstring>

using namespace jitkit;

namespace {

bool digest_is(crypto::BlockFunction* blocks, const char* message, const char* hex) {
  crypto::HashStream stream(blocks, crypto::sha256_start);
  stream.update({reinterpret_cast<const u8*>(message), std::strlen(message)});
  u8 digest[32];
  stream.finish(digest);
  char text[65];
  for (int k = 0; k < 32; ++k) std::snprintf(text + 2 * k, 3, "%02x", digest[k]);
  std::printf("%s  \"%s\"\n", text, message);
  return std::strcmp(text, hex) == 0;
}

}  // namespace

int main() {
  ir::Module module;
  ir::Function<host::Isa> f;
  crypto::declare_block_function(f, module, "sha256_blocks");
  crypto::build_sha256(f);
  host::Options options;
  options.features = host_features();
  ir::Compiler<host::Isa> compiler(options);
  CodeBuffer code;
  ExecMemory memory;
  ExecBlock block;
  Status s = compiler.compile(f, code);
  if (s.ok()) s = memory.add(code, block);
  if (!s.ok()) {
    std::fprintf(stderr, "error: %s\n", describe(s.error));
    return 1;
  }
  std::printf("%u bytes of code\n", code.offset());
  auto* run = block.as<crypto::BlockFunction>();
  const bool good =
      digest_is(run, "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855") &&
      digest_is(run, "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad") &&
      digest_is(run, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  if (!good) std::fprintf(stderr, "error: a digest is wrong\n");
  return good ? 0 : 1;
}
