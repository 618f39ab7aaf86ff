// Run on the machine that builds: stubs out of core ops, and of what every AArch64 CPU with FEAT_CRC32 has.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/crypto/crc.hpp>
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/emit/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

using namespace jitkit;

namespace {

using crypto::Crc;
using crypto::CrcForm;

// CRC-32: x86-64 has no instruction for it.
void build_crc32(ir::Function<x86_64::Isa>& f) { crypto::build_crc_by_folding<crypto::Vector128>(f, Crc::crc32); }
void build_crc32(ir::Function<arm64::Isa>& f) { crypto::build_crc_by_chains<arm64::CrcStep>(f, Crc::crc32); }
void build_crc32c(ir::Function<x86_64::Isa>& f) {
  crypto::build_crc_by_chains<x86_64::CrcStep>(f, Crc::crc32c, CrcForm::plain);
}
void build_crc32c(ir::Function<arm64::Isa>& f) {
  crypto::build_crc_by_chains<arm64::CrcStep>(f, Crc::crc32c, CrcForm::plain);
}

// In bigint.jk, memory.jk and base64.jk.
constexpr const char* in_other_sources[] = {
    "mulAdd", "multiplyToLen", "squareToLen", "bigIntegerLeftShiftWorker", "bigIntegerRightShiftWorker",
    "vectorizedMismatch", "base64_encodeBlock", "copy1", "copy2", "copy4", "copy8", "move1", "move2", "move4", "move8",
    "fill1", "fill2", "fill4"};

}  // namespace

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "portable");
  adapter.add("sha1", crypto::build_sha1<stubs::Isa>);
  adapter.add("sha256", crypto::build_sha256<stubs::Isa>);
  adapter.add("crc32", [](auto& f) { build_crc32(f); });
  adapter.add("crc32c", [](auto& f) { build_crc32c(f); });
  for (const char* group : in_other_sources) adapter.add(group);
}
