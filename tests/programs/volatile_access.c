// Volatile objects of every size, in structs and through pointers.
#include <stdio.h>
static volatile char c = 1; static volatile short s = 2; static volatile int i = 3; static volatile long long l = 4; static volatile float f = 5; static volatile double d = 6; static volatile struct { int a : 5; unsigned b : 11; long c; } t;
int main(void) {
  volatile int local = 7; volatile int *p = &local; for (int k = 0; k < 10; k++) { c += 100; s *= 3; i -= 77; l = l * 10 + k; f /= 2; d += f; *p ^= k; t.a++; t.b += t.a; t.c = t.b * 2; }
  printf("%d %d %d %lld %g %g %d %d %d %ld\n", c, s, i, l, f, d, local, t.a, t.b, t.c); volatile unsigned char u = 250; u += 10; printf("%d\n", u); return 0;
}
