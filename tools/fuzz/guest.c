/* The process in which `jitkit fuzz` runs code: a static program for the target, started once, by this CPU
   or by an emulator. It is sent code and data for fixed addresses and calls to make (guest.h); a call that
   faults is answered with its signal, and the next one goes on. */
#define _GNU_SOURCE
#include "guest.h"
#include "preserving_call.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#else
#include <cpuid.h>
#endif

enum { seconds_for_a_call = 20 };

extern char __udivti3[], __divti3[], __umodti3[], __modti3[];

static sigjmp_buf before_call;

static void on_signal(int signal, siginfo_t* info, void* context) {
  (void)context;
  siglongjmp(before_call, is_trap(signal, info->si_addr) ? fuzz_trapped : signal);
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

static int map(uint64_t at, uint64_t size) {
  void* const wanted = (void*)at;
  return mmap(wanted, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == wanted;
}

static int hello(void) {
  static struct fuzz_hello h = {.magic = FUZZ_MAGIC};
  const uint64_t helpers[fuzz_helpers] = {
      (uint64_t)__udivti3, (uint64_t)__divti3,  (uint64_t)__umodti3, (uint64_t)__modti3,
      (uint64_t)&memcpy,   (uint64_t)&memmove, (uint64_t)&memset};
  memcpy(h.helpers, helpers, sizeof helpers);
#if defined(__aarch64__)
  h.hwcap[0] = getauxval(AT_HWCAP);
  h.hwcap[1] = getauxval(AT_HWCAP2);
#else
  static const uint32_t leaves[fuzz_cpuid_leaves][2] = {{1, 0}, {7, 0}, {7, 1}, {13, 1}, {0x80000001, 0}, {0x80000008, 0}};
  for (int n = 0; n < fuzz_cpuid_leaves; ++n) {
    uint32_t* r = h.cpuid[n];
    r[0] = leaves[n][0];
    r[1] = leaves[n][1];
    if (__get_cpuid_count(r[0], r[1], &r[2], &r[3], &r[4], &r[5]) == 0) memset(&r[2], 0, 16);
  }
  if ((h.cpuid[0][4] >> 27 & 1) != 0) {
    uint32_t low, high;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    h.xcr0 = (uint64_t)high << 32 | low;
  }
#endif
  return write_all(&h, sizeof h);
}

static void call(uint64_t entry, struct fuzz_answer* volatile a) {
  alarm(seconds_for_a_call);
  const int signal = sigsetjmp(before_call, 0);
  if (signal == 0) {
    a->end = fuzz_returned;
    a->broken = call_preserved((void (*)(void*))entry, a->slots);
  } else {
    a->end = (uint64_t)signal;
  }
  alarm(0);
}

/* The request's answers; 0: it makes no sense. */
static uint64_t serve(const unsigned char* request, uint64_t size, struct fuzz_answer* answers) {
  uint64_t count = 0;
  int loading = 0;
  for (const unsigned char *at = request, *end = request + size; at != end;) {
    uint64_t head[3];
    memcpy(head, at, sizeof head);
    if (head[0] == fuzz_load) {
      if (!loading && mprotect((void*)FUZZ_CODE, FUZZ_CODE_BYTES, PROT_READ | PROT_WRITE) != 0) return 0;
      loading = 1;
      memcpy((void*)head[1], at + 24, head[2]);
      __builtin___clear_cache((char*)head[1], (char*)head[1] + head[2]);
      at += 24 + (head[2] + 7) / 8 * 8;
    } else {
      if (loading && mprotect((void*)FUZZ_CODE, FUZZ_CODE_BYTES, PROT_READ | PROT_EXEC) != 0) return 0;
      loading = 0;
      struct fuzz_answer* a = &answers[count++];
      memcpy(a->slots, at + 16, sizeof a->slots);
      call(head[1], a);
      at += 16 + sizeof a->slots;
    }
  }
  return count;
}

int main(void) {
  if (!map(FUZZ_CODE, FUZZ_CODE_BYTES) || !map(FUZZ_DATA, FUZZ_DATA_BYTES)) {
    fprintf(stderr, "the addresses that code is for are taken\n");
    return 1;
  }
  catch_signals();
  if (!hello()) return 1;
  unsigned char* request = NULL;
  struct fuzz_answer* answers = NULL;
  for (uint64_t size; read_all(&size, sizeof size);) {
    request = realloc(request, size + 24);
    answers = realloc(answers, size / sizeof *answers * sizeof *answers + sizeof *answers);
    if (request == NULL || answers == NULL || !read_all(request, size)) return 1;
    const uint64_t bytes = serve(request, size, answers) * sizeof *answers;
    if (!write_all(&bytes, sizeof bytes) || !write_all(answers, bytes)) return 1;
  }
  return 0;
}
