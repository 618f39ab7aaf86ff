// The machine's GIC (GICv3, Arm IHI 0069): interrupts that the monitor takes, and those that it gives its guest through list
// registers. The virtual timer is the guest's; its interrupt is masked at the timer when it is passed on.
// SPDX-License-Identifier: MIT
#include "monitor.h"

enum { timer = 27, maintenance = 25, kick = 0, lrs = 4 };
static volatile u32 *const gicd = (volatile u32 *)0x08000000;
static volatile u32 *redistributor(int cpu) { return (volatile u32 *)(0x080a0000ULL + (u64)cpu * 0x20000); }

#define ICC_PMR_EL1 s3_0_c4_c6_0
#define ICC_IAR1_EL1 s3_0_c12_c12_0
#define ICC_EOIR1_EL1 s3_0_c12_c12_1
#define ICC_SGI1R_EL1 s3_0_c12_c11_5
#define ICC_IGRPEN1_EL1 s3_0_c12_c12_7
#define ICC_SRE_EL2 s3_4_c12_c9_5
#define ICH_HCR_EL2 s3_4_c12_c11_0
#define ICH_VMCR_EL2 s3_4_c12_c11_7
#define ICH_LR0_EL2 s3_4_c12_c12_0
#define ICH_LR1_EL2 s3_4_c12_c12_1
#define ICH_LR2_EL2 s3_4_c12_c12_2
#define ICH_LR3_EL2 s3_4_c12_c12_3
void gic_init(int cpu) {
  if (cpu == 0) gicd[0] = 1 << 4 | 1 << 1;  // GICD_CTLR: ARE, group 1
  volatile u32 *r = redistributor(cpu);
  r[0x14 / 4] &= ~2U;  // GICR_WAKER.ProcessorSleep
  while (r[0x14 / 4] & 4) {}
  r[(0x10000 + 0x80) / 4] = ~0U;                        // GICR_IGROUPR0
  r[(0x10000 + 0x100) / 4] = 1U << timer | 1U << maintenance | 1U << kick;  // GICR_ISENABLER0
  write_sysreg(ICC_SRE_EL2, 15);
  isb();
  write_sysreg(ICC_PMR_EL1, 0xff);
  write_sysreg(ICC_IGRPEN1_EL1, 1);
  write_sysreg(ICH_VMCR_EL2, 0xffULL << 24 | 2);  // the guest's ICC_PMR, ICC_IGRPEN1
  write_sysreg(ICH_HCR_EL2, 1);
  isb();
}

static u64 lr(int n) {
  switch (n) {
    case 0: return read_sysreg(ICH_LR0_EL2);
    case 1: return read_sysreg(ICH_LR1_EL2);
    case 2: return read_sysreg(ICH_LR2_EL2);
    default: return read_sysreg(ICH_LR3_EL2);
  }
}
static void set_lr(int n, u64 v) {
  switch (n) {
    case 0: write_sysreg(ICH_LR0_EL2, v); break;
    case 1: write_sysreg(ICH_LR1_EL2, v); break;
    case 2: write_sysreg(ICH_LR2_EL2, v); break;
    default: write_sysreg(ICH_LR3_EL2, v); break;
  }
}

// From any CPU: the vCPU's own takes it when it is next at EL2, to which the kick brings it.
void raise(struct vcpu *v, u32 interrupt) {
  __atomic_fetch_or(&v->pending, 1ULL << interrupt, __ATOMIC_RELEASE);
  if (v->cpu != (read_sysreg(mpidr_el1) & 0xff)) write_sysreg(ICC_SGI1R_EL1, 1ULL << v->cpu | (u64)kick << 24);
}
// What the fast path noted of ICC_SGI1R_EL1 goes to the other vCPU.
void send_sgis(struct vcpu *v) {
  const u64 sgis = v->state[word_sgi];
  v->state[word_sgi] = 0;
  for (u32 n = 0; n < 16; ++n)
    if (sgis >> n & 1) raise(&vcpus[v->cpu ^ 1], n);
}
void flush_pending(struct vcpu *v) {
  u64 left = __atomic_exchange_n(&v->pending, 0, __ATOMIC_ACQUIRE);
  for (int n = 0; n < lrs; ++n)  // an interrupt may stand in one list register only: there it becomes pending, again
    if (lr(n) >> 62 != 0 && (left >> (lr(n) & 63) & 1)) {
      left &= ~(1ULL << (lr(n) & 63));
      set_lr(n, lr(n) | 1ULL << 62);
    }
  for (int n = 0; n < lrs && left != 0; ++n) {
    if (lr(n) >> 62 != 0) continue;
    set_lr(n, 1ULL << 62 | 1ULL << 60 | (u64)__builtin_ctzll(left));  // pending, group 1
    left &= left - 1;
  }
  if (left != 0) __atomic_fetch_or(&v->pending, left, __ATOMIC_RELEASE);
  write_sysreg(ICH_HCR_EL2, left != 0 ? 3 : 1);  // UIE: the maintenance interrupt brings us back when registers are free
}

void physical_interrupt(struct vcpu *v) {
  const u32 interrupt = (u32)read_sysreg(ICC_IAR1_EL1) & 0xffffff;
  if (interrupt == timer) {
    write_sysreg(cntv_ctl_el0, read_sysreg(cntv_ctl_el0) | 2);  // IMASK
    raise(v, timer);
  }
  if (interrupt < 1020) write_sysreg(ICC_EOIR1_EL1, interrupt);
  flush_pending(v);
}
