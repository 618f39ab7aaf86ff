// Switches: dense, sparse, negative, on char, on long long with large cases, on unsigned.
#include <stdio.h>
static int dense(int x) { switch (x) { case 0: return 5; case 1: return 9; case 2: return 1; case 3: return 7; case 4: return 3; case 5: return 8; case 6: return 2; case 7: return 6; default: return -1; } }
static int sparse(long long x) { switch (x) { case -5000000000LL: return 1; case -1: return 2; case 0: return 3; case 77: return 4; case 4294967296LL: return 5; case 9223372036854775807LL: return 6; } return 0; }
static int letters(char c) { switch (c) { case 'a' ... 'f': return c - 'a' + 10; case '0' ... '9': return c - '0'; case -1: return 99; case -128: return 98; } return -1; }
static int uns(unsigned x) { switch (x) { case 0xffffffffu: return 1; case 0x80000000u: return 2; case 5: return 3; } return 0; }
static int wide(unsigned short x) { switch (x) { case 65535: return 1; case 32768: return 2; case 0: return 3; } return 4; }
int main(void) {
  for (int i = -2; i < 10; i++) printf("%d ", dense(i));
  long long l[] = {-5000000000LL, -1, 0, 77, 4294967296LL, 9223372036854775807LL, 1, -77}; for (int i = 0; i < 8; i++) printf("%d ", sparse(l[i]));
  for (int c = -128; c < 128; c++) printf("%d ", letters((char)c)); printf("\n");
  printf("%d %d %d %d\n", uns(-1), uns(1u << 31), uns(5), uns(6)); printf("%d %d %d %d\n", wide(-1), wide(32768), wide(0), wide(7));
  return 0;
}
