/* AES, carry-less products, SHA-3 and SM4: Arm ARM C7.2, with shared/functions/crypto. */
#include "machine.h"

static Vector* vec(struct Machine* m, const struct Instruction* i, int n) { return &m->r.v[i->op[n].number]; }
static uint32_t rol(uint32_t v, int by) { return v << by | v >> (32 - by); }

/* ---- AES: byte 4c + r of a vector is row r of column c; GF(2^8) modulo x^8 + x^4 + x^3 + x + 1 ---- */
static uint8_t times(uint8_t a, uint8_t b) {
  unsigned product = 0;
  for (int n = 0; n < 8; ++n)
    if (b >> n & 1) product ^= (unsigned)a << n;
  for (int n = 14; n >= 8; --n)
    if (product >> n & 1) product ^= 0x11bu << (n - 8);
  return (uint8_t)product;
}
/* FIPS 197, 5.1.1: the inverse, then an affine map. */
static uint8_t substitute(uint8_t v) {
  uint8_t inverse = 1;
  for (int n = 0; n < 254; ++n) inverse = times(inverse, v);
  if (v == 0) inverse = 0;
  uint8_t result = 0x63;
  for (int n = 0; n < 5; ++n) result ^= (uint8_t)(inverse << n | inverse >> (8 - n));
  return result;
}
static uint8_t substitute_back(uint8_t v) {
  static uint8_t table[256];
  if (table[0x63] == table[0x62])
    for (int n = 0; n < 256; ++n) table[substitute((uint8_t)n)] = (uint8_t)n;
  return table[v];
}

static void aes_round(struct Machine* m, const struct Instruction* i, int back) {
  Vector v = *vec(m, i, 0), result;
  for (int n = 0; n < 2; ++n) v.d[n] ^= vec(m, i, 1)->d[n];
  for (int column = 0; column < 4; ++column)
    for (int row = 0; row < 4; ++row) {
      const int from = 4 * ((column + (back ? 4 - row : row)) % 4) + row;
      result.b[4 * column + row] = back ? substitute_back(v.b[from]) : substitute(v.b[from]);
    }
  *vec(m, i, 0) = result;
}

static void aes_mix(struct Machine* m, const struct Instruction* i, int back) {
  static const uint8_t forth[] = {2, 3, 1, 1}, inverse[] = {14, 11, 13, 9};
  const uint8_t* by = back ? inverse : forth;
  const Vector v = *vec(m, i, 1);
  for (int n = 0; n < 16; ++n) {
    uint8_t sum = 0;
    for (int k = 0; k < 4; ++k) sum ^= times(v.b[n / 4 * 4 + (n + k) % 4], by[k]);
    vec(m, i, 0)->b[n] = sum;
  }
}

/* ---- products of polynomials over GF(2): of the lower or upper half's elements ---- */
static void polynomials(struct Machine* m, const struct Instruction* i, int upper) {
  const Vector a = *vec(m, i, 1), b = *vec(m, i, 2);
  Vector* d = vec(m, i, 0);
  if (i->op[1].bits == 64) {
    u128 product = 0;
    for (int n = 0; n < 64; ++n)
      if (b.d[upper] >> n & 1) product ^= (u128)a.d[upper] << n;
    d->d[0] = (uint64_t)product, d->d[1] = (uint64_t)(product >> 64);
    return;
  }
  for (int e = 0; e < 8; ++e) {
    unsigned product = 0;
    for (int n = 0; n < 8; ++n)
      if (b.b[8 * upper + e] >> n & 1) product ^= (unsigned)a.b[8 * upper + e] << n;
    d->h[e] = (uint16_t)product;
  }
}

/* ---- SHA-3 ---- */
enum { eor3, bcax, rax1, xar };
static void sha3(struct Machine* m, const struct Instruction* i, int what) {
  const Vector n = *vec(m, i, 1), k = *vec(m, i, 2), a = *vec(m, i, what == eor3 || what == bcax ? 3 : 2);
  for (int e = 0; e < 2; ++e) {
    uint64_t* d = &vec(m, i, 0)->d[e];
    switch (what) {
      case eor3: *d = n.d[e] ^ k.d[e] ^ a.d[e]; break;
      case bcax: *d = n.d[e] ^ (k.d[e] & ~a.d[e]); break;
      case rax1: *d = n.d[e] ^ rotate_right(k.d[e], 63, 64); break;
      default: *d = rotate_right(n.d[e] ^ k.d[e], (int)i->op[3].value, 64); break;
    }
  }
}

