// Run on the machine that builds: stubs out of core ops.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/emit/crypto/sha256.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "portable");
  adapter.add("sha1", crypto::build_sha1<stubs::Isa>);
  adapter.add("sha256", crypto::build_sha256<stubs::Isa>);
  // Functions of bigint.jk, memory.jk and base64.jk.
  for (const hotspot::Kernel& k : hotspot::kernels)
    if (k.state_bytes == 0) adapter.add(k.group);
}
