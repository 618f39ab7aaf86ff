// Run on the machine that builds: stubs out of core ops, and of what every AArch64 CPU with FEAT_CRC32 has.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/arm64/crypto/adler.hpp>
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/crypto/crc.hpp>
#include <jitkit/emit/crypto/keccak.hpp>
#include <jitkit/emit/crypto/md5.hpp>
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/emit/crypto/sha256.hpp>
#include <jitkit/emit/crypto/sha512.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

using namespace jitkit;

namespace {

// Of each pair the target takes one.

using crypto::Crc;
using crypto::CrcForm;

// CRC-32: x86-64 has no instruction for it.
[[maybe_unused]] void build_crc32(ir::Function<x86_64::Isa>& f) { crypto::build_crc_by_folding<crypto::Vector128>(f, Crc::crc32); }
[[maybe_unused]] void build_crc32(ir::Function<arm64::Isa>& f) { crypto::build_crc_by_chains<arm64::CrcStep>(f, Crc::crc32); }
[[maybe_unused]] void build_crc32c(ir::Function<x86_64::Isa>& f) {
  crypto::build_crc_by_chains<x86_64::CrcStep>(f, Crc::crc32c, CrcForm::plain);
}
[[maybe_unused]] void build_crc32c(ir::Function<arm64::Isa>& f) {
  crypto::build_crc_by_chains<arm64::CrcStep>(f, Crc::crc32c, CrcForm::plain);
}

// SHA-512: x86-64 has few general registers.
[[maybe_unused]] void build_sha512(ir::Function<x86_64::Isa>& f) { crypto::build_sha512_by_vectors(f); }
[[maybe_unused]] void build_sha512(ir::Function<arm64::Isa>& f) { crypto::build_sha512(f); }

// Adler-32: with AVX2 on x86-64 (avx2.cpp).
[[maybe_unused]] void add_adler32(hotspot::Adapter& adapter, ir::Function<arm64::Isa>*) {
  adapter.add("adler32", [](auto& f) { crypto::build_adler32<arm64::AdlerSteps>(f); });
}
[[maybe_unused]] void add_adler32(hotspot::Adapter&, ir::Function<x86_64::Isa>*) {}

// In bigint.jk, memory.jk and base64.jk.
constexpr const char* in_other_sources[] = {
    "mulAdd", "multiplyToLen", "squareToLen", "montgomeryMultiply", "montgomerySquare", "bigIntegerLeftShiftWorker",
    "bigIntegerRightShiftWorker", "vectorizedMismatch", "base64_encodeBlock", "base64_decodeBlock", "copy1", "copy2", "copy4", "copy8", "move1", "move2", "move4", "move8",
    "fill1", "fill2", "fill4"};

}  // namespace

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "portable");
  adapter.add("sha1", crypto::build_sha1<stubs::Isa>);
  adapter.add("sha256", crypto::build_sha256<stubs::Isa>);
  adapter.add("md5", crypto::build_md5<stubs::Isa>);
  adapter.add("sha512", [](auto& f) { build_sha512(f); });
  adapter.add("sha3", [](auto& f) { crypto::build_keccak_of_rate<crypto::KeccakScalar>(f); });
  add_adler32(adapter, static_cast<ir::Function<stubs::Isa>*>(nullptr));
  adapter.add("crc32", [](auto& f) { build_crc32(f); });
  adapter.add("crc32c", [](auto& f) { build_crc32c(f); });
  for (const char* group : in_other_sources) adapter.add(group);
}
