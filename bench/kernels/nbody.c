// Five bodies under gravity.
#include "kernel.h"
struct body {
  double x, y, z, vx, vy, vz, m;
};
static struct body b[5];
static const struct body start[5] = {{0, 0, 0, 0, 0, 0, 39.47},
                                     {4.84, -1.16, -0.10, 0.6, 2.8, -0.02, 0.037},
                                     {8.34, 4.12, -0.4, -1.01, 1.8, 0.008, 0.011},
                                     {12.89, -15.11, -0.22, 1.08, 0.86, -0.01, 0.0017},
                                     {15.37, -25.9, 0.179, 0.97, 0.59, -0.03, 0.002}};
void prepare(void) {}
uint64_t kernel(void) {
  for (int i = 0; i < 5; i++) b[i] = start[i];
  for (int n = 0; n < 20000; n++) {
    for (int i = 0; i < 5; i++)
      for (int j = i + 1; j < 5; j++) {
        const double dx = b[i].x - b[j].x, dy = b[i].y - b[j].y, dz = b[i].z - b[j].z;
        const double d = dx * dx + dy * dy + dz * dz, m = 0.001 / (d * __builtin_sqrt(d));
        b[i].vx -= dx * b[j].m * m, b[i].vy -= dy * b[j].m * m, b[i].vz -= dz * b[j].m * m;
        b[j].vx += dx * b[i].m * m, b[j].vy += dy * b[i].m * m, b[j].vz += dz * b[i].m * m;
      }
    for (int i = 0; i < 5; i++) b[i].x += 0.001 * b[i].vx, b[i].y += 0.001 * b[i].vy, b[i].z += 0.001 * b[i].vz;
  }
  return (uint64_t)(int64_t)(b[1].x * 1e9);
}
