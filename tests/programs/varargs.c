// Variable arguments: of every class, past the registers, copied, handed on, structs.
#include <stdarg.h>
#include <stdio.h>
typedef struct { int a, b; } P; typedef struct { double x, y; } H; typedef struct { long v[3]; } L;
static double sum(const char *kinds, ...) {
  va_list ap, again; va_start(ap, kinds); double s = 0;
  va_copy(again, ap);
  for (const char *k = kinds; *k; k++) switch (*k) {
    case 'i': s = s * 1.5 + va_arg(ap, int); break;
    case 'l': s = s * 1.5 + va_arg(ap, long long); break;
    case 'd': s = s * 1.5 + va_arg(ap, double); break;
    case 's': s = s * 1.5 + va_arg(ap, char *)[0]; break;
    case 'p': { P p = va_arg(ap, P); s = s * 1.5 + p.a - p.b; break; }
    case 'h': { H h = va_arg(ap, H); s = s * 1.5 + h.x - h.y; break; }
    case 'L': { L l = va_arg(ap, L); s = s * 1.5 + l.v[0] - l.v[1] + l.v[2]; break; }
    case 'w': s = s * 1.5 + (double)va_arg(ap, __int128); break;
  }
  if (kinds[0] == 'i') s += va_arg(again, int);
  va_end(again); va_end(ap); return s;
}
static int format(char *to, const char *f, ...) { va_list ap; va_start(ap, f); int n = vsprintf(to, f, ap); va_end(ap); return n; }
int main(void) {
  printf("%.12g\n", sum("iiiiiiiiii", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  printf("%.12g\n", sum("dddddddddddd", 1.5, 2., 3., 4., 5., 6., 7., 8., 9., 10., 11., 12.));
  printf("%.12g\n", sum("idlsidlsidlsidls", 1, 2.5, 3LL, "abc", 4, 5.5, 6LL, "d", 7, 8.5, 9LL, "e", 10, 11.5, 12LL, "f"));
  P p = {9, 4}; H h = {2.5, 1.25}; L l = {{100, 20, 3}};
  printf("%.12g\n", sum("phL", p, h, l));
  printf("%.12g\n", sum("iphLphLphLphi", 1, p, h, l, p, h, l, p, h, l, p, h, 77));
  printf("%.12g\n", sum("iwiwiwiw", 1, (__int128)5, 2, (__int128)6 << 64, 3, (__int128)-7, 4, (__int128)8));
  printf("%.12g\n", sum("hhhhhi", h, h, h, h, h, 3));
  char b[200]; int n = format(b, "%d %s %g %lld %c %5.2f|%-6d|%x", -5, "text", 1.25, 1LL << 40, 'z', 3.14159, 42, 0xbeef);
  printf("%d %s\n", n, b);
  return 0;
}
