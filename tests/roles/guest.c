/* guest ITEMS: runs each instruction of a file (item.h) by itself, again and again with other registers, and says
   where it does not do what its row says:
     - a register that is no def keeps its value, flags that are not written keep theirs
     - two runs that differ only in what the row does not name as read give the same results
     - an instruction whose row names no access to memory makes none, one that only reads writes nothing
     - integer instructions of x86-64 leave what a reference in C says
     - its twin, which the C compiler's assembler made of its text with other registers, leaves the same in all
       registers, flags and memory
   One line per fault, `FORM what`; then `FORM runs N M` (N times, M of them compared with the reference) or
   `FORM never: reason` for each form.

   Addresses are found by trial: registers are pointers into an area, small numbers or anything, until nothing
   faults. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "item.h"
#if defined(__aarch64__)
#include "state_arm64.h"
#else
#include "state_x86_64.h"
#include "reference_x86_64.h"
#endif

enum { code_bytes = 1 << 14, twin_at = 256, tries = 60, max_forms = 1 << 16 };

static uint64_t seed = 1;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed * 0x2545f4914f6cdd1dull;
}

static uint8_t *arena, *read_only, *code, pattern[arena_bytes], first_arena[arena_bytes], twin_arena[arena_bytes];
static sigjmp_buf jump;
static _Alignas(64) struct State state;

static void on_signal(int number) { siglongjmp(jump, number); }

/* Runs the code at `at` with state.in; 0, or the signal that ended it: SIGALRM for what goes on and on. */
static int run(const uint8_t *at) {
  set_entry(&state.in, at);
  state.out = state.in;
  const int caught = sigsetjmp(jump, 0);
  if (caught != 0) return alarm(0), caught;
  alarm(2);
  enter(&state);
  alarm(0);
  return 0;
}

static void put_code(ptrdiff_t at, const uint8_t *bytes, int length) {
  memcpy(code + at, bytes, (size_t)length);
  put_branch(code + at + length, code_bytes / 2 - at - length);
  __builtin___clear_cache((char *)code + at, (char *)code + at + length + branch_bytes);
}
static void prepare(const struct RoleItem *item) {
  put_code(0, item->code, item->length);
  if (item->has_twin) put_code(twin_at, item->twin, sizeof item->twin);
}

static uint64_t any_general(const struct RoleItem *item) {
  if ((item->effects & (item_reads_memory | item_writes_memory)) != 0) {
    uint8_t *base = (item->effects & item_writes_memory) != 0 ? arena : read_only;
    switch (next() % 4) {
      case 0:
      case 1: return (uint64_t)(base + arena_bytes / 2 + (next() % 64) * 64);
      case 2: return next() % 64 * 8;
      default: break;
    }
  }
  switch (next() % 4) {
    case 0: return next() % 70;
    case 1: return ~(next() % 70);
    default: return next();
  }
}

/* Where memory is read and written, multiples of 8: locked accesses that cross a cache line cost x86-64 systems
   milliseconds. */
static uint64_t random_general(const struct RoleItem *item) {
  const int both = item_reads_memory | item_writes_memory;
  const uint64_t aligned = (item->effects & both) == both ? ~7ull : ~0ull;
  return any_general(item) & aligned;
}

static uint64_t random_vector_part(void) {
  static const uint64_t parts[] = {0, 0x3f800000bf800000u, 0x7ff0000000000000u, 0x7f8000007fc00000u, 0x8000000080000000u, ~0ull,
                                   0x3ff0000000000000u, 0xc000000000000000u, 0x0000000100000001u, 0x3c00bc007c00fc00u};
  return next() % 3 == 0 ? parts[next() % (sizeof parts / sizeof *parts)] : next();
}

