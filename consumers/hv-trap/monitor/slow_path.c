// What the generated vectors leave: PSCI, calls of our own, unlisted and watched registers, devices, the memory watch.
//
// Every exception class ends somewhere: what is not known here is an undefined instruction or an external abort to the guest.
// Sources: Arm ARM D1.3, D24.2 (ESR_EL2, HPFAR_EL2, SPSR_EL2), PSCI (DEN 0022) 5.1 to 5.11.
// SPDX-License-Identifier: MIT
#include "monitor.h"

enum { not_supported = -1, invalid_parameters = -2, already_on = -4 };
enum { psci_cpu_off = 0x84000002, psci_cpu_on = 0xc4000003, psci_system_off = 0x84000008 };

// Past the instruction, which IL says the length of. Of AArch32 IT goes on too: IT[7:2] is SPSR_EL2 15:10, IT[1:0] 26:25 (F5.1.1).
static void advance(void) {
  u64 spsr = read_sysreg(spsr_el2) & ~(1ULL << 21);  // SS
  if (spsr & 16) {
    const u64 it = field(spsr, 15, 10) << 2 | field(spsr, 26, 25), next = it & 7 ? (it & 0xe0) | (it << 1 & 0x1f) : 0;
    spsr = (spsr & ~0x600fc00ULL) | next >> 2 << 10 | (next & 3) << 25;
  } else {
    spsr &= ~0xc00ULL;  // BTYPE
  }
  write_sysreg(spsr_el2, spsr);
  write_sysreg(elr_el2, read_sysreg(elr_el2) + (field(read_sysreg(esr_el2), 25, 25) ? 4 : 2));
}
static u64 reg(const struct vcpu *v, u64 n) { return n == 31 ? 0 : v->x[n]; }
static void set_reg(struct vcpu *v, u64 n, u64 value) {
  if (n != 31) v->x[n] = value;
}

// An exception to the guest's EL1 (D1.3.1). `esr`: with the class of a lower exception level's, if there are two.
static void inject(u64 esr, u64 far) {
  const u64 spsr = read_sysreg(spsr_el2), lower = field(spsr, 3, 2) == 0;
  write_sysreg(esr_el1, lower || field(esr, 31, 26) == 0 ? esr : esr + (1 << 26));
  write_sysreg(far_el1, far);
  write_sysreg(elr_el1, read_sysreg(elr_el2));
  write_sysreg(spsr_el1, spsr);
  const u64 offset = spsr & 16 ? 0x600 : lower ? 0x400 : spsr & 1 ? 0x200 : 0;
  write_sysreg(elr_el2, read_sysreg(vbar_el1) + offset);
  write_sysreg(spsr_el2, 0x3c5);
}
static void undefined(void) { inject(1ULL << 25, read_sysreg(far_el1)); }

// --- calls -------------------------------------------------------------------------------------------------
static u64 cpu_on(u64 mpidr, u64 entry, u64 context) {
  if (mpidr >= cpus) return (u64)invalid_parameters;
  struct vcpu *v = &vcpus[mpidr];
  if (v->on) return (u64)already_on;
  v->entry = entry;
  v->context = context;
  return host_psci(psci_cpu_on, mpidr, (u64)second, 0);
}
static int in_guest(u64 at, u64 bytes) { return at >= guest_base && at - guest_base <= guest_bytes - bytes; }
static u64 copy_state(struct vcpu *v, u64 at, int to_guest) {
  if (at % 8 != 0 || !in_guest(at, sizeof v->state)) return (u64)invalid_parameters;
  u64 *p = (u64 *)at;
  for (u32 n = 0; n < sizeof v->state / 8; ++n)
    if (to_guest) p[n] = v->state[n];
    else v->state[n] = p[n];
  return 0;
}
static void call(struct vcpu *v) {
  switch ((u32)v->x[0]) {
    case psci_cpu_on: v->x[0] = cpu_on(v->x[1], v->x[2], v->x[3]); break;
    case psci_cpu_off:
      v->on = 0;
      host_psci(psci_cpu_off, 0, 0, 0);
      break;
    case psci_system_off: leave(v->x[1]);
    case call_get_state: v->x[0] = copy_state(v, v->x[1], 1); break;
    case call_set_state: v->x[0] = copy_state(v, v->x[1], 0); break;
    case call_say:
      if (in_guest(v->x[1], 256)) say((const char *)v->x[1]);
      break;
    case call_empty: break;
    default: v->x[0] = (u64)not_supported;
  }
}

