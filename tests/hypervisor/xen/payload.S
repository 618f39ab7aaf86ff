// A dom0 that is no operating system: an arm64 Image at EL1 with the MMU off, on one or two vCPUs. It executes one
// instruction with every register given, and keeps every register that comes back.
// SPDX-License-Identifier: MIT
#include "registers.h"
        .section .text.boot, "ax"
        .global _start
_start: b       1f                      // the header of an arm64 Image (Linux, Documentation/arm64/booting.rst)
        .word   0
        .quad   0, image_size, 0xa, 0, 0, 0
        .ascii  "ARM\x64"
        .word   0
1:      adrp    x1, bss_begin
        add     x1, x1, :lo12:bss_begin
        adrp    x2, image_end
        add     x2, x2, :lo12:image_end
2:      str     xzr, [x1], #8
        cmp     x1, x2
        b.lo    2b
        mov     x0, #0
        .global second
second: adrp    x1, stacks + 0x8000     // x0: the vCPU's number
        add     x1, x1, x0, lsl #15
        mov     sp, x1
        adrp    x1, vectors
        add     x1, x1, :lo12:vectors
        msr     vbar_el1, x1
        isb
        bl      main
3:      wfi
        b       3b
// u64 hvc(x0, x1, x2, x3), and the same with number x16 and the immediate of Xen's hypercalls
        .global hvc, hypercall
hvc:    hvc     #0
        ret
hypercall:
        mov     x16, x4
        hvc     #0xea1
        ret

// void runN(struct block*): x0 to x30 at 0, NZCV at 248; the same as they come back at 256 and 504. slotN: three words.
// void run_el0_N(struct block*): the same at EL0, in el0_slotN; an SVC or what is injected comes back.
        .macro  begin
        push_preserved
        mov     x1, sp
        str     x1, [x0, #512]
        mov     sp, x0
        .endm
        .macro  finish
        ldr     x0, [sp, #512]
        mov     sp, x0
        pop_preserved
        ret
        .endm
        .macro  runner n
        .global run\n, slot\n, run_el0_\n, el0_slot\n
run\n:  begin
        ldr     x1, [sp, #248]
        msr     nzcv, x1
        load_registers sp, FROM_0
slot\n: nop
        nop
        nop
        store_registers sp, 256, FROM_0
        mrs     x0, nzcv
        str     x0, [sp, #504]
        finish
run_el0_\n:
        begin
        mrs     x1, daif                // an interrupt would take ELR and SPSR
        str     x1, [sp, #520]
        msr     daifset, #2
        ldr     x1, [sp, #248]
        orr     x1, x1, #0x3c0
        msr     spsr_el1, x1
        adr     x1, el0_slot\n
        msr     elr_el1, x1
        isb
        load_registers sp, FROM_0
        eret
el0_slot\n:
        nop
        nop
        nop
        svc     #0
        .endm
        runner  0
        runner  1
from_el0:
        store_registers sp, 256, FROM_0
        mrs     x0, spsr_el1
        and     x0, x0, #0xf0000000
        str     x0, [sp, #504]
        mrs     x0, esr_el1
        msr     tpidr_el1, x0
        ldr     x0, [sp, #520]
        msr     daif, x0
        finish

// What Xen injects goes past the instruction, with its syndrome in TPIDR_EL1; a timer's interrupt sets the timer again.
        .balign 2048
vectors:
        .irp n, 0, 1, 2, 3
        .balign 128
        b       .
        .endr
        .balign 128
        stp     x0, x1, [sp, #-16]!
        mrs     x0, esr_el1
        msr     tpidr_el1, x0
        mrs     x0, elr_el1
        add     x0, x0, #4
        msr     elr_el1, x0
        ldp     x0, x1, [sp], #16
        eret
        .balign 128
        stp     x0, x1, [sp, #-16]!
        mrs     x0, S3_0_C12_C12_0      // ICC_IAR1_EL1
        mov     x1, #20000
        msr     cntv_tval_el0, x1
        mov     x1, #1                  // Xen masks it when it fires
        msr     cntv_ctl_el0, x1
        isb
        msr     S3_0_C12_C12_1, x0      // ICC_EOIR1_EL1
        mrs     x0, tpidr_el0
        add     x0, x0, #1
        msr     tpidr_el0, x0
        ldp     x0, x1, [sp], #16
        eret
        .irp n, 6, 7
        .balign 128
        b       .
        .endr
        .balign 128
        b       from_el0
        .irp n, 9, 10, 11, 12, 13, 14, 15
        .balign 128
        b       .
        .endr
        .balign 128
        .section .stacks, "aw", %nobits
        .balign 4096
stacks: .skip   0x18000
        .section .note.GNU-stack, "", %progbits
