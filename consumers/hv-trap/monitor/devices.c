// The devices behind what the policy lists: a PL011 (Arm DDI 0183), and a GICv3 distributor and redistributors (Arm IHI 0069) of
// which the policy answers what is read often. A register is memory; only enabling and pending bits do something.
// SPDX-License-Identifier: MIT
#include "monitor.h"

enum { gicd = 0x08000000, gicd_bytes = 0x10000, gicr = 0x080a0000, gicr_bytes = 0x20000, uart = 0x09000000, ring = 0x0a000050 };
static u8 distributor[gicd_bytes];
static u8 redistributor[cpus][gicr_bytes];
static char uart_line[80];
static u32 uart_used;

static u64 get(const u8 *p, u32 bytes) {
  u64 v = 0;
  for (u32 n = 0; n < bytes; ++n) v |= (u64)p[n] << 8 * n;
  return v;
}
static void put(u8 *p, u32 bytes, u64 v) {
  for (u32 n = 0; n < bytes; ++n) p[n] = (u8)(v >> 8 * n);
}

static void uart_write(u64 value) {
  uart_line[uart_used++] = (char)value;
  if (value != '\n' && uart_used + 1 < sizeof uart_line) return;
  uart_line[uart_used] = 0;
  uart_used = 0;
  say("uart: ");
  say(uart_line);
}

// The shared interrupts 32 to 63 are enabled by vCPU, in the word that the policy's GICD_ISENABLER1 changes.
static void pend(u32 first, u64 bits) {
  for (u32 n = 0; n < 32; ++n)
    for (int cpu = 0; cpu < cpus; ++cpu)
      if ((bits >> n & 1) && first == 32 && (vcpus[cpu].state[word_isenabler] >> n & 1)) raise(&vcpus[cpu], first + n);
}

static int gicd_access(u64 at, u32 bytes, int write, u64 *value) {
  u8 *p = distributor + at;
  if (!write) {
    *value = get(p, bytes);
    return 1;
  }
  if (at >= 0x180 && at < 0x200)  // GICD_ICENABLER: clears what GICD_ISENABLER set
    put(p - 0x80, bytes, get(p - 0x80, bytes) & ~*value);
  else if (at >= 0x100 && at < 0x180)
    put(p, bytes, get(p, bytes) | *value);
  else if (at >= 0x200 && at < 0x280)  // GICD_ISPENDR
    pend((u32)(at - 0x200) * 8, *value);
  else
    put(p, bytes, *value);
  return 1;
}

int device_access(struct vcpu *v, u64 ipa, u32 bytes, int write, u64 *value) {
  if (ipa - gicd <= gicd_bytes - bytes) return gicd_access(ipa - gicd, bytes, write, value);
  if (ipa - gicr <= cpus * gicr_bytes - bytes) {
    u8 *p = &redistributor[0][0] + (ipa - gicr);
    if (write) put(p, bytes, *value);
    else *value = get(p, bytes);
    return 1;
  }
  if (ipa == uart && write) {
    uart_write(*value & 0xff);
    return 1;
  }
  if (ipa == ring && write) return 1;  // the value is in the vCPU's word already
  if (ipa - sealed_ipa <= 0x10000 - bytes && (!write || v->state[word_seen] == ipa)) {  // memory; the policy's watch has noted a store
    if (write) put((u8 *)ipa, bytes, *value);
    else *value = get((u8 *)ipa, bytes);
    return 1;
  }
  return 0;
}
