// What the guest's program and its assembly share.
// SPDX-License-Identifier: MIT
#ifndef JITKIT_CONSUMERS_HV_TRAP_MONITOR_GUEST_H
#define JITKIT_CONSUMERS_HV_TRAP_MONITOR_GUEST_H

#include "../hv_model.h"
#include "monitor.h"

enum { psci_cpu_off = 0x84000002, psci_system_off = 0x84000008, virtual_timer = 27 };
static const u64 psci_cpu_on = 0xc4000003, sctlr = 0x30d50800;  // RES1, nTWI, nTWE
#define ISS(op0, op1, crn, crm, op2) ((op0) << 20 | (op2) << 17 | (op1) << 14 | (crn) << 10 | (crm) << 1)
enum { sctlr_iss = ISS(3, 0, 1, 0, 0) };

// guest.S knows the places of these.
struct frame {
  u64 x[31], nzcv, esr, elr, level, saved_sp, sp;
};
extern void run(struct frame *f, u64 cpu);
extern u64 hvc(u64 id, u64 a, u64 *results);
extern u64 cpu_on(u64 id, u64 cpu, u64 entry, u64 context);
extern void guest_second(void);
extern void after(void);
extern u32 buffers[];

// A kind of trap has one number, that of its markers: ids_per_entry for each entry, 8 of a size of access, 32 more with sign.
enum { ids_per_entry = 64, most_kinds = 8192 };
struct kind {
  const char *mnemonic, *name;
  u32 inside, taken[cpus], wrong[cpus];
};

#endif
