// Calls between jitkit's code and gcc's, in both directions: every class of argument and result.
#include "abi_gcc.h"
static double back(struct pair a, struct hfa h, struct big b, int n, ...) { va_list ap; va_start(ap, n); double s = a.a + a.b * 2 + h.x + h.y * 3 + h.z * 5 + b.v[0] - b.v[4]; while (n--) s = s * 1.25 + va_arg(ap, int) + va_arg(ap, double); va_end(ap); return s; }
static struct big make_big(long k, signed char c, float f) { struct big b; for (int i = 0; i < 5; i++) b.v[i] = k * i + c + (long)f; return b; }
static struct mixed make_mixed(unsigned char u, _Bool t) { struct mixed m = {u + t, u * 0.5}; return m; }
static struct hfa make_hfa(float x) { struct hfa h = {x, x * 2, x * 3}; return h; }
static signed char narrow(signed char a, unsigned short b, _Bool c) { return (signed char)(a + b + c); }
static __int128 wide(int a, __int128 b, unsigned __int128 c) { return b * a + (__int128)(c >> 3); }
int main(void) {
  struct pair p = {3, -4}; struct hfa h = {1.5f, 2.5f, 3.5f}; struct big b = {{1, 2, 3, 4, 5}}; struct mixed m = {7, 8.5}; struct tiny t = {'a', 2, 'b'};
  struct pair q = g_pair(p, 5); struct hfa g = g_hfa(h, m); struct big c = g_big(b, p, t); struct mixed n = g_mixed(m, h, h, h); struct tiny u = g_tiny(t);
  printf("%ld %ld %g %g %g %ld %ld %ld %g %c %d %c\n", q.a, q.b, g.x, g.y, g.z, c.v[0], c.v[4], n.l, n.d, u.a, u.s, u.c);
  printf("%g %g\n", g_variable(3, 1, 2.5, 2, 3.5, -3, 4.5), g_structs(2, p, m, p, m)); printf("%d %d %u\n", g_narrow(-128, 65535, 1), g_narrow(127, 1, 0), g_unsigned(200, 100));
  __int128 w = g_wide(1, (__int128)1 << 70, 2, -(__int128)5); printf("%llx %llx\n", (unsigned long long)(w >> 64), (unsigned long long)w); printf("%g\n", g_many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, p, 11, h, 12.5, 13.5f, 14));
  v4 x = g_vector((v4){1, 2, 3, 4}, (v2){5, 6}); printf("%g %g %g %g\n", x[0], x[1], x[2], x[3]); struct calls f = {back, make_big, make_mixed, make_hfa, narrow, wide}; g_call(&f); return 0;
}
