/* The process in which `jitkit fuzz` runs code: a static program for the target, started once, by this CPU
   or by an emulator. It is sent code and data for fixed addresses and calls to make (guest.h); a call that
   faults is answered with its signal, and the next one goes on. */
#define _GNU_SOURCE
#include "guest.h"
#include "preserving_call.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#if defined(__aarch64__)
#include <sys/auxv.h>
#else
#include <cpuid.h>
#endif

extern char __udivti3[], __divti3[], __umodti3[], __modti3[];

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
      a->end = guarded_call((void (*)(void*))head[1], a->slots, &a->broken);
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
