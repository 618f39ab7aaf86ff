// Run on the machine that builds: AES and GHASH with the CPU's rounds, blocks of 128 bits.
#include <jitkit/consumers/jvm/aes.hpp>
#include <jitkit/consumers/jvm/gcm.hpp>
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

#include <type_traits>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "aes");
  hotspot::add_aes<std::conditional_t<std::is_same_v<stubs::Isa, arm64::Isa>, arm64::Aes, x86_64::Aes>>(adapter);
  hotspot::add_gcm<std::conditional_t<std::is_same_v<stubs::Isa, arm64::Isa>, arm64::Aes, x86_64::Aes>>(adapter);
}
