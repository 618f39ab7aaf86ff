// Run on the machine that builds, for CPUs with FEAT_LSE: AArch64's atomics as single instructions.
#include <jitkit/consumers/jvm/atomics.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "lse");
  hotspot::add_atomics(adapter, true);
}
