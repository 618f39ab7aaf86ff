/* Steps of SHA-1, SHA-256, SHA-512 and SM3: Arm ARM C7.2, with shared/functions/crypto. */
#include "machine.h"

static Vector* vec(struct Machine* m, const struct Instruction* i, int n) { return &m->r.v[i->op[n].number]; }
static uint32_t rol(uint32_t v, int by) { return v << by | v >> (32 - by); }
static uint32_t ror32(uint32_t v, int by) { return rol(v, 32 - by); }
static uint64_t ror64(uint64_t v, int by) { return v >> by | v << (64 - by); }

static uint32_t choose(uint32_t x, uint32_t y, uint32_t z) { return ((y ^ z) & x) ^ z; }
static uint32_t majority(uint32_t x, uint32_t y, uint32_t z) { return (x & y) | ((x | y) & z); }
static uint32_t parity(uint32_t x, uint32_t y, uint32_t z) { return x ^ y ^ z; }

/* ---- SHA-1 ---- */
static void sha1_rounds(struct Machine* m, const struct Instruction* i, int kind) {
  Vector x = *vec(m, i, 0);
  uint32_t y = vec(m, i, 1)->s[0];
  const Vector w = *vec(m, i, 2);
  for (int e = 0; e < 4; ++e) {
    const uint32_t t = (kind == 0 ? choose : kind == 1 ? parity : majority)(x.s[1], x.s[2], x.s[3]);
    const uint32_t sum = y + rol(x.s[0], 5) + t + w.s[e];
    y = x.s[3];
    x = (Vector){.s = {sum, x.s[0], rol(x.s[1], 30), x.s[2]}};
  }
  *vec(m, i, 0) = x;
}
static void sha1h(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  *vec(m, i, 0) = (Vector){.s = {rol(vec(m, i, 1)->s[0], 30)}};
}
static void sha1su0(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1), k = *vec(m, i, 2);
  *vec(m, i, 0) = (Vector){.d = {d.d[1] ^ d.d[0] ^ k.d[0], n.d[0] ^ d.d[1] ^ k.d[1]}};
}
static void sha1su1(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1);
  uint32_t t[4];
  for (int e = 0; e < 4; ++e) t[e] = d.s[e] ^ (e < 3 ? n.s[e + 1] : 0);
  *vec(m, i, 0) = (Vector){.s = {rol(t[0], 1), rol(t[1], 1), rol(t[2], 1), rol(t[3], 1) ^ rol(t[0], 2)}};
}

/* ---- SHA-256 ---- */
static void sha256_rounds(struct Machine* m, const struct Instruction* i, int second_half) {
  Vector x = *vec(m, i, second_half ? 1 : 0), y = *vec(m, i, second_half ? 0 : 1);
  const Vector w = *vec(m, i, 2);
  for (int e = 0; e < 4; ++e) {
    const uint32_t sigma1 = ror32(y.s[0], 6) ^ ror32(y.s[0], 11) ^ ror32(y.s[0], 25);
    const uint32_t sigma0 = ror32(x.s[0], 2) ^ ror32(x.s[0], 13) ^ ror32(x.s[0], 22);
    const uint32_t t = y.s[3] + sigma1 + choose(y.s[0], y.s[1], y.s[2]) + w.s[e];
    const uint32_t from_x = t + x.s[3], from_y = t + sigma0 + majority(x.s[0], x.s[1], x.s[2]);
    x = (Vector){.s = {from_y, x.s[0], x.s[1], x.s[2]}};
    y = (Vector){.s = {from_x, y.s[0], y.s[1], y.s[2]}};
  }
  *vec(m, i, 0) = second_half ? y : x;
}
static void sha256su0(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1);
  for (int e = 0; e < 4; ++e) {
    const uint32_t t = e < 3 ? d.s[e + 1] : n.s[0];
    vec(m, i, 0)->s[e] = (ror32(t, 7) ^ ror32(t, 18) ^ t >> 3) + d.s[e];
  }
}
static void sha256su1(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1), k = *vec(m, i, 2);
  Vector result;
  for (int e = 0; e < 4; ++e) {
    const uint32_t t = e < 2 ? k.s[2 + e] : result.s[e - 2];
    result.s[e] = (ror32(t, 17) ^ ror32(t, 19) ^ t >> 10) + d.s[e] + (e < 3 ? n.s[e + 1] : k.s[0]);
  }
  *vec(m, i, 0) = result;
}

/* ---- SHA-512 ---- */
static uint64_t big_sigma1(uint64_t v) { return ror64(v, 14) ^ ror64(v, 18) ^ ror64(v, 41); }
static uint64_t big_sigma0(uint64_t v) { return ror64(v, 28) ^ ror64(v, 34) ^ ror64(v, 39); }
static uint64_t choose64(uint64_t x, uint64_t y, uint64_t z) { return (x & y) ^ (~x & z); }
static uint64_t majority64(uint64_t x, uint64_t y, uint64_t z) { return (x & y) ^ (x & z) ^ (y & z); }

