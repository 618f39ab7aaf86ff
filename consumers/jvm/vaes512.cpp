// Run on the machine that builds: AES, GHASH and CRC-32 with four blocks in a register of x86-64 (AVX-512 with VAES
// and VPCLMULQDQ).
#include <jitkit/consumers/jvm/aes.hpp>
#include <jitkit/consumers/jvm/gcm.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "vaes512");
  hotspot::add_aes<x86_64::Aes512>(adapter);
  hotspot::add_gcm<x86_64::Aes512>(adapter);
  adapter.add("crc32", [](auto& f) { crypto::build_crc_by_folding<x86_64::Vector512>(f, crypto::Crc::crc32); });
  adapter.add("crc32c", [](auto& f) {
    crypto::build_crc_by_folding<x86_64::Vector512>(f, crypto::Crc::crc32c, crypto::CrcForm::plain);
  });
}
