#define _GNU_SOURCE
#include "arena.h"

#include <asm/hwcap.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>

enum { margin = 64, max_writes = 64, granule = 16 };
uint8_t* arena;
static uint8_t shadow[arena_bytes];
static uint8_t shadow_tags[arena_bytes / granule];

uint64_t seed = 1;
uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed * 0x2545f4914f6cdd1dull;
}

/* ---- tags of memory: as the kernel has them in asm/mman.h and linux/prctl.h ---- */
enum { prot_mte = 0x20, hwcap2_mte = 1 << 18, set_tagged_address = 55, tagged_address = 1, tags_from_bit = 3 };

int has_tags(void) { return (getauxval(AT_HWCAP2) & hwcap2_mte) != 0; }

static unsigned excluded = 0xffff; /* as a process starts */
unsigned excluded_tags(void) { return excluded; }
static void exclude_tags(void) {
  excluded = next() % 8 == 0 ? 0xffff : next() % 4 == 0 ? 0 : (unsigned)(next() & 0xffff);
  prctl(set_tagged_address, tagged_address | (unsigned long)(~excluded & 0xffff) << tags_from_bit, 0, 0, 0);
}

static unsigned tag_at(const uint8_t* address) {
  uint64_t v = 0;
  __asm__ volatile(".arch armv8.5-a+memtag\nldg %0, [%1]" : "+r"(v) : "r"(address) : "memory");
  return v >> 56 & 15;
}
static void set_tag(const uint8_t* address, unsigned tag) {
  __asm__ volatile(".arch armv8.5-a+memtag\nstg %0, [%1]" : : "r"((uint64_t)tag << 56), "r"(address) : "memory");
}
/* Of the bytes from `from` up to `to`: makes them the same where they are not. */
static int same_tags(uint64_t from, uint64_t to) {
  int same = 1;
  for (uint64_t n = from / granule; has_tags() && n * granule < to; ++n) {
    if (tag_at(arena + n * granule) == shadow_tags[n]) continue;
    same = 0;
    set_tag(arena + n * granule, shadow_tags[n]);
  }
  return same;
}

