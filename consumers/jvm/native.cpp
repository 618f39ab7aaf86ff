// Run on the machine that builds: stubs out of the CPU's own instructions.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha256.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "native");
  // The target's own, found by its Isa.
  adapter.add("sha1", [](auto& f) { build_sha1(f); });
  adapter.add("sha256", [](auto& f) { build_sha256(f); });
}
