/* A place for branches and literal loads: the instruction stands in the middle of `reach` bytes to both sides, which
   hold nothing to execute but the way out at its target. */
#ifndef JITKIT_TESTS_EXEC_ARM64_BRANCHES_H
#define JITKIT_TESTS_EXEC_ARM64_BRANCHES_H

#include "enter.h"

/* Branches, literal loads, and those that work on x30 without naming it. */
int wants_branch_place(const struct Instruction*);
int map_branches(void);
extern struct Frame branch_frame;

struct Branch {
  uint32_t word;
  uint64_t pc, target;
};
/* Where the branch of `word` goes, or the literal load reads: decides it for those that name a register. */
struct Branch place_branch(uint32_t word, const struct Instruction*);
/* Lets the registers name the target. */
void aim_branch(struct Registers*, const struct Instruction*, const struct Branch*);
void run_branch(const struct Branch*);
/* Makes a model's pc, `taken` or 0, of where the way out was. */
void end_branch(void);
void clear_branch(const struct Branch*);

#endif
