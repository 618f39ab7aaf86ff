// Boot at EL2, the way into the guest, and the ways into C from the generated vectors.
// SPDX-License-Identifier: MIT
#include "registers.h"
        .arch   armv8-a
        .section .text.boot, "ax"
        .global _start
_start: set_stack x0, stacks + 0x4000
        mov     x0, #0
        b       start
        .global second
second: set_stack x0, stacks + 0x8000
        mov     x0, #1
        b       start

// u64 host_psci(id, a, b, c): the machine's own PSCI (DEN 0022, 5.1)
        .global host_psci
host_psci:
        smc     #0
        ret

// void run_guest(struct vcpu* v): the registers of *v, ELR_EL2 and SPSR_EL2 are the guest's. No way back.
        .global run_guest
run_guest:
        mov     sp, x0
restore:
        load_registers sp, FROM_2
        ldp     x0, x1, [sp]
        eret
        dsb     nsh
        isb

// All registers into the vCPU (sp), C on the CPU's own stack, and back.
        .macro  to_c function
        stp     x0, x1, [sp]
        store_registers sp, 0, FROM_2
        mov     x19, sp
        mov     x0, sp
        ldr     x1, [sp, #2048]
        mov     sp, x1
        bl      \function
        mov     sp, x19
        b       restore
        .endm

        .text
        .global hv_slow, hv_vector_12   // and what AArch32 raises
hv_slow:
hv_vector_12:
        to_c    slow_path
        .global hv_vector_9             // IRQ from the guest
hv_vector_9:
        to_c    physical_interrupt
        .irp    n, 0, 1, 2, 3, 4, 5, 6, 7, 10, 11, 13, 14, 15
        .global hv_vector_\n
hv_vector_\n:
        set_stack x0, stacks + 0x8000
        mov     x0, #\n
        b       unexpected
        .endr

        .bss
        .balign 16
stacks: .skip   0x8000
        .section .note.GNU-stack, "", %progbits
