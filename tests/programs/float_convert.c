// Conversions between integers of every width and floats, in range.
#include <stdint.h>
#include <stdio.h>
int main(void) {
  double v[] = {0, 0.5, 0.99, 1.5, -0.5, -1.5, 100.25, -100.75, 127, 255, 30000, 65535, 2147483520, 4294967040.0, 9.2e18, 1.8e19};
  for (int i = 0; i < 16; i++) {
    volatile double x = v[i]; volatile float y = (float)v[i];
    if (x > -129 && x < 128) printf("%d %d ", (int8_t)x, (int8_t)y);
    if (x > -1 && x < 256) printf("%u %u ", (uint8_t)x, (uint8_t)y);
    if (x > -32769 && x < 32768) printf("%d ", (int16_t)x);
    if (x > -1 && x < 65536) printf("%u ", (uint16_t)y);
    if (x < 2147483648.0) printf("%d %d ", (int32_t)x, (int32_t)y);
    if (x > -1 && x < 4294967296.0) printf("%u %u ", (uint32_t)x, (uint32_t)y);
    if (x < 9.3e18) printf("%lld ", (long long)x);
    if (x > -1) printf("%llu", (unsigned long long)x);
    printf("\n%a %a\n", (double)y, (double)(float)x);
  }
  int64_t k[] = {0, 1, -1, 255, -128, 65535, 1 << 24, (1 << 24) + 1, 2147483647, -2147483647 - 1, 4294967295u, (1LL << 53) + 1, 9223372036854775807LL, -9223372036854775807LL - 1};
  for (int i = 0; i < 14; i++) {
    int64_t x = k[i];
    printf("%a %a %a %a %a %a ", (double)x, (float)x, (double)(uint64_t)x, (float)(uint64_t)x, (double)(int32_t)x, (float)(uint32_t)x);
    printf("%a %a %a %a\n", (double)(int8_t)x, (float)(uint8_t)x, (float)(int16_t)x, (double)(uint16_t)x);
    printf("%d %a\n", !!(double)x, (double)(x > 3));
  }
  return 0;
}
