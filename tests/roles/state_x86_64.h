/* Registers of x86-64 for guest.c: `enter` loads all of them from *in, runs the code at in.entry and comes back with
   all of them in *out. While the code runs, rsp is the only register that belongs to the test. The way out, behind
   the label `leave`, is copied behind the code: it depends on rsp alone. Both are there twice: with AVX-512's
   registers and, for CPUs that lack them, with AVX's. */
enum { arena_bytes = 1 << 14 }; /* for short displacements and scaled indices */
/* Masks are vector registers 32 to 39, of 8 bytes. */
enum { general_count = 16, vector_first = 16, vector_count = 40, vector_bytes = 64, mask_first = 32 };

struct Registers {
  uint64_t general[general_count];
  uint64_t flags, entry;
  uint8_t vector[vector_count][vector_bytes];
};
struct State {
  uint64_t below[32]; /* for pushf */
  struct Registers in, out;
  uint64_t sp;
};
_Static_assert(offsetof(struct Registers, vector) == 144 && sizeof(struct Registers) == 2704, "as the code has it");

void enter_avx(struct State *);
void enter_avx512(struct State *);
extern const char leave_avx[], leave_avx_end[], leave_avx512[], leave_avx512_end[];

enum { carry = 1, overflow = 0x800 };
#define FLAGS 0x8d5u
#define FLAGS_DEFINED 0 /* which of those that are written, depends on the instruction, and for shifts on the count */
static int is_reserved(int general) { return general == 4; }
static void set_entry(struct Registers *r, const void *code) { r->entry = (uint64_t)code; }

static int has_avx512(void) { return __builtin_cpu_supports("avx512bw") != 0; }
static void enter(struct State *s) { has_avx512() ? enter_avx512(s) : enter_avx(s); }
static void copy_leave(uint8_t *to) {
  if (has_avx512())
    memcpy(to, leave_avx512, (size_t)(leave_avx512_end - leave_avx512));
  else
    memcpy(to, leave_avx, (size_t)(leave_avx_end - leave_avx));
}

#define ENTER_AND_LEAVE(name, load, store)                                                          \
  ".global enter_" name "\nenter_" name ":\n"                                                       \
  "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"                              \
  "lea 256(%rdi), %rax\nmov %rsp, 5408(%rax)\nmov %rax, %rsp\n" load                                \
  "pushq 128(%rsp)\npopfq\n"                                                                        \
  "mov (%rsp), %rax\nmov 8(%rsp), %rcx\nmov 16(%rsp), %rdx\nmov 24(%rsp), %rbx\n"                   \
  "mov 40(%rsp), %rbp\nmov 48(%rsp), %rsi\nmov 56(%rsp), %rdi\n"                                    \
  ".irp n,8,9,10,11,12,13,14,15\nmov 8*\\n(%rsp), %r\\n\n.endr\n"                                   \
  "jmp *136(%rsp)\n"                                                                                \
  ".global leave_" name ", leave_" name "_end\nleave_" name ":\n"                                   \
  "mov %rax, 2704(%rsp)\nmov %rcx, 2712(%rsp)\nmov %rdx, 2720(%rsp)\nmov %rbx, 2728(%rsp)\n"        \
  "mov %rbp, 2744(%rsp)\nmov %rsi, 2752(%rsp)\nmov %rdi, 2760(%rsp)\n"                              \
  ".irp n,8,9,10,11,12,13,14,15\nmov %r\\n, 2704+8*\\n(%rsp)\n.endr\n"                              \
  "pushfq\npopq 2832(%rsp)\ncld\n" store                                                            \
  "vzeroupper\nmov 5408(%rsp), %rsp\n"                                                              \
  "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\nret\n"                               \
  "leave_" name "_end:\n"
#define EACH_16 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n"
#define EACH_32 ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n"
#define EACH_8 ".irp n,0,1,2,3,4,5,6,7\n"

__asm__(".text\n.balign 16\n"
        ENTER_AND_LEAVE("avx", EACH_16 "vmovdqu 144+64*\\n(%rsp), %ymm\\n\n.endr\n",
                        EACH_16 "vmovdqu %ymm\\n, 2848+64*\\n(%rsp)\n.endr\n")
        ENTER_AND_LEAVE("avx512",
                        EACH_32 "vmovdqu64 144+64*\\n(%rsp), %zmm\\n\n.endr\n"
                        EACH_8 "kmovq 2192+64*\\n(%rsp), %k\\n\n.endr\n",
                        EACH_32 "vmovdqu64 %zmm\\n, 2848+64*\\n(%rsp)\n.endr\n"
                        EACH_8 "kmovq %k\\n, 4896+64*\\n(%rsp)\n.endr\n"));

/* Code that runs one instruction: then to the way out, `distance` bytes behind the jump's start. */
static void put_branch(uint8_t *at, ptrdiff_t distance) {
  const int32_t rel = (int32_t)(distance - 5);
  at[0] = 0xe9;
  memcpy(at + 1, &rel, 4);
}
enum { branch_bytes = 5 };
