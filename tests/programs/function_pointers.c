// Pointers to functions: tables, arguments, results, comparisons, casts, callbacks of the C library.
#include <stdio.h>
#include <stdlib.h>
typedef int (*op)(int, int);
static int add(int a, int b) { return a + b; } static int sub(int a, int b) { return a - b; } static int mul(int a, int b) { return a * b; }
static const op ops[] = {add, sub, mul, 0}; static op pick(int n) { return ops[n % 3]; } static int twice(op f, int x) { return f(f(x, 3), x); }
static int by_value(const void *a, const void *b) { int x = *(const int *)a, y = *(const int *)b; return (x > y) - (x < y); }
struct object { const struct table *t; double v; }; struct table { double (*get)(const struct object *); void (*set)(struct object *, float, char); };
static double get(const struct object *o) { return o->v * 2; } static void set(struct object *o, float f, char c) { o->v = f + c; } static const struct table t = {get, set};
static void unprototyped(); static void unprototyped(int a, double b) { printf("%d %g\n", a, b); }
int main(void) {
  for (int i = 0; ops[i]; i++) printf("%d %d ", ops[i](7, 3), twice(pick(i), 5)); printf("%d %d\n", pick(0) == add, pick(1) == add);
  int v[50]; unsigned s = 1; for (int i = 0; i < 50; i++) v[i] = (int)((s = s * 1103515245 + 12345) >> 16) % 1000; qsort(v, 50, sizeof *v, by_value);
  for (int i = 0; i < 50; i++) printf("%d ", v[i]); int key = v[20]; int *found = bsearch(&key, v, 50, sizeof *v, by_value); printf("%d\n", *found);
  struct object o = {&t, 1}; o.t->set(&o, 2.5f, 'A'); printf("%g\n", o.t->get(&o)); unprototyped(3, 4.5); void (*u)(int, double) = (void (*)(int, double))unprototyped; u(5, 6.5);
  return 0;
}
