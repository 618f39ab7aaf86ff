// Run on the machine that builds: fills the module whose functions become stubs. The block function of
// SHA-1 in core ops, for any CPU.
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/stubs.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  ir::Function<stubs::Isa>& portable = module.function();
  crypto::declare_block_function(portable, module.module, "sha1_portable");
  crypto::build_sha1(portable);
}
