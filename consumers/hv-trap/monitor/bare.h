// For C without an operating system, at EL2 and at EL1: types, text and the end by semihosting, random numbers.
// SPDX-License-Identifier: MIT
#ifndef JITKIT_CONSUMERS_HV_TRAP_MONITOR_BARE_H
#define JITKIT_CONSUMERS_HV_TRAP_MONITOR_BARE_H

#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint8_t u8;

void *memset(void *p, int v, unsigned long n);
void *memcpy(void *p, const void *from, unsigned long n);

// Semihosting for AArch32 and AArch64 (Arm): the operation in x0, its block in x1.
static inline u64 semihosting(u64 op, const void *block) {
  register u64 x0 __asm__("x0") = op;
  register const void *x1 __asm__("x1") = block;
  __asm__ volatile("hlt #0xf000" : "+r"(x0) : "r"(x1) : "memory");
  return x0;
}
static inline void say(const char *text) { semihosting(4, text); }  // SYS_WRITE0
static inline void __attribute__((noreturn)) leave(u64 status) {
  const u64 block[2] = {0x20026, status};  // ADP_Stopped_ApplicationExit
  semihosting(0x20, block);                // SYS_EXIT_EXTENDED
  for (;;) {}
}
// The digits, somewhere in text.
static inline char *number(char text[24], u64 v, u32 base) {
  char *p = text + 23;
  *p = 0;
  do *--p = "0123456789abcdef"[v % base];
  while ((v /= base) != 0);
  return p;
}
static inline void say_number(const char *before, u64 v, u32 base) {
  char text[24];
  say(before);
  say(number(text, v, base));
}

static inline u64 next_random(u64 *seed) {  // Vigna, xorshift64*
  u64 x = *seed;
  x ^= x >> 12, x ^= x << 25, x ^= x >> 27;
  *seed = x;
  return x * 0x2545f4914f6cdd1d;
}

#endif
