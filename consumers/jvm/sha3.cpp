// Run on the machine that builds: SHA-512 and SHA-3 out of AArch64's own instructions (FEAT_SHA512, FEAT_SHA3).
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/arm64/crypto/keccak.hpp>
#include <jitkit/emit/arm64/crypto/sha512.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "sha3");
  adapter.add("sha512", [](auto& f) { arm64::build_sha512(f); });
  adapter.add("sha3", [](auto& f) { crypto::build_keccak_of_rate<arm64::KeccakVectors>(f); });
}
