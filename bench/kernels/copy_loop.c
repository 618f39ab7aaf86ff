// A copy of bytes and of words by loops that no compiler may turn into memcpy.
#include "kernel.h"
enum { N = 1 << 19 };
static uint8_t from[N], to[N];
static uint64_t words[N / 8];
void prepare(void) {
  for (int i = 0; i < N; i++) from[i] = (uint8_t)(i * 11 + i / 55);
}
uint64_t kernel(void) {
  uint64_t h = 0;
  for (int k = 0; k < 2; k++) {
    const volatile uint8_t* p = from;
    for (size_t i = 0; i < N; i++) to[i] = p[i];
    const volatile uint64_t* w = (const volatile uint64_t*)to;
    for (size_t i = 0; i < N / 8; i++) words[i] = w[i] + (uint64_t)k;
  }
  for (size_t i = 0; i < N / 8; i += 511) h = h * 31 + words[i];
  return h;
}