// --- system registers ----------------------------------------------------------------------------------------
// ISS: Op0 21:20, Op2 19:17, Op1 16:14, CRn 13:10, Rt 9:5, CRm 4:1, read 0.
#define ISS(op0, op1, crn, crm, op2) (op0 << 20 | op2 << 17 | op1 << 14 | crn << 10 | crm << 1)
// What traps beside the registers that are meant (HCR_EL2.TVM, MDCR_EL2.TPM) is the guest's; 0 if it is none of these.
static int written_through(u64 key, u64 value) {
  switch (key) {
    case ISS(3, 0, 2, 0, 0): write_sysreg(ttbr0_el1, value); return 1;
    case ISS(3, 0, 2, 0, 1): write_sysreg(ttbr1_el1, value); return 1;
    case ISS(3, 0, 2, 0, 2): write_sysreg(tcr_el1, value); return 1;
    case ISS(3, 0, 5, 1, 0): write_sysreg(afsr0_el1, value); return 1;
    case ISS(3, 0, 5, 1, 1): write_sysreg(afsr1_el1, value); return 1;
    case ISS(3, 0, 5, 2, 0): write_sysreg(esr_el1, value); return 1;
    case ISS(3, 0, 6, 0, 0): write_sysreg(far_el1, value); return 1;
    case ISS(3, 0, 10, 2, 0): write_sysreg(mair_el1, value); return 1;
    case ISS(3, 0, 10, 3, 0): write_sysreg(amair_el1, value); return 1;
    case ISS(3, 3, 9, 14, 0): write_sysreg(pmuserenr_el0, value); return 1;
    case ISS(3, 0, 13, 0, 1): write_sysreg(contextidr_el1, value); return 1;
    default: return 0;
  }
}
static void system_register(struct vcpu *v, u64 esr) {
  const u64 key = esr & 0x3ffc1f, rt = field(esr, 9, 5);
  if (field(read_sysreg(spsr_el2), 3, 2) == 0) return undefined();
  if (key == ISS(3, 0, 1, 0, 0)) {  // watched: the word has the value already
    write_sysreg(sctlr_el1, reg(v, rt));
  } else if ((key & 1) && field(key, 21, 20) == 3 && field(key, 16, 14) == 0 && field(key, 13, 10) == 0) {
    set_reg(v, rt, 0);  // an unlisted register of the ID space reads as zero
  } else if (!written_through(key, reg(v, rt))) {
    return undefined();
  }
  advance();
}

// --- data aborts -----------------------------------------------------------------------------------------------
static void store(u64 at, u64 value, u32 bytes) {
  for (u32 n = 0; n < bytes; ++n) ((volatile u8 *)at)[n] = (u8)(value >> 8 * n);
}
static void data_abort(struct vcpu *v, u64 esr) {
  // HPFAR_EL2 is not valid after a permission fault, but the policy's watch has noted the place.
  const int permission = field(esr, 5, 2) == 3;
  const u64 far = read_sysreg(far_el2), srt = field(esr, 20, 16);
  const u64 ipa = permission ? v->state[word_guarded] : read_sysreg(hpfar_el2) << 8 | (far & 0xfff);
  const u32 bytes = 1U << field(esr, 23, 22);
  const int write = (int)field(esr, 6, 6);
  u64 value = write ? reg(v, srt) & (bytes == 8 ? ~0ULL : (1ULL << 8 * bytes) - 1) : 0;
  if (!field(esr, 24, 24) || field(esr, 8, 7) != 0) return inject(0x92000010, far);
  if (permission && write && ipa - guarded_ipa < 0x10000) {
    store(ipa, value, bytes);
  } else if (permission || !device_access(v, ipa, bytes, write, &value)) {
    return inject(0x92000010, far);  // external abort, as where there is no device
  } else if (!write) {
    if (field(esr, 21, 21) && bytes < 8 && value >> (8 * bytes - 1)) value |= ~0ULL << (8 * bytes - 1);
    set_reg(v, srt, field(esr, 15, 15) ? value : (u32)value);
  }
  advance();
}

void slow_path(struct vcpu *v) {
  const u64 esr = read_sysreg(esr_el2);
  // Looking at the state, or setting it, sends no SGI that the fast path noted there.
  const int looks = field(esr, 31, 26) == 0x16 && ((u32)v->x[0] == call_get_state || (u32)v->x[0] == call_set_state);
  switch (field(esr, 31, 26)) {
    case 0x01: advance(); break;  // WFE, or with a timeout
    case 0x07:                    // floating point, from now on the vCPU's
      write_sysreg(cptr_el2, read_sysreg(cptr_el2) & ~(1ULL << 10));
      isb();
      break;
    case 0x16: call(v); break;
    case 0x17:
      call(v);
      advance();
      break;
    case 0x18: system_register(v, esr); break;
    case 0x20: inject(0x82000010, read_sysreg(far_el2)); break;
    case 0x24: data_abort(v, esr); break;
    default: undefined();
  }
  if (!looks) send_sgis(v);
  flush_pending(v);
}
