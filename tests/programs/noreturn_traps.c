// Functions that do not return, unreachable code, assertions that hold, exit from a depth.
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
static _Noreturn void leave(int code) { printf("leaving %d\n", code); exit(code); } static int checked(int x) { assert(x < 100); if (x < 0) __builtin_trap(); if (x == 99) __builtin_unreachable(); return x * 2; } static int deep(int n) { if (n > 20) leave(n); return deep(n + checked(n % 3) + 1) + 1; } static void last(void) { printf("at exit\n"); }
int main(void) { atexit(last); volatile int x = 5; if (x > 10) abort(); printf("%d\n", checked(x)); return deep(0); }
