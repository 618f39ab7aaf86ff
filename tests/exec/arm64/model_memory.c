/* Loads and stores of one register and of pairs, exclusives, acquire and release: Arm ARM C6.2, C7.2. One thread
   runs: order does not show, and a store-exclusive succeeds if the load before it marked its address. */
#include <string.h>

#include "arena.h"

/* Where the access is, and what the base is afterwards. */
uint64_t address_of(struct Machine* m, const struct Instruction* i) {
  if (!i->has_memory) return 0; /* of the literal */
  uint64_t at = get(m, &i->base);
  if (i->has_index && !i->post) at += shifted(get(m, &i->index), i->shift, i->amount, 64);
  return i->post ? at : at + (uint64_t)i->offset;
}
void write_back(struct Machine* m, const struct Instruction* i) {
  if (!i->pre && !i->post) return;
  const uint64_t by = i->has_index ? get(m, &i->index) : (uint64_t)i->offset;
  set(m, &i->base, get(m, &i->base) + by);
}

enum { loads = 1, extends = 2, aligned = 4, bytes_of = 8 }; /* bytes in the bits from 8 on; 0: the register's */

static int size_of(const struct Operand* o, int how) { return how / bytes_of ? how / bytes_of : o->bits / 8; }

/* The bytes at the address, or of the literal. */
static uint64_t load_from(struct Machine* m, const struct Instruction* i, uint64_t at, int bytes) {
  if (i->has_memory) return load(m, at, bytes);
  uint64_t v = 0;
  memcpy(&v, m->literal + at, (unsigned)bytes);
  return v;
}

static void load_register(struct Machine* m, const struct Instruction* i, const struct Operand* o, uint64_t at,
                          int how) {
  const int bytes = size_of(o, how);
  if (o->kind == scalar) {
    Vector v = {{0}};
    for (int n = 0; n < bytes; ++n) v.b[n] = (uint8_t)load_from(m, i, at + (unsigned)n, 1);
    m->r.v[o->number] = v;
    return;
  }
  const uint64_t v = load_from(m, i, at, bytes);
  set(m, o, how & extends ? (uint64_t)sign_extend(v, bytes * 8) : v);
}
static void store_register(struct Machine* m, const struct Operand* o, uint64_t at, int how) {
  const int bytes = size_of(o, how);
  if (o->kind != scalar) return store(m, at, bytes, get(m, o));
  for (int n = 0; n < bytes; ++n) store(m, at + (unsigned)n, 1, m->r.v[o->number].b[n]);
}

static void one(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t at = address_of(m, i);
  if (how & aligned && at % (unsigned)size_of(&i->op[0], how) != 0) m->fault = 1;
  if (how & loads) { /* the base moves even where it is loaded from itself, which no legal instruction does */
    write_back(m, i);
    return load_register(m, i, &i->op[0], at, how);
  }
  store_register(m, &i->op[0], at, how);
  write_back(m, i);
}

static void pair(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t at = address_of(m, i);
  const unsigned bytes = (unsigned)size_of(&i->op[0], how);
  if (how & loads) {
    write_back(m, i);
    load_register(m, i, &i->op[0], at, how);
    return load_register(m, i, &i->op[1], at + bytes, how);
  }
  store_register(m, &i->op[0], at, how);
  store_register(m, &i->op[1], at + bytes, how);
  write_back(m, i);
}

/* ldraa, ldrab: the guest has signed the base; bits above the address are the signature's. */
static void authenticated(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t base = get(m, &i->base);
  set(m, &i->base, base & mask_of(47));
  const uint64_t at = address_of(m, i);
  if (i->pre)
    write_back(m, i);
  else
    set(m, &i->base, base);
  load_register(m, i, &i->op[0], at, how);
}

/* The guest lets a load-exclusive of the same address and size precede half of all store-exclusives. */
static void exclusive_store(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t at = address_of(m, i);
  const int registers = i->count - 1;
  const unsigned bytes = (unsigned)size_of(&i->op[1], how);
  const int marked = m->monitor == at;
  for (int n = 0; n < registers; ++n) {
    if (marked)
      store_register(m, &i->op[1 + n], at + bytes * (unsigned)n, how);
    else
      load(m, at + bytes * (unsigned)n, (int)bytes);
  }
  set(m, &i->op[0], !marked);
}

static void nothing(struct Machine* m, const struct Instruction* i, int unused) { (void)m, (void)i, (void)unused; }

#define SIZES(name, narrow, how) \
  {name, one, how}, {narrow "b", one, (how) | 1 * bytes_of}, { narrow "h", one, (how) | 2 * bytes_of }
#define SIGNED_SIZES(name)                                                                              \
  {name "sb", one, loads | extends | 1 * bytes_of}, {name "sh", one, loads | extends | 2 * bytes_of}, { \
    name "sw", one, loads | extends | 4 * bytes_of                                                      \
  }
#define EXCLUSIVES(name)                                                         \
  {name, exclusive_store, aligned}, {name "b", exclusive_store, 1 * bytes_of}, { \
    name "h", exclusive_store, 2 * bytes_of                                      \
  }

const struct ModelRow memory_models[] = {
    SIZES("ldr", "ldr", loads),
    SIZES("ldur", "ldur", loads),
    SIZES("ldtr", "ldtr", loads),
    SIGNED_SIZES("ldr"),
    SIGNED_SIZES("ldur"),
    SIGNED_SIZES("ldtr"),
    SIZES("str", "str", 0),
    SIZES("stur", "stur", 0),
    SIZES("sttr", "sttr", 0),
    SIZES("ldar", "ldar", loads | aligned),
    SIZES("ldlar", "ldlar", loads | aligned),
    SIZES("ldapr", "ldapr", loads | aligned),
    SIZES("ldapur", "ldapur", loads),
    SIGNED_SIZES("ldapur"),
    SIZES("ldxr", "ldxr", loads | aligned),
    SIZES("ldaxr", "ldaxr", loads | aligned),
    SIZES("stlr", "stlr", aligned),
    SIZES("stllr", "stllr", aligned),
    SIZES("stlur", "stlur", 0),
    EXCLUSIVES("stxr"),
    EXCLUSIVES("stlxr"),
    {"stxp", exclusive_store, 0},
    {"stlxp", exclusive_store, 0},
    {"ldxp", pair, loads},
    {"ldaxp", pair, loads},
    {"ldp", pair, loads},
    {"ldnp", pair, loads},
    {"ldpsw", pair, loads | extends | 4 * bytes_of},
    {"stp", pair, 0},
    {"stnp", pair, 0},
    {"ldraa", authenticated, loads},
    {"ldrab", authenticated, loads},
    {"prfm", nothing, 0},
    {"prfum", nothing, 0},
    {0, 0, 0},
};
