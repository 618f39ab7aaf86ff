// policy.yaml, said again for the reference model.
// SPDX-License-Identifier: MIT
const struct call calls[] = {
    {0x80000000, 1, 1, constant, 0x10002}, {0x80000001, 1, 1, body, arch_features}, {0x84000000, 1, 1, constant, 0x10001},
    {0x8400000a, 1, 1, body, psci_features}, {0xc4000004, 1, 0, constant, 0}, {0x84000006, 1, 0, constant, 2},
    {0x8600ff01, 1, 0, constant, 0x6a69746b}, {0x11, 1, 0, constant, 0x40011}, {0x12, 1, 0, word, 400}, {0x13, 1, 0, body, mix},
};
const struct reg regs[] = {
    {3, 0, 0, 4, 0, 0, 0, constant, 0x1100000011111112}, {3, 0, 0, 4, 1, 0, 0, constant, 0x21},
    {3, 0, 0, 5, 0, 0, 0, constant, 0x10305106}, {3, 0, 0, 5, 1, 0, 0, constant, 0},
    {3, 0, 0, 6, 0, 0, 0, constant, 0x1021111110212120}, {3, 0, 0, 6, 1, 0, 0, constant, 0x11110211202},
    {3, 0, 0, 7, 0, 0, 0, constant, 0x1001122}, {3, 0, 0, 7, 1, 0, 0, constant, 0x10211122},
    {3, 0, 0, 7, 2, 0, 0, constant, 0x1001111011}, {3, 0, 0, 1, 0, 0, 0, constant, 0x131},
    {3, 0, 0, 1, 2, 0, 0, constant, 0x3010066}, {3, 0, 0, 1, 4, 0, 0, constant, 0x10201105},
    {3, 0, 0, 2, 0, 0, 0, constant, 0x2101110}, {3, 0, 0, 3, 0, 0, 0, constant, 0x10110222},
    {2, 0, 1, 1, 4, 0, 0, constant, 8}, {3, 1, 0, 0, 7, 0, 0, constant, 0},
    {3, 0, 1, 0, 1, 0, 0, word, 384}, {3, 3, 9, 12, 0, 0, 1, word, 440}, {3, 3, 14, 2, 0, 0, 1, body, ticks_left},
    {3, 0, 1, 0, 1, 1, 0, ignore, 0}, {2, 0, 1, 0, 4, 1, 0, ignore, 0}, {3, 3, 9, 12, 0, 1, 1, word, 440},
    {3, 0, 12, 11, 5, 1, 0, body, send_sgi}, {3, 0, 1, 0, 0, 1, 0, watch, 432},
};
const struct mmio mmios[] = {
    {0x8000000, 4, 0, 0, constant, 0x12}, {0x8000004, 4, 0, 0, constant, 0x37a0007}, {0x8000008, 4, 0, 0, constant, 0x43b},
    {0x8000104, 4, 0, 0, word, 424}, {0x8000104, 4, 0, 1, body, enable}, {0x8000184, 4, 0, 1, body, disable},
    {0x8000184, 4, 0, 0, word, 424}, {0x8000420, 4, 1, 0, constant, 0xa0908070}, {0x8000010, 4, 0, 1, ignore, 0},
    {0x800ffd0, 4, 0, 0, constant, 4}, {0x800ffe0, 4, 0, 0, constant, 0x92}, {0x800ffe4, 4, 0, 0, constant, 0xb4},
    {0x800ffe8, 4, 0, 0, constant, 0x3b}, {0x80a0004, 4, 0, 0, constant, 0x43b}, {0x80a0008, 8, 0, 0, constant, 0x100000011},
    {0x9000018, 4, 0, 0, constant, 0x90}, {0x9000fe0, 4, 0, 0, constant, 0x11}, {0xa000050, 4, 0, 1, watch, 408},
};
const u32 call_count = sizeof calls / sizeof *calls, reg_count = sizeof regs / sizeof *regs, mmio_count = sizeof mmios / sizeof *mmios;
const struct place places[1];
const u32 place_count = 0;
const struct page pages[] = {{0x44120000, 16, 1, 448, 0}, {0x44100000, 16, 1, 464, 1}};
const u32 page_count = 2;
const struct hypercall hypercalls[1];
const u32 hypercall_count = 0, hypercall_tag = 0, hypercall_number = 16;
const int skips_wfi = 1;
