// The guest's program: takes every trap of the policy (hv_entries) on both vCPUs and compares all registers, NZCV and the
// vCPU's state with the model (hv_model); then what the slow path does, and interrupts.
//
// A trap is one instruction, put together here, between two markers that the counter sees (movz xzr, #id, movz xzr, #0).
// Before it all registers and the state are random, after it all are compared. MMIO is addressed by sp.
// SPDX-License-Identifier: MIT
#include "guest.h"

static u64 seeds[cpus] = {0x9e3779b97f4a7c15, 0xd1b54a32d192ed03};
u64 hv_stage1(u64 address) { return address; }  // off
static u64 random64(int cpu) { return next_random(&seeds[cpu]); }

static struct frame frames[cpus];
enum { words = sizeof vcpus->state / 8 };
static u64 states[cpus][words];
static volatile u32 arrived;
static struct kind kinds[most_kinds];
static u32 kind_count;

void barrier(void) {
  const u32 next = (__atomic_fetch_add(&arrived, 1, __ATOMIC_ACQ_REL) / cpus + 1) * cpus;
  while (__atomic_load_n(&arrived, __ATOMIC_ACQUIRE) < next) {}
}

// Its id is that of its first taker, on either vCPU the same: the place in the list of what can be taken.
struct kind *kind_of(u32 id, const char *mnemonic, const char *name, u32 inside) {
  struct kind *k = &kinds[id];
  k->mnemonic = mnemonic, k->name = name, k->inside = inside;
  if (id >= kind_count) kind_count = id + 1;
  return k;
}

static void publish(volatile u32 *code) { __asm__ volatile("dc cvau, %0\n dsb ish\n ic ivau, %0\n dsb ish\n isb" ::"r"(code) : "memory"); }
// One instruction with the registers of the frame. What the guest's EL1 got: 0 or the syndrome of an exception.
u64 take(int cpu, u32 id, u32 instruction, int level) {
  struct frame *f = &frames[cpu];
  volatile u32 *code = &buffers[8 * cpu];
  code[0] = 0xd280001f | id << 5;
  code[1] = instruction;
  code[2] = 0xd280001f;
  code[3] = level == 0 ? 0xd4000001 : 0x14000000 | (((u32)((u64)after - (u64)&code[3]) >> 2) & 0x3ffffff);
  publish(code);
  f->esr = 0;
  f->level = level == 0 ? 0x3c0 : 0x3c5;
  run(f, (u64)cpu);
  if (level == 0 && f->esr >> 26 == 0x15) f->esr = 0;  // the SVC at the end
  return f->esr;
}

static void randomise(int cpu) {
  struct frame *f = &frames[cpu];
  for (int n = 0; n < 31; ++n) f->x[n] = random64(cpu);
  f->nzcv = random64(cpu) & 0xf0000000;
  f->sp = random64(cpu);
  for (int n = 0; n < words; ++n) states[cpu][n] = random64(cpu);
  states[cpu][word_sgi] = 0;
  hvc(call_set_state, (u64)states[cpu], 0);
}

// Takes the trap that the syndrome describes; right if state and registers are as the model has them. A trap that the model leaves to
// the slow path only changes the state there.
static int right(int cpu, u32 id, u32 instruction, int level, u64 esr, u64 ipa) {
  struct frame *f = &frames[cpu];
  struct hv_trap t;
  static u64 after_state[cpus][words];
  for (int n = 0; n < 31; ++n) t.x[n] = f->x[n];
  t.esr = esr, t.elr = (u64)&buffers[8 * cpu + 1], t.far = ipa, t.hpfar = ipa >> 12 << 4;
  if (esr >> 26 == 0x16) t.elr += 4;
  t.spsr = f->nzcv | (level == 0 ? 0x3c0 : 0x3c5);
  const int handled = hv_model(&t, (u8 *)states[cpu] - 384);
  if (take(cpu, id, instruction, level) != 0) return 0;
  hvc(call_get_state, (u64)after_state[cpu], 0);
  int good = f->nzcv == (t.spsr & 0xf0000000) && (!handled || t.elr == (u64)&buffers[8 * cpu + 2]);
  for (int n = 0; n < 31; ++n) good = good && f->x[n] == t.x[n];
  for (int n = 0; n < words; ++n) good = good && after_state[cpu][n] == states[cpu][n];
  return good;
}
static void count(int cpu, struct kind *k, int good) {
  ++k->taken[cpu];
  if (!good) ++k->wrong[cpu];
}

