// Runs at EL2 on two CPUs: traps of every kind through the generated vectors, against the model.
//
// A trap is made by writing the syndrome registers and branching to the vector, so every field can have any value. The
// guest's PC is at an address that stage 2 does not map: a handled trap comes back at once as an Instruction Abort
// with the whole state of the guest. Software stepping is on, so that SPSR.SS comes back too.
//
// EL2 runs from guarded pages: an indirect branch to what is no landing pad is an exception, and so a difference.
//
// With BEFORE it is the path before a hypervisor's slow path: the frame is below the vCPU's words, and boot.S saves x0
// and x1 there.
// SPDX-License-Identifier: MIT
#include "model.h"

#ifndef LEAST_HANDLED
#define LEAST_HANDLED 3  // one in so many
#endif
#ifndef NOTE
#define NOTE "NOTE hypervisor: "
#endif
#ifndef TRAPS
#define TRAPS 20000
#endif

struct vcpu {
  u8 frame[2048];
  struct trap in;
  u8 pad1[1024 - sizeof(struct trap)];
  struct trap out;
  u8 pad2[1024 - sizeof(struct trap)];
} __attribute__((aligned(4096)));

#ifdef C_MODEL
extern int hv_model(struct trap* t, u8* vcpu);  // of the generator; it has to agree with the reference
u64 hv_stage1(u64 address);
u64 hv_stage1(u64 address) { return address >> 52 != 0 ? ~0ULL : address; }  // off
#endif
extern void take_trap(struct vcpu* v);
extern u32 hv_vectors[], hv_code_end[];
#ifdef BEFORE
extern u32 hv_fast[];
#define hv_code hv_fast
#define GUEST_PAIR 0xa96e07e0
#define FORM " traps, path before a slow path,"
#else
#define hv_code hv_vectors
#define GUEST_PAIR 0xa94007e0
#define FORM " traps, vectors,"
#endif
static struct vcpu all_vcpus[3], *const vcpus = all_vcpus + 1;  // below each there is room for a frame
static u64 stage1[512] __attribute__((aligned(4096))), stage2[512] __attribute__((aligned(4096)));
static volatile u32 done[2], handled[2], all_handled[2], different[2];

void unexpected(u64 vector) {
  say_number("FAIL hypervisor: unexpected vector ", vector, 10);
  say("\n0 passed, 1 failed, 0 skipped\n");
  leave(1);
}

static u64 seeds[2];
static u64 random(int cpu) { return next_random(&seeds[cpu]); }
static u32 below(int cpu, u32 n) { return (u32)(random(cpu) >> 33) % n; }

