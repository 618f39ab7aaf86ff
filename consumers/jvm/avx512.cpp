// Run on the machine that builds: SHA-512's schedule with AVX-512; copies and fills.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/x86_64/crypto/sha512.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "avx512");
  adapter.add("sha512", x86_64::build_sha512);
  for (const char* group : {"copy1", "copy2", "copy4", "copy8", "move1", "move2", "move4", "move8", "fill1", "fill2", "fill4"})
    adapter.add(group);  // memory_avx512.jk
}
