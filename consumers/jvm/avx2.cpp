// Run on the machine that builds: what 32 bytes at a time make faster on any x86-64 of the last ten years.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/x86_64/crypto/adler.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "avx2");
  adapter.add("adler32", [](auto& f) { crypto::build_adler32<x86_64::AdlerSteps>(f); });
  for (const char* group : {"vectorizedMismatch", "base64_encodeBlock", "base64_decodeBlock"})  // memory_avx2.jk, base64_avx2.jk
    adapter.add(group);
}
