/* Calling compiled code from C in a process of its own that talks to its parent through standard input and output:
   registers the code must preserve are watched, faults end the call alone, and traps are told from other faults. */
#ifndef JITKIT_TOOLS_FUZZ_PRESERVING_CALL_H
#define JITKIT_TOOLS_FUZZ_PRESERVING_CALL_H

#include "guest.h"

#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

/* call_preserved(function, slots): calls function(slots) with a pattern in every register that it must
   preserve, and gives 0 if they still hold it. */
uint64_t call_preserved(void (*function)(void*), void* slots);
#if defined(__aarch64__)
__asm__(
    ".text\n.balign 16\n.globl call_preserved\ncall_preserved:\n"
    "stp x29, x30, [sp, -176]!\n"
    "mov x29, sp\n"
    "stp x19, x20, [sp, 16]\n stp x21, x22, [sp, 32]\n stp x23, x24, [sp, 48]\n"
    "stp x25, x26, [sp, 64]\n stp x27, x28, [sp, 80]\n"
    "stp d8, d9, [sp, 96]\n stp d10, d11, [sp, 112]\n stp d12, d13, [sp, 128]\n stp d14, d15, [sp, 144]\n"
    "mov x9, x0\n mov x0, x1\n mov x10, 0x5a5a\n str x29, [sp, 160]\n"
    ".irp n, 19,20,21,22,23,24,25,26,27,28\n add x\\n, x10, \\n\n .endr\n"
    ".irp n, 8,9,10,11,12,13,14,15\n add x11, x10, \\n\n fmov d\\n, x11\n .endr\n"
    "blr x9\n"
    "ldr x11, [sp, 160]\n eor x0, x11, x29\n mov x10, 0x5a5a\n"
    ".irp n, 19,20,21,22,23,24,25,26,27,28\n add x11, x10, \\n\n eor x11, x11, x\\n\n orr x0, x0, x11\n .endr\n"
    ".irp n, 8,9,10,11,12,13,14,15\n add x11, x10, \\n\n fmov x12, d\\n\n eor x11, x11, x12\n orr x0, x0, x11\n .endr\n"
    "ldp x19, x20, [sp, 16]\n ldp x21, x22, [sp, 32]\n ldp x23, x24, [sp, 48]\n"
    "ldp x25, x26, [sp, 64]\n ldp x27, x28, [sp, 80]\n"
    "ldp d8, d9, [sp, 96]\n ldp d10, d11, [sp, 112]\n ldp d12, d13, [sp, 128]\n ldp d14, d15, [sp, 144]\n"
    "ldp x29, x30, [sp], 176\n"
    "ret\n"
    ".type call_preserved, %function\n");
#elif defined(__x86_64__)
__asm__(
    ".text\n.balign 16\n.globl call_preserved\ncall_preserved:\n"
    "push %rbp\n push %rbx\n push %r12\n push %r13\n push %r14\n push %r15\n sub $24, %rsp\n"
    "mov %rdi, %rax\n mov %rsi, %rdi\n mov %rsp, 8(%rsp)\n"
    "mov $0x5a51, %ebx\n mov $0x5a52, %ebp\n mov $0x5a53, %r12d\n mov $0x5a54, %r13d\n"
    "mov $0x5a55, %r14d\n mov $0x5a56, %r15d\n"
    "call *%rax\n"
    "mov 8(%rsp), %rax\n xor %rsp, %rax\n"
    "xor $0x5a51, %rbx\n or %rbx, %rax\n xor $0x5a52, %rbp\n or %rbp, %rax\n"
    "xor $0x5a53, %r12\n or %r12, %rax\n xor $0x5a54, %r13\n or %r13, %rax\n"
    "xor $0x5a55, %r14\n or %r14, %rax\n xor $0x5a56, %r15\n or %r15, %rax\n"
    "add $24, %rsp\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbx\n pop %rbp\n"
    "ret\n"
    ".type call_preserved, @function\n");
