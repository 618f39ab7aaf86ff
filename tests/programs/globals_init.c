// Initialisers: addresses with offsets, strings, cycles between globals, designated parts, function pointers.
#include <stdio.h>
struct node { struct node *next, *prev; const char *name; int v[3]; }; extern struct node b; static int array[10] = {[3] = 33, [7] = 77};
struct node a = {&b, &b, "a" "node", {1, 2}}; struct node b = {&a, &a, "bnode" + 1, {[2] = 9}};
static int *inside[] = {array + 3, &array[7], array, 0}; static char text[20] = "abc"; static const char *const words[] = {"zero", "one", "", "three"};
static int (*fn)(const char *, ...) = printf; static double d = -0.0; static float f = 1.0f / 3; static long long big = 1LL << 62; static __int128 huge = (__int128)1 << 100;
static unsigned char bytes[] = {1, 2, 255}; static struct { char c; short s; int *p; } mixed = {'m', -7, &array[3]}; static long difference = (char *)&array[5] - (char *)&array[1];
static int zero[1000]; static _Bool flag = 1; static void *self = &self; static union { int i; float f; } u = {.f = 2.5f};
int main(void) {
  fn("%s %s %d %d %d\n", a.next->name, b.prev->name, a.v[1], a.next->v[2], b.next->next == &b);
  for (int **p = inside; *p; p++) fn("%d ", **p); fn("%s %c %s %s\n", text, words[1][2], words[3], words[2]);
  fn("%g %g %lld %lld %d %d %d %ld\n", d, f, big, (long long)(huge >> 90), bytes[2], mixed.s, *mixed.p, difference);
  fn("%d %d %d %x %zu\n", zero[999], flag, self == &self, u.i, sizeof text); text[0] = 'X'; array[3]++; fn("%s %d\n", text, *inside[0]);
  return 0;
}