// ISS without Rt, direction included.
static u32 random_register(int cpu) {
  const struct reg* r = &regs[below(cpu, reg_count)];
  return r->op0 << 20 | r->op2 << 17 | r->op1 << 14 | r->crn << 10 | r->crm << 1 | (below(cpu, 4) ? !r->write : below(cpu, 2));
}
// The pages that words have, and what the words of banks point to.
static u64 page_of(u32 base) { return 0x30000000 + (u64)base * 0x1000; }
static u8 bank_memory[32][64];
static void set_words(int cpu, u8* frame) {
  for (u32 n = 0; n < place_count; ++n) {
    const struct place* p = &places[n];
    *(u64*)(frame + p->base) = below(cpu, 16) ? page_of(p->base) : ~0ULL;
    for (u32 i = 0; p->kind == banks && i < p->span >> p->index; ++i) *(u64*)(frame + p->value + 8 * i) = (u64)bank_memory[i & 31];
  }
}
// HPFAR_EL2 has nothing to say of a permission fault.
static void by_permission(int cpu, struct trap* t, const struct page* p, u64 ipa, int as_watched) {
  if (p->permission != as_watched) return;
  t->esr |= 8;
  t->far_ = ipa;
  if (below(cpu, 2)) t->hpfar = random(cpu);
}
// What AArch32 at EL0 raises as well.
static void aarch32_too(int cpu, struct trap* t) {
  if ((t->esr >> 26 == 0x24 || t->esr >> 26 == 1) && below(cpu, 8) == 0) t->spsr = (t->spsr & ~15ULL) | 16;
}
static void make(int cpu, struct trap* t) {
  for (int n = 0; n < 31; ++n) t->x[n] = random(cpu);
  t->elr = 0x20000000 + (random(cpu) & 0xffffc);
  t->spsr = (random(cpu) & 0xf0200fc0) | (below(cpu, 3) == 0 ? 0 : 4 + below(cpu, 2));
  t->far_ = random(cpu);
  const u64 ns = (u64)(below(cpu, 16) == 0) << 63;
  t->hpfar = (random(cpu) & 0xfffffffff0) | ns;
  switch (below(cpu, 8)) {
    case 0: t->esr = 0x07e00000; break;
    case 1: t->esr = 0x5a000000; break;
    case 2: t->esr = 0x5e000000; break;
    case 3: case 4: t->esr = 0x62000000 | random_register(cpu) | below(cpu, 32) << 5; break;
    default: {
      const struct mmio* m = &mmios[mmio_count != 0 ? below(cpu, mmio_count) : 0];
      const struct page* p = page_count != 0 && below(cpu, 4) == 0 ? &pages[below(cpu, page_count)] : 0;
      const struct place* w = place_count != 0 && (mmio_count == 0 || below(cpu, 2)) ? &places[below(cpu, place_count)] : 0;
      const u64 ipa = p ? p->ipa + random(cpu) % (p->count * 4096) : w ? page_of(w->base) + w->offset + below(cpu, w->span + 4) :
                                                                         m->ipa + (below(cpu, 4) ? 0 : below(cpu, 8));
      t->hpfar = (ipa >> 12 << 4) | ns;
      t->far_ = (t->far_ & ~0xfffULL) | (ipa & 0xfff);
      static const u8 log2[] = {0, 0, 1, 0, 2, 0, 0, 0, 3};
      const u32 size = below(cpu, 2) ? log2[w ? w->bytes : m->bytes] : below(cpu, 4), write = below(cpu, 4) ? (u32)(p ? p->write : w ? 0 : m->write) : below(cpu, 2);
      t->esr = 0x93000004 | size << 22 | (write ? 0 : below(cpu, 2)) << 21 | below(cpu, 32) << 16 | below(cpu, 2) << 15 | write << 6 | below(cpu, 4);
      if (p) by_permission(cpu, t, p, ipa, below(cpu, 8) != 0);
    }
  }
  if (t->esr >> 27 == 0xb) t->x[0] = calls[below(cpu, call_count)].id | random(cpu) << 32;
  if (hypercall_count != 0 && t->esr >> 26 == 0x16 && below(cpu, 2)) {
    const struct hypercall* h = &hypercalls[below(cpu, hypercall_count)];
    t->esr |= hypercall_tag;
    t->x[hypercall_number] = h->id | (below(cpu, 8) ? 0 : 1ULL << below(cpu, 64));
    if (below(cpu, 3)) t->x[0] = h->first | random(cpu) << 32;
  }
  if (below(cpu, 4) == 0) t->x[1] = 0x80000000 + below(cpu, 4);
  static const u64 features[] = {0x84000000, 0x84000000, 0xc4000000, 0x80008000, 0x80007fff, 0x80003fff};
  if (below(cpu, 8) == 0) t->x[1] = 0x84000000;
  if (below(cpu, 8) == 0) {
    const u32 n = below(cpu, 6);
    t->x[1] = features[n] + (n < 3 ? below(cpu, 32) : 0);
  }
  switch (below(cpu, 12)) {  // almost
    case 0: t->esr ^= 1ULL << below(cpu, 32); break;
    case 1: t->esr = random(cpu) & 0xffffffff; break;
    case 2: t->hpfar ^= 16ULL << below(cpu, 36); break;
    case 3: t->far_ ^= 1ULL << below(cpu, 64); break;
    case 4: t->x[0] ^= 1ULL << below(cpu, 32); break;
    default: break;
  }
  aarch32_too(cpu, t);
}

