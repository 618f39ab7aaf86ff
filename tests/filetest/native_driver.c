/* Calls compiled functions: Records (native_program.hpp) from standard input, one answer each to
   standard output. A call that faults is answered with its signal, or with `trapped` if it was one of the
   instructions that traps compile to, and the next one goes on. */
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "../../tools/fuzz/preserving_call.h"

enum { slot_count = 24, seconds_for_a_call = 20, trapped = 1000 };

struct record {
  uint64_t what;
  uint64_t broken;
  unsigned char slots[slot_count][16];
};

extern void (*const jitkit_calls[])(void*);

static sigjmp_buf before_call;

static void on_signal(int signal, siginfo_t* info, void* context) {
  (void)context;
  siglongjmp(before_call, is_trap(signal, info->si_addr) ? trapped : signal);
}

static void catch_signals(void) {
  static const int caught[] = {SIGILL, SIGTRAP, SIGFPE, SIGSEGV, SIGBUS, SIGALRM};
  static char stack[1 << 16] __attribute__((aligned(16)));
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO};
  sigaltstack(&own, 0);
  for (unsigned i = 0; i < sizeof caught / sizeof caught[0]; ++i) sigaction(caught[i], &action, 0);
}

/* All or nothing; at the end of the input nothing. */
static int read_all(void* to, size_t size) {
  for (size_t have = 0; have < size;) {
    ssize_t n = read(0, (char*)to + have, size - have);
    if (n <= 0) return 0;
    have += (size_t)n;
  }
  return 1;
}
static int write_all(const void* from, size_t size) {
  for (size_t have = 0; have < size;) {
    ssize_t n = write(1, (const char*)from + have, size - have);
    if (n <= 0) return 0;
    have += (size_t)n;
  }
  return 1;
}

int main(void) {
  static struct record r;
  catch_signals();
  while (read_all(&r, sizeof r)) {
    const uint64_t what = r.what;
    alarm(seconds_for_a_call);
    const int signal = sigsetjmp(before_call, 0);
    if (signal == 0) {
      r.what = 0;
      r.broken = call_preserved(jitkit_calls[what], r.slots);
    } else {
      r.what = (uint64_t)signal;
    }
    alarm(0);
    if (!write_all(&r, sizeof r)) return 1;
  }
  return 0;
}
