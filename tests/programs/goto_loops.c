// Irreducible control flow: jumps into loops, two entries, crossing loops, computed exits.
#include <stdio.h>
static int two(int a, int n) { int s = 0; if (a & 1) goto second; first: s += a; if (--n < 0) goto out; second: s = s * 3 + 1; if (s & 4) goto first; a ^= s; if (n-- > 0) goto second; goto first; out: return s + a; }
static int cross(int x) { int k = 0; a: k++; if (k > 50) return x; switch (x & 3) { case 0: x += 5; goto b; case 1: x *= 3; goto c; case 2: x -= 7; goto a; default: x ^= 0x55; } b: x += k; if (x % 5 == 0) goto c; if (x % 7 == 0) goto a; x >>= 1; goto a; c: x++; if (x & 1) goto b; while (x > 100) { x -= 33; if (x % 3 == 0) goto b; } goto a; }
int main(void) { for (int i = 0; i < 40; i++) printf("%d %d ", two(i, i % 13), cross(i * 17)); int n = 0; for (int i = 0; i < 10; i++) for (int j = 0; j < 10; j++) { if (i * j == 42) goto done; n += i ^ j; } done: printf("%d\n", n); return 0; }
