/* Branches: Arm ARM C6.2. The guest has put the target within reach, into the register that names it too, signed
   where the branch authenticates it; a model says whether it is taken and what becomes of x30. */
#include <string.h>

#include "machine.h"

static void branch(struct Machine* m, const struct Instruction* i, int unused) {
  (void)i, (void)unused;
  m->r.pc = taken;
}
static void branch_if(struct Machine* m, const struct Instruction* i, int condition_number) {
  (void)i;
  m->r.pc = holds(condition_number, flags(m)) ? taken : 0;
}
static void link_and_branch(struct Machine* m, const struct Instruction* i, int unused) {
  (void)i, (void)unused;
  m->r.x[30] = m->pc + 4;
  m->r.pc = taken;
}
static void compare(struct Machine* m, const struct Instruction* i, int for_zero) {
  m->r.pc = (get(m, &i->op[0]) == 0) == for_zero ? taken : 0;
}
static void test_bit(struct Machine* m, const struct Instruction* i, int for_zero) {
  m->r.pc = (get(m, &i->op[0]) >> i->op[1].value & 1) == (for_zero ? 0 : 1) ? taken : 0;
}

static const struct ModelRow rows[] = {
    {"b", branch, 0},
    {"bl", link_and_branch, 0},
    {"cbz", compare, 1},
    {"cbnz", compare, 0},
    {"tbz", test_bit, 1},
    {"tbnz", test_bit, 0},
    {"br", branch, 0},
    {"blr", link_and_branch, 0},
    {"ret", branch, 0},
    {"braaz", branch, 0},
    {"brabz", branch, 0},
    {"braa", branch, 0},
    {"brab", branch, 0},
    {"blraaz", link_and_branch, 0},
    {"blrabz", link_and_branch, 0},
    {"blraa", link_and_branch, 0},
    {"blrab", link_and_branch, 0},
    {"retaa", branch, 0},
    {"retab", branch, 0},
    {0, 0, 0},
};
static const struct ModelRow conditional[] = {
    {"eq", branch_if, 0},
    {"ne", branch_if, 1},
    {"hs", branch_if, 2},
    {"lo", branch_if, 3},
    {"mi", branch_if, 4},
    {"pl", branch_if, 5},
    {"vs", branch_if, 6},
    {"vc", branch_if, 7},
    {"hi", branch_if, 8},
    {"ls", branch_if, 9},
    {"ge", branch_if, 10},
    {"lt", branch_if, 11},
    {"gt", branch_if, 12},
    {"le", branch_if, 13},
    {"al", branch_if, 14},
    {"nv", branch_if, 15},
    {0, 0, 0},
};

const struct ModelRow* find_branch(const struct Instruction* i) {
  const int has_condition = strncmp(i->mnemonic, "b.", 2) == 0 || strncmp(i->mnemonic, "bc.", 3) == 0;
  const char* name = has_condition ? strchr(i->mnemonic, '.') + 1 : i->mnemonic;
  for (const struct ModelRow* row = has_condition ? conditional : rows; row->mnemonic; ++row)
    if (strcmp(row->mnemonic, name) == 0) return row;
  return NULL;
}
