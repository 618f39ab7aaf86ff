/* Registers of x86-64 for guest.c: `enter` loads all of them from *in, runs the code at in.entry and comes back with
   all of them in *out. While the code runs, rsp is the only register that belongs to the test. The way out, between
   `leave` and `leave_end`, is copied behind the code: it depends on rsp alone. */
enum { arena_bytes = 1 << 15 }; /* for short displacements and scaled indices */
enum { general_count = 16, vector_first = 16, vector_count = 16, vector_bytes = 32 };

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

void enter(struct State *);
extern const char leave[], leave_end[];

enum { carry = 1, overflow = 0x800 };
#define FLAGS 0x8d5u
#define FLAGS_DEFINED 0 /* which of those that are written, depends on the instruction, and for shifts on the count */
static int is_reserved(int general) { return general == 4; }
static void set_entry(struct Registers *r, const void *code) { r->entry = (uint64_t)code; }

__asm__(
    ".text\n.balign 16\n.global enter\nenter:\n"
    "push %rbx\npush %rbp\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "lea 256(%rdi), %rax\nmov %rsp, 1312(%rax)\nmov %rax, %rsp\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\nvmovdqu 144+32*\\n(%rsp), %ymm\\n\n.endr\n"
    "pushq 128(%rsp)\npopfq\n"
    "mov (%rsp), %rax\nmov 8(%rsp), %rcx\nmov 16(%rsp), %rdx\nmov 24(%rsp), %rbx\n"
    "mov 40(%rsp), %rbp\nmov 48(%rsp), %rsi\nmov 56(%rsp), %rdi\n"
    ".irp n,8,9,10,11,12,13,14,15\nmov 8*\\n(%rsp), %r\\n\n.endr\n"
    "jmp *136(%rsp)\n"
    ".global leave\nleave:\n"
    "mov %rax, 656(%rsp)\nmov %rcx, 664(%rsp)\nmov %rdx, 672(%rsp)\nmov %rbx, 680(%rsp)\n"
    "mov %rbp, 696(%rsp)\nmov %rsi, 704(%rsp)\nmov %rdi, 712(%rsp)\n"
    ".irp n,8,9,10,11,12,13,14,15\nmov %r\\n, 656+8*\\n(%rsp)\n.endr\n"
    "pushfq\npopq 784(%rsp)\n"
    ".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\nvmovdqu %ymm\\n, 800+32*\\n(%rsp)\n.endr\n"
    "vzeroupper\nmov 1312(%rsp), %rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbp\npop %rbx\nret\n"
    ".global leave_end\nleave_end:\n");

/* Code that runs one instruction: then to the way out, `distance` bytes behind the jump's start. */
static void put_branch(uint8_t *at, ptrdiff_t distance) {
  const int32_t rel = (int32_t)(distance - 5);
  at[0] = 0xe9;
  memcpy(at + 1, &rel, 4);
}
enum { branch_bytes = 5 };
