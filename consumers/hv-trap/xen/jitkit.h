/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the generated path keeps for a vCPU, at the end of its cpu_info, and what Xen calls (glue.c).
 */
#ifndef __ARM_JITKIT_H__
#define __ARM_JITKIT_H__

#include <asm/jitkit_fast.h>

#ifndef __ASSEMBLY__

struct vcpu;

/* cpu_info begins each vCPU's stack, so its size stays a multiple of 16. */
struct jitkit_state {
    unsigned long words[(HV_AREA_END - HV_AREA + 15) / 16 * 2];
};

/* The current vCPU is about to run for the first time. */
void jitkit_vcpu_start(struct vcpu *v);
/* A domain got a vm_event monitor, or lost it. */
void jitkit_monitor(bool begins);

#endif
#endif
