// Pointer arithmetic and comparison, negative indices, pointers to pointers, to arrays, integers from them.
#include <stdint.h>
#include <stdio.h>
static int grid[4][5][6]; static void fill(int (*p)[6], int rows) { for (int i = 0; i < rows; i++) for (int j = 0; j < 6; j++) p[i][j] = i * 10 + j; }
int main(void) {
  for (int i = 0; i < 4; i++) fill(grid[i], 5); int *p = &grid[2][3][4], (*q)[5][6] = grid + 1; printf("%d %d %d %td\n", p[-3], p[7], q[1][2][3], p - &grid[0][0][0]);
  int v[] = {5, 4, 3, 2, 1}, *end = v + 5, s = 0; for (int *i = v; i != end; ++i) s = s * 10 + *i; for (int *i = end; i-- > v;) s += *i; printf("%d\n", s);
  char *names[] = {"x", "yy", "zzz", 0}, **n = names; for (; *n; n++) printf("%s%d ", *n, (int)(n - names)); printf("%d\n", n == names + 3);
  uintptr_t a = (uintptr_t)v; int *back = (int *)(a + 8); printf("%d %d %d\n", *back, (int)(((uintptr_t)&v[4] - a)), ((a & 3) == 0));
  unsigned char *b = (unsigned char *)v; printf("%d%d%d%d\n", b[0], b[1], b[4], b[8]); short *h = (short *)(b + 4); printf("%d\n", *h);
  const char *str = "pointer"; printf("%c%c%s\n", *str, 2[str], &str[3]); int i = 3; int *pi = &i, **ppi = &pi; **ppi += 4; printf("%d\n", i); long k = -2; printf("%d\n", (v + 4)[k]);
  return 0;
}
