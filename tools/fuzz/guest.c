/* The process in which `jitkit fuzz` runs code: a static program for the target, started once, by this CPU
   or by an emulator. It is sent code and data for fixed addresses and calls to make (guest.h); a call that
   faults is answered with its signal, or with what stands at the exit it left through, and the next one goes on.
   At points of the code a call stops: what stands there is kept, and the call goes on. A fault outside of a call ends
   the process with a message and fault_outside. */
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

/* What the calls of a request told at points. */
static unsigned char* told;
static uint64_t told_bytes, told_room;

static uint64_t padded(uint64_t size) { return (size + 7) / 8 * 8; }

#if defined(__x86_64__)
static const int general[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                              REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
#endif

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
  if (number >= 16)
    memcpy(value, &c->uc_mcontext.fpregs->_xmm[number - 16], 16);
  else
    value[0] = (uint64_t)c->uc_mcontext.gregs[general[number]];
#endif
}

static void write_register(ucontext_t* c, uint64_t number, uint64_t value) {
  const uint64_t whole[2] = {value, 0};
#if defined(__aarch64__)
  mcontext_t* m = &c->uc_mcontext;
  if (number < 31) m->regs[number] = value;
  if (number < 32) return;
  /* With SVE in use a record of whole registers follows: Linux lets the vectors of the first record win, QEMU these. */
  for (unsigned char* at = m->__reserved;; at += ((struct _aarch64_ctx*)at)->size) {
    const struct _aarch64_ctx* record = (const struct _aarch64_ctx*)at;
    if (record->magic == FPSIMD_MAGIC) memcpy(&((struct fpsimd_context*)at)->vregs[number - 32], whole, 16);
    if (record->magic == SVE_MAGIC && record->size > SVE_SIG_REGS_OFFSET) {
      const unsigned vq = sve_vq_from_vl(((const struct sve_context*)at)->vl);
      memcpy(at + SVE_SIG_ZREG_OFFSET(vq, number - 32), whole, 16);
    }
    if (record->magic == 0 || record->size == 0) break;
  }
#else
  if (number >= 16) {
    unsigned char* const state = (unsigned char*)c->uc_mcontext.fpregs;
    uint32_t extended;
    uint64_t in_use;
    memcpy(&c->uc_mcontext.fpregs->_xmm[number - 16], whole, 16);
    memcpy(&extended, state + 464, sizeof extended); /* FP_XSTATE_MAGIC1: XSAVE's header follows */
    if (extended != 0x46505853) return;
    memcpy(&in_use, state + 512, sizeof in_use);
    in_use |= 2; /* else XRSTOR clears the registers */
    memcpy(state + 512, &in_use, sizeof in_use);
  } else {
    c->uc_mcontext.gregs[general[number]] = (greg_t)value;
  }
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
  const uint64_t pc = pc_of(c);
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

/* ---- points and landings ---- */

#if defined(__aarch64__)
static const unsigned char stop[] = {0x00, 0x00, 0x20, 0xd4}; /* brk #0 */
enum { stop_goes_past = 0 };
#else
static const unsigned char stop[] = {0xcc}; /* int3 */
enum { stop_goes_past = sizeof stop };
#endif

struct point {
  uint64_t at, goes_on;       /* goes_on: bytes behind */
  const unsigned char* places; /* of the request */
  uint64_t count;
  int puts, armed;
  unsigned char original[sizeof stop];
};
struct landing { uint64_t at, to; };

static struct point* points;
static uint64_t point_count, point_room;
static struct landing* landings;
static uint64_t landing_count, landing_room;
static int loading;         /* the code is writable, not executable */
static struct point* out;   /* whose instruction is back in its place until the next stop */
static uint64_t disarmed;   /* points */

static void* with_room(void* list, uint64_t count, uint64_t* room, size_t size) {
  if (count < *room) return list;
  *room = 2 * count + 64;
  list = realloc(list, *room * size);
  if (list == NULL) exit(1);
  return list;
}

static void write_code(uint64_t at, const unsigned char* from) {
  const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE), start = at & ~(page - 1);
  if (!loading) mprotect((void*)start, page, PROT_READ | PROT_WRITE);
  memcpy((void*)at, from, sizeof stop);
  if (!loading) mprotect((void*)start, page, PROT_READ | PROT_EXEC);
  __builtin___clear_cache((char*)at, (char*)at + sizeof stop);
}
static void arm(struct point* p) {
  if (p->armed) return;
  p->armed = 1;
  --disarmed;
  write_code(p->at, stop);
}
static void disarm(struct point* p) {
  if (!p->armed) return;
  p->armed = 0;
  ++disarmed;
  write_code(p->at, p->original);
}

static void add_point(uint64_t at, const unsigned char* places, uint64_t size) {
  points = with_room(points, point_count, &point_room, sizeof *points);
  struct point* p = &points[point_count++];
  struct fuzz_place place;
  p->at = at;
  p->places = places;
  p->count = size / sizeof place;
  p->puts = p->armed = 0;
  memcpy(p->original, (const void*)at, sizeof stop);
  for (uint64_t n = 0; n < p->count; ++n) {
    memcpy(&place, places + n * sizeof place, sizeof place);
    if (place.kind == fuzz_goes_on) p->goes_on = place.bytes;
    if (place.kind >= fuzz_put_register) p->puts = 1;
  }
  ++disarmed;
  arm(p);
}

