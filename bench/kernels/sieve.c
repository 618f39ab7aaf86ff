// The sieve of Eratosthenes.
#include "kernel.h"
enum { N = 2000000 };
static uint8_t composite[N];
void prepare(void) {}
uint64_t kernel(void) {
  uint64_t count = 0;
  for (int i = 2; i < N; i++) composite[i] = 0;
  for (int i = 2; i < N; i++) {
    if (composite[i]) continue;
    count++;
    for (int j = i + i; j < N; j += i) composite[j] = 1;
  }
  return count;
}
