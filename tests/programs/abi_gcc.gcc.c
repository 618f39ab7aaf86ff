// The half of abi_gcc that gcc compiles in every build.
#include "abi_gcc.h"
struct pair g_pair(struct pair p, int n) { p.a += n; p.b *= n; return p; } struct hfa g_hfa(struct hfa h, struct mixed m) { h.x += m.l; h.y *= m.d; return h; }
struct big g_big(struct big b, struct pair p, struct tiny t) { b.v[0] += p.a + t.s; b.v[4] -= p.b + t.a; return b; } struct mixed g_mixed(struct mixed m, struct hfa a, struct hfa b, struct hfa c) { m.l += a.x + b.y; m.d += c.z; return m; } struct tiny g_tiny(struct tiny t) { t.a++; t.s = -t.s; t.c--; return t; }
double g_variable(int n, ...) { va_list ap; va_start(ap, n); double s = 0; while (n--) s = s * 2 + va_arg(ap, int) * va_arg(ap, double); va_end(ap); return s; }
double g_structs(int n, ...) { va_list ap; va_start(ap, n); double s = 0; while (n--) { struct pair p = va_arg(ap, struct pair); struct mixed m = va_arg(ap, struct mixed); s = s * 3 + p.a - p.b + m.l + m.d; } va_end(ap); return s; }
int g_narrow(signed char a, unsigned short b, _Bool c) { return a * 3 + b * 5 + c * 7; } unsigned char g_unsigned(unsigned char a, unsigned char b) { return a + b; } __int128 g_wide(int a, __int128 b, int c, __int128 d) { return a + b * c - d; }
double g_many(char a, short b, int c, long d, float e, double f, int g, long h, int i, long j, struct pair k, int l, struct hfa m, double n, float o, short p) { return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10 + k.a * 11 + k.b * 12 + l * 13 + m.x + m.y + m.z + n * 14 + o * 15 + p * 16; }
v4 g_vector(v4 a, v2 b) { a[0] += b[0]; a[3] *= b[1]; return a; }
void g_call(const struct calls *f) {
  struct pair p = {10, 20}; struct hfa h = {0.5f, 0.25f, 0.125f}; struct big b = {{9, 8, 7, 6, 5}}; printf("%.10g\n", f->back(p, h, b, 4, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5)); b = f->make_big(3, -100, 7.9f); printf("%ld %ld\n", b.v[1], b.v[4]);
  struct mixed m = f->make_mixed(255, 1); h = f->make_hfa(1.5f); printf("%ld %g %g %g %g %d\n", m.l, m.d, h.x, h.y, h.z, f->narrow(-5, 65530, 1)); __int128 w = f->wide(-3, (__int128)7 << 65, (unsigned __int128)1 << 127); printf("%llx %llx\n", (unsigned long long)(w >> 64), (unsigned long long)w);
}
