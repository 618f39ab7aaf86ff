// Layout: padding, packing, alignment, unions, nested arrays, flexible members, offsets.
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
struct A { char a; int b; short c; double d; char e; }; struct __attribute__((packed)) B { char a; int b; short c; double d; };
struct C { char a; _Alignas(32) int b; }; union D { char c[9]; double d; int i; }; struct E { struct A a[3]; union D u; }; struct F { int n; short v[]; };
static struct E table[2] = {{{{'a', 1, 2, 3.5, 'b'}, {'c', 4, 5, 6.5, 'd'}}, {"hello"}}, {{{0}}, {.d = 2.5}}};
int main(void) {
  printf("%zu %zu %zu %zu %zu %zu\n", sizeof(struct A), sizeof(struct B), sizeof(struct C), sizeof(union D), sizeof(struct E), sizeof(struct F));
  printf("%zu %zu %zu %zu\n", offsetof(struct A, d), offsetof(struct B, d), offsetof(struct C, b), offsetof(struct E, u));
  struct E copy = table[0]; copy.a[2] = copy.a[1]; copy.a[1].d *= 2; table[1].a[0] = copy.a[2];
  printf("%c %d %d %g %c %g %g\n", copy.a[2].a, copy.a[2].b, copy.a[2].c, copy.a[2].d, table[1].a[0].e, copy.a[1].d, table[1].u.d);
  struct B b = {1, 2, 3, 4.25}; struct B *p = &b; p->b += 7; p->d /= 2; printf("%d %d %d %g %s\n", b.a, b.b, b.c, b.d, table[0].u.c);
  struct F *f = malloc(sizeof *f + 10 * sizeof(short)); f->n = 10; for (int i = 0; i < 10; i++) f->v[i] = i * i - 20;
  int s = 0; for (int i = 0; i < f->n; i++) s += f->v[i]; printf("%d\n", s); free(f);
  struct C c; c.b = 5; printf("%d %d\n", (int)((size_t)&c % 32), c.b);
  return 0;
}
