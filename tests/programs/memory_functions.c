// memcpy, memmove, memset of constant and variable sizes, overlapping; struct assignment of many sizes.
#include <stdio.h>
#include <string.h>
#define S(N) struct s##N { unsigned char b[N]; }; static struct s##N g##N; static unsigned copy##N(int k) { struct s##N x, y; for (int i = 0; i < N; i++) x.b[i] = (unsigned char)(i * k + 1); y = x; x.b[0]++; g##N = y; unsigned h = 0; for (int i = 0; i < N; i++) h = h * 31 + g##N.b[i] + x.b[i]; return h; }
S(1) S(2) S(3) S(5) S(8) S(15) S(16) S(17) S(31) S(64) S(100) S(129) S(300)
int main(void) {
  printf("%u %u %u %u %u %u %u %u %u %u %u %u %u\n", copy1(3), copy2(4), copy3(5), copy5(6), copy8(7), copy15(8), copy16(9), copy17(10), copy31(11), copy64(12), copy100(13), copy129(14), copy300(15));
  char a[256], b[256]; for (int i = 0; i < 256; i++) a[i] = (char)i;
  for (int n = 0; n < 70; n++) { memset(b, n, 200); memcpy(b + 7, a + n, n); memmove(b + 10, b + 5, n); memmove(b + 3, b + 9, n * 2); unsigned h = 0; for (int i = 0; i < 200; i++) h = h * 33 + (unsigned char)b[i]; printf("%x ", h); }
  volatile size_t z = 100; memset(a, 0xee, z); memcpy(a + 120, a, z); printf("%d %d %d\n", a[219], a[220], memcmp(a, a + 120, 100)); return 0;
}
