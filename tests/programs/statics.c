// Static locals, shadowing, recursion through them, extern declarations in blocks, tentative definitions.
#include <stdio.h>
int tentative; int tentative; static int counter(void) { static int n = 5; static struct { int a; char b[4]; } s = {1, "xy"}; s.a *= 2; return ++n + s.a + s.b[1]; }
static unsigned long fib(unsigned n) { static unsigned long memo[94]; if (n < 2) return n; if (memo[n]) return memo[n]; return memo[n] = fib(n - 1) + fib(n - 2); }
static int x = 10;
int main(void) {
  for (int i = 0; i < 5; i++) printf("%d ", counter()); printf("%lu %d\n", fib(93), tentative);
  { extern int tentative; tentative = 4; int x = 20; { int x = 30; x++; printf("%d ", x); } printf("%d ", x); } printf("%d %d\n", x, tentative);
  return 0;
}
