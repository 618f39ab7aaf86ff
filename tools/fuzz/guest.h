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
  fuzz_exit = 3  /* as fuzz_load: an address where calls may leave, its size, so many bytes of fuzz_place */
};

/* Where a value stands when a call leaves: in a register; at register + offset; or it is that, aligned down. Registers
   are numbered as jitkit's PReg does it. */
enum { fuzz_in_register = 1, fuzz_in_memory = 2, fuzz_address = 3 };
struct fuzz_place {
  uint64_t kind;
  uint64_t reg;
  int64_t offset;
  uint64_t align;
  uint64_t bytes; /* to read of memory */
};

/* What a call comes back with: a fuzz_answer. Answers of a request come together, behind their size. */
enum { fuzz_slots = 24, fuzz_slot_bytes = 16 };
enum { fuzz_returned = 0, fuzz_trapped = 1000, fuzz_left = 1001 }; /* or a signal */

struct fuzz_answer {
  uint64_t end;
  uint64_t broken; /* not 0: a register was changed that must be preserved */
  uint64_t at;     /* fuzz_left: the address; the slots are what its places held */
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
