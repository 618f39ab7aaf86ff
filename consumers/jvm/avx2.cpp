// Run on the machine that builds: what 32 bytes at a time make faster on any x86-64 of the last ten years.
#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/x86_64/crypto/adler.hpp>
#include <jitkit/emit/x86_64/crypto/sha512.hpp>

using namespace jitkit;

void jitkit_stubs(stubs::Module<stubs::Isa>& module) {
  hotspot::Adapter adapter(module, "avx2");
  adapter.add("adler32", [](auto& f) { crypto::build_adler32<x86_64::AdlerSteps>(f); });
  adapter.add("sha512", x86_64::build_sha512_avx2);
  for (const char* group : {"vectorizedMismatch", "fill1", "fill2", "fill4", "base64_encodeBlock", "base64_decodeBlock"})
    adapter.add(group);  // memory_avx2.jk, base64_avx2.jk
}
