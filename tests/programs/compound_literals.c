// Compound literals, anonymous structs and unions, statement expressions, _Generic, nested initialisers.
#include <stdio.h>
struct P { int x, y; }; struct Q { union { struct { short lo, hi; }; int all; }; struct P p[2]; }; static int area(struct P p) { return p.x * p.y; } static int total(const int *v, int n) { int s = 0; while (n--) s += *v++; return s; }
#define MAX(a, b) ({ __typeof__(a) a_ = (a), b_ = (b); a_ > b_ ? a_ : b_; })
#define KIND(x) _Generic((x), int: "int", double: "double", char *: "string", default: "other")
int main(void) { printf("%d %d\n", area((struct P){.y = 4, .x = 5}), total((int[]){1, 2, 3, 4}, 4)); struct Q q = {.all = 0x20001, .p = {[1] = {7, 8}}}; printf("%d %d %d %d\n", q.lo, q.hi, q.p[0].x, q.p[1].y); struct P *p = &(struct P){1, 2}; p->x += 9; printf("%d %d\n", p->x, MAX(p->x, p->y * 6)); printf("%s %s %s %s\n", KIND(1), KIND(1.0), KIND((char *)0), KIND(1L)); int i = 0, v[3] = {i++, i++, i++}; printf("%d %d\n", v[0] + v[1] + v[2], i); return 0; }
