/* A C program that calls stubs: they call back into it and share a global. */
#include <arithmetic.h>
#include <more.h>
#include <string.h>

int64_t scale(int64_t x);
int64_t scale(int64_t x) { return 3 * x; }

int main(void) {
  uint64_t numbers[3] = {1, 2, 4};
  const struct split_argument1 pair = {1.5, 2.5};
  const struct split_result0 swapped = split(0, pair);
  if (sum(numbers, 3) != 21 || sum(numbers, 0) != 0 || calls[0] != 2) return 1;
  if (swapped.m0 != 2.5 || swapped.m1 != 1.5) return 2;
  if (power(3) != 243) return 3;
  if (strstr(JITKIT_STUBS_MORE_VECTORS_FEATURES, "base,") == NULL) return 5;
  return first_bit(0x100) == 8 ? 0 : 4;
}
