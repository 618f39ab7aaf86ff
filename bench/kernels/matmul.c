// The product of two matrices of doubles.
#include "kernel.h"
enum { N = 160 };
static double a[N][N], b[N][N], c[N][N];
void prepare(void) {
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      a[i][j] = (i * 7 + j) % 13;
      b[i][j] = (i + j * 5) % 11;
    }
}
uint64_t kernel(void) {
  double sum = 0;
  for (int i = 0; i < N; i++)
    for (int j = 0; j < N; j++) {
      double x = 0;
      for (int k = 0; k < N; k++) x += a[i][k] * b[k][j];
      c[i][j] = x;
      sum += x;
    }
  return (uint64_t)sum;
}
