/* LSE: read, combine, write: Arm ARM C6.2 (CAS, CASP, SWP, LD<OP>). The text's mnemonic is taken apart here, because
   family, order and size combine freely; order does not show to one thread. */
#include <stdlib.h>
#include <string.h>

#include "arena.h"

uint64_t address_of(struct Machine*, const struct Instruction*);

/* What stands behind the family's name: an order (a, l, al), then a size (b, h). 0 if it is something else. */
static int order_and_size(const char* rest, const struct Operand* o, int* bytes) {
  *bytes = o->bits / 8;
  if (*rest == 'a') ++rest;
  if (*rest == 'l') ++rest;
  if (*rest == 'b' || *rest == 'h') *bytes = *rest++ == 'b' ? 1 : 2;
  return *rest == 0;
}

static uint64_t combined(int op, uint64_t memory, uint64_t v, int bits) {
  const int64_t a = sign_extend(memory, bits), b = sign_extend(v, bits);
  switch (op) {
    case 0: return memory + v;
    case 1: return memory & ~v;
    case 2: return memory ^ v;
    case 3: return memory | v;
    case 4: return a > b ? memory : v;
    case 5: return a < b ? memory : v;
    case 6: return memory > v ? memory : v;
    case 7: return memory < v ? memory : v;
    default: return v;
  }
}

/* ldadd, stadd, swp ...: the operation, or -1. */
static int operation_of(const char* m, const char** rest) {
  static const char* const names[] = {"add", "clr", "eor", "set", "smax", "smin", "umax", "umin"};
  if (strncmp(m, "swp", 3) == 0) return *rest = m + 3, 8;
  if (strncmp(m, "ld", 2) != 0 && strncmp(m, "st", 2) != 0) return -1;
  for (int n = 0; n < 8; ++n)
    if (strncmp(m + 2, names[n], strlen(names[n])) == 0) return *rest = m + 2 + strlen(names[n]), n;
  return -1;
}

static void combine(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const char* rest = "";
  int bytes;
  const int op = operation_of(i->mnemonic, &rest);
  order_and_size(rest, &i->op[0], &bytes);
  const uint64_t at = address_of(m, i), v = get(m, &i->op[0]) & mask_of(bytes * 8);
  if (next() % 4 == 0) plant(m, at, bytes, v);
  const uint64_t before = load(m, at, bytes);
  store(m, at, bytes, combined(op, before, v, bytes * 8));
  if (i->count == 2) set(m, &i->op[1], before);
}

static void compare_and_swap(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  int bytes;
  order_and_size(i->mnemonic + 3, &i->op[0], &bytes);
  const uint64_t at = address_of(m, i), expected = get(m, &i->op[0]) & mask_of(bytes * 8);
  if (next() % 2 == 0) plant(m, at, bytes, expected);
  const uint64_t before = load(m, at, bytes);
  if (before == expected) store(m, at, bytes, get(m, &i->op[1]));
  set(m, &i->op[0], before);
}

/* caspal x0, x1, x2, x3, [x4] */
static void compare_and_swap_pair(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const int bytes = i->op[0].bits / 8;
  const uint64_t at = address_of(m, i);
  const int planted = (int)(next() % 4); /* none, one or both of the pair */
  for (int n = 0; n < 2; ++n)
    if (planted & (1 << n) || planted == 3) plant(m, at + (unsigned)(n * bytes), bytes, get(m, &i->op[n]));
  uint64_t before[2];
  for (int n = 0; n < 2; ++n) before[n] = load(m, at + (unsigned)(n * bytes), bytes);
  if (before[0] == get(m, &i->op[0]) && before[1] == get(m, &i->op[1]))
    for (int n = 0; n < 2; ++n) store(m, at + (unsigned)(n * bytes), bytes, get(m, &i->op[2 + n]));
  for (int n = 0; n < 2; ++n) set(m, &i->op[n], before[n]);
}

const struct ModelRow* find_atomic(const struct Instruction* i) {
  static const struct ModelRow rows[] = {{"", combine, 0}, {"", compare_and_swap, 0}, {"", compare_and_swap_pair, 0}};
  const char* rest = "";
  int bytes;
  if (!i->has_memory || i->count == 0) return NULL;
  if (strncmp(i->mnemonic, "casp", 4) == 0) return order_and_size(i->mnemonic + 4, &i->op[0], &bytes) ? &rows[2] : NULL;
  if (strncmp(i->mnemonic, "cas", 3) == 0) return order_and_size(i->mnemonic + 3, &i->op[0], &bytes) ? &rows[1] : NULL;
  return operation_of(i->mnemonic, &rest) >= 0 && order_and_size(rest, &i->op[0], &bytes) ? &rows[0] : NULL;
}
