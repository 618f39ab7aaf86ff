#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Prints payload_kinds.h: the kinds of traps that the payload makes, each with its name, its class and what it is made of."""

calls = [("SMCCC_VERSION", 0x80000000, 7), ("PSCI_VERSION", 0x84000000, 7), ("PSCI_MIGRATE_INFO_TYPE", 0x84000006, 7)]
features = [0x80000000, 0x80000001, 0x84000000, 0x84000002, 0x84000004, 0x84000005, 0x84000007, 0x8400000a, 0x8400000b, 0x84000024, 0xc4000001,
            0xc4000003, 0xc4000004, 0xc4000000, 0x80]
workarounds = [0x80008000, 0x80007FFF, 0x80003FFF, 0x80000000, 0x3FFF]

# CRm and op2 of op0 3, op1 0, CRn 0.
ids = {"ID_PFR0": (1, 0), "ID_PFR1": (1, 1), "ID_DFR0": (1, 2), "ID_AFR0": (1, 3), "ID_MMFR0": (1, 4), "ID_MMFR1": (1, 5), "ID_MMFR2": (1, 6),
       "ID_MMFR3": (1, 7), "ID_ISAR0": (2, 0), "ID_ISAR1": (2, 1), "ID_ISAR2": (2, 2), "ID_ISAR3": (2, 3), "ID_ISAR4": (2, 4), "ID_ISAR5": (2, 5),
       "ID_MMFR4": (2, 6), "ID_ISAR6": (2, 7), "MVFR0": (3, 0), "MVFR1": (3, 1), "MVFR2": (3, 2), "ID_PFR2": (3, 4), "ID_DFR1": (3, 5),
       "ID_MMFR5": (3, 6), "ID_AA64PFR0": (4, 0), "ID_AA64PFR1": (4, 1), "ID_AA64ZFR0": (4, 4), "ID_AA64SMFR0": (4, 5), "ID_AA64DFR0": (5, 0),
       "ID_AA64DFR1": (5, 1), "ID_AA64AFR0": (5, 4), "ID_AA64AFR1": (5, 5), "ID_AA64ISAR0": (6, 0), "ID_AA64ISAR1": (6, 1), "ID_AA64ISAR2": (6, 2),
       "ID_AA64MMFR0": (7, 0), "ID_AA64MMFR1": (7, 1), "ID_AA64MMFR2": (7, 2), "ID_AA64MMFR3": (7, 3)}


def register(op0: int, op1: int, crn: int, crm: int, op2: int, read: int) -> int:
    return 0xD5000000 | read << 21 | op0 << 19 | op1 << 16 | crn << 12 | crm << 8 | op2 << 5


# Loads and stores with a base register and no offset (Arm ARM, C4.1.94, unsigned immediate).
ACCESSES = {"LDRb": 0x39400000, "LDRh": 0x79400000, "LDRw": 0xB9400000, "LDRx": 0xF9400000, "LDRSbw": 0x39C00000, "LDRSbx": 0x39800000,
            "LDRShw": 0x79C00000, "LDRSw": 0xB9800000, "STRb": 0x39000000, "STRw": 0xB9000000}
GICD, GICR = 0x8000000, 0x80A0000
EL0 = 1 << 32
OWN = 1 << 20  # the vCPU's own redistributor or register