/* Code was loaded: the points in it are gone. */
static void forget_points(uint64_t at, uint64_t size) {
  for (uint64_t n = point_count; n-- > 0;) {
    if (points[n].at < at || points[n].at >= at + size) continue;
    if (!points[n].armed) --disarmed;
    points[n] = points[--point_count];
  }
}

static void before_a_call(void) {
  out = NULL;
  for (uint64_t n = point_count; n-- > 0 && disarmed != 0;) arm(&points[n]);
}

static struct point* point_at(uint64_t at) {
  for (uint64_t n = point_count; n-- > 0;) /* the last program's are the last */
    if (points[n].at == at) return &points[n];
  return NULL;
}

static void tell(const ucontext_t* c, const struct point* p) {
  struct fuzz_place place;
  ++answer->stops;
  memcpy(told + told_bytes, &p->at, sizeof p->at);
  told_bytes += sizeof p->at;
  for (uint64_t n = 0; n < p->count; ++n) {
    memcpy(&place, p->places + n * sizeof place, sizeof place);
    if (place.kind > fuzz_address) continue;
    read_place(c, &place, told + told_bytes);
    told_bytes += fuzz_slot_bytes;
  }
}

static void put_values(ucontext_t* c, const struct point* p) {
  struct fuzz_place place;
  for (uint64_t n = 0; n < p->count; ++n) {
    memcpy(&place, p->places + n * sizeof place, sizeof place);
    const uint64_t whole[2] = {place.value, 0};
    uint64_t base[2];
    if (place.kind == fuzz_put_register) write_register(c, place.reg, place.value);
    if (place.kind != fuzz_put_memory) continue;
    read_register(c, place.reg, base);
    memcpy((void*)(base[0] + (uint64_t)place.offset), whole, place.bytes);
  }
}

/* A call stopped at a point, or a load faulted that has a landing. */
static int go_on(int signal, ucontext_t* c) {
  const uint64_t pc = pc_of(c);
  if (signal == SIGSEGV || signal == SIGBUS) {
    for (uint64_t n = landing_count; n-- > 0;)
      if (landings[n].at == pc) {
        set_pc(c, landings[n].to);
        return 1;
      }
    return 0;
  }
  struct point* p = signal == SIGTRAP ? point_at(pc - stop_goes_past) : NULL;
  if (p == NULL || !p->armed) return 0;
  if (answer->stops < fuzz_most_stops && told_bytes + 8 + p->count * fuzz_slot_bytes <= told_room)
    tell(c, p);
  else
    answer->cut = 1;
  put_values(c, p);
  if (out != NULL && !answer->cut) arm(out);
  out = NULL;
  set_pc(c, p->at + p->goes_on);
  if (p->goes_on == 0 || (answer->cut && !p->puts)) {
    disarm(p);
    if (!answer->cut) out = p;
  }
  return 1;
}

/* The request's answers; 0: it makes no sense. */
static uint64_t serve(const unsigned char* request, uint64_t size, struct fuzz_answer* answers) {
  uint64_t count = 0;
  request_start = request;
  point_count = landing_count = disarmed = told_bytes = 0;
  for (const unsigned char *at = request, *end = request + size; at != end;) {
    uint64_t head[3];
    memcpy(head, at, sizeof head);
    if (head[0] == fuzz_call) {
      if (loading && mprotect((void*)FUZZ_CODE, FUZZ_CODE_BYTES, PROT_READ | PROT_EXEC) != 0) return 0;
      loading = 0;
      before_a_call();
      struct fuzz_answer* a = answer = &answers[count++];
      memcpy(a->slots, at + 16, sizeof a->slots);
      a->stops = a->cut = 0;
      request_now = at;
      a->end = guarded_call((void (*)(void*))head[1], a->slots, &a->broken);
      at += 16 + sizeof a->slots;
      continue;
    }
    if (head[0] == fuzz_load) {
      if (!loading && mprotect((void*)FUZZ_CODE, FUZZ_CODE_BYTES, PROT_READ | PROT_WRITE) != 0) return 0;
      loading = 1;
      forget_points(head[1], head[2]);
      memcpy((void*)head[1], at + 24, head[2]);
      __builtin___clear_cache((char*)head[1], (char*)head[1] + head[2]);
    } else if (head[0] == fuzz_point) {
      add_point(head[1], at + 24, head[2]);
    } else if (head[0] == fuzz_landing) {
      landings = with_room(landings, landing_count, &landing_room, sizeof *landings);
      landings[landing_count].at = head[1];
      memcpy(&landings[landing_count++].to, at + 24, 8);
    }
    at += 24 + padded(head[2]);
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
  goes_on = go_on;
  told_room = 1 << 24;
  told = malloc(told_room);
  if (told == NULL) return 1;
  if (!hello()) return 1;
  unsigned char* request = NULL;
  struct fuzz_answer* answers = NULL;
  for (uint64_t size; read_all(&size, sizeof size);) {
    request = realloc(request, size + 24);
    answers = realloc(answers, (size / (16 + sizeof answers->slots) + 1) * sizeof *answers);
    if (request == NULL || answers == NULL || !read_all(request, size)) return 1;
    const uint64_t bytes = serve(request, size, answers) * sizeof *answers;
    if (!write_all(&bytes, sizeof bytes) || !write_all(answers, bytes)) return 1;
    if (!write_all(&told_bytes, sizeof told_bytes) || !write_all(told, told_bytes)) return 1;
  }
  return 0;
}
