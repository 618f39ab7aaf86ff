// Start: EL2's registers, the tables, and vCPU 0; vCPU 1 when the guest turns it on.
//
// What is trapped (Arm ARM, D19.2: HCR_EL2, MDCR_EL2, CNTHCTL_EL2, CPTR_EL2) is what the policy answers, and floating point until
// it is first used. EL2 itself runs without an MMU.
// SPDX-License-Identifier: MIT
#include "monitor.h"

struct vcpu vcpus[cpus];
extern u8 guest_start[];

void unexpected(u64 vector) {
  say_number("monitor: vector ", vector, 10);
  say_number(" esr ", read_sysreg(esr_el2), 16);
  say_number(" elr ", read_sysreg(elr_el2), 16);
  say_number(" far ", read_sysreg(far_el2), 16);
  say("\n");
  leave(1);
}
// The granule: the last number of the command line (-semihosting-config arg=...), or 4.
static u32 granule(void) {
  static char text[128];
  u64 block[2] = {(u64)text, sizeof text};
  u32 n = 0;
  if (semihosting(0x15, block) == 0)  // SYS_GET_CMDLINE
    for (const char *p = text; *p; ++p) n = *p >= '0' && *p <= '9' ? n * 10 + (u32)(*p - '0') : 0;
  return n == 16 || n == 64 ? n : 4;
}

enum hcr { VM = 0, SWIO = 1, FMO = 3, IMO = 4, AMO = 5, DC = 12, TWI = 13, TID1 = 16, TID3 = 18, TSC = 19, TIDCP = 20, TACR = 21, TVM = 26, RW = 31 };
#define BIT(n) (1ULL << (n))

static void set_up_el2(int cpu) {
  write_sysreg(vbar_el2, hv_vectors);
  // DC: the guest runs without stage 1, its memory is cacheable all the same.
  write_sysreg(hcr_el2, BIT(VM) | BIT(SWIO) | BIT(FMO) | BIT(IMO) | BIT(AMO) | BIT(DC) | BIT(TWI) | BIT(TID1) | BIT(TID3) | BIT(TSC) | BIT(TIDCP) |
                            BIT(TACR) | BIT(TVM) | BIT(RW));
  write_sysreg(mdcr_el2, read_sysreg(mdcr_el2) | BIT(10) | BIT(6));  // TDOSA, TPM
  write_sysreg(cnthctl_el2, 1);                                      // EL1PCTEN; EL1PCEN 0: the physical timer traps
  write_sysreg(cntvoff_el2, counter_offset);
  write_sysreg(cptr_el2, 0x33ff | BIT(10));  // TFP
  write_sysreg(vpidr_el2, read_sysreg(midr_el1));
  write_sysreg(vmpidr_el2, BIT(31) | (u64)cpu);
  write_sysreg(sctlr_el1, 0x30d50800);  // RES1, no MMU, no alignment checks of sp; EL0 may wait
  write_sysreg(cntv_ctl_el0, 0);
  isb();
}

void start(int cpu) {
  struct vcpu *v = &vcpus[cpu];
  u64 sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  if (cpu == 0) {
    make_stage2(granule());
    v->entry = (u64)guest_start;
  }
  v->cpu = (u64)cpu;
  v->stack = (sp + 15) & ~15ULL;
  v->on = 1;
  set_up_el2(cpu);
  use_stage2();
  gic_init(cpu);
  v->x[0] = v->context;
  write_sysreg(elr_el2, v->entry);
  write_sysreg(spsr_el2, 0x3c5);  // EL1h, all masked
  run_guest(v);
}