static void take_call(int cpu, u32 id, const struct hv_entry *e) {
  const int smc = e->kind == hv_smc;
  struct kind *k = kind_of(id, smc ? "SMC" : "HVC", e->name, 0);
  for (int n = 0; n < 32; ++n) {
    randomise(cpu);
    frames[cpu].x[0] = e->key | random64(cpu) << 32;
    if (n & 1) frames[cpu].x[1] = n & 2 ? 0x80000000 + (u64)n / 4 : 0x84000000;
    count(cpu, k, right(cpu, id, smc ? 0xd4000003 : 0xd4000002, 1, smc ? 0x5e000000 : 0x5a000000, 0));
  }
}

static u32 move(u64 iss, u32 rt) {  // MRS, MSR (C6.2): op0 1 bit, op1, CRn, CRm, op2
  return 0xd5100000 | (u32)(iss & 1) << 21 | (u32)field(iss, 20, 20) << 19 | (u32)field(iss, 16, 14) << 16 | (u32)field(iss, 13, 10) << 12 |
         (u32)field(iss, 4, 1) << 8 | (u32)field(iss, 19, 17) << 5 | rt;
}
static void take_register(int cpu, u32 id, const struct hv_entry *e) {
  struct kind *k = kind_of(id, e->kind == hv_read ? "MRS" : "MSR", e->name, 0);
  for (u32 rt = 0; rt < 32; ++rt)
    for (int level = 0; level < (e->el0 ? 2 : 1); ++level) {
      randomise(cpu);
      if (e->action == hv_watch && rt != 31) frames[cpu].x[rt] = sctlr;
      int good = right(cpu, id, move(e->key, rt), 1 - level, 0x62000000 | e->key | rt << 5, 0);
      if (e->key == sctlr_iss) good = good && read_sysreg(sctlr_el1) == (rt == 31 ? 0 : sctlr);
      count(cpu, k, good);
    }
  if (e->key == sctlr_iss) write_sysreg(sctlr_el1, sctlr);
}

// One load or store of `bytes` at the address: size, opc (0 store, 1 load, 2 to X with sign, 3 to W with sign), base sp.
static void take_access(int cpu, u32 id, const struct hv_entry *e, u32 log2, u32 opc, u32 inside) {
  static const char *const names[][4] = {{"STRb", "STRh", "STRw", "STRx"}, {"LDRb", "LDRh", "LDRw", "LDRx"}, {"LDRSb", "LDRSh", "LDRSw", 0}};
  const u32 sign = opc > 1, into_x = log2 == 3 || opc == 2;
  struct kind *k = kind_of(id, names[opc == 3 ? 2 : opc][log2], e->name, inside);
  for (u32 rt = 0; rt < 32; ++rt) {
    randomise(cpu);
    frames[cpu].sp = e->key + inside;
    const u64 esr = 0x93000007 | log2 << 22 | sign << 21 | rt << 16 | into_x << 15 | (opc == 0) << 6;
    count(cpu, k, right(cpu, id, log2 << 30 | 0x39000000 | opc << 22 | 31 << 5 | rt, 1, esr, e->key + inside));
  }
}
// Each vCPU has a half of the pages. What is stored is there when it is read, which is the slow path's.
static void take_pages(int cpu, u32 id, const struct hv_entry *e) {
  struct kind *k = kind_of(id, "STR", e->name, 0);
  for (u32 n = 0; n < 128; ++n) {
    const u32 rt = n & 31, log2 = n >> 5, half = e->bytes / cpus;
    const u64 at = e->key + (u64)cpu * half + (random64(cpu) % half & ~((1ULL << log2) - 1)), mask = ~0ULL >> (64 - (8 << log2));
    randomise(cpu);
    frames[cpu].sp = at;
    const u64 value = rt == 31 ? 0 : frames[cpu].x[rt], esr = 0x93000047 | (u32)e->permission << 3 | log2 << 22 | rt << 16 | (log2 == 3) << 15;
    int good = right(cpu, id, log2 << 30 | 0x39000000 | 31 << 5 | rt, 1, esr, at);
    good = good && ((*(volatile u64 *)(at & ~7ULL) >> 8 * (at & 7) ^ value) & mask) == 0;
    count(cpu, k, good);
  }
}
static void take_mmio(int cpu, u32 id, const struct hv_entry *e) {
  if (e->bytes > 8) return take_pages(cpu, id, e);
  for (u32 log2 = 0; log2 < 4; ++log2) {
    const u32 bytes = 1U << log2;
    if (bytes > e->bytes || (bytes < e->bytes && !e->narrow)) continue;
    for (u32 inside = 0; inside < e->bytes; inside += bytes) {
      const u32 at = id + log2 * 8 + inside;
      if (e->kind == hv_store) {
        take_access(cpu, at, e, log2, 0, inside);
        continue;
      }
      take_access(cpu, at, e, log2, 1, inside);
      if (log2 == 3 || e->action == hv_body) continue;
      take_access(cpu, at + 32, e, log2, 2, inside);
      if (log2 < 2) take_access(cpu, at + 32, e, log2, 3, inside);
    }
  }
}

