/* Pointer authentication: Arm ARM C6.2, with AddPAC, Auth, Strip and AuthComputePAC of shared/functions/pauth.

   The keys are the kernel's, so of one thing the CPU itself is asked: the code of a well-formed address under a
   modifier, by pacia and its like with registers. All else is the manual's: which bits of a pointer a code takes and
   which it leaves, what becomes of the code of a malformed pointer, when a code is accepted and what a refused one
   leaves, what is stripped, which key and modifier a form takes. Addresses under Linux: 48 bits, and bit 55 says of
   which half; in the lower half the uppermost byte is ignored (TBI0), in the upper half it is part of the code.
   FEAT_PAuth2 and FEAT_FPAC are not there. */
#include <string.h>

#include "arena.h"

enum Key { key_ia, key_ib, key_da, key_db };
enum { of_key = 3, authenticates = 4, by_zero = 8, of_x17 = 16, of_x30 = 32 };

static int is_upper(uint64_t pointer) { return pointer >> 55 & 1; }
/* The uppermost of the bits that extend an address, and where its code stands: in all of them but bit 55. */
static int top_of(uint64_t pointer) { return is_upper(pointer) ? 63 : 55; }
static uint64_t code_bits(uint64_t pointer) { return (is_upper(pointer) ? 0xffull << 56 : 0) | 0x7full << 48; }

static uint64_t well_formed(uint64_t pointer) {
  return is_upper(pointer) ? pointer | code_bits(pointer) : pointer & ~code_bits(pointer);
}

static uint64_t code_of(uint64_t address, uint64_t modifier, enum Key key) {
  switch (key) {
    case key_ia: __asm__(".arch armv8.3-a\npacia %0, %1" : "+r"(address) : "r"(modifier)); break;
    case key_ib: __asm__(".arch armv8.3-a\npacib %0, %1" : "+r"(address) : "r"(modifier)); break;
    case key_da: __asm__(".arch armv8.3-a\npacda %0, %1" : "+r"(address) : "r"(modifier)); break;
    case key_db: __asm__(".arch armv8.3-a\npacdb %0, %1" : "+r"(address) : "r"(modifier)); break;
  }
  return address & code_bits(address);
}

/* AddPAC: the code of a malformed pointer is made wrong in one bit. */
static uint64_t add_code(uint64_t pointer, uint64_t modifier, enum Key key) {
  const uint64_t address = well_formed(pointer);
  const uint64_t bits = code_bits(pointer) | (1ull << 55), extension = pointer & bits;
  const uint64_t wrong = extension == 0 || extension == bits ? 0 : 1ull << (top_of(pointer) - 1);
  return (pointer & ~code_bits(pointer)) | (code_of(address, modifier, key) ^ wrong);
}
/* Auth: what is refused gets the key's number and its complement in the uppermost bits of the code. */
static uint64_t authenticate(uint64_t pointer, uint64_t modifier, enum Key key) {
  const uint64_t address = well_formed(pointer);
  if ((pointer & code_bits(pointer)) == code_of(address, modifier, key)) return address;
  const uint64_t error = key == key_ib || key == key_db ? 2 : 1;
  const int at = top_of(pointer) - 2;
  return (address & ~(3ull << at)) | error << at;
}

/* Which pointer, which modifier. Without FEAT_PAuth those of x17 and x30 are nop; others raise SIGILL. */
static void pointer(struct Machine* m, const struct Instruction* i, int how) {
  if (!has_pauth()) return;
  const enum Key key = how & of_key;
  const int number = how & of_x17 ? 17 : how & of_x30 ? 30 : i->op[0].number;
  const uint64_t modifier = how & by_zero  ? 0
                            : how & of_x17 ? m->r.x[16]
                            : how & of_x30 ? m->r.x[31]
                                           : get(m, &i->op[1]);
  const uint64_t before = number == 31 ? 0 : m->r.x[number];
  const uint64_t after = how & authenticates ? authenticate(before, modifier, key) : add_code(before, modifier, key);
  if (number != 31) m->r.x[number] = after;
}
static void strip(struct Machine* m, const struct Instruction* i, int how) {
  if (!has_pauth()) return;
  const int number = how & of_x30 ? 30 : i->op[0].number;
  if (number != 31) m->r.x[number] = well_formed(m->r.x[number]);
}

/* Of 64 bits of any two registers: the upper half of the code. */
static void generic(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  uint64_t code = 0;
  if (has_pauth())
    __asm__(".arch armv8.3-a\npacga %0, %1, %2" : "=r"(code) : "r"(get(m, &i->op[1])), "r"(get(m, &i->op[2])));
  set(m, &i->op[0], code >> 32 << 32);
}

#define OF_KEY(letters, key) \
  {"pac" letters, pointer, key}, { "aut" letters, pointer, key | authenticates }
#define OF_ZERO(letters, key) \
  {"pac" letters, pointer, (key) | by_zero}, { "aut" letters, pointer, (key) | by_zero | authenticates }

const struct ModelRow pauth_models[] = {
    OF_KEY("ia", key_ia),
    OF_KEY("ib", key_ib),
    OF_KEY("da", key_da),
    OF_KEY("db", key_db),
    OF_ZERO("iza", key_ia),
    OF_ZERO("izb", key_ib),
    OF_ZERO("dza", key_da),
    OF_ZERO("dzb", key_db),
    OF_KEY("ia1716", key_ia | of_x17),
    OF_KEY("ib1716", key_ib | of_x17),
    OF_KEY("iasp", key_ia | of_x30),
    OF_KEY("ibsp", key_ib | of_x30),
    OF_ZERO("iaz", key_ia | of_x30),
    OF_ZERO("ibz", key_ib | of_x30),
    {"xpaci", strip, 0},
    {"xpacd", strip, 0},
    {"xpaclri", strip, of_x30},
    {"pacga", generic, 0},
    {0, 0, 0},
};

/* Lets half of what is about to be authenticated be what the model signs, one in four of those with a bit changed.
   What is about to be signed has bit 63 with bit 55: without it QEMU 7.2 goes by bit 63, where the manual has bit 55
   as soon as one half ignores the uppermost byte. */
void aim_pointer(struct Registers* r, const struct Instruction* i) {
  for (const struct ModelRow* row = pauth_models; has_pauth() && row->mnemonic; ++row) {
    if (strcmp(row->mnemonic, i->mnemonic) != 0 || row->model != pointer) continue;
    const int number = row->argument & of_x17 ? 17 : row->argument & of_x30 ? 30 : i->op[0].number;
    if (number == 31) return;
    if (!(row->argument & authenticates)) {
      r->x[number] |= (uint64_t)is_upper(r->x[number]) << 63;
    } else if (next() % 2 == 0) {
      struct Machine m = {.r = *r};
      m.r.x[number] = well_formed(m.r.x[number]);
      pointer(&m, i, row->argument & ~authenticates);
      if (next() % 4 == 0) m.r.x[number] ^= 1ull << next() % 64;
      r->x[number] = m.r.x[number];
    }
  }
}
