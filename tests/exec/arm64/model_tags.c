/* Memory tagging: Arm ARM C6.2, with ChooseNonExcludedTag and the like of aarch64/functions/memory. Bits 59 to 56 of
   an address are its tag; memory has a tag for every 16 bytes, which the arena keeps too. */
#include "arena.h"

uint64_t address_of(struct Machine*, const struct Instruction*);
void write_back(struct Machine*, const struct Instruction*);

enum { granule = 16 };

static unsigned tag_of(uint64_t address) { return address >> 56 & 15; }
static uint64_t with_tag(uint64_t address, unsigned tag) { return (address & ~(15ull << 56)) | (uint64_t)tag << 56; }

/* The tag `offset` further, of those that are not excluded. */
static unsigned choose(unsigned tag, unsigned offset, unsigned excluded) {
  if (excluded == 0xffff) return 0;
  while (offset == 0 && excluded >> tag & 1) tag = (tag + 1) % 16;
  while (offset != 0) {
    tag = (tag + 1) % 16;
    if (!(excluded >> tag & 1)) --offset;
  }
  return tag;
}

static void step(struct Machine* m, const struct Instruction* i, int subtracts) {
  const uint64_t from = get(m, &i->op[1]), by = (uint64_t)i->op[2].value;
  const unsigned tag = choose(tag_of(from), (unsigned)i->op[3].value, excluded_tags());
  set(m, &i->op[0], with_tag(subtracts ? from - by : from + by, tag));
}

/* Any tag but the excluded ones will do. */
static void random_tag(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const unsigned excluded = excluded_tags() | (i->count > 2 ? get(m, &i->op[2]) & 0xffff : 0);
  set(m, &i->op[0], with_tag(get(m, &i->op[1]), 0));
  if (excluded == 0xffff || (i->op[0].number == 31 && !i->op[0].is_sp)) return;
  m->tagged = i->op[0].number + 1;
  m->tags = ~excluded & 0xffff;
}
static void insert_in_mask(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  set(m, &i->op[0], get(m, &i->op[2]) | 1ull << tag_of(get(m, &i->op[1])));
}

enum { distance_flags = 1, distance_compares = 2 };
static void distance(struct Machine* m, const struct Instruction* i, int how) {
  const struct Operand* sources = &i->op[how & distance_compares ? 0 : 1];
  const uint64_t a = (uint64_t)sign_extend(get(m, &sources[0]), 56), b = (uint64_t)sign_extend(get(m, &sources[1]), 56);
  int nzcv;
  const uint64_t result = add_with_carry(a, ~b, 1, 64, &nzcv);
  if (how & distance_flags) set_flags(m, nzcv);
  if (!(how & distance_compares)) set(m, &i->op[0], result);
}

/* ---- memory: the uppermost byte of an address is none of it ---- */
static void load_tag(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const uint64_t at = address_of(m, i) & mask_of(56) & ~(uint64_t)(granule - 1);
  set(m, &i->op[0], with_tag(get(m, &i->op[0]), load_memory_tag(m, at)));
}

enum { zeroes = 1, two = 2 };
static void store_tag(struct Machine* m, const struct Instruction* i, int how) {
  const uint64_t at = address_of(m, i) & mask_of(56);
  const unsigned tag = tag_of(get(m, &i->op[0]));
  if (at % granule != 0) m->fault = 1;
  for (unsigned n = 0; n < (how & two ? 2u : 1u) && !m->fault; ++n) {
    store_memory_tag(m, at + n * granule, tag);
    for (unsigned part = 0; how & zeroes && part < 2; ++part) store(m, at + n * granule + part * 8, 8, 0);
  }
  write_back(m, i);
}
/* The tag is the address's own. */
static void store_pair(struct Machine* m, const struct Instruction* i, int unused) {
  (void)unused;
  const uint64_t whole = address_of(m, i), at = whole & mask_of(56);
  if (at % granule != 0) m->fault = 1;
  if (!m->fault) {
    store_memory_tag(m, at, tag_of(whole));
    for (unsigned n = 0; n < 2; ++n) store(m, at + n * 8, 8, get(m, &i->op[n]));
  }
  write_back(m, i);
}

const struct ModelRow tag_models[] = {
    {"addg", step, 0},
    {"subg", step, 1},
    {"irg", random_tag, 0},
    {"gmi", insert_in_mask, 0},
    {"subp", distance, 0},
    {"subps", distance, distance_flags},
    {"cmpp", distance, distance_flags | distance_compares},
    {"ldg", load_tag, 0},
    {"stg", store_tag, 0},
    {"stzg", store_tag, zeroes},
    {"st2g", store_tag, two},
    {"stz2g", store_tag, zeroes | two},
    {"stgp", store_pair, 0},
    {0, 0, 0},
};
