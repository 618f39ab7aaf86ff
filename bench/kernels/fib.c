// Fibonacci numbers by recursion: the cost of a call.
#include "kernel.h"
void prepare(void) {}
__attribute__((noinline)) static uint64_t fib(uint32_t n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
uint64_t kernel(void) { return fib(27); }
