// Run on the machine that builds: AArch64's atomics out of exclusive pairs, which every CPU has.
#include <jitkit/consumers/jvm/atomics.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "exclusive");
  hotspot::add_atomics(adapter, false);
}
