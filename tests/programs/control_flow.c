// Loops, goto into and out of them, nested switches, fall-through, do-while, comma, short circuit.
#include <stdio.h>
static int calls;
static int truth(int x) { calls++; return x; }
static int duff(int n) { int s = 0, k = (n + 3) / 4; switch (n % 4) { case 0: do { s += 1; case 3: s += 10; case 2: s += 100; case 1: s += 1000; } while (--k > 0); } return s; }
static int jumps(int n) {
  int i = 0, s = 0;
again:
  if (i >= n) goto out;
  for (;; i++) { if (i % 7 == 3) { i += 2; goto again; } if (i > n) break; s += i; }
  while (s % 5) { s--; if (s % 11 == 0) goto again; }
out:
  return s * 3 + i;
}
static const char *kind(int x) {
  switch (x) { case -100 ... -1: return "neg"; case 0: return "zero"; case 1: case 3: case 5: case 7: return "odd"; case 2: case 4: return "even"; case 1000: return "k"; case 100000: return "100k"; default: break; }
  switch (x & 3) { case 0: switch (x >> 4) { case 1: return "16"; default: return "4n"; } case 1: return "4n+1"; }
  return "other";
}
int main(void) {
  for (int i = 0; i < 30; i++) printf("%d %d ", duff(i + 1), jumps(i));
  for (int i = -3; i < 20; i++) printf("%s ", kind(i)); printf("%s %s %s\n", kind(1000), kind(100000), kind(-2147483647));
  int r = 0; for (int a = 0; a < 2; a++) for (int b = 0; b < 2; b++) for (int c = 0; c < 2; c++)
    r = r * 2 + ((truth(a) && truth(b)) || (truth(c) ? truth(a) : !truth(b)));
  printf("%d %d\n", r, calls);
  int i = 0; do { if (i == 3) continue; printf("%d,", i); } while (++i < 6); printf("\n");
  for (int x = 0, y = 10; x < y; x++, y--) printf("%d", x ^ y); printf("\n");
  return 0;
}
