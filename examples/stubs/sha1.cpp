// Run on the machine that builds: fills the module whose functions become stubs. The block function of
// SHA-1 in two versions, in core ops and with the CPU's SHA instructions.
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/stubs.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  ir::Function<stubs::Isa>& portable = module.function();
  crypto::declare_block_function(portable, module.module, "sha1_portable");
  crypto::build_sha1(portable);

  ir::Function<stubs::Isa>& native = module.function();
  crypto::declare_block_function(native, module.module, "sha1_native");
  build_sha1(native);  // the target's own, found by its Isa
}
