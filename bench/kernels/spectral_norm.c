// The spectral norm of the matrix 1, 1/2, 1/3, ...: divisions.
#include "kernel.h"
enum { N = 200 };
static double u[N], v[N], t[N];
void prepare(void) {}
static double a(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }
static void times(const double* x, double* y) {
  for (int i = 0; i < N; i++) {
    y[i] = 0;
    for (int j = 0; j < N; j++) y[i] += a(i, j) * x[j];
  }
}
static void transposed(const double* x, double* y) {
  for (int i = 0; i < N; i++) {
    y[i] = 0;
    for (int j = 0; j < N; j++) y[i] += a(j, i) * x[j];
  }
}
uint64_t kernel(void) {
  double x = 0, y = 0;
  for (int i = 0; i < N; i++) u[i] = 1;
  for (int n = 0; n < 5; n++) {
    times(u, t), transposed(t, v);
    times(v, t), transposed(t, u);
  }
  for (int i = 0; i < N; i++) x += u[i] * v[i], y += v[i] * v[i];
  return (uint64_t)(x / y * 1e12);
}
