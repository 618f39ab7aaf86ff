// The Mandelbrot set.
#include "kernel.h"
void prepare(void) {}
uint64_t kernel(void) {
  uint64_t sum = 0;
  for (int i = 0; i < 120; i++)
    for (int j = 0; j < 160; j++) {
      const double cr = j / 60.0 - 2, ci = i / 60.0 - 1;
      double r = 0, m = 0;
      int n = 0;
      while (n < 200 && r * r + m * m < 4) {
        const double t = r * r - m * m + cr;
        m = 2 * r * m + ci;
        r = t;
        n++;
      }
      sum += (uint64_t)n;
    }
  return sum;
}