static void sha512h(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector w = *vec(m, i, 0), x = *vec(m, i, 1), y = *vec(m, i, 2);
  const uint64_t high = choose64(y.d[1], x.d[0], x.d[1]) + big_sigma1(y.d[1]) + w.d[1];
  const uint64_t t = high + y.d[0];
  *vec(m, i, 0) = (Vector){.d = {choose64(t, y.d[1], x.d[0]) + big_sigma1(t) + w.d[0], high}};
}
static void sha512h2(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector w = *vec(m, i, 0), x = *vec(m, i, 1), y = *vec(m, i, 2);
  const uint64_t high = majority64(x.d[0], y.d[1], y.d[0]) + big_sigma0(y.d[0]) + w.d[1];
  *vec(m, i, 0) = (Vector){.d = {majority64(high, y.d[0], y.d[1]) + big_sigma0(high) + w.d[0], high}};
}
static void sha512su0(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector w = *vec(m, i, 0), x = *vec(m, i, 1);
  const uint64_t of[] = {w.d[1], x.d[0]};
  for (int e = 0; e < 2; ++e) vec(m, i, 0)->d[e] = w.d[e] + (ror64(of[e], 1) ^ ror64(of[e], 8) ^ of[e] >> 7);
}
static void sha512su1(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector w = *vec(m, i, 0), x = *vec(m, i, 1), y = *vec(m, i, 2);
  for (int e = 0; e < 2; ++e)
    vec(m, i, 0)->d[e] = w.d[e] + (ror64(x.d[e], 19) ^ ror64(x.d[e], 61) ^ x.d[e] >> 6) + y.d[e];
}

/* ---- SM3 ---- */
static void sm3ss1(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const uint32_t sum = rol(vec(m, i, 1)->s[3], 12) + vec(m, i, 2)->s[3] + vec(m, i, 3)->s[3];
  *vec(m, i, 0) = (Vector){.s = {0, 0, 0, rol(sum, 7)}};
}

enum { tt2 = 1, from_round_16 = 2 };
static void sm3tt(struct Machine* m, const struct Instruction* i, int how) {
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1);
  const uint32_t w = vec(m, i, 2)->s[i->op[2].index], a = d.s[3], b = d.s[2], c = d.s[1];
  uint32_t t = !(how & from_round_16) ? parity(a, b, c) : how & tt2 ? choose(a, b, c) : majority(a, b, c);
  t += d.s[0] + w + (how & tt2 ? n.s[3] : n.s[3] ^ rol(a, 12));
  if (how & tt2) t ^= rol(t, 9) ^ rol(t, 17);
  *vec(m, i, 0) = (Vector){.s = {c, rol(b, how & tt2 ? 19 : 9), a, t}};
}
static uint32_t permute(uint32_t v) { return v ^ rol(v, 15) ^ rol(v, 23); }
static void sm3partw1(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1), k = *vec(m, i, 2);
  Vector result;
  for (int e = 0; e < 4; ++e) result.s[e] = permute(d.s[e] ^ n.s[e] ^ rol(e < 3 ? k.s[e + 1] : result.s[0], 15));
  *vec(m, i, 0) = result;
}
static void sm3partw2(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const Vector d = *vec(m, i, 0), n = *vec(m, i, 1), k = *vec(m, i, 2);
  Vector t;
  for (int e = 0; e < 4; ++e) t.s[e] = n.s[e] ^ rol(k.s[e], 7);
  for (int e = 0; e < 4; ++e) vec(m, i, 0)->s[e] = d.s[e] ^ t.s[e];
  vec(m, i, 0)->s[3] ^= permute(rol(t.s[0], 15));
}

const struct ModelRow hash_models[] = {
    {"sha1c", sha1_rounds, 0},
    {"sha1p", sha1_rounds, 1},
    {"sha1m", sha1_rounds, 2},
    {"sha1h", sha1h, 0},
    {"sha1su0", sha1su0, 0},
    {"sha1su1", sha1su1, 0},
    {"sha256h", sha256_rounds, 0},
    {"sha256h2", sha256_rounds, 1},
    {"sha256su0", sha256su0, 0},
    {"sha256su1", sha256su1, 0},
    {"sha512h", sha512h, 0},
    {"sha512h2", sha512h2, 0},
    {"sha512su0", sha512su0, 0},
    {"sha512su1", sha512su1, 0},
    {"sm3ss1", sm3ss1, 0},
    {"sm3tt1a", sm3tt, 0},
    {"sm3tt1b", sm3tt, from_round_16},
    {"sm3tt2a", sm3tt, tt2},
    {"sm3tt2b", sm3tt, tt2 | from_round_16},
    {"sm3partw1", sm3partw1, 0},
    {"sm3partw2", sm3partw2, 0},
    {0, 0, 0},
};