static void take_all(int cpu) {
  for (u32 n = 0; n < hv_entry_count; ++n) {
    const struct hv_entry *e = &hv_entries[n];
    const u32 id = (n + 1) * ids_per_entry;
    switch (e->kind) {
      case hv_hvc: case hv_smc: take_call(cpu, id, e); break;
      case hv_hypercall: break;  // the policy has none
      case hv_read: case hv_write: take_register(cpu, id, e); break;
      case hv_load: case hv_store: take_mmio(cpu, id, e); break;
      default: {
        struct kind *k = kind_of(id, "", e->name, 0);
        for (int level = 0; level < 2; ++level)
          for (int i = 0; i < 16; ++i) {
            randomise(cpu);
            count(cpu, k, right(cpu, id, 0xd503207f, level, 0x07e00000, 0));
          }
      }
    }
  }
}

// --- what is not listed ------------------------------------------------------------------------------------------
static struct frame *fresh(int cpu) {
  randomise(cpu);
  return &frames[cpu];
}
static void copy(struct frame *to, const struct frame *from) {
  for (u32 n = 0; n < 31; ++n) to->x[n] = from->x[n];
  to->nzcv = from->nzcv;
}
static void take_misses(int cpu) {
  struct frame *f = 0;
  static struct frame before[cpus];
  const u32 first = (hv_entry_count + 1) * ids_per_entry;
#define MISS(n, name, prepare, instruction, syndrome, changes)                       \
  for (int i = 0; i < 32; ++i) {                                                     \
    f = fresh(cpu);                                                                  \
    prepare;                                                                         \
    copy(&before[cpu], f);                                                           \
    int good = take(cpu, first + n, instruction, 1) == (syndrome);                   \
    changes;                                                                         \
    for (int r = 0; r < 31; ++r) good = good && f->x[r] == before[cpu].x[r];         \
    count(cpu, kind_of(first + n, "miss:", name, 0), good && f->nzcv == before[cpu].nzcv); \
  }
  MISS(0, "HVC of an unlisted id", f->x[0] = 0x84000042, 0xd4000002, 0, before[cpu].x[0] = ~0ULL)
  MISS(1, "SMC of an unlisted id", f->x[0] = 0x84000042, 0xd4000003, 0, before[cpu].x[0] = ~0ULL)
  MISS(2, "HVC #1", f->x[0] = call_empty, 0xd4000022, 0, )
  MISS(3, "MRS of an unlisted ID register", , move(ISS(3, 0, 0, 7, 3) | 1, 5), 0, before[cpu].x[5] = 0)
  MISS(4, "MSR of an unlisted register", f->x[7] = 0x123450000, move(ISS(3, 0, 2, 0, 0), 7), 0, good = good && read_sysreg(ttbr0_el1) == 0x123450000)
  MISS(5, "MRS of a register that the monitor lacks", , move(ISS(3, 3, 14, 2, 1) | 1, 5), 1ULL << 25, )
  MISS(6, "LDRw of an unlisted GICD register", f->sp = 0x08000f04, 0xb94003e9, 0, before[cpu].x[9] = 0)
  MISS(7, "LDRb of an unlisted GICD register", f->sp = 0x08000f04, 0x394003e9, 0, before[cpu].x[9] = 0)
  MISS(8, "LDRx of an unlisted GICR register", f->sp = 0x080a0070, 0xf94003e9, 0, before[cpu].x[9] = 0)
  MISS(9, "STRw of an unlisted GICD register", f->sp = 0x08000f08, 0xb90003e9, 0, )
  MISS(10, "LDRw of no device", f->sp = 0x0b000000, 0xb94003e9, 0x96000010, )
  MISS(11, "LDP of a listed register: no syndrome", f->sp = 0x08000000, 0xa9402be9, 0x96000010, )
  MISS(12, "a floating-point register", , 0x9e6703e0, 0, )  // fmov d0, xzr: only the first traps
  MISS(13, "HVC: full frame and C", f->x[0] = call_empty, 0xd4000002, 0, )
}

