/* What the reference of AArch64 works on: registers, memory and one instruction as its text says it.

   A model is a function that does to a struct Machine what the manual's pseudo-code of the instruction does. Models
   know the text alone, never the word; registers are read and written through the functions here, which know zero,
   the stack pointer and that 32 bits clear the upper half. Source: Arm ARM C6.2 and C7.2, shared/functions in J1. */
#ifndef JITKIT_TESTS_EXEC_ARM64_MACHINE_H
#define JITKIT_TESTS_EXEC_ARM64_MACHINE_H

#include <stdint.h>

typedef __uint128_t u128;
typedef union {
  uint8_t b[16];
  uint16_t h[8];
  uint32_t s[4];
  uint64_t d[2];
} Vector;

/* As enter.c loads and stores them. */
struct Registers {
  uint64_t x[32]; /* x[30] belongs to the guest, x[31] is the stack pointer */
  uint64_t nzcv, fpsr;
  Vector v[32];
  uint64_t pc; /* afterwards: `taken`, or 0 for the next instruction */
};
enum { taken = 1 };

enum Kind { no_operand, general, scalar, vector, lane, immediate, condition, name_of_something };
struct Operand {
  enum Kind kind;
  int number;   /* of the register, or of the condition */
  int is_sp;    /* number 31 is the stack pointer */
  int bits;     /* of a general or scalar register, of an element */
  int elements; /* of a vector; of a lane as it is written (4 of v0.4b[1]), else 1 */
  int index;    /* of a lane */
  int64_t value;
  char name[12]; /* name_of_something: of a system register or an operation */
};
enum Shift { no_shift, lsl, lsr, asr, ror, msl, uxtb, uxth, uxtw, uxtx, sxtb, sxth, sxtw, sxtx };
enum { max_operands = 12 };
struct Instruction {
  char mnemonic[24];
  int count;
  struct Operand op[max_operands];
  enum Shift shift; /* of the last operand, or of a memory operand's index */
  int amount;
  /* Of a memory operand. */
  int has_memory, pre, post, has_index;
  struct Operand base, index;
  int64_t offset;
};

struct Machine {
  struct Registers r;
  uint64_t pc;
  const uint8_t* literal; /* what a literal load finds */
  int fault;              /* memory outside of the arena, or what is not aligned as it must be: no result */
  int signal;             /* that the instruction raises: nothing is known of registers then */
  uint64_t monitor;       /* address that an exclusive load marked, 0: none */
  int tagged;             /* one more than the number of a register whose tag may be any of `tags`, 0: none */
  unsigned tags;
};
typedef void Model(struct Machine*, const struct Instruction*, int argument);
struct ModelRow {
  const char* mnemonic;
  Model* model;
  int argument;
};
/* Rows of each family, ended by one without a name. The first three are of general registers alone. */
extern const struct ModelRow integer_models[], field_models[], flag_models[], memory_models[], structure_models[],
    crypto_models[], hash_models[], system_models[], pauth_models[], tag_models[];
const struct ModelRow* find_branch(const struct Instruction*);
const struct ModelRow* find_atomic(const struct Instruction*);

int parse(const char* text, struct Instruction*);

static inline uint64_t mask_of(int bits) { return bits >= 64 ? ~0ull : (1ull << bits) - 1; }
static inline int64_t sign_extend(uint64_t v, int bits) { return (int64_t)(v << (64 - bits)) >> (64 - bits); }
static inline uint64_t rotate_right(uint64_t v, int by, int bits) {
  v &= mask_of(bits);
  by %= bits;
  return by == 0 ? v : (v >> by | v << (bits - by)) & mask_of(bits);
}

static inline uint64_t get(const struct Machine* m, const struct Operand* o) {
  if (o->kind == immediate) return (uint64_t)o->value;
  if (o->number == 31 && !o->is_sp) return 0;
  return m->r.x[o->number] & mask_of(o->bits);
}
static inline void set(struct Machine* m, const struct Operand* o, uint64_t v) {
  if (o->number == 31 && !o->is_sp) return;
  m->r.x[o->number] = v & mask_of(o->bits);
}

enum { flag_n = 8, flag_z = 4, flag_c = 2, flag_v = 1 };
static inline int flags(const struct Machine* m) { return (int)(m->r.nzcv >> 28 & 15); }
static inline void set_flags(struct Machine* m, int nzcv) { m->r.nzcv = (uint64_t)nzcv << 28; }
int holds(int condition_number, int nzcv);

uint64_t add_with_carry(uint64_t x, uint64_t y, int carry, int bits, int* nzcv);
/* The second operand of data processing: an immediate or a register, shifted or extended. */
uint64_t second(const struct Machine*, const struct Instruction*, const struct Operand*, int bits);
uint64_t shifted(uint64_t v, enum Shift, int amount, int bits);

#endif
