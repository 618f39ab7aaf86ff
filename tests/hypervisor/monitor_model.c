// The reference model in the place of the policy's own, for the monitor's guest.
// SPDX-License-Identifier: MIT
#include "model.h"

#ifndef FAULT
#define FAULT 0
#endif

int hv_model(struct trap *t, u8 *vcpu);
int hv_model(struct trap *t, u8 *vcpu) { return model(t, vcpu, FAULT) == end_fast; }
