// Run on the machine that builds: Base64 and shifts of big integers with AVX-512's VBMI (base64_vbmi.jk).
#include <jitkit/consumers/jvm/adapter.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "vbmi");
  for (const char* group : {"base64_encodeBlock", "base64_decodeBlock", "bigIntegerLeftShiftWorker", "bigIntegerRightShiftWorker"})
    adapter.add(group);
}