// The nth of all: each of the 64 exception classes with random syndromes, and every entry of the policy, with each transfer
// register, IL, EL0 or EL1, and of MMIO size, sign and SF; all else random.
enum { ways = 32 * 2 * 2, widths = 16 };
static inline u32 every_count(void) { return ways * (64 + 1 + 2 * call_count + reg_count + widths * (mmio_count + page_count + place_count)); }
static void make_every(int cpu, struct trap* t, u32 n) {
  make(cpu, t);
  const u32 rt = n % 32;
  u32 at = n / ways;
  t->hpfar &= ~(1ULL << 63);
  t->spsr = (t->spsr & ~31ULL) | (n / 64 % 2 ? 0 : 4 + below(cpu, 2));
  if (at < 64) {
    t->esr = at << 26 | (random(cpu) & 0x1ffffff);
  } else if ((at -= 64) == 0) {
    t->esr = 0x05e00000;
  } else if ((at -= 1) < 2 * call_count) {
    t->esr = at % 2 ? 0x5c000000 : 0x58000000;
    t->x[0] = calls[at / 2].id | random(cpu) << 32;
  } else if ((at -= 2 * call_count) < reg_count) {
    const struct reg* r = &regs[at];
    t->esr = 0x60000000 | r->op0 << 20 | r->op2 << 17 | r->op1 << 14 | r->crn << 10 | rt << 5 | r->crm << 1 | !r->write;
  } else {
    const u32 width = (at -= reg_count) % widths, size = width & 3, which = at / widths;
    const struct mmio* m = which < mmio_count ? &mmios[which] : 0;
    const struct page* p = !m && which - mmio_count < page_count ? &pages[which - mmio_count] : 0;
    const struct place* w = !m && !p ? &places[which - mmio_count - page_count] : 0;
    const u32 mask = ~((1U << size) - 1);
    const u64 ipa = m ? m->ipa + (below(cpu, m->bytes) & mask) : p ? p->ipa + random(cpu) % (p->count * 4096) :
                                                                      page_of(w->base) + w->offset + (below(cpu, w->span) & mask);
    t->hpfar = ipa >> 12 << 4;
    t->far_ = (t->far_ & ~0xfffULL) | (ipa & 0xfff);
    t->esr = 0x91000004 | size << 22 | (width >> 2 & 1) << 21 | rt << 16 | (width >> 3) << 15 | (u32)(m ? m->write : p ? p->write : 0) << 6 | below(cpu, 4);
    if (p) by_permission(cpu, t, p, ipa, 1);
  }
  t->esr |= (u64)(n / 32 % 2) << 25;
  if (n / 64 % 2) aarch32_too(cpu, t);
}

static int same(const struct vcpu* v, const struct trap* want, const u8* state, enum end end) {
  if (end == end_slow) {
    if (v->out.esr != want->esr || v->out.spsr != want->spsr || v->out.far_ != want->far_ || v->out.hpfar != want->hpfar) return 0;
  } else {
    // The landing: the abort of the fetch, or, on a CPU that looks at SS first, the step exception.
    const u32 ec = (u32)(v->out.esr >> 26);
    if ((ec != 0x20 && (ec != 0x32 || want->spsr >> 21 & 1)) || v->out.spsr != want->spsr) return 0;
  }
  if (v->out.elr != want->elr) return 0;
  for (int n = 0; n < 31; ++n)
    if (v->out.x[n] != want->x[n]) return 0;
  for (int n = state_first; n < state_end; ++n)
    if (v->frame[n] != state[n]) return 0;
  return 1;
}
// How many of `count` traps differ (quiet: whether one does); `fast`, if not null, counts those that the vectors handled.
static u32 run(int cpu, u32 count, int fault, volatile u32* fast, int quiet, int every) {
  struct vcpu* v = &vcpus[cpu];
  static u8 states[2][2048];
  u8* state = states[cpu];
  u32 bad = 0;
  for (u32 n = 0; n < count; ++n) {
    struct trap want;
    if (every) make_every(cpu, &v->in, n);
    else make(cpu, &v->in);
    for (int i = state_first; i < state_end; i += 8) *(u64*)(v->frame + i) = random(cpu);
    set_words(cpu, v->frame);
    memcpy(state + state_first, v->frame + state_first, state_end - state_first);
    want = v->in;
    const enum end end = model(&want, state, fault);
#ifdef C_MODEL
    struct trap again = v->in;
    static u8 states_again[2][2048];
    memcpy(states_again[cpu] + state_first, v->frame + state_first, state_end - state_first);
    int agrees = (hv_model(&again, states_again[cpu]) != 0) == (end == end_fast);
    for (u32 i = 0; i < sizeof want; ++i) agrees = agrees && ((u8*)&again)[i] == ((u8*)&want)[i];
    for (u32 i = state_first; i < state_end; ++i) agrees = agrees && states_again[cpu][i] == state[i];
    if (!agrees && fault == 0) {
      say_number("the C model differs: esr ", v->in.esr, 16), say("\n");
      ++bad;
    }
#endif
    // What the code borrows of the guest's is put back.
    const u64 par = random(cpu) & 0xfffffffff000;
    u64 par_after;
    __asm__ volatile("msr par_el1, %0" ::"r"(par));
    take_trap(v);
    __asm__ volatile("mrs %0, par_el1" : "=r"(par_after));
    if (fast && end == end_fast) ++*fast;
    if (same(v, &want, state, end) && par_after == par) continue;
    if (quiet) return 1;
    if (++bad > 4) continue;
    say_number("different: cpu ", (u64)cpu, 10);
    say_number(" esr ", v->in.esr, 16), say_number(" spsr ", v->in.spsr, 16), say_number(" end ", end, 10);
    say_number(" -> esr ", v->out.esr, 16), say_number(" spsr ", v->out.spsr, 16);
    say_number(" elr+", v->out.elr - v->in.elr, 16), say("\n");
  }
  return bad;
}

