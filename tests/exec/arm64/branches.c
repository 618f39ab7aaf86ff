#define _GNU_SOURCE
#include "branches.h"

#include <string.h>
#include <sys/mman.h>

#include "arena.h"

enum { reach = 1 << 16, next_way_out = 0x400, taken_way_out = 0xc00, nearest = 6, farthest = 6900 };
static uint8_t* middle; /* the instruction; the one before it loads x30 */
struct Frame branch_frame;

static int is_literal_load(const struct Instruction* i) {
  return !i->has_memory && i->count == 2 && i->op[1].kind == immediate &&
         (strncmp(i->mnemonic, "ldr", 3) == 0 || strcmp(i->mnemonic, "prfm") == 0);
}
static int works_on_x30(const struct Instruction* i) {
  return i->count == 0 && (strncmp(i->mnemonic, "paci", 4) == 0 || strncmp(i->mnemonic, "auti", 4) == 0 ||
                           strcmp(i->mnemonic, "xpaclri") == 0);
}
int wants_branch_place(const struct Instruction* i) { return find_branch(i) || is_literal_load(i) || works_on_x30(i); }

int map_branches(void) {
  uint8_t* start = mmap(NULL, 2 * reach, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (start == MAP_FAILED) return 0;
  middle = start + reach;
  const int ways[] = {next_way_out, taken_way_out};
  for (int n = 0; n < 2; ++n) memcpy(start + ways[n], leave_branch, (size_t)(leave_branch_end - leave_branch));
  return 1;
}

static void put(uint8_t* at, uint32_t word) {
  memcpy(at, &word, 4);
  __builtin___clear_cache((char*)at, (char*)at + 4);
}
static void put_jump(uint8_t* at, int way_out) {
  put(at, 0x14000000u | ((uint32_t)((middle - reach + way_out - at) / 4) & 0x3ffffff));
}

struct Branch place_branch(uint32_t word, const struct Instruction* i) {
  struct Branch b = {.word = word, .pc = (uint64_t)middle};
  const struct Operand* last = i->count > 0 ? &i->op[i->count - 1] : NULL;
  const int64_t any = (int64_t)(nearest + next() % farthest) * (next() % 2 ? 4 : -4);
  b.target = b.pc + (uint64_t)(last && last->kind == immediate ? last->value : any);
  put(middle - 4, 0xf9407bfe); /* ldr x30, [sp, #240] */
  put(middle, word);
  put_jump(middle + 4, next_way_out);
  if (is_literal_load(i)) {
    for (int n = 0; n < 16; n += 8) {
      const uint64_t v = next();
      memcpy((uint8_t*)b.target + n, &v, 8);
    }
  } else if (!works_on_x30(i)) {
    put_jump((uint8_t*)b.target, taken_way_out);
  }
  return b;
}

/* The key's letter of a branch that authenticates: braa, blrab, retaa ...; 0 of others. */
static char key_of(const char* mnemonic) {
  const char* letter = strncmp(mnemonic, "bra", 3) == 0    ? mnemonic + 3
                       : strncmp(mnemonic, "blra", 4) == 0 ? mnemonic + 4
                       : strncmp(mnemonic, "reta", 4) == 0 ? mnemonic + 4
                                                           : "";
  return *letter;
}
static uint64_t sign(uint64_t v, uint64_t modifier, char key) {
  if (key == 'a' && has_pauth()) __asm__(".arch armv8.3-a\npacia %0, %1" : "+r"(v) : "r"(modifier));
  if (key == 'b' && has_pauth()) __asm__(".arch armv8.3-a\npacib %0, %1" : "+r"(v) : "r"(modifier));
  return v;
}

void aim_branch(struct Registers* r, const struct Instruction* i, const struct Branch* b) {
  static const char* const by_register[] = {"br", "blr", "ret", "bra", "blra", "reta"};
  r->x[31] = (uint64_t)&branch_frame;
  aim_pointer(r, i);
  int yes = 0;
  for (unsigned n = 0; n < sizeof by_register / sizeof *by_register; ++n)
    yes |= n < 3 ? strcmp(i->mnemonic, by_register[n]) == 0
                 : strncmp(i->mnemonic, by_register[n], strlen(by_register[n])) == 0;
  if (!yes) return;
  const int is_return = strncmp(i->mnemonic, "reta", 4) == 0;
  const int named = i->count > 0 ? i->op[0].number : 30;
  const uint64_t modifier = is_return ? r->x[31] : i->count == 2 ? r->x[i->op[1].number] : 0;
  r->x[named] = sign(b->target, modifier, key_of(i->mnemonic));
}

void run_branch(const struct Branch* b) { enter_branch((const uint8_t*)b->pc - 4, &branch_frame); }

void end_branch(void) {
  branch_frame.out.pc = branch_frame.out.pc == (uint64_t)middle - reach + taken_way_out ? taken : 0;
}

void clear_branch(const struct Branch* b) { memset((uint8_t*)b->target, 0, 16); }
