// Boot at EL2 on two CPUs, and the two ways between the checker and the generated vectors.
// SPDX-License-Identifier: MIT
#ifdef BEFORE
#include "path.h"
#define hv_code hv_fast
#else
#define hv_code hv_vectors
#endif
        .section .text.boot, "ax"
        .global _start
_start: adrp    x0, stacks
        add     x0, x0, :lo12:stacks
        add     x0, x0, #0x10000
        mov     sp, x0
        bl      start_second
        mov     x0, #0
        bl      main
1:      b       1b
        .global second
second: adrp    x0, stacks
        add     x0, x0, :lo12:stacks
        add     x0, x0, #0x20000
        mov     sp, x0
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
// u64 semihosting(u64 op, const void* block)
        .global semihosting
semihosting:
        hlt     #0xf000
        ret
// void take_trap(struct vcpu* v): as if the CPU had taken a trap with this state; back when hv_slow is reached.
        .global take_trap
take_trap:
        stp     x19, x20, [sp, #-96]!
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
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
        .irp n, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26
        ldp     x\n, x1, [x30, #8 * \n]
        .endr
        .irp n, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19, 21, 23, 25, 27, 28, 29, 30
        ldr     x\n, [x30, #8 * \n]
        .endr
#ifdef BEFORE                           // as a hypervisor does that has such a path: its frame holds x0 and x1
        stp     x0, x1, [sp, #HV_SAVED]
        b       hv_code
#else
        b       hv_code + 0x400
#endif
        .global hv_slow
hv_slow:
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
        str     x\n, [sp, #3072 + 8 * \n]
        .endr
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
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     x19, x20, [sp], #96
        ret
        .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 9, 10, 11, 12, 13, 14, 15
        .global hv_vector_\n
hv_vector_\n:
        mov     x0, #\n
        b       unexpected
        .endr
        .bss
        .balign 16
stacks: .skip 0x20000
        .section .note.GNU-stack, "", %progbits
