// libm and the intrinsics clang makes of it.
#include <math.h>
#include <stdio.h>
int main(void) {
  double v[] = {0.0, -0.0, 0.5, 1.5, 2.5, -0.5, -1.5, -2.5, 1e10, 123456.789, -3.999, 1e300};
  for (int i = 0; i < 12; i++) {
    double x = v[i]; float f = (float)fmod(x / 3, 1e6);
    printf("%a %a %a %a %a %a ", floor(x), ceil(x), trunc(x), round(x), rint(x), nearbyint(x));
    printf("%a %a %a %a ", sqrt(fabs(x)), copysign(3.0, x), fmin(x, 1.25), fmax(x, 1.25));
    printf("%a %a %a %a ", fmod(x, 3.25), fma(x, 2.0, 1.0), (double)floorf(f), (double)sqrtf(fabsf(f)));
    printf("%d %d %d %d %ld\n", signbit(x) != 0, isnan(x), isinf(x) != 0, isfinite(x) != 0, lrint(fmod(x, 1000)));
    printf("%a %a %a\n", (double)fminf(f, NAN), (double)fmaxf(NAN, f), (double)fmodf(f, 7));
  }
  printf("%.10g %.10g %.10g %.10g\n", sin(1), cos(2), exp(1.5), pow(2, 0.5));
  printf("%.10g %.10g %.10g\n", log(10), atan2(1, 2), hypot(3, 4));
  int e; double m = frexp(100.5, &e); printf("%a %d %a\n", m, e, ldexp(m, e + 3));
  return 0;
}
