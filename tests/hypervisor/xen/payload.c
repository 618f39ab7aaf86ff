// Traps that a guest of Xen takes, made by its instructions between markers for the counter (tools/qemu_count). With
// COUNT, each kind on one vCPU; otherwise random ones on two vCPUs, with a timer's interrupts, and a hash of every
// register that came back. A run with the fast path has to print what one without it does.
// SPDX-License-Identifier: MIT
#include "bare.h"
#include "payload_kinds.h"

#ifndef TRAPS
#define TRAPS 100000
#endif

struct block {
  u64 x[32], out[32];  // [31]: NZCV
  u64 sp, daif, pad[62];
} __attribute__((aligned(16)));
struct cpu {
  u8 below[1024];  // where interrupts save registers
  struct block block;
} __attribute__((aligned(16)));

extern void run0(struct block*), run1(struct block*), run_el0_0(struct block*), run_el0_1(struct block*);
extern u32 slot0[], slot1[], el0_slot0[], el0_slot1[];
extern u64 hvc(u64, u64, u64, u64);
extern void second(void);
static struct cpu cpus[2];
static volatile u64 hashes[2], interrupts[2], injected[2], done[2];
static volatile u32 counts[2][kind_count];
static volatile u32 wide[2];

static u64 seeds[2];
static u64 random(int cpu) { return next_random(&seeds[cpu]); }

static int at_el0(const struct kind* k) { return (int)(k->b >> 32); }
static void put_slot(int cpu, const struct kind* k, u32 instruction) {
  volatile u32* at = at_el0(k) ? cpu ? el0_slot1 : el0_slot0 : cpu ? slot1 : slot0;
  at[0] = 0xd280001f | (u32)(k - kinds + 1) << 5, at[1] = instruction, at[2] = 0xd280001f;
  __asm__ volatile("dc cvau, %0\n dc cvau, %1\n dsb ish\n ic ivau, %0\n ic ivau, %1\n dsb ish\n isb" ::"r"(at), "r"(at + 2) : "memory");
}
static void run(int cpu, const struct kind* k) {
  if (at_el0(k)) (cpu ? run_el0_1 : run_el0_0)(&cpus[cpu].block);
  else (cpu ? run1 : run0)(&cpus[cpu].block);
}
// The instruction of a kind, with the registers that it needs set; `rt` is its transfer register.
static u32 prepare(int cpu, const struct kind* k, u32 rt) {
  u64* x = cpus[cpu].block.x;
  switch (k->type) {
    case a_hvc: case an_smc:
      x[0] = (x[0] & ~0xffffffffULL) | k->a, x[1] = k->b;
      return k->type == a_hvc ? 0xd4000002 : 0xd4000003;
    case a_hypercall: x[16] = k->a, x[0] = k->b, x[1] = 0; return 0xd4000002 | 0xea1 << 5;
    case a_register: return (u32)k->a | rt;
    case an_access: {
      u32 base = (rt + 7) % 31;

      x[base] = k->a + (!cpu ? 0 : k->b & 0x800 ? 0x20000 : k->b & 0x400 ? 4 : 0);
      return (u32)(k->b & ~0xfffULL & 0xffffffff) | base << 5 | rt;
    }
    default: return 0xd503207f;  // wfi
  }
}
// A signed load into a W register: Xen 4.17 sets the upper half too, the architecture clears it.
static int narrowed(const struct kind* k) { return k->type == an_access && (k->b & 0xc00000) == 0xc00000; }
static void seed(int cpu) {
  for (int n = 0; n < 31; ++n) cpus[cpu].block.x[n] = random(cpu);
  cpus[cpu].block.x[31] = random(cpu) & 0xf0000000;
}

