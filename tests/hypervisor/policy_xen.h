// The policy of the path in Xen (consumers/hv-trap/xen/policy.yaml), said again for the reference model: its words begin at 136.
// SPDX-License-Identifier: MIT
enum { w_version = 136, w_actlr = 144, w_gicd = 176, w_gicd_id = 184, w_gicr = 192, w_gicd_typer = 200, w_gicr_typer = 208, w_ranks = 216, w_ids = 472 };
const struct call calls[] = {
    {0x80000000, 1, 1, constant, 0x10001}, {0x80000001, 1, 1, body, xen_arch_features}, {0x84000000, 1, 1, constant, 0x10001},
    {0x84000006, 1, 1, constant, 2}, {0x8400000a, 1, 1, body, xen_psci_features},
};
const struct hypercall hypercalls[] = {{17, 1, 0, word, w_version}};
const u32 hypercall_count = 1, hypercall_tag = 0xea1, hypercall_number = 16;
#define ID(n, crm, op2) {3, 0, 0, crm, op2, 0, 0, word, w_ids + 8 * n}
const struct reg regs[] = {
    ID(0, 1, 0), ID(1, 1, 1), ID(2, 3, 4), ID(3, 1, 2), ID(4, 3, 5), ID(5, 1, 3),                             // PFR, DFR, AFR
    ID(6, 1, 4), ID(7, 1, 5), ID(8, 1, 6), ID(9, 1, 7), ID(10, 2, 6), ID(11, 3, 6),                           // MMFR
    ID(12, 2, 0), ID(13, 2, 1), ID(14, 2, 2), ID(15, 2, 3), ID(16, 2, 4), ID(17, 2, 5), ID(18, 2, 7),         // ISAR
    ID(19, 3, 0), ID(20, 3, 1), ID(21, 3, 2),                                                                 // MVFR
    ID(22, 4, 0), ID(23, 4, 1), ID(24, 5, 0), ID(25, 5, 1), ID(26, 5, 4), ID(27, 5, 5),                       // AA64 PFR, DFR, AFR
    ID(28, 6, 0), ID(29, 6, 1), ID(30, 7, 0), ID(31, 7, 1), ID(32, 7, 2), ID(33, 4, 4),                       // ISAR, MMFR, ZFR0
    {3, 0, 0, 4, 5, 0, 0, constant, 0}, {3, 0, 0, 6, 2, 0, 0, constant, 0}, {3, 0, 0, 7, 3, 0, 0, constant, 0},
    {3, 0, 1, 0, 1, 0, 0, word, w_actlr}, {3, 0, 1, 0, 1, 1, 0, ignore, 0}, {3, 3, 9, 12, 0, 0, 0, constant, 0},
    {3, 3, 9, 12, 0, 1, 0, ignore, 0}, {2, 0, 1, 0, 4, 1, 0, ignore, 0}, {2, 0, 1, 1, 4, 0, 0, constant, 8},
};
const struct mmio mmios[1];
const struct place places[] = {
    {w_gicd, 0x4, 4, 4, 0, word, w_gicd_typer, 0, 0}, {w_gicd, 0x8, 4, 4, 0, constant, 0x34c, 0, 0},
    {w_gicd, 0x100, 0x80, 4, 0, banks, w_ranks, 2, 0}, {w_gicd, 0x180, 0x80, 4, 0, banks, w_ranks, 2, 0},
    {w_gicd, 0x400, 0x400, 4, 1, banks, w_ranks, 5, 12}, {w_gicd_id, 0xfe0, 4, 4, 0, constant, 0, 0, 0},
    {w_gicd_id, 0xfe4, 4, 4, 0, constant, 0, 0, 0}, {w_gicd_id, 0xfe8, 4, 4, 0, constant, 0x30, 0, 0},
    {w_gicr, 0x8, 8, 8, 0, word, w_gicr_typer, 0, 0},
};
const u32 call_count = sizeof calls / sizeof *calls, reg_count = sizeof regs / sizeof *regs, mmio_count = 0;
const u32 place_count = sizeof places / sizeof *places;
const struct page pages[1];
const u32 page_count = 0;
const int skips_wfi = 0;
