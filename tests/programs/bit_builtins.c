// Population count, leading and trailing zeroes, byte swap, parity, ffs, clrsb.
#include <stdint.h>
#include <stdio.h>
int main(void) {
  uint64_t x = 1;
  for (int i = 0; i < 200; i++) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    uint64_t v = x >> (i % 64) | 1;
    uint32_t w = (uint32_t)v; uint16_t h = (uint16_t)v;
    printf("%d %d %d %d ", __builtin_popcountll(v), __builtin_clzll(v), __builtin_ctzll(v << (i % 63) | 1ull << 63), __builtin_parityll(v));
    printf("%d %d %d %d ", __builtin_popcount(w), __builtin_clz(w), __builtin_ctz(w << (i % 31) | 1u << 31), __builtin_ffs((int)w & ~1));
    printf("%llx %x %x %d ", (unsigned long long)__builtin_bswap64(v), __builtin_bswap32(w), __builtin_bswap16(h), __builtin_ffsll(0));
    printf("%d %d\n", __builtin_clrsb((int)w), __builtin_clrsbll((long long)v));
  }
  unsigned __int128 q = (unsigned __int128)x << 64 | ~x;
  printf("%d\n", __builtin_popcountll((uint64_t)q) + __builtin_popcountll((uint64_t)(q >> 64)));
  return 0;
}
