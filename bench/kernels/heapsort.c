// Heap sort.
#include "kernel.h"
enum { N = 60000 };
static uint32_t v[N];
void prepare(void) {}
static void sift(size_t i, size_t n) {
  const uint32_t x = v[i];
  for (size_t c; (c = 2 * i + 1) < n; i = c) {
    if (c + 1 < n && v[c + 1] > v[c]) c++;
    if (x >= v[c]) break;
    v[i] = v[c];
  }
  v[i] = x;
}
uint64_t kernel(void) {
  uint32_t s = 1;
  for (size_t i = 0; i < N; i++) v[i] = s = s * 1664525u + 1013904223u;
  for (size_t i = N / 2; i-- > 0;) sift(i, N);
  for (size_t n = N; --n > 0;) {
    const uint32_t t = v[0];
    v[0] = v[n];
    v[n] = t;
    sift(0, n);
  }
  uint64_t h = 0;
  for (size_t i = 0; i < N; i++) h = h * 31 + v[i];
  return h;
}