#endif

/* An illegal instruction is a trap only if it is the one that says so: code for another CPU must not pass. */
static int is_trap(int signal, const void* at) {
#if defined(__aarch64__)
  return signal == SIGTRAP && (*(const uint32_t*)at & 0xffe0001f) == 0xd4200000; /* brk */
#else
  static const unsigned char ud2[] = {0x0f, 0x0b};
  return signal == SIGFPE || (signal == SIGILL && memcmp(at, ud2, sizeof ud2) == 0); /* div, ud2 */
#endif
}

enum { seconds_for_a_call = 20 };
enum { fault_outside = 70 }; /* exit status: a fault, but not of a call */

static sigjmp_buf before_call;

/* What a call that ended so comes to, while its registers and its stack are as it left them. May be null. */
static uint64_t (*at_end)(uint64_t end, const ucontext_t* context);

/* Where the code was, and where it goes on. */
static uint64_t pc_of(const ucontext_t* c) {
#if defined(__aarch64__)
  return c->uc_mcontext.pc;
#else
  return (uint64_t)c->uc_mcontext.gregs[REG_RIP];
#endif
}
static void set_pc(ucontext_t* c, uint64_t pc) {
#if defined(__aarch64__)
  c->uc_mcontext.pc = pc;
#else
  c->uc_mcontext.gregs[REG_RIP] = (greg_t)pc;
#endif
}

/* Whether the code goes on after the signal, where this has put the context. May be null. */
static int (*goes_on)(int signal, ucontext_t* context);

/* Not 0 during a call: what this process does besides must not fault. */
static volatile sig_atomic_t calling;

static void on_signal(int signal, siginfo_t* info, void* context) {
  if (!calling) {
    if (signal == SIGALRM) return; /* a call that took its whole time and ended */
    static const char says[] = "a fault outside of a call, in the program that runs the code\n";
    const ssize_t n = write(2, says, sizeof says - 1);
    _exit(n == (ssize_t)sizeof says - 1 ? fault_outside : 1);
  }
  if (goes_on != 0 && goes_on(signal, (ucontext_t*)context)) return;
  const uint64_t end = is_trap(signal, info->si_addr) ? fuzz_trapped : (uint64_t)signal;
  siglongjmp(before_call, (int)(at_end != 0 ? at_end(end, (const ucontext_t*)context) : end));
}

static void catch_signals(void) {
  static const int caught[] = {SIGILL, SIGTRAP, SIGFPE, SIGSEGV, SIGBUS, SIGALRM};
  static char stack[1 << 16] __attribute__((aligned(16)));
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
  sigaltstack(&own, 0);
  for (unsigned i = 0; i < sizeof caught / sizeof caught[0]; ++i) sigaction(caught[i], &action, 0);
}

/* Calls function(slots) after catch_signals(): 0, with what call_preserved() says in *broken; or fuzz_trapped, or the
   signal that ended it, or what at_end made of that. */
static uint64_t guarded_call(void (*function)(void*), void* slots, uint64_t* broken) {
  alarm(seconds_for_a_call);
  const int signal = sigsetjmp(before_call, 0);
  calling = 1;
  if (signal == 0) *broken = call_preserved(function, slots);
  calling = 0;
  alarm(0);
  return (uint64_t)signal;
}

/* All or nothing; at the end of the input nothing. */
static int read_all(void* to, uint64_t size) {
  for (uint64_t have = 0; have < size;) {
    ssize_t n = read(0, (char*)to + have, size - have);
    if (n <= 0) return 0;
    have += (uint64_t)n;
  }
  return 1;
}
static int write_all(const void* from, uint64_t size) {
  for (uint64_t have = 0; have < size;) {
    ssize_t n = write(1, (const char*)from + have, size - have);
    if (n <= 0) return 0;
    have += (uint64_t)n;
  }
  return 1;
}

#endif
