// power(x, n) for the exponent that power.hpp says, unrolled while the project is built.
#include <jitkit/stubs.hpp>

#include "power.hpp"

using namespace jitkit;

template <class Isa>
void fill(stubs::Module<Isa>& module) {
  ir::Builder b(module.function("power", {ir::Type::i64}, {ir::Type::i64}));
  const ir::Value x = b.param(b.entry(), 0);
  ir::Value product = x;
  for (int n = 1; n < exponent; ++n) product = b.mul(product, x);
  b.ret({product});
}

void jitkit_stubs(stubs::Module<stubs::Isa>& module) { fill(module); }