def listed():
    """(name, class, type, a, b); class as in xen.py: BARS, MISSES."""
    for name, value, how in calls:
        yield f"HVC {name}", "call", "a_hvc", value, 0
        yield f"SMC {name}", "smc", "an_smc", value, 0
    for which in features:
        yield f"HVC PSCI_FEATURES {which:x}", "features", "a_hvc", 0x8400000A, which
    yield "SMC PSCI_FEATURES 84000000", "features smc", "an_smc", 0x8400000A, 0x84000000
    for which in workarounds:
        yield f"HVC SMCCC_ARCH_FEATURES {which:x}", "features", "a_hvc", 0x80000001, which
    yield "SMC SMCCC_ARCH_FEATURES 80008000", "features smc", "an_smc", 0x80000001, 0x80008000
    yield "HVC xen_version", "hypercall", "a_hypercall", 17, 0
    yield "HVC xen_version 42", "miss", "a_hypercall", 17, 42
    yield "HVC AFFINITY_INFO", "miss", "a_hvc", 0xC4000004, 0
    yield "SMC AFFINITY_INFO", "miss", "an_smc", 0xC4000004, 0
    for name, (crm, op2) in ids.items():
        yield f"MRS {name}_EL1", "register", "a_register", register(3, 0, 0, crm, op2, 1), 0
    yield "MRS ACTLR_EL1", "register", "a_register", register(3, 0, 1, 0, 1, 1), 0
    yield "MSR ACTLR_EL1", "register", "a_register", register(3, 0, 1, 0, 1, 0), 0
    yield "MRS PMCR_EL0", "register", "a_register", register(3, 3, 9, 12, 0, 1), 0
    yield "MSR PMCR_EL0", "register", "a_register", register(3, 3, 9, 12, 0, 0), 0
    yield "MSR OSLAR_EL1", "register", "a_register", register(2, 0, 1, 0, 4, 0), 0
    yield "MRS OSLSR_EL1", "register", "a_register", register(2, 0, 1, 1, 4, 1), 0
    yield "MRS MDSCR_EL1", "miss", "a_register", register(2, 0, 0, 2, 2, 1), 0
    yield "MRS PMUSERENR_EL0", "miss", "a_register", register(3, 3, 9, 14, 0, 1), 0
    yield "MRS ID_0_0_0_7_7", "miss", "a_register", register(3, 0, 0, 7, 7, 1), 0
    # What EL0 can raise: listed registers trap to EL1 there (PMUSERENR_EL0 is 0), other ones and MMIO to EL2.
    yield "EL0 MRS MDCCSR_EL0", "miss", "a_register", register(2, 3, 0, 1, 0, 1), EL0
    yield "EL0 LDRw GICD_TYPER", "mmio", "an_access", GICD + 4, ACCESSES["LDRw"] | EL0
    yield "EL0 LDRb GICD_IPRIORITYR5+1", "signed", "an_access", GICD + 0x415, ACCESSES["LDRb"] | EL0
    for name, base, offset, kinds, group in [
        ("GICD_TYPER", GICD, 4, "LDRw", "mmio"), ("GICD_IIDR", GICD, 8, "LDRw", "mmio"), ("GICD_TYPER", GICD, 4, "LDRSw", "signed"),
        *((f"GICD_PIDR{n}", GICD, at, "LDRw", "mmio") for n, at in ((0, 0xFFE0), (1, 0xFFE4), (2, 0xFFE8))),
        *((f"GICD_ISENABLER{n}", GICD, 0x100 + 4 * n, "LDRw", "banks") for n in (0, 1, 2, 9, 31)),
        *((f"GICD_ICENABLER{n}", GICD, 0x180 + 4 * n, "LDRw", "banks") for n in (0, 1)),
        *((f"GICD_IPRIORITYR{n}", GICD, 0x400 + 4 * n, kind, "banks" if kind == "LDRw" else "signed")
          for n in (0, 6, 8, 15, 80, 254) for kind in ("LDRw", "LDRb", "LDRSbw", "LDRSbx", "LDRSw")),
        ("GICD_IPRIORITYR8+1", GICD, 0x421, "LDRb", "signed"), ("GICD_IPRIORITYR8+3", GICD, 0x423, "LDRSbx", "signed"),
        ("GICR_TYPER", GICR, 8 + OWN, "LDRx", "mmio"),
        ("GICD_CTLR", GICD, 0, "LDRw", "miss"), ("GICD_PIDR4", GICD, 0xFFD0, "LDRw", "miss"), ("GICD_ICFGR2", GICD, 0xC08, "LDRw", "miss"),
        # What these leave is read again: private to a vCPU, or at a place of its own.
        ("GICD_IPRIORITYR5", GICD, 0x414, "STRw", "class"), ("GICD_IPRIORITYR5", GICD, 0x414, "LDRw", "banks"), ("GICD_IPRIORITYR5+1", GICD, 0x415, "STRb", "class"),
        *((f"GICD_IPRIORITYR5+{n}", GICD, 0x414 + n, kind, "signed") for n, kind in ((0, "LDRSbw"), (1, "LDRSbx"), (2, "LDRb"), (0, "LDRSw"))),
        ("GICD_IPRIORITYR16", GICD, 0x440 + OWN, "STRw", "class"), ("GICD_IPRIORITYR16", GICD, 0x440 + OWN, "LDRw", "banks"),
        *((f"GICD_IPRIORITYR16+{n}", GICD, 0x440 + n + OWN, kind, "signed") for n, kind in ((1, "LDRSbw"), (3, "LDRSbx"), (0, "LDRSw"))), ("GICR_TYPER", GICR, 8 + OWN, "LDRw", "miss"), ("GICR_PIDR2", GICR, 0xFFE8, "LDRw", "miss"),
        ("GICD_IROUTER33", GICD, 0x6108, "LDRx", "miss"), ("GICD_IIDR", GICD, 8, "LDRh", "miss"), ("GICD_CTLR", GICD, 0, "LDRb", "miss"),
        ("GICD_CTLR", GICD, 0, "LDRSw", "miss"),
    ]:
        # Bits 11 and 10 of the word are the offset's: what the second vCPU adds.
        own = 0 if offset < OWN else 0x800 if base == GICR else 0x400
        yield f"{kinds} {name}", group, "an_access", base + offset % OWN, ACCESSES[kinds] | own


def rows() -> list:
    """The same, each class together."""
    table = list(listed())
    order = list(dict.fromkeys(group for _, group, *_ in table))
    return sorted(table, key=lambda row: order.index(row[1]))


def main() -> None:
    table = rows()
    groups = [group for _, group, *_ in table]
    first = [n for n, group in enumerate(groups) if n == 0 or groups[n - 1] != group]
    print("// Made by kinds.py.")
    print("enum type { a_hvc, an_smc, a_hypercall, a_register, an_access };\nstruct kind { char name[40]; enum type type; u64 a, b; };")
    print("static const struct kind kinds[] = {")
    for name, _, kind, a, b in table:
        print(f'  {{"{name}", {kind}, {a:#x}, {b:#x}}},')
    print(f"}};\nenum {{ kind_count = {len(table)}, class_count = {len(first)} }};")
    print(f"__attribute__((unused)) static const u32 class_first[] = {{{', '.join(map(str, first))}, kind_count}};")


if __name__ == "__main__":
    main()
