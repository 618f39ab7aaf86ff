/* One machine instruction and what its row says of it, as the programs roles_<target> write it and guest.c
   reads it. Registers are numbered as PReg: general ones from 0, vector registers behind them. */
#ifndef JITKIT_TESTS_ROLES_ITEM_H
#define JITKIT_TESTS_ROLES_ITEM_H

#include <stdint.h>

enum {
  item_reads_flags = 1,
  item_writes_flags = 2,
  item_reads_memory = 4,
  item_writes_memory = 8,
  item_keeps_carry = 16,   /* of the flags that are written */
  item_only_carry = 32,    /* of the flags read and written */
  item_only_overflow = 64
};

struct RoleItem {
  uint16_t form;
  uint8_t effects;
  uint8_t length;    /* bytes of code */
  uint8_t code[16];
  uint8_t use[64];   /* by register: bytes that are read, */
  uint8_t def[64];   /* ... and written; behind them anything may stand */
};

#endif
