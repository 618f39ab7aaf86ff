// The reference: what a trap does, written from the Arm Architecture Reference Manual (DDI 0487J) alone. Nothing
// here comes from the generator; the policy is said again in policy_again.h.
// SPDX-License-Identifier: MIT
#ifndef JITKIT_TESTS_HYPERVISOR_MODEL_H
#define JITKIT_TESTS_HYPERVISOR_MODEL_H

#include "bare.h"

struct trap {
  u64 x[31];
  u64 esr, elr, spsr, far_, hpfar;
};
enum end { end_slow, end_fast };
#ifndef STATE_FIRST
#define STATE_FIRST 384
#define STATE_END 480
#endif
enum { state_first = STATE_FIRST, state_end = STATE_END };

// The policy, said again: policy_again.h, or the file named by POLICY.
enum { constant, word, body, ignore, watch, banks };
enum { arch_features, psci_features, mix, every, xen_arch_features, xen_psci_features, ticks_left, send_sgi, enable, disable };
struct call { u32 id; int hvc, smc, kind; u64 value; };
struct hypercall { u32 id; int has_first; u32 first; int kind; u64 value; };
struct reg { u32 op0, op1, crn, crm, op2; int write, el0, kind; u64 value; };
struct mmio { u64 ipa; u32 bytes; int narrow, write, kind; u64 value; };
struct page { u64 ipa, count; int write; u32 word; int permission; };  // watched, by translation or by permission faults
// Loads from a page that word `base` has: bit n of `narrow` allows 2^n bytes. Of banks, `value` is the first of the words with
// addresses, one for each 2^index bytes; what is read is `plus` behind it.
struct place { u32 base, offset, span, bytes; int narrow, kind; u64 value; u32 index; int plus; };
extern const struct place places[];
extern const u32 place_count;
extern const struct page pages[];
extern const u32 page_count;
extern const struct call calls[];
extern const struct hypercall hypercalls[];
extern const u32 hypercall_count, hypercall_tag, hypercall_number;  // HVC's immediate; the register that has the number
extern const struct reg regs[];
extern const struct mmio mmios[];
extern const u32 call_count, reg_count, mmio_count;
extern const int skips_wfi;

enum { model_faults = 17 };
// Applies the trap to *t and to the vCPU's state; `fault` 1 to model_faults makes the model wrong in one way.
enum end model(struct trap* t, u8* vcpu, int fault);

#endif
