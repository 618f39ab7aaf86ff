// For assembly without an operating system: registers kept and loaded in runs, and where stacks begin.
// SPDX-License-Identifier: MIT
#define FROM_2_TO_18 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18
#define FROM_2 FROM_2_TO_18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30
#define FROM_0 0, 1, FROM_2

// x0 at [base + at], x1 after it, ...: those of the list.
        .macro  store_registers base, at, list:vararg
        .irp    n, \list
        str     x\n, [\base, #\at + 8 * \n]
        .endr
        .endm
        .macro  load_registers base, list:vararg
        .irp    n, \list
        ldr     x\n, [\base, #8 * \n]
        .endr
        .endm
// What a function leaves as it found it (AAPCS64, 6.1.1), on the stack.
        .macro  push_preserved
        stp     x19, x20, [sp, #-96]!
        stp     x21, x22, [sp, #16]
        stp     x23, x24, [sp, #32]
        stp     x25, x26, [sp, #48]
        stp     x27, x28, [sp, #64]
        stp     x29, x30, [sp, #80]
        .endm
        .macro  pop_preserved
        ldp     x21, x22, [sp, #16]
        ldp     x23, x24, [sp, #32]
        ldp     x25, x26, [sp, #48]
        ldp     x27, x28, [sp, #64]
        ldp     x29, x30, [sp, #80]
        ldp     x19, x20, [sp], #96
        .endm
        .macro  set_stack scratch, top:vararg
        adrp    \scratch, \top
        add     \scratch, \scratch, :lo12:\top
        mov     sp, \scratch
        .endm
