/* How `jitkit fuzz` and the process that runs its code talk: see guest.c. All numbers are 64-bit words in
   the byte order of both. */
#ifndef JITKIT_TOOLS_FUZZ_GUEST_H
#define JITKIT_TOOLS_FUZZ_GUEST_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE /* the names of registers in a ucontext_t */
#endif
#include <stdint.h>

/* Where code and data stand: within reach of each other and of the guest's own functions, and past its heap,
   which Linux puts anywhere in the first GiB behind it. */
#define FUZZ_CODE UINT64_C(0x50000000)
#define FUZZ_CODE_BYTES UINT64_C(0x2000000)
#define FUZZ_DATA UINT64_C(0x54000000)
#define FUZZ_DATA_BYTES UINT64_C(0x2000000)

/* A request: its size in bytes, then so many bytes of these. */
enum {
  fuzz_load = 1, /* address, size, the bytes, filled up to a multiple of 8 */
  fuzz_call = 2, /* entry, then the slots */
  fuzz_exit = 3, /* as fuzz_load: an address where calls may leave, its size, so many bytes of fuzz_place */
  /* As fuzz_exit: an address where from now on calls stop, tell what the places hold, and go on; the first place is
     fuzz_goes_on. Code that is loaded over it takes that back. */
  fuzz_point = 4,
  fuzz_landing = 5 /* as fuzz_load: of a load that may fault, 8, where a call goes on if it does */
};

/* Where a value stands when a call leaves or stops: in a register; at register + offset; or it is that, aligned down.
   Registers are numbered as jitkit's PReg does it. Of a point only: fuzz_goes_on, with how many bytes behind its
   address (0: what stands there is executed); fuzz_put_..., with a value that the call finds there when it goes on. */
enum {
  fuzz_in_register = 1, fuzz_in_memory = 2, fuzz_address = 3,
  fuzz_goes_on = 4, fuzz_put_register = 5, fuzz_put_memory = 6
};
struct fuzz_place {
  uint64_t kind;
  uint64_t reg;
  int64_t offset;
  uint64_t align;
  uint64_t bytes; /* to read or write of memory */
  uint64_t value; /* to put there, with zeros above it */
};

/* What a call comes back with: a fuzz_answer. Answers of a request come together, behind their size; then what the
   calls told at points, behind its size: for each stop its address and a slot for each place read.

   A point where the code itself goes on (0 bytes) is not told again before the call has stopped at another point: its
   instruction is back in its place until then. */
enum { fuzz_slots = 24, fuzz_slot_bytes = 16 };
enum { fuzz_most_stops = 24 }; /* of a call */
enum { fuzz_returned = 0, fuzz_trapped = 1000, fuzz_left = 1001 }; /* or a signal */

struct fuzz_answer {
  uint64_t end;
  uint64_t broken; /* not 0: a register was changed that must be preserved */
  uint64_t at;     /* fuzz_left: the address; the slots are what its places held */
  uint64_t stops;  /* told of this call */
  uint64_t cut;    /* not 0: it may have stopped more often */
  unsigned char slots[fuzz_slots][fuzz_slot_bytes];
};

/* The first thing the guest says. */
enum { fuzz_helpers = 7, fuzz_cpuid_leaves = 6 };

struct fuzz_hello {
  uint64_t magic;
  uint64_t helpers[fuzz_helpers]; /* addresses, in the order of the targets' helper_names */
  uint64_t hwcap[2];              /* AArch64: AT_HWCAP, AT_HWCAP2 */
  uint64_t xcr0;                  /* x86-64 */
  uint32_t cpuid[fuzz_cpuid_leaves][6]; /* leaf, subleaf, eax, ebx, ecx, edx */
};
#define FUZZ_MAGIC UINT64_C(0x67657374666a6b31)

#endif
