#include "enter.h"

#include <stddef.h>

_Static_assert(offsetof(struct Registers, v) == 272 && offsetof(struct Registers, pc) == 784 &&
                   offsetof(struct Frame, out) == 1024,
               "as below");

#define ALL_X   "0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29"
#define IN      "8192"
#define OUT     "9216"
#define HOST_SP "10240"

__asm__(
    ".text\n.balign 16\n.global enter\nenter:\n"
    "stp x29, x30, [sp, #-160]!\nstp x19, x20, [sp, #16]\nstp x21, x22, [sp, #32]\nstp x23, x24, [sp, #48]\n"
    "stp x25, x26, [sp, #64]\nstp x27, x28, [sp, #80]\nstp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\n"
    "stp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
    "mov x30, x0\nmov x1, sp\nstr x1, [x30, #" HOST_SP
    "]\nclrex\n"
    "ldr x0, [x30, #" IN "+256]\nmsr nzcv, x0\nldr x0, [x30, #" IN
    "+264]\nmsr fpsr, x0\n"
    ".irp n," ALL_X ",30,31\nldr q\\n, [x30, #" IN
    "+272+16*\\n]\n.endr\n"
    "ldr x0, [x30, #" IN
    "+248]\nmov sp, x0\n"
    ".irp n," ALL_X "\nldr x\\n, [x30, #" IN
    "+8*\\n]\n.endr\n"
    "br x30\n"
    ".global leave\nleave:\n"
    ".irp n," ALL_X "\nstr x\\n, [x30, #" OUT
    "+8*\\n]\n.endr\n"
    ".irp n," ALL_X ",30,31\nstr q\\n, [x30, #" OUT
    "+272+16*\\n]\n.endr\n"
    "mov x0, sp\nstr x0, [x30, #" OUT
    "+248]\n"
    "mrs x0, nzcv\nstr x0, [x30, #" OUT "+256]\nmrs x0, fpsr\nstr x0, [x30, #" OUT
    "+264]\n"
    "ldr x1, [x30, #" HOST_SP
    "]\nmov sp, x1\n"
    "ldp d14, d15, [sp, #144]\nldp d12, d13, [sp, #128]\nldp d10, d11, [sp, #112]\nldp d8, d9, [sp, #96]\n"
    "ldp x27, x28, [sp, #80]\nldp x25, x26, [sp, #64]\nldp x23, x24, [sp, #48]\nldp x21, x22, [sp, #32]\n"
    "ldp x19, x20, [sp, #16]\nldp x29, x30, [sp], #160\nret\n"
    ".global leave_end\nleave_end:\n");

__asm__(
    ".text\n.balign 16\n.global enter_branch\nenter_branch:\n"
    "stp x29, x30, [sp, #-160]!\nstp x19, x20, [sp, #16]\nstp x21, x22, [sp, #32]\nstp x23, x24, [sp, #48]\n"
    "stp x25, x26, [sp, #64]\nstp x27, x28, [sp, #80]\nstp d8, d9, [sp, #96]\nstp d10, d11, [sp, #112]\n"
    "stp d12, d13, [sp, #128]\nstp d14, d15, [sp, #144]\n"
    "mov x30, x0\nmov x2, sp\nmov sp, x1\nstr x2, [sp, #2048]\nclrex\n"
    "ldr x0, [sp, #256]\nmsr nzcv, x0\nldr x0, [sp, #264]\nmsr fpsr, x0\n"
    ".irp n," ALL_X
    ",30,31\nldr q\\n, [sp, #272+16*\\n]\n.endr\n"
    ".irp n," ALL_X
    "\nldr x\\n, [sp, #8*\\n]\n.endr\n"
    "br x30\n"
    ".global leave_branch\nleave_branch:\n"
    ".irp n," ALL_X
    ",30\nstr x\\n, [sp, #1024+8*\\n]\n.endr\n"
    "adr x0, leave_branch\nstr x0, [sp, #1024+784]\nmov x0, sp\nstr x0, [sp, #1024+248]\n"
    ".irp n," ALL_X
    ",30,31\nstr q\\n, [sp, #1024+272+16*\\n]\n.endr\n"
    "mrs x0, nzcv\nstr x0, [sp, #1024+256]\nmrs x0, fpsr\nstr x0, [sp, #1024+264]\n"
    "ldr x1, [sp, #2048]\nmov sp, x1\n"
    "ldp d14, d15, [sp, #144]\nldp d12, d13, [sp, #128]\nldp d10, d11, [sp, #112]\nldp d8, d9, [sp, #96]\n"
    "ldp x27, x28, [sp, #80]\nldp x25, x26, [sp, #64]\nldp x23, x24, [sp, #48]\nldp x21, x22, [sp, #32]\n"
    "ldp x19, x20, [sp, #16]\nldp x29, x30, [sp], #160\nret\n"
    ".global leave_branch_end\nleave_branch_end:\n");
