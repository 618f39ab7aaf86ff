// Double and single precision: arithmetic, comparisons of all kinds, signed zeroes, infinities, NaNs.
#include <stdio.h>
static void d(double a, double b) {
  printf("%a %a %a %a ", a + b, a - b, a * b, b != 0 ? a / b : 0.0);
  printf("%d%d%d%d%d%d%d%d\n", a < b, a <= b, a > b, a >= b, a == b, a != b, __builtin_isunordered(a, b), __builtin_islessgreater(a, b));
}
static void f(float a, float b) {
  printf("%a %a %a ", a + b, a - b, a * b);
  printf("%d%d%d%d%d%d %d\n", a < b, a <= b, a > b, a >= b, a == b, a != b, !(a < b) && !(a > b));
}
int main(void) {
  double v[] = {0.0, -0.0, 1.0, -1.0, 0.1, 1e300, -1e300, 1e-310, 5e-324, 3.14159, 1e308, -1e-308};
  for (int i = 0; i < 12; i++) for (int j = 0; j < 12; j++) {
    if (v[i] - v[i] != 0 || v[j] - v[j] != 0) continue;
    d(v[i], v[j]); f((float)(v[i] * 1e-270), (float)(v[j] * 1e-270));
  }
  volatile double zero = 0; double n = zero / zero;
  printf("%d%d%d%d %d\n", n == n, n != n, n < 1, n > 1, __builtin_isnan(n));
  printf("%a %a\n", -v[0], __builtin_fabs(v[1]));
  return 0;
}