static void randomize(struct Registers *r, const struct RoleItem *item) {
  const uint64_t small = next() % 2 ? 0x3f0000003full : 0x3full; /* indices of 32 or of 64 bits */
  const int gathers = (item->effects & item_gathers) != 0;
  for (int i = 0; i < general_count; ++i) r->general[i] = random_general(item);
  for (int i = 0; i < vector_count; ++i)
    for (int n = 0; n < vector_bytes; n += 8) {
      const uint64_t part = gathers && i < mask_first ? next() & small : random_vector_part();
      memcpy(r->vector[i] + n, &part, 8);
    }
  r->flags = next() & FLAGS;
}

static uint64_t flags_touched(const struct RoleItem *item) {
  if ((item->effects & item_only_carry) != 0) return carry;
  if ((item->effects & item_only_overflow) != 0) return overflow;
  return FLAGS;
}
static uint64_t flags_read(const struct RoleItem *item) {
  return (item->effects & item_reads_flags) != 0 ? flags_touched(item) : 0;
}
static uint64_t flags_written(const struct RoleItem *item) {
  if ((item->effects & item_writes_flags) == 0) return 0;
  return flags_touched(item) & ~(uint64_t)((item->effects & item_keeps_carry) != 0 ? carry : 0);
}

/* Memory operands reach the middle of the area: mostly aligned, and never across a cache line if locked. */
static void aim(struct Registers *r, const struct RoleItem *item) {
  const int both = item_reads_memory | item_writes_memory;
  for (int i = 0; i < 4; ++i) {
    const struct RoleOperand *o = &item->operand[i];
    if (o->kind != operand_memory || next() % 8 == 0) continue;
    uint8_t *area = (item->effects & item_writes_memory) != 0 ? arena : read_only;
    uint64_t at = (uint64_t)(area + arena_bytes / 2) + next() % 64 * 64;
    if ((item->effects & both) == both)
      at += next() % 4 * 16;
    else if (next() % 4 == 0)
      at += next() % 64;
    at -= (uint64_t)o->value;
    if (o->reg == 255) {
      if (o->index < general_count) r->general[o->index] = at >> o->scale;
    } else if (o->index == o->reg) {
      const uint64_t factor = 1 + (1ull << o->scale);
      uint64_t v = at / factor;
      for (int k = 0; k < 64 && (v * factor - at) % 64 != 0; ++k) ++v;
      r->general[o->reg] = v;
    } else {
      const uint64_t index = o->index < general_count ? r->general[o->index] = next() % 64 : 0;
      r->general[o->reg] = at - (index << o->scale);
    }
  }
}

/* bt, bts, btr and btc with a register reach the bit it says from their operand on: of 32 bits up to 256 MiB away,
   where memory of this program may be that is not put back. So the number is made small. 0 if it is part of the
   address too: no number is small then, and the form waits for other operands. */
static int confine_bit_offset(struct Registers *r, const struct RoleItem *item) {
  const struct RoleOperand *memory = &item->operand[0], *offset = &item->operand[1];
  const char *name = item->name + (strncmp(item->name, "lock ", 5) == 0 ? 5 : 0);
  if (strncmp(name, "bt", 2) != 0 || memory->kind != operand_memory || offset->kind != operand_register) return 1;
  if (offset->reg == memory->reg || offset->reg == memory->index) return 0;
  const int64_t quarter = arena_bytes / 4 * 8;
  r->general[offset->reg] = (uint64_t)((int64_t)(next() % (2 * (uint64_t)quarter)) - quarter);
  return 1;
}

/* Other values where the instruction does not look. */
static void randomize_unread(struct Registers *r, const struct RoleItem *item) {
  struct Registers other;
  randomize(&other, item);
  for (int i = 0; i < general_count; ++i) {
    const unsigned bytes = item->use[i];
    if (!is_reserved(i) && bytes < 8) memcpy((uint8_t *)&r->general[i] + bytes, (uint8_t *)&other.general[i] + bytes, 8 - bytes);
  }
  for (int i = 0; i < vector_count; ++i) {
    const unsigned bytes = item->use[vector_first + i];
    if (bytes < vector_bytes) memcpy(r->vector[i] + bytes, other.vector[i] + bytes, vector_bytes - bytes);
  }
  r->flags = (r->flags & flags_read(item)) | (other.flags & ~flags_read(item));
}