#ifdef COUNT
static void count(void) {
  for (u32 k = 0; k < kind_count; ++k) {
    u64 hash = 0;
    for (u32 n = 0; n < 62; ++n) {
      seed(0);
      const u32 instruction = prepare(0, &kinds[k], n % 31);
      put_slot(0, &kinds[k], instruction);
      run(0, &kinds[k]);
      if (n % 31 == 7) hash = cpus[0].block.out[kinds[k].type < a_register ? 0 : 7];
      if (narrowed(&kinds[k])) hash = (u32)hash;
    }
    say("kind "), say(kinds[k].name), say_number(" ", hash, 16), say("\n");
  }
}
#else
static u32 below(int cpu, u32 n) { return (u32)(random(cpu) >> 33) % n; }
static u64 mixed(u64 hash, u64 v) { return (hash ^ v) * 0x100000001b3 + (hash >> 29); }
// The GIC, so that the virtual timer's interrupt (27) comes.
static void timer(int cpu) {
  volatile u32* const sgi = (volatile u32*)(0x80b0000UL + 0x20000UL * (u32)cpu);
  *(volatile u32*)0x8000000UL = 2;
  sgi[0x100 / 4] = 1U << 27;
  __asm__ volatile("msr S3_0_C12_C12_5, %0\n isb\n msr S3_0_C4_C6_0, %1\n msr S3_0_C12_C12_7, %0\n msr cntv_tval_el0, %2\n msr cntv_ctl_el0, %0\n isb\n"
                   "msr tpidr_el0, xzr\n msr daifclr, #2" ::"r"(1UL), "r"(0xf0UL), "r"(20000UL));
}
static void mix(int cpu) {
  u64 hash = 0xcbf29ce484222325;
  for (u32 n = 0; n < TRAPS / 2; ++n) {
    // Half of them by kind, half by class: there are classes of one kind.
    const u32 c = below(cpu, class_count), of_class = class_first[c] + below(cpu, class_first[c + 1] - class_first[c]);
    const u32 k = below(cpu, 2) ? of_class : below(cpu, kind_count), rt = below(cpu, 32);
    const struct kind* kind = &kinds[k];
    seed(cpu);
    const u32 instruction = prepare(cpu, kind, rt);
    put_slot(cpu, kind, instruction);
    __asm__ volatile("msr tpidr_el1, xzr");
    run(cpu, kind);
    u64* out = cpus[cpu].block.out;
    if (narrowed(kind) && rt != 31) {
      wide[cpu] += out[rt] >> 32 != 0;
      out[rt] = (u32)out[rt];
    }
    for (u32 r = 0; r < 32; ++r) hash = mixed(hash, out[r]);
    u64 syndrome;
    __asm__ volatile("mrs %0, tpidr_el1" : "=r"(syndrome));
    injected[cpu] += syndrome != 0;
    hash = mixed(hash, syndrome);
    ++counts[cpu][k];
  }
  u64 ticks;
  __asm__ volatile("msr daifset, #2\n mrs %0, tpidr_el0" : "=r"(ticks));
  interrupts[cpu] = ticks;
  hashes[cpu] = hash;
}
#endif

void main(u64 cpu) {
  seeds[cpu] = 0x9e3779b97f4a7c15 ^ (cpu + 1) * SEED;
#ifdef COUNT
  count();
#else
  if (cpu == 0) {
    if (hvc(0xc4000003, 1, (u64)second, 1) != 0) say("no second vCPU\n");
  }
  timer((int)cpu);
  mix((int)cpu);
  __asm__ volatile("dmb ish" ::: "memory");
  done[cpu] = 1;
  if (cpu != 0) return;
  while (!done[1]) {}
  __asm__ volatile("dmb ish" ::: "memory");
  for (u32 n = 0; n < 2; ++n) {
    say_number("cpu ", n, 10), say_number(": hash ", hashes[n], 16), say_number(" injected ", injected[n], 10);
    say_number(" interrupts ", interrupts[n], 10), say_number(" wide ", wide[n], 10), say("\n");
  }
  for (u32 k = 0; k < kind_count; ++k) {
    say("traps "), say(kinds[k].name), say_number(" ", counts[0][k], 10), say_number(" ", counts[1][k], 10), say("\n");
  }
#endif
  say("end\n");
  leave(0);
}