// AArch32, here of EL0, has a vector of its own: it is the slow path that answers what is read of a listed register.
static void take_aarch32(int cpu) {
  static struct frame before[cpus];
  struct kind *k = kind_of((hv_entry_count + 1) * ids_per_entry + 14, "AArch32:", "LDR of a listed register", 0);
  for (int i = 0; i < 32; ++i) {
    struct frame *f = fresh(cpu);
    f->x[0] = 0x08000004;
    copy(&before[cpu], f);
    before[cpu].x[1] = 0;  // the slow path's GICD_TYPER
    volatile u32 *code = &buffers[8 * cpu];
    code[0] = 0xe5901000;  // LDR r1, [r0]
    code[1] = 0xef000000;  // SVC #0
    publish(code);
    f->esr = 0, f->level = 0x1d0;
    run(f, (u64)cpu);
    int good = f->esr >> 26 == 0x11 && f->nzcv == before[cpu].nzcv;
    for (int r = 0; r < 31; ++r) good = good && (u32)f->x[r] == (u32)before[cpu].x[r];
    count(cpu, k, good);
  }
}

// --- what the slow path does -------------------------------------------------------------------------------------
static volatile u32 seen[cpus][64];
void guest_irq(void) {
  const u64 interrupt = read_sysreg(s3_0_c12_c12_0) & 0xffffff;  // ICC_IAR1_EL1
  if (interrupt < 64) ++seen[read_sysreg(mpidr_el1) & 1][interrupt];
  if (interrupt == virtual_timer) write_sysreg(cntv_ctl_el0, 0);
  if (interrupt < 1020) write_sysreg(s3_0_c12_c12_1, interrupt);  // ICC_EOIR1_EL1
}
enum { seconds = 20 };  // for an interrupt, on a busy machine
static int comes(int cpu, u32 interrupt, u32 before) {
  const u64 end = read_sysreg(cntvct_el0) + seconds * read_sysreg(cntfrq_el0);
  while (seen[cpu][interrupt] == before)
    if (read_sysreg(cntvct_el0) > end) return 0;
  return 1;
}
static void take_interrupts(int cpu) {
  const u32 first = (hv_entry_count + 1) * ids_per_entry + 15;
  write_sysreg(s3_0_c4_c6_0, 0xff);  // ICC_PMR_EL1
  write_sysreg(s3_0_c12_c12_7, 1);   // ICC_IGRPEN1_EL1
  __asm__ volatile("isb\n msr daifclr, #2" ::: "memory");
  barrier();
  const u64 earlier = read_sysreg(cntpct_el0);
  isb();
  const u64 between = read_sysreg(cntvct_el0) + counter_offset;
  isb();
  const u64 later = read_sysreg(cntpct_el0);
  count(cpu, kind_of(first, "timer:", "offset of the virtual counter", 0), earlier <= between && between <= later);
  u32 before = seen[cpu][virtual_timer];
  write_sysreg(cntv_tval_el0, 1000);
  write_sysreg(cntv_ctl_el0, 1);
  count(cpu, kind_of(first + 1, "timer:", "interrupt of the virtual timer", 0), comes(cpu, virtual_timer, before));
  barrier();
  const int other = cpu ^ 1;
  before = seen[cpu][5];
  barrier();
  write_sysreg(s3_0_c12_c11_5, 5ULL << 24 | 1ULL << other);  // ICC_SGI1R_EL1: the fast path notes it,
  hvc(call_empty, 0, 0);                                     // the next slow path sends it
  count(cpu, kind_of(first + 2, "GIC:", "SGI 5 from the other vCPU", 0), comes(cpu, 5, before));
  barrier();
  before = seen[cpu][40 + (u32)cpu];
  *(volatile u32 *)0x08000104 = 1U << (8 + cpu);  // GICD_ISENABLER1: the fast path
  *(volatile u32 *)0x08000204 = 1U << (8 + cpu);  // GICD_ISPENDR1: the slow path
  count(cpu, kind_of(first + 3, "GIC:", "a shared interrupt, enabled and made pending", 0), comes(cpu, 40 + (u32)cpu, before));
  __asm__ volatile("msr daifset, #2" ::: "memory");
  barrier();
}

