// Stage 2 tables for an IPA space of 32 bits, with each of the three granules.
//
// Arm ARM D8.2, D8.3 and VTCR_EL2. With T0SZ 32 and SL0 1, the walk starts at level 1 for 4 KiB (4 entries of 1 GiB), at level 2 for
// 16 KiB (128 of 32 MiB) and for 64 KiB (8 of 512 MiB). A descriptor: bits 1:0 are 3 for a table or a page, 1 for a block.
// What is not mapped is a device or nothing: a translation fault with HPFAR_EL2, and a syndrome that says what was accessed.
// SPDX-License-Identifier: MIT
#include "monitor.h"

enum { table_bytes = 0x10000, tables = 8 };
static u8 pool[tables][table_bytes] __attribute__((aligned(0x10000)));
static u32 used;
static u32 granule_bits, level_bits, first_level;

enum { read_write = 3 << 6, read_only = 1 << 6 };  // S2AP
static const u64 normal = 1 << 10 | 3 << 8 | 15 << 2;  // AF, inner shareable, write-back

static u64 *new_table(void) {
  if (used == tables) {
    say("monitor: no more tables\n");
    leave(1);
  }
  return (u64 *)pool[used++];
}
static u32 shift_of(u32 level) { return granule_bits + (3 - level) * level_bits; }
// Blocks exist at levels 1 and 2 of 4 KiB, at level 2 of the others.
static int can_be_block(u32 level) { return level == 3 || level == 2 || granule_bits == 12; }

static void map(u64 ipa, u64 pa, u64 bytes, u64 access) {
  while (bytes != 0) {
    u64 *table = (u64 *)pool[0];
    for (u32 level = first_level;; ++level) {
      const u64 size = 1ULL << shift_of(level);
      u64 *entry = &table[level == first_level ? ipa >> shift_of(level) : ipa >> shift_of(level) & ((1U << level_bits) - 1)];
      if (can_be_block(level) && ((ipa | pa) & (size - 1)) == 0 && bytes >= size && (*entry & 2) == 0) {
        *entry = pa | normal | access | (level == 3 ? 3 : 1);
        ipa += size, pa += size, bytes -= size;
        break;
      }
      if (level == 3) {
        say("monitor: a mapping that is no multiple of the granule\n");
        leave(1);
      }
      if ((*entry & 3) != 3) *entry = (u64)new_table() | 3;
      table = (u64 *)(*entry & 0xffffffff0000);
    }
  }
}

void make_stage2(u32 granule_kib) {
  granule_bits = granule_kib == 64 ? 16 : granule_kib == 16 ? 14 : 12;
  level_bits = granule_bits - 3;
  first_level = granule_kib == 4 ? 1 : 2;
  new_table();
  map(guest_base, guest_base, guarded_ipa - guest_base, read_write);
  map(guarded_ipa, guarded_ipa, 0x10000, read_only);
  map(guarded_ipa + 0x10000, guarded_ipa + 0x10000, sealed_ipa - guarded_ipa - 0x10000, read_write);
  map(sealed_ipa + 0x10000, sealed_ipa + 0x10000, guest_base + guest_bytes - sealed_ipa - 0x10000, read_write);
  map(alias_ipa, alias_pa, 0x10000, read_write);
}

void use_stage2(void) {
  static const u64 tg0[] = {0, 2, 1};  // 4, 16 and 64 KiB
  // T0SZ 32, SL0 1, write-back, inner shareable, PS 40 bits; bit 31 is RES1.
  write_sysreg(vtcr_el2, 1ULL << 31 | 2 << 16 | tg0[granule_bits / 2 - 6] << 14 | 3 << 12 | 1 << 10 | 1 << 8 | 1 << 6 | 32);
  write_sysreg(vttbr_el2, (u64)pool[0]);
  __asm__ volatile("dsb ish\n isb\n tlbi vmalls12e1is\n dsb ish\n isb" ::: "memory");
}
