// The AArch64 crypto blocks as machine code, for bench/mca.py: crypto_arm64 DIRECTORY writes NAME.bin for each.
#include <jitkit/emit/arm64/crypto/keccak.hpp>
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/crypto/sha256.hpp>
#include <jitkit/emit/arm64/crypto/sha512.hpp>
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/arm64/target.hpp>
#include <jitkit/emit/crypto/gcm.hpp>
#include <jitkit/ir/compile.hpp>

#include <cstdio>
#include <cstdlib>
#include <functional>
#include <span>
#include <string>

namespace {

using namespace jitkit;
using Function = ir::Function<arm64::Isa>;

[[noreturn]] void die(const std::string& why) {
  std::fprintf(stderr, "crypto_arm64: %s\n", why.c_str());
  std::exit(1);
}

void write(const std::string& path, const std::function<void(Function&, ir::Module&)>& build) {
  ir::Module module;
  Function f;
  build(f, module);
  arm64::Options options;
  using arm64::Feature;
  for (const Feature x : {Feature::asimd, Feature::aes, Feature::pmull, Feature::sha1, Feature::sha2, Feature::sha512,
                          Feature::sha3, Feature::crc})
    options.features.enable(x);
  CodeBuffer code;
  if (const Status s = ir::Compiler<arm64::Isa>(options).compile(f, code); !s.ok() || !code.finish().ok()) die(path + ": " + describe(s.error));
  const std::span<const u8> image = code.bytes();
  std::FILE* const file = std::fopen(path.c_str(), "wb");
  if (file == nullptr || std::fwrite(image.data(), 1, image.size(), file) != image.size() || std::fclose(file) != 0)
    die("cannot write " + path);
}

void hash(const std::string& path, void (*build)(Function&)) {
  write(path, [build](Function& f, ir::Module& m) {
    crypto::declare_block_function(f, m, "blocks");
    build(f);
  });
}
void crc(const std::string& path, void (*build)(Function&)) {
  write(path, [build](Function& f, ir::Module& m) {
    crypto::declare_crc(f, m, "crc");
    build(f);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) die("usage: crypto_arm64 DIRECTORY");
  const std::string to = std::string(argv[1]) + "/";
  hash(to + "sha1.bin", arm64::build_sha1);
  hash(to + "sha256.bin", arm64::build_sha256);
  hash(to + "sha512.bin", arm64::build_sha512);
  write(to + "aes-128-ctr.bin", [](Function& f, ir::Module& m) { crypto::build_aes_ctr<arm64::Aes>(f, m, "f", 128); });
  write(to + "ghash.bin", [](Function& f, ir::Module& m) { crypto::build_ghash<arm64::Aes>(f, m, "f"); });
  write(to + "aes-128-gcm.bin", [](Function& f, ir::Module& m) {
    crypto::build_aes_gcm<arm64::Aes>(f, m, "f", crypto::AesWay::encrypt, 128);
  });
  crc(to + "crc32-chains.bin", [](Function& f) { crypto::build_crc_by_chains<arm64::CrcStep>(f, crypto::Crc::crc32); });
  crc(to + "crc32-both.bin", [](Function& f) { crypto::build_crc_by_both<arm64::CrcStep>(f, crypto::Crc::crc32); });
  crc(to + "crc32-folding.bin", [](Function& f) { crypto::build_crc_by_folding<crypto::Vector128>(f, crypto::Crc::crc32); });
  return 0;
}
