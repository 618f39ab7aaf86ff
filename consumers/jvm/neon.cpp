// Run on the machine that builds: Base64 with AArch64's structures and tables (base64_neon.jk), shifts of big integers with its
// vectors and longer runs of their products (bigint_neon.jk).
#include <jitkit/consumers/jvm/adapter.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "neon");
  for (const char* group : {"base64_encodeBlock", "base64_decodeBlock", "bigIntegerLeftShiftWorker", "bigIntegerRightShiftWorker",
                            "mulAdd", "multiplyToLen", "squareToLen", "montgomeryMultiply", "montgomerySquare"})
    adapter.add(group);
}
