// The block function of SHA-1 with the CPU's SHA instructions. A source of its own: the macro in its header says
// what a CPU must have for it.
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/stubs.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  ir::Function<stubs::Isa>& native = module.function();
  crypto::declare_block_function(native, module.module, "sha1_native");
  build_sha1(native);  // the target's own, found by its Isa
}
