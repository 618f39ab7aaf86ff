// Arrays of variable length, in one and two dimensions, in loops, and alloca.
#include <stdio.h>
#include <string.h>
static long square(int n) { long m[n][n]; for (int i = 0; i < n; i++) for (int j = 0; j < n; j++) m[i][j] = i * j - j; long s = 0; for (int i = 0; i < n; i++) s += m[i][n - 1 - i]; return s + (long)sizeof m; }
static int sum(int n, int a[n]) { int s = 0; for (int i = 0; i < n; i++) s += a[i]; return s; }
int main(void) {
  for (int n = 1; n < 40; n += 3) { int a[n]; for (int i = 0; i < n; i++) a[i] = i * n; printf("%ld %d ", square(n), sum(n, a)); }
  char *p = __builtin_alloca(100); strcpy(p, "on the stack"); double *d = __builtin_alloca(8 * sizeof *d); for (int i = 0; i < 8; i++) d[i] = i / 2.0;
  printf("%s %g %d\n", p, d[7], ((unsigned long)d & 15) == 0);
  return 0;
}
