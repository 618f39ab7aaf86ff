// Labels as values: a small interpreter.
#include <stdio.h>
static int run(const unsigned char *code, int x) { static void *const to[] = {&&halt, &&inc, &&twice, &&neg, &&jump}; const unsigned char *p = code; int fuel = 100; goto *to[*p++];
inc: x++; goto *to[*p++];
twice: x *= 2; goto *to[*p++];
neg: x = -x; goto *to[*p++];
jump: if (--fuel > 0 && x < 1000) p = code; else p++; goto *to[*p++];
halt: return x; }
int main(void) { static const unsigned char a[] = {1, 2, 1, 3, 2, 0, 0}, b[] = {1, 2, 4, 0, 0}; printf("%d %d %d\n", run(a, 5), run(b, 0), run(b, -3)); return 0; }
