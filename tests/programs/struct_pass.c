// Structs by value: one and two registers, mixed classes, homogeneous floats, large ones, many of them.
#include <stdio.h>
typedef struct { char c; } S1; typedef struct { short a, b; } S2; typedef struct { int a; float f; } S3;
typedef struct { long a, b; } S4; typedef struct { double x, y; } S5; typedef struct { long a; double d; } S6;
typedef struct { double d; int i; } S7; typedef struct { float x, y, z; } S8; typedef struct { float x, y, z, w; } S9;
typedef struct { double a, b, c, d; } S10; typedef struct { long a, b, c; } S11; typedef struct { char c[33]; } S12;
typedef struct { char c[3]; } S13; typedef struct { char c[7]; short s; } S14; typedef struct { struct { int a[2]; } i; float f; char c; } S15;
#define BOTH(T) __attribute__((noinline)) static T T##_id(T x) { return x; }
BOTH(S1) BOTH(S2) BOTH(S3) BOTH(S4) BOTH(S5) BOTH(S6) BOTH(S7) BOTH(S8) BOTH(S9) BOTH(S10) BOTH(S11) BOTH(S12) BOTH(S13) BOTH(S14) BOTH(S15)
__attribute__((noinline)) static double many(S4 a, S5 b, S4 c, S4 d, S6 e, S5 f, S5 g, S5 h, S5 i, S3 j, S11 k, S8 l, int m) {
  return a.a + a.b * 2 + b.x * 3 + b.y * 5 + c.a * 7 + c.b * 11 + d.a * 13 + d.b * 17 + e.a * 19 + e.d * 23 + f.x + f.y * 29 + g.x * 31 + g.y +
         h.x * 37 + h.y + i.x * 41 + i.y * 43 + j.a + j.f * 47 + k.a + k.b * 53 + k.c * 59 + l.x + l.y * 61 + l.z + m * 67;
}
int main(void) {
  S1 a = S1_id((S1){'x'}); S2 b = S2_id((S2){-1, 2}); S3 c = S3_id((S3){3, 4.5f}); S4 d = S4_id((S4){5, -6}); S5 e = S5_id((S5){7.5, 8.25});
  S6 f = S6_id((S6){9, 10.5}); S7 g = S7_id((S7){11.5, 12}); S8 h = S8_id((S8){1, 2, 3}); S9 i = S9_id((S9){4, 5, 6, 7}); S10 j = S10_id((S10){1, 2, 3, 4});
  S11 k = S11_id((S11){13, 14, 15}); S12 l = {{0}}; for (int n = 0; n < 33; n++) l.c[n] = n * 3; l = S12_id(l);
  S13 m = S13_id((S13){{1, 2, 3}}); S14 o = S14_id((S14){{1, 2, 3, 4, 5, 6, 7}, 8}); S15 p = S15_id((S15){{{1, 2}}, 3.5f, 'q'});
  printf("%c %d %d %d %g %ld %ld %g %g %ld %g %g %d\n", a.c, b.a, b.b, c.a, c.f, d.a, d.b, e.x, e.y, f.a, f.d, g.d, g.i);
  printf("%g %g %g %g %g %g %g %g %g %g %g\n", h.x, h.y, h.z, i.x, i.y, i.z, i.w, j.a, j.b, j.c, j.d);
  printf("%ld %ld %ld %d %d %d %d %d %d %d %g %c\n", k.a, k.b, k.c, l.c[1], l.c[32], m.c[0], m.c[2], o.c[6], o.s, p.i.a[1], p.f, p.c);
  printf("%.17g\n", many(d, e, d, d, f, e, e, e, e, c, k, h, 99));
  S10 (*q)(S10) = S10_id; S4 (*r)(S4) = S4_id; printf("%g %ld\n", q(j).c, r(d).b);
  return 0;
}
