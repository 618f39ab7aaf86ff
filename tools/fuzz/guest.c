/* The process in which `jitkit fuzz` runs code: a static program for the target, started once, by this CPU
   or by an emulator. It is sent code and data for fixed addresses and calls to make (guest.h); a call that
   faults is answered with its signal, or with what stands at the exit it left through, and the next one goes on. */
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

/* The request being served, as far as it is, and the answer to the call being made. */
static const unsigned char *request_start, *request_now;
static struct fuzz_answer* answer;

static uint64_t padded(uint64_t size) { return (size + 7) / 8 * 8; }

/* The low 16 bytes of a register. */
static void read_register(const ucontext_t* c, uint64_t number, uint64_t value[2]) {
  value[1] = 0;
#if defined(__aarch64__)
  const mcontext_t* m = &c->uc_mcontext;
  const struct fpsimd_context* vectors = (const struct fpsimd_context*)m->__reserved; /* the first record */
  if (number >= 32)
    memcpy(value, &vectors->vregs[number - 32], 16);
  else
    value[0] = number == 31 ? m->sp : m->regs[number];
#else
  static const int general[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
  if (number >= 16)
    memcpy(value, &c->uc_mcontext.fpregs->_xmm[number - 16], 16);
  else
    value[0] = (uint64_t)c->uc_mcontext.gregs[general[number]];
#endif
}

static void read_place(const ucontext_t* c, const struct fuzz_place* p, unsigned char* slot) {
  uint64_t value[2];
  read_register(c, p->reg, value);
  if (p->kind != fuzz_in_register) value[0] += (uint64_t)p->offset;
  if (p->kind == fuzz_address) value[0] &= ~(p->align - 1);
  if (p->kind == fuzz_in_memory) {
    const void* const from = (const void*)value[0];
    value[0] = value[1] = 0;
    memcpy(value, from, p->bytes);
  }
  memcpy(slot, value, fuzz_slot_bytes);
}

/* A call that ended at one of the request's exits left there. */
static uint64_t leave(uint64_t end, const ucontext_t* c) {
#if defined(__aarch64__)
  const uint64_t pc = c->uc_mcontext.pc;
#else
  const uint64_t pc = (uint64_t)c->uc_mcontext.gregs[REG_RIP];
#endif
  uint64_t head[3];
  for (const unsigned char* at = request_start; at != request_now;) {
    memcpy(head, at, sizeof head);
    if (head[0] == fuzz_call) {
      at += 16 + sizeof answer->slots;
      continue;
    }
    at += 24;
    if (head[0] == fuzz_exit && head[1] == pc) {
      struct fuzz_place p;
      for (uint64_t n = 0; n < head[2] / sizeof p; ++n) {
        memcpy(&p, at + n * sizeof p, sizeof p);
        read_place(c, &p, answer->slots[n]);
      }
      answer->at = pc;
      return fuzz_left;
    }
    at += padded(head[2]);
  }
  return end;
}

/* The request's answers; 0: it makes no sense. */
static uint64_t serve(const unsigned char* request, uint64_t size, struct fuzz_answer* answers) {
  uint64_t count = 0;
  int loading = 0;
  request_start = request;
  for (const unsigned char *at = request, *end = request + size; at != end;) {
    uint64_t head[3];
    memcpy(head, at, sizeof head);
    if (head[0] == fuzz_exit) {
      at += 24 + padded(head[2]);
    } else if (head[0] == fuzz_load) {
      if (!loading && mprotect((void*)FUZZ_CODE, FUZZ_CODE_BYTES, PROT_READ | PROT_WRITE) != 0) return 0;
      loading = 1;
      memcpy((void*)head[1], at + 24, head[2]);
      __builtin___clear_cache((char*)head[1], (char*)head[1] + head[2]);
      at += 24 + padded(head[2]);
    } else {
      if (loading && mprotect((void*)FUZZ_CODE, FUZZ_CODE_BYTES, PROT_READ | PROT_EXEC) != 0) return 0;
      loading = 0;
      struct fuzz_answer* a = answer = &answers[count++];
      memcpy(a->slots, at + 16, sizeof a->slots);
      request_now = at;
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
  at_end = leave;
  if (!hello()) return 1;
  unsigned char* request = NULL;
  struct fuzz_answer* answers = NULL;
  for (uint64_t size; read_all(&size, sizeof size);) {
    request = realloc(request, size + 24);
    answers = realloc(answers, (size / (16 + sizeof answers->slots) + 1) * sizeof *answers);
    if (request == NULL || answers == NULL || !read_all(request, size)) return 1;
    const uint64_t bytes = serve(request, size, answers) * sizeof *answers;
    if (!write_all(&bytes, sizeof bytes) || !write_all(answers, bytes)) return 1;
  }
  return 0;
}
