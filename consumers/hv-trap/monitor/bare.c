// What the compiler calls by itself.
// SPDX-License-Identifier: MIT
#include "bare.h"

void *memset(void *p, int v, unsigned long n) {
  for (volatile u8 *q = p; n-- != 0;) *q++ = (u8)v;
  return p;
}
void *memcpy(void *p, const void *from, unsigned long n) {
  volatile u8 *q = p;
  for (const u8 *f = from; n-- != 0;) *q++ = *f++;
  return p;
}