#ifndef NO_FAULTS
// Faults of the generated code: the nth word (from 0, or before the end) that is `from` under `mask` becomes `to`. The code
// ends with the entries for transfer registers, W0, X0, W1, X1 and so on.
struct code_fault { const char* name; u32 mask, from; int nth; u32 to; };
static const struct code_fault code_faults[] = {
    {"PC not advanced", ~0U, 0x91001021, 0, 0xd503201f},
    {"PC advanced by 2", ~0U, 0x91001021, 6, 0x91000821},
    {"BTYPE kept", ~0U, 0x9274f421, 2, 0xd503201f},
    {"SS kept", ~0U, 0x926af821, 3, 0xd503201f},
    {"SRT off by one, store", ~0U, 0xd3505000, 0, 0xd3515400},
    {"SRT of 4 bits, store", ~0U, 0xd3505000, 1, 0xd3504c00},
    {"SRT off by one, load", ~0U, 0xb34a5001, 0, 0xb3494c01},
    {"SRT of 4 bits, load", ~0U, 0xb34a5001, 1, 0xb34a4c01},
    {"no sign extension of a word", ~0U, 0x93407c21, 0, 0xd503201f},
    {"no sign extension of a halfword", ~0U, 0x93403c21, 0, 0xd503201f},
    {"no sign extension of a byte", ~0U, 0x93401c21, 0, 0xd503201f},
    {"x1 not restored", ~0U, GUEST_PAIR, -49, GUEST_PAIR + 0x400},
    {"a register swapped", ~0U, 0xf9407fe7, 0, 0xf9407fe8},
    {"register 31 written", ~0U, GUEST_PAIR, -1, GUEST_PAIR + 2},
    {"SF ignored", ~0U, 0xb940fbe7, 0, 0xf9407fe7},
    {"class of a store not compared", ~0U, 0x720a5820, 1, 0xeb1f03ff},
    {"place of a load not compared", ~0U, 0xeb40043f, 0, 0xeb1f03ff},
    {"place of a store not compared", ~0U, 0xeb40003f, -1, 0xeb1f03ff},
    {"register's key not compared", ~0U, 0x7216683f, 1, 0xeb1f03ff},
    {"EL0 not refused", 0xfff8001f, 0x36100001, 1, 0xd503201f},
    {"offset of 11 bits", ~0U, 0xb3542c20, 0, 0xb3542820},
    {"SAS shifted wrongly", ~0U, 0xaa414c00, 0, 0xaa415000},
    {"no landing pad", ~0U, 0xd503249f, 0, 0xd503201f},
    {"watched page not compared", ~0U, 0xf2788c3f, 0, 0xeb1f03ff},
    {"watched page of Secure state", 0xfff8001f, 0xb7f80001, 0, 0xd503201f},
    {"watched address without its page", ~0U, 0xb3749c01, 0, 0xd503201f},
    {"AArch32 not refused", 0xfff8001f, 0x37200001, 1, 0xd503201f},
    {"kind of fault not compared", ~0U, 0x7100081f, 0, 0xeb1f03ff},
    {"stage 1 not asked", ~0U, 0xd5087801, 0, 0xd503201f},
    {"PAR_EL1 not put back", ~0U, 0xd5187400, 0, 0xd503201f},
    {"guarded address without its offset", ~0U, 0xb3402c01, 0, 0xd503201f},
};
// Where the word is, or null.
static u32* find(const struct code_fault* f) {
  int left = f->nth;
  if (left < 0)
    for (u32* at = hv_code; at != hv_code_end; ++at) left += (*at & f->mask) == f->from;
  for (u32* at = hv_code; left >= 0 && at != hv_code_end; ++at)
    if ((*at & f->mask) == f->from && left-- == 0) return at;
  return 0;
}
static void patch(u32* at, u32 word) {
  *(volatile u32*)at = word;
  __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::"r"(at) : "memory");
}
#endif
static u32 passed, failed;
static void verdict(const char* what, const char* name, int good) {
  ++*(good ? &passed : &failed);
  if (good) return;
  say("FAIL "), say(what), say(": "), say(name), say("\n");
}

