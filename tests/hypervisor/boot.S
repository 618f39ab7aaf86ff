// Boot at EL2 on two CPUs, and the two ways between the checker and the generated vectors.
// SPDX-License-Identifier: MIT
#include "registers.h"
#ifdef BEFORE
#include "path.h"
#define hv_code hv_fast
#else
#define hv_code hv_vectors
#endif
        .section .text.boot, "ax"
        .global _start
_start: set_stack x0, stacks + 0x10000
        bl      start_second
        mov     x0, #0
        bl      main
1:      b       1b
        .global second
second: set_stack x0, stacks + 0x20000
        mov     x0, #1
        bl      main
1:      wfe
        b       1b
start_second:                           // PSCI CPU_ON (DEN 0022, 5.1.4)
        movz    x0, #0xc400, lsl #16
        movk    x0, #3
        mov     x1, #1
        adr     x2, second
        mov     x3, #0
        smc     #0
        ret
// void take_trap(struct vcpu* v): as if the CPU had taken a trap with this state; back when hv_slow is reached.
        .global take_trap
take_trap:
        push_preserved
        mov     x1, sp
        msr     tpidr_el2, x1
        mov     sp, x0
        add     x30, x0, #2048
        ldp     x0, x1, [x30, #248]
        msr     esr_el2, x0
        msr     elr_el2, x1
        ldp     x0, x1, [x30, #264]
        msr     spsr_el2, x0
        msr     far_el2, x1
        ldr     x0, [x30, #280]
        msr     hpfar_el2, x0
        isb
        load_registers x30, FROM_0
#ifdef BEFORE                           // as a hypervisor does that has such a path: its frame holds x0 and x1
        stp     x0, x1, [sp, #HV_SAVED]
        b       hv_code
#else
        b       hv_code + 0x400
#endif
        .global hv_slow
hv_slow:
        store_registers sp, 3072, FROM_0
        add     x2, sp, #3072
        mrs     x0, esr_el2
        mrs     x1, elr_el2
        stp     x0, x1, [x2, #248]
        mrs     x0, spsr_el2
        mrs     x1, far_el2
        stp     x0, x1, [x2, #264]
        mrs     x0, hpfar_el2
        str     x0, [x2, #280]
        mrs     x0, tpidr_el2
        mov     sp, x0
        pop_preserved
        ret
// Branch Target Exceptions of EL2's own are ends that no model has.
        .global hv_vector_4
hv_vector_4:
        mrs     x0, esr_el2
        lsr     x0, x0, #26
        cmp     x0, #0xd
        b.eq    hv_slow
        mov     x0, #4
        b       unexpected
        .irp n, 0, 1, 2, 3, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15
        .global hv_vector_\n
hv_vector_\n:
        mov     x0, #\n
        b       unexpected
        .endr
        .bss
        .balign 16
stacks: .skip 0x20000
        .section .note.GNU-stack, "", %progbits
