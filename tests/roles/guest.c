/* guest ITEMS: runs each instruction of a file (item.h) by itself, again and again with other registers, and says
   where it does not do what its row says:
     - a register that is no def keeps its value, flags that are not written keep theirs
     - two runs that differ only in what the row does not name as read give the same results
     - an instruction whose row names no access to memory makes none, one that only reads writes nothing
   One line per fault, `FORM what`; then `FORM runs` or `FORM never: reason` for each form.

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
#endif

enum { code_bytes = 1 << 14, tries = 60, max_forms = 1 << 16 };

static uint64_t seed = 1;
static uint64_t next(void) {
  seed ^= seed << 13;
  seed ^= seed >> 7;
  seed ^= seed << 17;
  return seed * 0x2545f4914f6cdd1dull;
}

static uint8_t *arena, *read_only, *code, pattern[arena_bytes], first_arena[arena_bytes];
static sigjmp_buf jump;
static _Alignas(64) struct State state;

static void on_signal(int number) { siglongjmp(jump, number); }

/* Runs the code with state.in; 0, or the signal that ended it: SIGALRM for what goes on and on. */
static int run(void) {
  const int caught = sigsetjmp(jump, 0);
  if (caught != 0) return alarm(0), caught;
  alarm(2);
  enter(&state);
  alarm(0);
  return 0;
}

static void prepare(const struct RoleItem *item) {
  memcpy(code, item->code, item->length);
  put_branch(code + item->length, code_bytes / 2 - item->length);
  __builtin___clear_cache((char *)code, (char *)code + item->length + branch_bytes);
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
  for (int i = 0; i < general_count; ++i) r->general[i] = random_general(item);
  for (int i = 0; i < vector_count; ++i)
    for (int n = 0; n < vector_bytes; n += 8) {
      const uint64_t part = random_vector_part();
      memcpy(r->vector[i] + n, &part, 8);
    }
  r->flags = next() & FLAGS;
  set_entry(r, code);
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

/* 0 if it ran, or the signal. */
static int look_at(const struct RoleItem *item) {
  const int writes = (item->effects & item_writes_memory) != 0;
  prepare(item);
  int caught = 0;
  for (int n = 0; n < tries; ++n) {
    if (writes) memcpy(arena, pattern, arena_bytes);
    randomize(&state.in, item);
    caught = run();
    if (caught == 0 || caught == SIGILL) break;
  }
  if (caught != 0) return caught;
  check_kept(item);
  const struct Registers first = state.out;
  if (writes) {
    memcpy(first_arena, arena, arena_bytes);
    memcpy(arena, pattern, arena_bytes);
  }
  randomize_unread(&state.in, item);
  caught = run();
  if (caught != 0) {
    complain(item, "faults when other registers change: signal", caught);
    return 0;
  }
  check_kept(item);
  check_same(item, &first);
  if (writes && memcmp(first_arena, arena, arena_bytes) != 0) complain(item, "stores something else", -1);
  return 0;
}

static void set_up(void) {
  const int rwx = PROT_READ | PROT_WRITE | PROT_EXEC;
  const int memory = memfd_create("arena", 0);
  if (memory < 0 || ftruncate(memory, arena_bytes) != 0) perror("memfd"), exit(2);
  arena = mmap(NULL, arena_bytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
  read_only = mmap(NULL, arena_bytes, PROT_READ, MAP_SHARED, memory, 0);
  code = mmap(NULL, code_bytes, rwx, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (arena == MAP_FAILED || read_only == MAP_FAILED || code == MAP_FAILED) perror("mmap"), exit(2);
  memcpy(code + code_bytes / 2, leave, (size_t)(leave_end - leave));
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
    if (seen[f]) printf(ran[f] ? "%u runs %u\n" : "%u never: signal %d\n", f, ran[f] ? ran[f] : (unsigned)reason[f]);
  return 0;
}
