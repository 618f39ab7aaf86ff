// The guest at EL1: entry on both vCPUs, its vectors, and one instruction run with every register given.
// SPDX-License-Identifier: MIT
#include "registers.h"
        .arch   armv8-a
        .text
        .global guest_start
guest_start:
        set_stack x1, guest_stacks + 0x4000
        adrp    x1, guest_vectors
        msr     vbar_el1, x1
        mov     x0, #0
        b       guest_main
        .global guest_second
guest_second:                           // x0: what CPU_ON was given
        set_stack x1, guest_stacks + 0x8000
        adrp    x1, guest_vectors
        msr     vbar_el1, x1
        b       guest_main

// u64 hvc(u64 id, u64 a, u64* results): x1 and x2 go to results
        .global hvc
hvc:    str     x2, [sp, #-16]!
        hvc     #0
        ldr     x3, [sp], #16
        cbz     x3, 1f
        stp     x1, x2, [x3]
1:      ret
        .global cpu_on
cpu_on: hvc     #0
        ret

// void run(struct frame* f, u64 cpu): the instructions of the CPU's buffer with f's x0 to x30, NZCV and sp; what stands there
// afterwards goes back. f->level 0: at EL0. An exception of the guest's own (SVC too) ends it; f->esr, f->elr say which.
        .global run
run:    push_preserved
        mov     x2, sp
        str     x2, [x0, #280]
        msr     tpidr_el1, x0
        mov     x30, x0
        ldr     x2, [x30, #248]
        msr     nzcv, x2
        adrp    x3, buffers
        add     x3, x3, :lo12:buffers
        add     x3, x3, x1, lsl #5
        msr     elr_el1, x3
        ldr     x4, [x30, #272]
        orr     x2, x2, x4              // EL0t or EL1h, all masked
        msr     spsr_el1, x2
        ldr     x2, [x30, #288]
        msr     sp_el0, x2
        mov     sp, x2
        load_registers x30, FROM_0
        eret
        .global after
after:  msr     tpidrro_el0, x0
        mrs     x0, nzcv
        msr     spsr_el1, x0
        mrs     x0, tpidr_el1
save:   movz    xzr, #0                 // ends the span that the buffer began, if an exception left it
        store_registers x0, 0, 1, FROM_2
        mrs     x1, tpidrro_el0
        str     x1, [x0]
        mrs     x1, spsr_el1
        and     x1, x1, #0xf0000000
        str     x1, [x0, #248]
        ldr     x1, [x0, #280]
        mov     sp, x1
        pop_preserved
        ret

        .macro  slot code:vararg
        .balign 0x80
        \code
        .endm
        .balign 0x1000
guest_vectors:
        .rept   4
        slot    b bad_vector
        .endr
        slot    b sync
        slot    b irq
        slot    b bad_vector
        slot    b bad_vector
        slot    b sync
        .rept   3
        slot    b bad_vector
        .endr
        slot    b sync                  // of AArch32
        .rept   3
        slot    b bad_vector
        .endr
sync:   msr     tpidrro_el0, x0
        mrs     x0, tpidr_el1
        str     x1, [x0, #8]
        mrs     x1, esr_el1
        str     x1, [x0, #256]
        mrs     x1, elr_el1
        str     x1, [x0, #264]
        ldr     x1, [x0, #8]
        b       save
irq:    stp     x0, x1, [sp, #-176]!
        store_registers sp, 0, FROM_2_TO_18
        str     x30, [sp, #152]
        mrs     x0, elr_el1
        mrs     x1, spsr_el1
        stp     x0, x1, [sp, #160]
        bl      guest_irq
        ldp     x0, x1, [sp, #160]
        msr     elr_el1, x0
        msr     spsr_el1, x1
        load_registers sp, FROM_2_TO_18
        ldr     x30, [sp, #152]
        ldp     x0, x1, [sp], #176
        eret
bad_vector:                             // without a stack
        adr     x1, 1f
        mov     x0, #4
        hlt     #0xf000
        b       .
1:      .asciz  "guest: an exception of its own that it does not know\n"

        .balign 64
        .global buffers
buffers:
        .skip   64                      // 8 instructions for each vCPU
        .bss
        .balign 16
guest_stacks:
        .skip   0x8000
        .section .note.GNU-stack, "", %progbits
