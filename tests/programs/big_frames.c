// Frames of many pages, arrays in the middle of them, offsets beyond the reach of an immediate.
#include <stdio.h>
#include <string.h>
static int big(int n) { int a[20000]; char c[70000]; long l[9000]; memset(c, n, sizeof c); for (int i = 0; i < 20000; i += 7) a[i] = i ^ n; for (int i = 0; i < 9000; i++) l[i] = i * (long)n; int s = 0; for (int i = 0; i < 20000; i += 777) s += a[i / 7 * 7]; return s + c[69999] + (int)l[8999] + (n > 0 ? big(n - 1) : 0); } struct huge { char pad[100000]; int x; char more[5000]; short y; }; static struct huge h[3]; static int far(struct huge *p) { p[2].y += (short)p[1].x; p[1].more[4999]++; return p[2].y + p[1].more[4999]; }
int main(void) { h[1].x = 77; int f = far(h); printf("%d %d %d\n", big(3), f, h[2].y); return 0; }
