// __builtin_*_overflow at several widths, signed, unsigned and mixed.
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#define TRY(T, F) static void T##_try(T a, T b) { T r; int o; \
  o = __builtin_add_overflow(a, b, &r); printf(" %d" F, o, r); o = __builtin_sub_overflow(a, b, &r); printf(" %d" F, o, r); \
  o = __builtin_mul_overflow(a, b, &r); printf(" %d" F "\n", o, r); }
typedef long long ll; typedef unsigned long long ull; typedef unsigned uint;
TRY(int8_t, "%d") TRY(uint8_t, "%u") TRY(int16_t, "%d") TRY(uint16_t, "%u") TRY(int, "%d") TRY(uint, "%u") TRY(ll, "%lld") TRY(ull, "%llu")
static void wide(__int128 a, __int128 b) { __int128 r; unsigned __int128 u;
  int o = __builtin_add_overflow(a, b, &r); printf(" %d %llx", o, (ull)(r >> 64)); o = __builtin_sub_overflow(a, b, &r); printf(" %d %llx", o, (ull)(r >> 64));
  o = __builtin_mul_overflow((unsigned __int128)a, (unsigned __int128)b, &u); printf(" %d %llx %llx\n", o, (ull)(u >> 64), (ull)u); }
static void mixed(int a, unsigned b) { long long r; short s; unsigned u;
  int o = __builtin_add_overflow(a, b, &r), p = __builtin_mul_overflow(a, b, &s), q = __builtin_sub_overflow(a, b, &u);
  printf("%d %lld %d %d %d %u\n", o, r, p, s, q, u); }
int main(void) {
  ll v[] = {0, 1, -1, 2, 127, -128, 255, 256, SHRT_MAX, SHRT_MIN, INT_MAX, INT_MIN, UINT_MAX, LLONG_MAX, LLONG_MIN, 3037000500LL};
  for (int i = 0; i < 16; i++) for (int j = 0; j < 16; j++) {
    int8_t_try(v[i], v[j]); uint8_t_try(v[i], v[j]); int16_t_try(v[i], v[j]); uint16_t_try(v[i], v[j]);
    int_try(v[i], v[j]); uint_try(v[i], v[j]); ll_try(v[i], v[j]); ull_try(v[i], v[j]); mixed(v[i], v[j]);
    wide((__int128)v[i] << 64 | (ull)v[j], (__int128)v[j] << 60);
    wide(v[i], v[j]);
  }
  return 0;
}
