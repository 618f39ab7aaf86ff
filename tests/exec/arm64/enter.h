/* Executes the instructions at `code` with all registers of `frame->in` and leaves them in `frame->out`. x30 is the
   only register the instruction may not name: it holds the address of the code, and the frame is `frame_distance`
   bytes behind that. The way out, from `leave` to `leave_end`, is copied behind the code. */
#ifndef JITKIT_TESTS_EXEC_ARM64_ENTER_H
#define JITKIT_TESTS_EXEC_ARM64_ENTER_H

#include "machine.h"

struct Frame {
  _Alignas(1024) struct Registers in;
  _Alignas(1024) struct Registers out;
  _Alignas(1024) uint64_t sp;
};
enum { leave_distance = 2048, frame_distance = 8192 };

void enter(const void* code);
extern const char leave[], leave_end[];

/* The same for branches and what works on x30: all of x0 to x30 are theirs, but sp is the frame. The first instruction
   at `code` loads x30 from there. out.pc is where the copy of the way out stands that was taken. */
void enter_branch(const void* code, struct Frame*);
extern const char leave_branch[], leave_branch_end[];

#endif
