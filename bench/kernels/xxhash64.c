// xxHash64 (its specification, doc/xxhash_spec.md): the loop over stripes of 32 bytes and the end.
#include "kernel.h"
#include <string.h>
enum { N = 1 << 20 };
static const uint64_t P1 = 11400714785074694791u, P2 = 14029467366897019727u, P3 = 1609587929392839161u,
                      P4 = 9650029242287828579u, P5 = 2870177450012600261u;
static uint8_t text[N + 21];
void prepare(void) {
  for (int i = 0; i < N + 21; i++) text[i] = (uint8_t)(i * 17 + i / 91);
}
static uint64_t rotl(uint64_t x, int n) { return x << n | x >> (64 - n); }
static uint64_t word(const uint8_t* p) {
  uint64_t v;
  memcpy(&v, p, 8);
  return v;
}
static uint64_t step(uint64_t a, uint64_t x) { return rotl(a + x * P2, 31) * P1; }
static uint64_t merge(uint64_t h, uint64_t a) { return (h ^ step(0, a)) * P1 + P4; }
uint64_t kernel(void) {
  const uint8_t *p = text, *end = text + sizeof text;
  uint64_t a = P1 + P2, b = P2, c = 0, d = -P1;
  for (; p + 32 <= end; p += 32) {
    a = step(a, word(p));
    b = step(b, word(p + 8));
    c = step(c, word(p + 16));
    d = step(d, word(p + 24));
  }
  uint64_t h = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
  h = merge(merge(merge(merge(h, a), b), c), d) + sizeof text;
  for (; p + 8 <= end; p += 8) h = rotl(h ^ step(0, word(p)), 27) * P1 + P4;
  for (; p < end; p++) h = rotl(h ^ *p * P5, 11) * P1;
  h = (h ^ h >> 33) * P2;
  h = (h ^ h >> 29) * P3;
  return h ^ h >> 32;
}