#ifdef BEFORE
// Guests' aborts come here, and what the slow path does not expect.
__asm__(".balign 2048\n.global hv_vectors\nhv_vectors:\n.irp n, 0, 1, 2, 3, 4, 5, 6, 7\n.balign 128\nb hv_vector_\\n\n.endr\n"
        ".balign 128\nstp x0, x1, [sp, #-288]\nb hv_fast\n.irp n, 9, 10, 11, 12, 13, 14, 15\n.balign 128\nb hv_vector_\\n\n.endr\n.balign 128");
#endif
static void set_up(void) {
  stage1[1] = 0x40000000 | 1ULL << 50 | 0x741;  // a block: GP (D8.4.6), AF, inner shareable, attribute 0, read and write
  u64 sctlr;
  __asm__ volatile("msr mair_el2, %1\n msr tcr_el2, %2\n msr ttbr0_el2, %3\n dsb sy\n isb\n tlbi alle2\n dsb sy\n isb\n mrs %0, sctlr_el2"
                   : "=r"(sctlr)
                   : "r"(0xffULL), "r"(0x80800000ULL | 2 << 16 | 3 << 12 | 1 << 10 | 1 << 8 | 25), "r"(stage1)
                   : "memory");
  __asm__ volatile("msr sctlr_el2, %0\n isb" ::"r"(sctlr | 0x1005) : "memory");
  stage2[1] = 0x40000000 | 0x7fd;  // a block: AF, inner shareable, read and write, normal write-back
  __asm__ volatile(
      "msr oslar_el1, xzr\n dsb sy\n msr vttbr_el2, %0\n msr vtcr_el2, %1\n msr hcr_el2, %2\n msr mdcr_el2, %3\n msr mdscr_el1, %4\n"
      "msr sctlr_el1, %5\n msr tcr_el1, xzr\n msr vbar_el2, %6\n isb\n tlbi vmalls12e1\n dsb sy\n isb" ::"r"(stage2),
      "r"(0x80023559ULL), "r"(1ULL << 31 | 1), "r"(1ULL << 8), "r"(1ULL), "r"(0x30d00800ULL), "r"(hv_vectors)
      : "memory");
}

void main(int cpu) {
  seeds[cpu] = 0x9e3779b97f4a7c15 ^ (u64)(cpu + 1) * SEED;
  set_up();
  for (u32 n = 0; n < sizeof bank_memory; ++n) bank_memory[n / 64][n % 64] = (u8)(n * 167 + n / 13);  // the same on both
#ifdef EVERY
  different[cpu] = run(cpu, every_count(), 0, &all_handled[cpu], 0, 1);
#endif
  different[cpu] += run(cpu, TRAPS / 2, 0, &handled[cpu], 0, 0);
  __atomic_store_n(&done[cpu], 1, __ATOMIC_RELEASE);
  if (cpu != 0) return;
  while (!__atomic_load_n(&done[1], __ATOMIC_ACQUIRE)) {}
  verdict("traps on cpu 0", "differences", different[0] == 0);
  verdict("traps on cpu 1", "differences", different[1] == 0);
  verdict("traps", "too few were handled", handled[0] + handled[1] > TRAPS / LEAST_HANDLED);
#ifndef NO_FAULTS
  for (int n = 1; n <= model_faults; ++n) {
    char text[24];
    verdict("model's fault not found", number(text, (u64)n, 10), run(0, 400000, n, 0, 1, 0) != 0);
  }
  for (u32 n = 0; n < sizeof code_faults / sizeof *code_faults; ++n) {
    const struct code_fault* f = &code_faults[n];
    u32* at = find(f);
    if (at == 0) {
      verdict("code fault has no place", f->name, 0);
      continue;
    }
    const u32 good = *at;
    patch(at, f->to);
    verdict("code fault not found", f->name, run(0, 400000, 0, 0, 1, 0) != 0);
    patch(at, good);
  }
#endif
  verdict("traps", "differences after the faults", run(0, 2000, 0, 0, 0, 0) == 0);
  say_number(NOTE, TRAPS, 10), say_number(FORM " on 2 CPUs, ", handled[0] + handled[1], 10);
  say(" of them handled by generated code\n");
#ifdef EVERY
  verdict("every entry", "too few were handled", all_handled[0] > every_count() / 20 && all_handled[1] > every_count() / 20);
  say_number(NOTE, every_count(), 10), say_number(" traps more on each CPU, ", all_handled[0], 10);
  say(" of them handled: the 64 classes; every entry with each register, size, sign, SF, IL and EL\n");
#endif
  say_number("", passed, 10), say_number(" passed, ", failed, 10), say(" failed, 0 skipped\n");
  leave(failed != 0);
}