static unsigned long faults;
static void complain(const struct RoleItem *item, const char *what, int number) {
  ++faults;
  printf("%u %s", item->form, what);
  if (number >= 0) printf(" %d", number);
  printf(":");
  for (int i = 0; i < item->length; ++i) printf(" %02x", item->code[i]);
  printf("\n");
}

static void check_kept(const struct RoleItem *item) {
  for (int i = 0; i < general_count; ++i)
    if (item->def[i] == 0 && !is_reserved(i) && state.in.general[i] != state.out.general[i])
      complain(item, "changes general register", i);
  for (int i = 0; i < vector_count; ++i)
    if (item->def[vector_first + i] == 0 && memcmp(state.in.vector[i], state.out.vector[i], vector_bytes) != 0)
      complain(item, "changes vector register", i);
  if (((state.in.flags ^ state.out.flags) & FLAGS & ~flags_written(item)) != 0)
    complain(item, "changes flags", -1);
}

static void check_same(const struct RoleItem *item, const struct Registers *first) {
  for (int i = 0; i < general_count; ++i)
    if (memcmp(&first->general[i], &state.out.general[i], item->def[i]) != 0)
      complain(item, "reads something else for general register", i);
  for (int i = 0; i < vector_count; ++i)
    if (memcmp(first->vector[i], state.out.vector[i], item->def[vector_first + i]) != 0)
      complain(item, "reads something else for vector register", i);
  if (((first->flags ^ state.out.flags) & flags_written(item) & FLAGS_DEFINED) != 0)
    complain(item, "reads something else for flags", -1);
}

/* Runs compared with the reference, by form. */
static unsigned compared_runs[max_forms];

static void check_reference(const struct RoleItem *item) {
#if defined(__x86_64__)
  static struct Registers want;
  const int writes = (item->effects & item_writes_memory) != 0;
  want = state.in;
  if (writes) memcpy(twin_arena, pattern, arena_bytes);
  const struct Machine machine = {item, &want, writes ? twin_arena : arena, (uint64_t)arena, (uint64_t)read_only};
  const int64_t defined = reference(&machine);
  if (defined < 0) return;
  ++compared_runs[item->form];
  for (int i = 0; i < general_count; ++i)
    if (!is_reserved(i) && want.general[i] != state.out.general[i])
      complain(item, "is not as the reference says: general register", i);
  if (((want.flags ^ state.out.flags) & (uint64_t)defined) != 0)
    complain(item, "is not as the reference says: flags", -1);
  if (writes && memcmp(twin_arena, arena, arena_bytes) != 0)
    complain(item, "is not as the reference says: memory", -1);
#else
  (void)item;
#endif
}

/* The twin, with what state.in was and in the registers it names, must leave what state.out is. */
static void check_twin(const struct RoleItem *item) {
  if (!item->has_twin) return;
  const int writes = (item->effects & item_writes_memory) != 0;
  const struct Registers in = state.in, out = state.out;
  const uint8_t *to = item->place, *vector_to = item->place + vector_first;
  for (int i = 0; i < general_count; ++i) state.in.general[to[i]] = in.general[i];
  for (int i = 0; i < vector_count; ++i) memcpy(state.in.vector[vector_to[i] - vector_first], in.vector[i], vector_bytes);
  if (writes) {
    memcpy(twin_arena, arena, arena_bytes);
    memcpy(arena, pattern, arena_bytes);
  }
  const int caught = run(code + twin_at);
  if (caught != 0) complain(item, "has another twin: signal", caught);
  for (int i = 0; caught == 0 && i < general_count; ++i)
    if (!is_reserved(i) && state.out.general[to[i]] != out.general[i])
      complain(item, "has a twin with another general register", i);
  for (int i = 0; caught == 0 && i < vector_count; ++i)
    if (memcmp(state.out.vector[vector_to[i] - vector_first], out.vector[i], vector_bytes) != 0)
      complain(item, "has a twin with another vector register", i);
  if (caught == 0 && ((state.out.flags ^ out.flags) & FLAGS) != 0) complain(item, "has a twin with other flags", -1);
  if (caught == 0 && writes && memcmp(twin_arena, arena, arena_bytes) != 0)
    complain(item, "has a twin that stores something else", -1);
  state.in = in;
  state.out = out;
}