/* ---- SM4: GB/T 32907 ---- */
static const uint8_t sm4_box[256] = {
    0xd6, 0x90, 0xe9, 0xfe, 0xcc, 0xe1, 0x3d, 0xb7, 0x16, 0xb6, 0x14, 0xc2, 0x28, 0xfb, 0x2c, 0x05, 0x2b, 0x67, 0x9a,
    0x76, 0x2a, 0xbe, 0x04, 0xc3, 0xaa, 0x44, 0x13, 0x26, 0x49, 0x86, 0x06, 0x99, 0x9c, 0x42, 0x50, 0xf4, 0x91, 0xef,
    0x98, 0x7a, 0x33, 0x54, 0x0b, 0x43, 0xed, 0xcf, 0xac, 0x62, 0xe4, 0xb3, 0x1c, 0xa9, 0xc9, 0x08, 0xe8, 0x95, 0x80,
    0xdf, 0x94, 0xfa, 0x75, 0x8f, 0x3f, 0xa6, 0x47, 0x07, 0xa7, 0xfc, 0xf3, 0x73, 0x17, 0xba, 0x83, 0x59, 0x3c, 0x19,
    0xe6, 0x85, 0x4f, 0xa8, 0x68, 0x6b, 0x81, 0xb2, 0x71, 0x64, 0xda, 0x8b, 0xf8, 0xeb, 0x0f, 0x4b, 0x70, 0x56, 0x9d,
    0x35, 0x1e, 0x24, 0x0e, 0x5e, 0x63, 0x58, 0xd1, 0xa2, 0x25, 0x22, 0x7c, 0x3b, 0x01, 0x21, 0x78, 0x87, 0xd4, 0x00,
    0x46, 0x57, 0x9f, 0xd3, 0x27, 0x52, 0x4c, 0x36, 0x02, 0xe7, 0xa0, 0xc4, 0xc8, 0x9e, 0xea, 0xbf, 0x8a, 0xd2, 0x40,
    0xc7, 0x38, 0xb5, 0xa3, 0xf7, 0xf2, 0xce, 0xf9, 0x61, 0x15, 0xa1, 0xe0, 0xae, 0x5d, 0xa4, 0x9b, 0x34, 0x1a, 0x55,
    0xad, 0x93, 0x32, 0x30, 0xf5, 0x8c, 0xb1, 0xe3, 0x1d, 0xf6, 0xe2, 0x2e, 0x82, 0x66, 0xca, 0x60, 0xc0, 0x29, 0x23,
    0xab, 0x0d, 0x53, 0x4e, 0x6f, 0xd5, 0xdb, 0x37, 0x45, 0xde, 0xfd, 0x8e, 0x2f, 0x03, 0xff, 0x6a, 0x72, 0x6d, 0x6c,
    0x5b, 0x51, 0x8d, 0x1b, 0xaf, 0x92, 0xbb, 0xdd, 0xbc, 0x7f, 0x11, 0xd9, 0x5c, 0x41, 0x1f, 0x10, 0x5a, 0xd8, 0x0a,
    0xc1, 0x31, 0x88, 0xa5, 0xcd, 0x7b, 0xbd, 0x2d, 0x74, 0xd0, 0x12, 0xb8, 0xe5, 0xb4, 0xb0, 0x89, 0x69, 0x97, 0x4a,
    0x0c, 0x96, 0x77, 0x7e, 0x65, 0xb9, 0xf1, 0x09, 0xc5, 0x6e, 0xc6, 0x84, 0x18, 0xf0, 0x7d, 0xec, 0x3a, 0xdc, 0x4d,
    0x20, 0x79, 0xee, 0x5f, 0x3e, 0xd7, 0xcb, 0x39, 0x48};

/* Four rounds on the four words of a vector. */
static void sm4(struct Machine* m, const struct Instruction* i, int expands_key) {
  Vector r = *vec(m, i, expands_key ? 1 : 0);
  const Vector keys = *vec(m, i, expands_key ? 2 : 1);
  for (int n = 0; n < 4; ++n) {
    const uint32_t in = r.s[3] ^ r.s[2] ^ r.s[1] ^ keys.s[n];
    uint32_t t = 0;
    for (int at = 0; at < 32; at += 8) t |= (uint32_t)sm4_box[in >> at & 0xff] << at;
    t = expands_key ? t ^ rol(t, 13) ^ rol(t, 23) : t ^ rol(t, 2) ^ rol(t, 10) ^ rol(t, 18) ^ rol(t, 24);
    t ^= r.s[0];
    r = (Vector){.s = {r.s[1], r.s[2], r.s[3], t}};
  }
  *vec(m, i, 0) = r;
}

const struct ModelRow crypto_models[] = {
    {"aese", aes_round, 0},
    {"aesd", aes_round, 1},
    {"aesmc", aes_mix, 0},
    {"aesimc", aes_mix, 1},
    {"pmull", polynomials, 0},
    {"pmull2", polynomials, 1},
    {"eor3", sha3, eor3},
    {"bcax", sha3, bcax},
    {"rax1", sha3, rax1},
    {"xar", sha3, xar},
    {"sm4e", sm4, 0},
    {"sm4ekey", sm4, 1},
    {0, 0, 0},
};
