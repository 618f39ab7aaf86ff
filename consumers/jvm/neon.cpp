// Run on the machine that builds: Base64 with AArch64's structures and tables (base64_neon.jk).
#include <jitkit/consumers/jvm/adapter.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "neon");
  for (const char* group : {"base64_encodeBlock", "base64_decodeBlock"}) adapter.add(group);
}
