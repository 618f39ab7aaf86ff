// SHA-1's block function (FIPS 180-4).
#include "kernel.h"
enum { N = 1 << 18 };
static uint8_t text[N];
void prepare(void) {
  for (int i = 0; i < N; i++) text[i] = (uint8_t)(i * 7 + i / 64);
}
static uint32_t rotl(uint32_t x, int n) { return x << n | x >> (32 - n); }
static void block(uint32_t* s, const uint8_t* p) {
  uint32_t w[80], a = s[0], b = s[1], c = s[2], d = s[3], e = s[4];
  for (int i = 0; i < 16; i++)
    w[i] = (uint32_t)p[4 * i] << 24 | (uint32_t)p[4 * i + 1] << 16 | (uint32_t)p[4 * i + 2] << 8 | p[4 * i + 3];
  for (int i = 16; i < 80; i++) w[i] = rotl(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
  for (int i = 0; i < 80; i++) {
    uint32_t f, k;
    if (i < 20) f = (b & c) | (~b & d), k = 0x5a827999;
    else if (i < 40) f = b ^ c ^ d, k = 0x6ed9eba1;
    else if (i < 60) f = (b & c) | (b & d) | (c & d), k = 0x8f1bbcdc;
    else f = b ^ c ^ d, k = 0xca62c1d6;
    const uint32_t t = rotl(a, 5) + f + e + k + w[i];
    e = d, d = c, c = rotl(b, 30), b = a, a = t;
  }
  s[0] += a, s[1] += b, s[2] += c, s[3] += d, s[4] += e;
}
uint64_t kernel(void) {
  uint32_t s[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
  for (size_t i = 0; i < N; i += 64) block(s, text + i);
  return (uint64_t)s[0] << 32 | (s[1] ^ s[2] ^ s[3] ^ s[4]);
}
