/* Calls compiled code once in a process of its own, which the code may end: the report tells how it went.
   A part of the jitkit command for code of the host; with JITKIT_GUEST, the program that carries code of
   another target (run_guest.cpp holds the text of this file). */
#define _GNU_SOURCE
#include "run_child.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

static const struct jitkit_run* the_run;

static uint64_t pc_of(const ucontext_t* c) {
#if defined(__aarch64__)
  return c->uc_mcontext.pc;
#else
  return (uint64_t)c->uc_mcontext.gregs[REG_RIP];
#endif
}

/* The function that starts last at or before the address. */
static void locate(struct jitkit_report* r, uint64_t address) {
  uint64_t best = 0;
  r->function = the_run->count;
  for (uint64_t i = 0; i < the_run->count; ++i) {
    const uint64_t start = (uint64_t)the_run->functions[i];
    if (start > address || start < best) continue;
    best = start;
    r->function = i;
    r->offset = address - start;
  }
}

/* What traps of the IR compile to. Any other illegal instruction is one that this machine lacks. */
static int is_trap(int signal, uint64_t pc) {
#if defined(__aarch64__)
  (void)pc;
  return signal == SIGTRAP; /* brk */
#else
  static const unsigned char ud2[] = {0x0f, 0x0b};
  return signal == SIGFPE || (signal == SIGILL && memcmp((const void*)pc, ud2, sizeof ud2) == 0); /* div, ud2 */
#endif
}

static void on_signal(int signal, siginfo_t* info, void* context) {
  struct jitkit_report* r = the_run->report;
  if (r->state != jitkit_running) _exit(1);
  r->signal = (uint64_t)signal;
  r->address = (uint64_t)info->si_addr;
  const uint64_t pc = pc_of(context);
  locate(r, pc);
  r->state = is_trap(signal, pc) ? jitkit_trapped : jitkit_faulted;
  the_run->finish();
}

static void catch_signals(void) {
  static const int caught[] = {SIGILL, SIGTRAP, SIGFPE, SIGSEGV, SIGBUS, SIGABRT};
  static char stack[1 << 16] __attribute__((aligned(16)));
  stack_t own = {.ss_sp = stack, .ss_size = sizeof stack};
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_sigaction = on_signal;
  action.sa_flags = SA_ONSTACK | SA_NODEFER | SA_SIGINFO;
  sigaltstack(&own, 0);
  for (unsigned i = 0; i < sizeof caught / sizeof caught[0]; ++i) sigaction(caught[i], &action, 0);
}

void jitkit_run_child(const struct jitkit_run* run) {
  the_run = run;
  catch_signals();
  setvbuf(stdout, NULL, _IOLBF, 0);
  run->report->state = jitkit_running;
  run->entry(run->results);
  fflush(NULL);
  run->report->state = jitkit_returned;
  run->finish();
}

#if defined(JITKIT_GUEST)
#include <fcntl.h>

extern void jitkit_run_entry(void* results);
extern const void* const jitkit_run_functions[];
extern const uint64_t jitkit_run_count;

static struct {
  struct jitkit_report report;
  _Alignas(64) unsigned char results[jitkit_result_bytes];
} answer;
static int answer_file;

static void finish(void) {
  const ssize_t n = write(answer_file, &answer, sizeof answer);
  _exit(n == (ssize_t)sizeof answer ? 0 : 1);
}

int main(int argc, char** argv) {
  const struct jitkit_run run = {jitkit_run_entry, answer.results, jitkit_run_functions, jitkit_run_count,
                                 &answer.report, finish};
  if (argc != 2 || (answer_file = open(argv[1], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0) return 1;
  jitkit_run_child(&run);
  return 1;
}
#endif
