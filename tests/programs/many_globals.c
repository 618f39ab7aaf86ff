// Small globals of every size and alignment next to each other; writes to one leave its neighbours alone.
#include <stdio.h>
#define G(n) static char c##n = n; static short s##n = n * 2; static int i##n = n * 3; static long l##n = n * 4; static float f##n = n * 5; static double d##n = n * 6; static _Alignas(64) char al##n = n;
G(1) G(2) G(3) G(4) G(5)
#define SUM(n) (c##n + s##n + i##n + l##n + (long)f##n + (long)d##n + al##n)
#define UP(n) c##n += 3, s##n -= 5, i##n *= 7, l##n ^= 0x55, f##n /= 2, d##n += 0.5, al##n++
int main(void) { for (int k = 0; k < 5; k++) { UP(1); printf("%ld %ld ", SUM(1), SUM(2)); UP(3); UP(5); printf("%ld %ld %ld\n", SUM(3), SUM(4), SUM(5)); } printf("%d\n", (int)((unsigned long)&al3 % 64)); return 0; }
