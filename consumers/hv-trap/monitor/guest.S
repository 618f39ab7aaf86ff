// The guest at EL1: entry on both vCPUs, its vectors, and one instruction run with every register given.
// SPDX-License-Identifier: MIT
        .arch   armv8-a
        .text
        .global guest_start
guest_start:
        adrp    x1, guest_stacks
        add     x1, x1, :lo12:guest_stacks
        add     x1, x1, #0x4000
        mov     sp, x1
        adrp    x1, guest_vectors
        msr     vbar_el1, x1
        mov     x0, #0
        b       guest_main
        .global guest_second
guest_second:                           // x0: what CPU_ON was given
        adrp    x1, guest_stacks
        add     x1, x1, :lo12:guest_stacks
        add     x1, x1, #0x8000
        mov     sp, x1
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
// void semihosting_text(const char*)
        .global semihosting_text
semihosting_text:
        mov     x1, x0
        mov     x0, #4
        hlt     #0xf000
        ret

// void run(struct frame* f, u64 cpu): the instructions of the CPU's buffer with f's x0 to x30, NZCV and sp; what stands there
// afterwards goes back. f->level 0: at EL0. An exception of the guest's own (SVC too) ends it; f->esr, f->elr say which.
        .global run
run:    stp     x19, x20, [sp, #-112]!
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        str     x0, [sp, #96]
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
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
        ldr     x\n, [x30, #8 * \n]
        .endr
        eret
        .global after
after:  msr     tpidrro_el0, x0
        mrs     x0, nzcv
        msr     spsr_el1, x0
        mrs     x0, tpidr_el1
save:   movz    xzr, #0                 // ends the span that the buffer began, if an exception left it
        .irp    n, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
        str     x\n, [x0, #8 * \n]
        .endr
        mrs     x1, tpidrro_el0
        str     x1, [x0]
        mrs     x1, spsr_el1
        and     x1, x1, #0xf0000000
        str     x1, [x0, #248]
        ldr     x1, [x0, #280]
        mov     sp, x1
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     x19, x20, [sp], #112
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
        .rept   7
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
        .irp    n, 2, 4, 6, 8, 10, 12, 14, 16
        str     x\n, [sp, #8 * \n]
        .endr
        .irp    n, 3, 5, 7, 9, 11, 13, 15, 17
        str     x\n, [sp, #8 * \n]
        .endr
        str     x18, [sp, #144]
        str     x30, [sp, #152]
        mrs     x0, elr_el1
        mrs     x1, spsr_el1
        stp     x0, x1, [sp, #160]
        bl      guest_irq
        ldp     x0, x1, [sp, #160]
        msr     elr_el1, x0
        msr     spsr_el1, x1
        .irp    n, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
        ldr     x\n, [sp, #8 * \n]
        .endr
        ldr     x30, [sp, #152]
        ldp     x0, x1, [sp], #176
        eret
bad_vector:
        adr     x0, 1f
        bl      semihosting_text
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