/* Below 4 GB, so that 32 bits of index can be an address: of [x1, w1, uxtw]. */
int map_arena(void) {
  for (uintptr_t at = 0x20000000; at < 0x70000000; at += 0x10000000) {
    void* got = mmap((void*)at, arena_bytes, PROT_READ | PROT_WRITE | (has_tags() ? prot_mte : 0),
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (got == MAP_FAILED) continue;
    arena = got;
    for (int n = 0; n < arena_bytes; ++n) shadow[n] = (uint8_t)(next() >> 32);
    memcpy(arena, shadow, arena_bytes);
    for (int n = 0; has_tags() && n < arena_bytes / granule; ++n)
      set_tag(arena + n * granule, shadow_tags[n] = next() >> 32 & 15);
    return 1;
  }
  return 0;
}

int zva_bytes(void) {
  uint64_t dczid;
  __asm__("mrs %0, dczid_el0" : "=r"(dczid));
  return 4 << (dczid & 15);
}

int has_pauth(void) { return (getauxval(AT_HWCAP) & HWCAP_PACA) != 0; }

static int may_be_unaligned(const char* mnemonic) {
  static const char* const plain[] = {"ldr", "ldu", "ldt", "ldp", "ldn", "ld1", "ld2", "ld3", "ld4",
                                      "str", "stu", "stt", "stp", "stn", "st1", "st2", "st3", "st4"};
  for (unsigned n = 0; n < sizeof plain / sizeof *plain; ++n)
    if (strncmp(mnemonic, plain[n], 3) == 0)
      return strncmp(mnemonic, "ldum", 4) != 0 && strncmp(mnemonic, "stum", 4) != 0;
  return 0;
}

static int is_of_tags(const char* mnemonic) {
  static const char* const names[] = {"ldg", "stg", "stzg", "st2g", "stz2g", "stgp"};
  for (unsigned n = 0; n < sizeof names / sizeof *names; ++n)
    if (strcmp(mnemonic, names[n]) == 0) return 1;
  return 0;
}

void aim(struct Registers* r, const struct Instruction* i) {
  if (strcmp(i->mnemonic, "svc") == 0) r->x[8] = 0xffff;
  aim_pointer(r, i);
  if (has_tags() &&
      (strcmp(i->mnemonic, "addg") == 0 || strcmp(i->mnemonic, "subg") == 0 || strcmp(i->mnemonic, "irg") == 0))
    exclude_tags();
  if (!i->has_memory) return;
  uint64_t target = (uint64_t)arena + arena_bytes / 2 + next() % 64 * 64;
  if (may_be_unaligned(i->mnemonic) && next() % 2 == 0) target += next() % 64;
  uint64_t delta = i->post ? 0 : (uint64_t)i->offset;
  if (i->has_index && !i->post) {
    if (i->index.number == i->base.number && !i->base.is_sp) {
      r->x[i->base.number] = target / (1 + (1ull << i->amount));
      return;
    }
    const uint64_t index = i->index.number == 31 ? 0 : r->x[i->index.number] & mask_of(i->index.bits);
    delta = shifted(index, i->shift, i->amount, 64);
  }
  target -= delta;
  if (strcmp(i->mnemonic, "ldg") == 0 && !i->base.is_sp) target += next() % granule;
  if (is_of_tags(i->mnemonic)) target |= next() % 16 << 56;
  if (strcmp(i->mnemonic, "ldraa") == 0 && has_pauth()) __asm__(".arch armv8.3-a\npacdza %0" : "+r"(target));
  if (strcmp(i->mnemonic, "ldrab") == 0 && has_pauth()) __asm__(".arch armv8.3-a\npacdzb %0" : "+r"(target));
  r->x[i->base.number] = target;
}

/* ---- what a model wrote ---- */
static struct {
  uint64_t at;
  uint8_t before;
} writes[max_writes * 8];
static int write_count;
static uint64_t low, high;

void begin_memory(void) {
  write_count = 0;
  low = ~0ull, high = 0;
}

static int inside(struct Machine* m, uint64_t address, int bytes) {
  const uint64_t at = address - (uint64_t)arena;
  if (at < margin || at > arena_bytes - margin - (unsigned)bytes) return m->fault = 1, 0;
  if (at < low) low = at;
  if (at + (unsigned)bytes > high) high = at + (unsigned)bytes;
  return 1;
}

uint64_t load(struct Machine* m, uint64_t address, int bytes) {
  uint64_t v = 0;
  if (inside(m, address, bytes)) memcpy(&v, shadow + (address - (uint64_t)arena), (unsigned)bytes);
  return v;
}

void store(struct Machine* m, uint64_t address, int bytes, uint64_t value) {
  if (!inside(m, address, bytes)) return;
  uint8_t* at = shadow + (address - (uint64_t)arena);
  for (int n = 0; n < bytes; ++n) {
    writes[write_count].at = (uint64_t)(at - shadow) + (unsigned)n;
    writes[write_count++].before = at[n];
    at[n] = (uint8_t)(value >> 8 * n);
  }
}

unsigned load_memory_tag(struct Machine* m, uint64_t address) {
  return inside(m, address, granule) ? shadow_tags[(address - (uint64_t)arena) / granule] : 0;
}
void store_memory_tag(struct Machine* m, uint64_t address, unsigned tag) {
  if (inside(m, address, granule)) shadow_tags[(address - (uint64_t)arena) / granule] = (uint8_t)tag;
}

void plant(struct Machine* m, uint64_t address, int bytes, uint64_t value) {
  if (!inside(m, address, bytes)) return;
  memcpy(arena + (address - (uint64_t)arena), &value, (unsigned)bytes);
  memcpy(shadow + (address - (uint64_t)arena), &value, (unsigned)bytes);
}

void undo_memory(void) {
  while (write_count > 0) {
    --write_count;
    shadow[writes[write_count].at] = writes[write_count].before;
  }
  for (uint64_t n = low / granule; has_tags() && n * granule < high; ++n)
    shadow_tags[n] = (uint8_t)tag_at(arena + n * granule);
  restore_memory();
}

int same_memory(void) {
  if (high == 0) return 1;
  const uint64_t from = low - margin;
  const size_t size = high + margin - from;
  const int same = memcmp(arena + from, shadow + from, size) == 0;
  if (!same) memcpy(arena + from, shadow + from, size);
  return same_tags(from, from + size) && same;
}
int same_arena(void) { return same_tags(0, arena_bytes) && memcmp(arena, shadow, arena_bytes) == 0; }
void restore_memory(void) { memcpy(arena, shadow, arena_bytes); }
