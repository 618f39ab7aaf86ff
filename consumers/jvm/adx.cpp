// Run on the machine that builds: products of big integers with ADX and BMI2 (bigint_adx.jk).
#include <jitkit/consumers/jvm/adapter.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "adx");
  for (const char* group : {"mulAdd", "multiplyToLen", "squareToLen", "montgomeryMultiply", "montgomerySquare"}) adapter.add(group);
}
