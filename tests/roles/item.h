/* One machine instruction and what its row says of it, as the programs roles_<target> write it and guest.c
   reads it. Registers are numbered as PReg: general ones from 0, vector registers behind them, then masks. */
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
  item_only_overflow = 64,
  item_gathers = 128       /* vector registers hold small numbers */
};

/* An operand, in the order of the text. */
enum { operand_none, operand_register, operand_high_byte, operand_immediate, operand_memory };
struct RoleOperand {
  uint8_t kind;
  uint8_t reg;    /* of memory the base, 255: none */
  uint8_t index;  /* of memory, 255: none */
  uint8_t scale;  /* log2 */
  uint16_t bits;
  int64_t value;  /* the immediate, or the displacement */
};

struct RoleItem {
  uint16_t form;
  uint8_t effects;
  uint8_t length;     /* bytes of code */
  uint8_t has_twin;
  uint8_t unused[3];
  uint8_t code[16];
  uint8_t use[64];    /* by register: bytes that are read, */
  uint8_t def[64];    /* ... and written; behind them anything may stand */
  uint8_t twin[16];   /* what the C compiler's assembler makes of `text`, and no operation behind it */
  uint8_t place[64];  /* register n of `code` is register place[n] of the twin */
  char text[104];     /* the instruction with the twin's registers; empty: it has no twin */
  char name[24];      /* the mnemonic with the operands of `code`, for a reference */
  struct RoleOperand operand[4];
};

#endif
