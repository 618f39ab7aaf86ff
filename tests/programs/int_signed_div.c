// Signed division and remainder by variables and by constants.
#include <stdio.h>
static volatile int vi[] = {0, 1, -1, 5, -5, 7, -7, 100, -100, 2147483647, -2147483647, -2147483647 - 1};
static volatile long long vl[] = {0, 1, -1, 99, -99, 9223372036854775807LL, -9223372036854775807LL - 1};
int main(void) {
  for (int i = 0; i < 12; i++) {
    int x = vi[i];
    printf("%d: %d %d %d %d %d %d %d %d %d\n", x, x / 2, x / 3, x / 7, x / -5, x / 1000, x % 2, x % 10, x % -3, x / 8);
    printf("%u: %u %u %u %u\n", (unsigned)x, (unsigned)x / 3, (unsigned)x / 10, (unsigned)x % 7, (unsigned)x / 641);
    for (int j = 3; j < 9; j++) printf(" %d %d", x / vi[j], x % vi[j]);
    printf("\n");
  }
  for (int i = 0; i < 7; i++) {
    long long x = vl[i];
    printf("%lld: %lld %lld %lld %lld %llu\n", x, x / 3, x % 10, x / 1000000007, x / 16, (unsigned long long)x / 10);
    for (int j = 3; j < 5; j++) printf(" %lld %lld\n", x / vl[j], x % vl[j]);
  }
  return 0;
}