/* 0 if it ran, or the signal. */
static int look_at(const struct RoleItem *item) {
  const int writes = (item->effects & item_writes_memory) != 0;
  prepare(item);
  int caught = 0;
  for (int n = 0; n < tries; ++n) {
    if (writes) memcpy(arena, pattern, arena_bytes);
    randomize(&state.in, item);
    aim(&state.in, item);
    if (!confine_bit_offset(&state.in, item)) return SIGSEGV;
    caught = run(code);
    if (caught == 0 || caught == SIGILL) break;
  }
  if (caught != 0) return caught;
  check_kept(item);
  const struct Registers first = state.out;
  if (writes) memcpy(first_arena, arena, arena_bytes);
  check_reference(item);
  check_twin(item);
  if (writes) memcpy(arena, pattern, arena_bytes);
  randomize_unread(&state.in, item);
  caught = run(code);
  if (caught != 0) {
    complain(item, "faults when other registers change: signal", caught);
    return 0;
  }
  check_kept(item);
  check_same(item, &first);
  if (writes && memcmp(first_arena, arena, arena_bytes) != 0) complain(item, "stores something else", -1);
  check_reference(item);
  check_twin(item);
  return 0;
}

/* Where an area has pages without access on both sides. */
static void *beside_nothing(void) {
  uint8_t *at = mmap(NULL, 3 * arena_bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) perror("mmap"), exit(2);
  return at + arena_bytes;
}

static void set_up(void) {
  const int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
  const int memory = memfd_create("arena", 0);
  if (memory < 0 || ftruncate(memory, arena_bytes) != 0) perror("memfd"), exit(2);
  arena = mmap(beside_nothing(), arena_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, memory, 0);
  read_only = mmap(beside_nothing(), arena_bytes, PROT_READ, MAP_SHARED | MAP_FIXED, memory, 0);
  code = mmap(NULL, code_bytes, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arena == MAP_FAILED || read_only == MAP_FAILED || code == MAP_FAILED) perror("mmap"), exit(2);
  copy_leave(code + code_bytes / 2);
  for (int n = 0; n < arena_bytes; ++n) pattern[n] = (uint8_t)(next() >> 32);
  memcpy(arena, pattern, arena_bytes);
  const stack_t stack = {.ss_sp = malloc(1 << 16), .ss_size = 1 << 16};
  sigaltstack(&stack, NULL);
  struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER};
  const int signals[] = {SIGILL, SIGSEGV, SIGBUS, SIGFPE, SIGTRAP, SIGALRM};
  for (unsigned n = 0; n < sizeof signals / sizeof *signals; ++n) sigaction(signals[n], &action, NULL);
}

int main(int argc, char **argv) {
  FILE *items = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!items) return fprintf(stderr, "usage: guest ITEMS\n"), 2;
  set_up();
  static unsigned ran[max_forms], seen[max_forms];
  static int reason[max_forms];
  struct RoleItem item;
  while (fread(&item, sizeof item, 1, items) == 1) {
    const int caught = look_at(&item);
    ++seen[item.form];
    ran[item.form] += caught == 0;
    if (caught) reason[item.form] = caught;
  }
  for (unsigned f = 0; f < max_forms; ++f)
    if (ran[f])
      printf("%u runs %u %u\n", f, ran[f], compared_runs[f]);
    else if (seen[f])
      printf("%u never: signal %d\n", f, reason[f]);
  return 0;
}
