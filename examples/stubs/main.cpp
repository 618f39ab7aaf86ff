// Calls stubs that were compiled while this program was built; nothing of jitkit is in it but the question
// what the CPU has, by which one of two versions of SHA-1 is picked.
#include <example_stubs_library.h>
#include <jitkit/emit/runtime/cpu_features.hpp>

#include <cstdio>
#include <cstring>

namespace {

using Blocks = void (*)(void* state, void* data, uint64_t count);

// The CPU is asked once; what its instructions need stands in the stubs' header.
Blocks best_sha1() {
  jitkit::host::FeatureSet needed;
  needed.apply(JITKIT_STUBS_EXAMPLE_STUBS_LIBRARY_SHA1_NATIVE_FEATURES);
  return jitkit::host_features().has(needed) ? sha1_native : sha1_portable;
}

// SHA-1 of "abc": one padded block (FIPS 180-4, 5.1.1).
bool digest_is_right(Blocks blocks) {
  uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  unsigned char block[64] = {'a', 'b', 'c', 0x80};
  block[63] = 24;
  blocks(state, block, 1);
  static constexpr uint32_t expected[5] = {0xa9993e36, 0x4706816a, 0xba3e2571, 0x7850c26c, 0x9cd0d89d};
  std::printf("%08x%08x%08x%08x%08x  \"abc\"\n", state[0], state[1], state[2], state[3], state[4]);
  return std::memcmp(state, expected, sizeof state) == 0;
}

}  // namespace

int main() {
  double coefficients[4];
  std::memcpy(coefficients, ones, sizeof coefficients);
  const double sum = polynomial(coefficients, 4, 2.0);
  std::printf("1 + 2 + 4 + 8 = %g\n", sum);
  if (sum != 15.0 || polynomial(coefficients, 0, 2.0) != 0.0) return 1;
  const Blocks best = best_sha1();
  std::printf("picked: %s\n", best == sha1_native ? "the CPU's instructions" : "core ops");
  return digest_is_right(sha1_portable) && digest_is_right(best) ? 0 : 1;
}
