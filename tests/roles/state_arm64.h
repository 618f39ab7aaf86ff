/* Registers of AArch64 for guest.c: `enter` loads all of them from *in, runs the code at x[30] and comes back with
   all of them in *out. While the code runs, sp is the only register that belongs to the test; x30 is how it is
   entered. The way out, between `leave` and `leave_end`, is copied behind the code: it depends on sp alone. */
enum { arena_bytes = 1 << 18 }; /* for the longest offsets */
enum { general_count = 31, vector_first = 32, vector_count = 32, vector_bytes = 16, mask_first = vector_count };

struct Registers {
  uint64_t general[general_count];
  uint64_t flags;
  uint8_t vector[vector_count][vector_bytes];
};
struct State {
  struct Registers in, out;
  uint64_t sp;
};

void enter(struct State *);
extern const char leave[], leave_end[];

#define FLAGS 0xf0000000u
#define FLAGS_DEFINED FLAGS /* of those that are written */
enum { carry = 0, overflow = 0 }; /* no row has them apart */
static int is_reserved(int general) { return general == 30; }
static void set_entry(struct Registers *r, const void *code) { r->general[30] = (uint64_t)code; }
static void copy_leave(uint8_t *to) { memcpy(to, leave, (size_t)(leave_end - leave)); }

__asm__(
    ".text\n.balign 16\n.global enter\nenter:\n"
    "stp x29, x30, [sp, #-160]!\nstp x19, x20, [sp, #16]\nstp x21, x22, [sp, #32]\nstp x23, x24, [sp, #48]\n"
    "stp x25, x26, [sp, #64]\nstp x27, x28, [sp, #80]\nstp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\n"
    "stp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
    "mov x1, sp\nstr x1, [x0, #1536]\nmov sp, x0\n"
    "ldr x0, [sp, #248]\nmsr nzcv, x0\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "ldr q\\n, [sp, #256+16*\\n]\n.endr\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
    "ldr x\\n, [sp, #8*\\n]\n.endr\n"
    "br x30\n"
    ".global leave\nleave:\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30\n"
    "str x\\n, [sp, #768+8*\\n]\n.endr\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
    "str q\\n, [sp, #1024+16*\\n]\n.endr\n"
    "mrs x0, nzcv\nstr x0, [sp, #1016]\n"
    "ldr x1, [sp, #1536]\nmov sp, x1\n"
    "ldp d14, d15, [sp, #144]\nldp d12, d13, [sp, #128]\nldp d10, d11, [sp, #112]\nldp d8, d9, [sp, #96]\n"
    "ldp x27, x28, [sp, #80]\nldp x25, x26, [sp, #64]\nldp x23, x24, [sp, #48]\nldp x21, x22, [sp, #32]\n"
    "ldp x19, x20, [sp, #16]\nldp x29, x30, [sp], #160\nret\n"
    ".global leave_end\nleave_end:\n");

/* Code that runs one instruction: then to the way out, `distance` bytes behind it. */
static void put_branch(uint8_t *at, ptrdiff_t distance) {
  const uint32_t word = 0x14000000u | ((uint32_t)(distance / 4) & 0x3ffffffu);
  memcpy(at, &word, 4);
}
enum { branch_bytes = 4 };