// The alias is RAM at another place than its address; both vCPUs see it.
static void take_memory(int cpu) {
  volatile u64 *at = (volatile u64 *)(alias_ipa + 8 * (u64)cpu), *real = (volatile u64 *)(alias_pa + 8 * (u64)cpu);
  const u64 value = random64(cpu);
  *at = value;
  count(cpu, kind_of((hv_entry_count + 1) * ids_per_entry + 19, "stage 2:", "memory at another place", 0), *real == value);
}

static void print(void) {
  u32 traps = 0, wrong = 0;
  for (u32 id = 0; id < kind_count; ++id) {
    const struct kind *k = &kinds[id];
    if (k->mnemonic == 0) continue;
    u32 here = 0;
    for (int cpu = 0; cpu < cpus; ++cpu) here += k->taken[cpu], wrong += k->wrong[cpu];
    traps += here;
    say_number("trap ", id, 10), say_number(" ", k->taken[0], 10), say_number("+", k->taken[1], 10);
    say_number(" wrong ", k->wrong[0], 10), say_number("+", k->wrong[1], 10), say(" ");
    if (k->mnemonic[0]) say(k->mnemonic), say(" ");
    say(k->name);
    if (k->inside) say_number("+", k->inside, 10);
    say("\n");
  }
  say_number("guest: ", traps, 10), say_number(" traps on 2 vCPUs, ", wrong, 10), say(" wrong\n");
  for (const char *p = "hello from the guest\n"; *p; ++p) *(volatile u32 *)0x09000000 = (u8)*p;
  hvc(psci_system_off, wrong != 0, 0);
}

void guest_main(int cpu) {
  if (cpu == 0) {
    const u64 refused = cpu_on(psci_cpu_on, 7, 0, 0), on = cpu_on(psci_cpu_on, 1, (u64)guest_second, 1);
    count(0, kind_of(1, "PSCI:", "CPU_ON", 0), refused == (u64)-2 && on == 0);
  }
  barrier();
  if (cpu == 0) count(0, kind_of(1, "PSCI:", "CPU_ON", 0), cpu_on(psci_cpu_on, 1, 0, 0) == (u64)-4);
  write_sysreg(pmuserenr_el0, 1);  // EL0 may use the counters and the timers, as far as EL1 is asked
  write_sysreg(cntkctl_el1, 0x303);
  write_sysreg(cpacr_el1, 3 << 20);  // FPEN
  take_all(cpu);
  take_misses(cpu);
  take_aarch32(cpu);
  take_memory(cpu);
  take_interrupts(cpu);
  if (cpu == 0) print();
  hvc(psci_cpu_off, 0, 0);
}
