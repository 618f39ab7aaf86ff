// 128-bit integers: arithmetic, shifts, comparisons, conversions.
#include <stdio.h>
typedef __int128 i128;
typedef unsigned __int128 u128;
static void show(const char *what, u128 v) { printf("%s %016llx%016llx\n", what, (unsigned long long)(v >> 64), (unsigned long long)v); }
static u128 make(unsigned long long h, unsigned long long l) { return (u128)h << 64 | l; }
__attribute__((noinline)) static i128 passed(int a, i128 b, long c, i128 d, int e, i128 f, i128 g) { return a + b * 3 - c + d * 5 - e + f * 7 + g; }
int main(void) {
  u128 v[] = {0, 1, 2, make(0, ~0ull), make(1, 0), make(0x123456789abcdef, 0xfedcba9876543210), make(~0ull, ~0ull), make(1ull << 63, 0), make(1ull << 63, 5)};
  for (int i = 0; i < 9; i++)
    for (int j = 0; j < 9; j++) {
      u128 a = v[i], b = v[j];
      show("+", a + b); show("-", a - b); show("*", a * b); show("&", a & b); show("^", a ^ ~b);
      if (b) { show("/", a / b); show("%", a % b); }
      if (b && !(b == make(~0ull, ~0ull) && a == make(1ull << 63, 0))) { show("s/", (u128)((i128)a / (i128)b)); show("s%", (u128)((i128)a % (i128)b)); }
      printf("%d%d%d%d%d%d\n", a < b, a <= b, a == b, (i128)a < (i128)b, (i128)a >= (i128)b, a != b);
      for (int n = 0; n < 128; n += 21) { show("<<", a << n); show(">>", a >> n); show("s>>", (u128)((i128)a >> n)); }
    }
  for (int i = 0; i < 9; i++) {
    printf("%a %a %a %a\n", (double)v[i], (double)(i128)v[i], (float)v[i], (float)(i128)v[i]);
    show("neg", -v[i]);
  }
  double d[] = {0, 1.5, -3.75, 1e20, -1e25, 1.2e38};
  for (int i = 0; i < 6; i++) show("fix", (u128)(i128)d[i]);
  show("ufix", (u128)3e38);
  show("passed", (u128)passed(1, -2, 3, make(4, 5), 6, v[5], v[7]));
  return 0;
}
