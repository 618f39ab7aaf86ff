// Integers of odd widths: _BitInt. The reference build has no such type and computes with masks.
#include <stdio.h>
#if defined(__clang__)
typedef _BitInt(24) s24; typedef unsigned _BitInt(24) u24; typedef unsigned _BitInt(33) u33; typedef _BitInt(33) s33; typedef unsigned _BitInt(70) u70; typedef _BitInt(7) s7;
#define S24(x) ((s24)(x))
#define U24(x) ((u24)(x))
#define U33(x) ((u33)(x))
#define S33(x) ((s33)(x))
#define U70(x) ((u70)(x))
#define S7(x) ((s7)(x))
#else
typedef int s24; typedef unsigned u24; typedef unsigned long long u33; typedef long long s33; typedef unsigned __int128 u70; typedef signed char s7;
#define S24(x) ((int)((unsigned)(x) << 8) >> 8)
#define U24(x) ((unsigned)(x) & 0xffffffu)
#define U33(x) ((unsigned long long)(x) & 0x1ffffffffull)
#define S33(x) ((long long)((unsigned long long)(x) << 31) >> 31)
#define U70(x) ((unsigned __int128)(x) << 58 >> 58)
#define S7(x) ((signed char)((unsigned char)((x) << 1)) >> 1)
#endif
int main(void) {
  s24 a = S24(-5); u24 b = U24(0xfffff0); u33 c = U33(0x1ffffff00ull); s33 d = S33(-100000); u70 e = U70(12345); s7 f = S7(-3);
  for (int i = 1; i < 60; i++) {
    a = S24((long long)a * 77 + i); b = U24((unsigned long long)b * 3 + i); c = U33(c * 5 + i); d = S33(d * -3 + i);
    e = U70(e * 1000003 + i); f = S7(f * 5 + i);
    printf("%d %u %llu %lld %llx %llx %d", (int)a, (unsigned)b, (unsigned long long)c, (long long)d, (unsigned long long)(e >> 64), (unsigned long long)e, (int)f);
    printf(" %d %u %llu %lld %d", (int)S24(a / S24(i)), (unsigned)U24(b % U24(i)), (unsigned long long)U33(c / U33(i)), (long long)S33(d % S33(i + 1)), (int)S24(a >> 3));
    printf(" %d%d%d%d\n", a < 0, d < S33(i), c > U33(77777777), (int)f < 0);
  }
  return 0;
}
