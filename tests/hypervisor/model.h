// The reference: what a trap does, written from the Arm Architecture Reference Manual (DDI 0487J) alone. Nothing
// here comes from the generator; the policy is said again in model.c.
// SPDX-License-Identifier: MIT
#ifndef JITKIT_TESTS_HYPERVISOR_MODEL_H
#define JITKIT_TESTS_HYPERVISOR_MODEL_H

typedef unsigned long long u64;
typedef unsigned int u32;
typedef unsigned char u8;

struct trap {
  u64 x[31];
  u64 esr, elr, spsr, far_, hpfar;
};
enum end { end_slow, end_fast };
enum { state_first = 384, state_end = 448 };

enum { model_faults = 12 };
// Applies the trap to *t and to the vCPU's state; `fault` 1 to model_faults makes the model wrong in one way.
enum end model(struct trap* t, u8* vcpu, int fault);

#endif
