// Integer arithmetic at every width, with wrap-around and division of each sign.
#include <stdint.h>
#include <stdio.h>
#define EACH(T, F) static void T##_ops(T a, T b) { \
  printf(#T " " F " " F " " F, (T)(a + b), (T)(a - b), (T)(a * b)); \
  if (b != 0 && !(a + 1 < a && b == (T)-1)) printf(" " F " " F, (T)(a / b), (T)(a % b)); \
  printf(" " F " " F " " F "\n", (T)(a & b), (T)(a | b), (T)(a ^ b)); }
EACH(int8_t, "%d") EACH(uint8_t, "%u") EACH(int16_t, "%d") EACH(uint16_t, "%u")
EACH(uint32_t, "%u")
typedef unsigned long long ull;
EACH(ull, "%llu")
int main(void) {
  long long v[] = {0, 1, 2, 3, 7, 100, 127, 128, 255, 256, 32767, 65535, 65536, -1, -2, -7, -128, 2147483647, 123456789012345};
  int n = sizeof v / sizeof *v;
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++) {
      int8_t_ops(v[i] & 63, v[j] & 63); uint8_t_ops(v[i], v[j]); int16_t_ops(v[i] & 8191, v[j] & 8191);
      uint16_t_ops(v[i], v[j]); uint32_t_ops(v[i], v[j]); ull_ops(v[i], v[j]);
    }
  return 0;
}
