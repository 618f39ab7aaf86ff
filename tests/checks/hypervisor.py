#!/usr/bin/env python3
"""Fast trap handlers (consumers/hv-trap): generated EL2 code against a model written from the Arm manual, both as a
table of vectors and as a path before a hypervisor's slow path.

usage: hypervisor.py [--traps N] [--policies N] [--only PART...]      (text, monitor, policies, table, path, xen)

 - bad policies are refused with the entry's name and what is missing;
 - .S and .o hold the same words, and .h the contract; a barrier is behind every eret, AArch32 guests have their own vector;
 - the listed paths of every leaf, handled and missed, are within their limits (WORST), and so is the mean of each kind
   (MEANS);
 - a guest under the monitor takes every kind of trap of the policy on two vCPUs with each granule of stage 2, registers and
   state after each as a model has them; the instructions at EL2 that a counter sees are those of the listing
   (consumers/hv-trap/monitor);
 - random policies (8, and two that were once handled wrongly) and random traps, a quarter of N each: the vectors and the generated C model as the reference has them;
 - N traps (20,000) through the code that is in Xen, and its C model, as the reference has them;
 - N traps (20,000) in each form and of every kind at EL2 on two CPUs of qemu-system-aarch64: state after each as the model has it,
   and seeded faults of model and code are found (tests/hypervisor).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import hv_policy
from report import Report

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "consumers" / "hv-trap" / "monitor"))
import build_monitor  # noqa: E402
import demo  # noqa: E402: the monitor's

OUT = ROOT / "build" / "consumers" / "hv-trap"
POLICY = ROOT / "consumers" / "hv-trap" / "policy.yaml"
HERE = ROOT / "tests" / "hypervisor"
FAST = OUT / "fast"
GENERATOR = ROOT / "build" / "release" / "consumers" / "hv-trap" / "hv-trap-gen"
GCC, FLAGS, OBJCOPY = build_monitor.GCC, build_monitor.FLAGS, "aarch64-linux-gnu-objcopy"
GUARDED = ["-mbranch-protection=bti"]  # proof.c runs from guarded pages
QEMU = ("qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu max -m 512 -smp 2 -display none -serial none "
        "-monitor none -net none -semihosting-config enable=on,target=native -kernel").split()

# The bars of the longest paths: the mean over the constant entries of a kind, and the worst.
CONSTANT_MMIO = r"(GICD_(CTLR|TYPER|IIDR|PIDR\d|IPRIORITYR8)|GICR_(IIDR|TYPER)|UART\w+)(\+\d)?$"
STATEFUL = "(ACTLR|PMCR|CNTP_TVAL)"
MISS = 22
MEANS = [  # (kind, leaves, most)
    ("HVC, constant", r"HVC (SMCCC_VERSION|PSCI_VERSION|PSCI_AFF\w+|PSCI_MIG\w+|VENDOR_UID|XEN_VERSION)$", 24),
    ("SMC, constant", r"SMC (SMCCC|PSCI)_VERSION$", 32),
    ("MMIO, constant, own width, unsigned", r"LDR[wx] " + CONSTANT_MMIO, 38),
    ("MMIO, stateful", r"LDRw GICD_I[SC]ENABLER1$|STRw GICD_", 44),
    ("system register, constant", rf"MRS (?!{STATEFUL})", 32),
    ("WFI", r"WFI$", 20),
]
# Every leaf is in one row. The miss is that of an unlisted key that ends here.
WORST = [  # (kind, leaves, most on the longest path, most on a miss)
    ("HVC, constant or word", r"HVC (?!SMCCC_ARCH|PSCI_FEATURES|MIX)", 32, MISS),
    ("HVC, IR", r"HVC (SMCCC_ARCH_FEATURES|PSCI_FEATURES|MIX)$", 33, MISS),
    ("SMC", r"SMC (SMCCC|PSCI)_", 40, MISS),
    ("MMIO, constant", r"LDRw " + CONSTANT_MMIO, 46, MISS),
    ("MMIO, constant, 8 bytes", r"LDRx " + CONSTANT_MMIO, 46, MISS),
    ("MMIO, constant, narrow", r"LDRS?[bh] " + CONSTANT_MMIO, 46, MISS),
    ("MMIO, constant, word to X", r"LDRSw " + CONSTANT_MMIO, 46, MISS),
    ("MMIO, stateful", r"LDRw GICD_I[SC]ENABLER1$|STRw GICD_", 52, MISS),
    ("MMIO, stateful, word to X", r"LDRSw GICD_I[SC]ENABLER1$", 52, MISS),
    ("MMIO, watched", r"STRw DOORBELL$", 28, MISS),
    ("pages, watched", r"STR SEALED$", 34, MISS),
    ("pages, watched by permission", r"STR GUARDED$", 38, MISS),
    ("system register, constant", rf"MRS (?!{STATEFUL})", 40, MISS),
    ("system register, word or IR", rf"MRS {STATEFUL}", 40, MISS),
    ("system register, written", r"MSR (ACTLR|OSLAR|PMCR|ICC_SGI1R|SCTLR)", 44, MISS),
    ("WFI", r"WFI$", 20, 12),
    ("unlisted class", r"\(unlisted class\)$", 0, 12),
]

ENTRY = "{symbol: hv_fast, free: [x0, x1], saved: -288, area: 248, words: 3}"
CALL = "calls: [{name: A, id: 1, body: %s}]"
READ = "registers: [{name: A, at: [3, 0, 0, 4, 0], body: %s}]"
WRITE = "registers: [{name: A, at: [3, 0, 0, 4, 0], write_body: %s}]"
BAD = [  # (what is appended to a policy, what the refusal says)
    ("calls: [{name: A, id: 1, value: 1}, {name: B, id: 1, value: 2}]", "B: hvc 0x1 is A's already"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 0, bytes: 8, value: 1}, {name: B, offset: 4, value: 2}]}]",
     "B: load from 0x1004 is A's already"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 2, value: 1}]}]", "A: 0x1002 is not aligned"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 0, bytes: 3, value: 1}]}]", "A: a width of 3 bytes"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 0, value: 0x100000000}]}]", "A: 0x100000000 does not fit 4 bytes"),
    ("state: {w: 8}\ncalls: [{name: A, id: 1, word: w}]", "A: word 0x8 is not an aligned place of the state"),
    ("calls: [{name: A, id: 1, word: w}]", "there is no state word 'w'"),
    ("calls: [{name: A, id: 1, value: 1, body: f}]", "an entry does one thing, not 2"),
    ("calls: [{name: A, id: 1, valeu: 1}]", "unknown key 'valeu'"),
    ("calls: [{name: A, id: 1, body: f}]", "A: there is no function @f"),
    ("registers: [{name: A, at: [3, 0, 1, 0], value: 1}]", "at: [op0, op1, crn, crm, op2]"),
    ("bodies: B\ncalls: [{name: A, id: 1, body: fp}]", "A: @fp uses a vector or floating-point register"),
    ("bodies: B\ncalls: [{name: A, id: 1, body: many}]", "A: @many: not enough spill slots: "),
    *(("bodies: B\n" + kind % name, f"A: @{name}: {what}") for name, kind, what in [
        ("returns", CALL, "`ret` has no place in a leaf"),
        ("tails", CALL, "`tail_call` has no place in a leaf"),
        ("traps", CALL, "`trap` has no place in a leaf"),
        ("calls", CALL, "`call` has no place in a leaf"),
        ("divides", CALL, "`udiv_trap` has no place in a leaf"),
        ("allocates", CALL, "`alloca` has no place in a leaf"),
        ("other_place", CALL, "an exit whose result is not one i64 in reg(0)"),
        ("right", READ, "an exit whose result is not one i64 in reg(1)"),
        ("right", WRITE, "a write's exit with a result"),
        ("bare", CALL, "an exit that is bare or goes to a symbol"),
        ("away", CALL, "an exit that is bare or goes to a symbol"),
        ("c_call", CALL, "its convention is not custom0"),
        ("exits", CALL, "a second exit; a leaf goes on behind the one in its last block"),
        ("wrong_place", CALL, "parameter 1 is not an i64 in reg(1)"),
        ("two", READ, "more parameters than there are"),
        ("big", CALL, "144 bytes of registers and slots; the vCPU's room has 128"),
        ("edges", CALL, "code is behind its exit, where the leaf goes on; the exit's block has to be the last"),
        ("address", CALL, "needs data; a leaf has no relocations"),
    ]),
    *((f"entry: {{symbol: fast, {entry}}}", f"entry fast: {what}") for entry, what in [
        ("free: [x0], saved: -288, area: 64", "x1 is not free; leaves need x0 and x1"),
        ("free: [x0, x1, x2], saved: -288, area: 64", "x2 is free, but only x0 and x1"),
        ("free: [x0, x1], saved: -520, area: 64", "saved: -520 is no offset of a pair"),
        ("free: [x0, x1], saved: 16, area: 64", "saved: 16 is among the words above sp"),
        ("free: [x0, x1], saved: -288, area: 4", "area: 4 is not a multiple of 8"),
        ("free: [x0, x1], saved: -288, area: 0, room: 17", "room: 17 registers; at most 16"),
    ]),
    ("prologue: [1]\nentry: {free: [x0, x1], saved: -16, area: 0}", "entry hv_fast: a prologue belongs to a table of vectors"),
    ("bodies: B\nentry: {free: [x0, x1], saved: -16, area: 0, room: 0}\n" + CALL % "three", "A: @three: not enough registers: 1 missing"),
    *((f"hypercalls: {{immediate: {tag}, number: {number}, calls: [{{name: A, id: {at}, value: 1}}, {{name: B, id: 2, value: 1}}]}}", what)
      for tag, number, at, what in [
        (0, "x16", 1, "hypercalls: immediate 0x0 is not 1 to 0xfff"), (0xea1, "x1", 1, "hypercalls: the number is in x1; it can be x2 to x30"),
        (0xea1, "x16", 2, "B: hypercall 0x2 is A's already"), (0xea1, "x16", 4096, "A: number 0x1000 is above 0xfff"),
        (0xea1, "sp", 1, "number: sp is no register"),
    ]),
    *(("state: [p, {w: 32}]\nmmio: [{page: p, registers: [{name: A, " + entry + "}]}]", what) for entry, what in [
        ("offset: 0x100, banks: w, span: 96, index: 2", "A: a span of 96 bytes; it has to be a power of two"),
        ("offset: 0x140, banks: w, span: 0x80, index: 2", "A: a span of 128 bytes; it has to be a power of two up to 4096 that the offset is a multiple of"),
        ("offset: 0x100, banks: w, span: 0x80, index: 1", "A: index 1 is not between the register's width and the span"),
        ("offset: 0x100, banks: w, span: 0x80, index: 2, plus: 256", "A: plus: 256 is not -256 to 255"),
        ("offset: 0x100, value: 1, span: 0x80", "A: only banks have a span"),
        ("offset: 0x100, banks: v, span: 0x80, index: 2", "there is no state word 'v'"),
        ("offset: 4, value: 1}, {name: B, offset: 6, bytes: 2, value: 1", "B: load from the page of word 0x180 + 0x6 is A's already"),
    ]),
    ("state: [p, q]\nmmio: [{page: p, registers: [{name: A, offset: 4, value: 1}]}, {page: q, registers: [{name: B, offset: 4, value: 1}]}]",
     "B: can't be told from A by the low 12 bits"),
    ("state: {w: 4000}\nmmio: [{page: w, registers: [{name: A, offset: 0x100, banks: w, span: 0x80, index: 2}]}]", "A: its addresses do not fit the state"),
    ("mmio: [{page: w, registers: []}]", "there is no state word 'w'"),
    ("state: [a, {b: 3}, a]", "a second state word 'a'"),
    ("state: [{a: 0}]", "a state word that is 0 words"),
    ("state: {w: 0xfffffff8}\ncalls: [{name: A, id: 1, word: w}]", "A: word 0xfffffff8 is not an aligned place of the state"),
    ("state: {w: 4092}\ncalls: [{name: A, id: 1, word: w}]", "A: word 0xffc is not an aligned place of the state"),
    ("wfi: skpi", "wfi: skpi; it can be skip"),
    ("registers: [{name: A, at: [4, 0, 0, 0, 0], value: 1}]", "A: at: 4 is above 3"),
    ("registers: [{name: A, at: [3, 8, 0, 0, 0], value: 1}]", "A: at: 8 is above 7"),
    ("registers: [{name: A, at: [3, 0, 16, 0, 0], value: 1}]", "A: at: 16 is above 15"),
    ("registers: [{name: A, at: [3, 0, 0, 16, 0], value: 1}]", "A: at: 16 is above 15"),
    ("registers: [{name: A, at: [3, 0, 0, 0, 8], value: 1}]", "A: at: 8 is above 7"),
    ("mmio: [{page: 0x1010, registers: [{name: A, offset: 0, value: 1}]}]", "a page that is not a multiple of 4096"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 0x1000, value: 1}]}]", "A: an offset beyond the page"),
    ("mmio: [{page: 0x1000000000000, registers: [{name: A, offset: 0, value: 1}]}]", "A: 0x1000000000000 is not aligned or beyond 48 bits"),
    ("prologue: [" + "0xd503201f, " * 12 + "]", "prologue: too long by 1 instructions for its slot of 32"),
    ("calls: [{name: A, id: 1, hvc: false, value: 1}]", "A: neither hvc nor smc"),
    ("calls: [{name: A, id: 1, hvc: false, smc: true, value: 1}, {name: B, id: 1, smc: true, value: 1}]", "B: smc 0x1 is A's already"),
    ("registers: [{name: A, at: [3, 0, 0, 4, 0], value: 1}, {name: B, at: [3, 0, 0, 4, 0], value: 1}]", "B: register 0x300009 is A's already"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 0, write: ignore}, {name: B, offset: 0, write: ignore}]}]",
     "B: store to 0x1000 is A's already"),
    ("mmio: [{page: 0x1000, registers: [{name: A, offset: 0, narrow: true, write: ignore}]}]", "A: narrow accesses are reads"),
    ("calls: [{id: 1, value: 1}]", "an entry without a name"),
    ("state: {w: 0x184}\nmmio: [{page: w, registers: [{name: A, offset: 0, value: 1}]}]",
     "A: the page's word 0x184 is not of the state or not aligned to 8 bytes"),
    ("state: {w: 8}\nmmio: [{page: w, registers: [{name: A, offset: 0, value: 1}]}]",
     "A: the page's word 0x8 is not of the state or not aligned to 8 bytes"),
    *((policy, f"{what} is no identifier") for policy, what in [
        ("calls: [{name: A-B, id: 1, value: 1}]", "an entry's name 'A-B'"),
        ("calls: [{name: \"A\\\"\", id: 1, value: 1}]", "an entry's name 'A\"'"),
        ("calls: [{name: \"A\\n#error\", id: 1, value: 1}]", "an entry's name 'A\n#error'"),
        ("calls: [{name: '', id: 1, value: 1}]", "an entry's name ''"),
        ("hypercalls: {immediate: 1, calls: [{name: 1A, id: 1, value: 1}]}", "an entry's name '1A'"),
        ("registers: [{name: A B, at: [3, 0, 0, 4, 0], value: 1}]", "an entry's name 'A B'"),
        ("mmio: [{page: 0x1000, registers: [{name: A/*, offset: 0, value: 1}]}]", "an entry's name 'A/*'"),
        ("state: [a.b]", "a state word's name 'a.b'"),
        ("slow: a b", "slow: 'a b'"),
        ("entry: {symbol: hv.fast, free: [x0, x1], saved: -16, area: 0}", "entry: symbol 'hv.fast'"),
        ("bodies: B\n" + CALL % "dotted.name", "A: a body's name 'dotted.name'"),
    ]),
    *(("state: {w: 384, end: 4088}\nwatched: [{name: A, page: 0x40000000, " + entry + "}]", what) for entry, what in [
        ("pages: 3, loads: w", "A: 3 pages; they have to be a power of two that the address is a multiple of"),
        ("pages: 0, loads: w", "A: no pages"),
        ("pages: 2", "neither loads nor stores are watched"),
        ("pages: 2, stores: end", "A: the place for address and value is not of the state"),
        ("stores: v", "there is no state word 'v'"),
        ("stores: w, by: watching", "by: watching; it can be translation or permission"),
        ("stores: w, by: permission}, {name: B, page: 0x40000000, stores: w, by: permission", "B: store to 0x40000000 is A's already"),
        ("pages: 2, stores: w}, {name: B, page: 0x40001000, stores: w", "B: store to 0x40001000 is A's already"),
        ("stores: w}, {name: B, page: 0x40003000, pages: 2, stores: w", "B: 2 pages; they have to be a power of two"),
        ("pages: 2, stores: w}]\nmmio: [{page: 0x40001000, registers: [{name: B, offset: 8, write: ignore}]}, {page: w, registers: [{name: C, offset: 8, write: ignore}]",
         "A: store to 0x40001008 is B's already"),
        ("pages: 2, stores: w}]\nmmio: [{page: w, registers: [{name: C, offset: 8, write: ignore}]", "A: can't be told from C by the low 12 bits"),
    ]),
    ("bodies: absent\ncalls: [{name: A, id: 1, body: f}]", "absent: cannot be read"),
]
EXIT = "  e1 = exit_to (i64 in reg(0))\n"


def function(name: str, lines: list[str], head: str = EXIT, conv: str = "custom0", more: str = "", params: str = "") -> str:
    return f"func @{name}(ptr in reg(0){more}) conv {conv} {{\n{head}b1(s: ptr{params}):\n" + "".join(f"  {line}\n" for line in lines) + "}\n"


LOAD = "a = load.i64 s + 400"
BODIES = "declare @helper(i64) -> i64\ndeclare @nothing(ptr) conv custom0\ndata @data size 8 align 8 {}\n" + "".join([
    function("fp", ["a = load.f64 s + 400", "b = bitcast.i64 a", "exit e1, b"]),
    function("three", [LOAD, "b = load.i64 s + 408", "c = load.i64 s + 416", "d = mul.i64 a, b", "f = mul.i64 b, c", "g = sub.i64 d, f", "h = mul.i64 g, a",
                       "i = xor.i64 h, b", "j = add.i64 i, c", "exit e1, j"]),
    function("right", [LOAD, "exit e1, a"]),
    function("dotted.name", [LOAD, "exit e1, a"]),
    function("returns", ["ret"], ""),
    function("tails", ["tail_call @nothing(s)"], ""),
    function("traps", ["trap 3"], ""),
    function("calls", [LOAD, "b = call @helper(a)", "exit e1, b"]),
    function("divides", [LOAD, "b = udiv_trap.i64 a, a", "exit e1, b"]),
    function("allocates", [LOAD, "b = alloca a, 16", "c = load.i64 b", "exit e1, c"]),
    function("other_place", [LOAD, "exit e1, a"], "  e1 = exit_to (i64 in reg(1))\n"),
    function("bare", [LOAD, "exit e1, a"], "  e1 = exit_to bare (i64 in reg(0))\n"),
    function("away", [LOAD, "exit e1, a"], "  e1 = exit_to @helper (i64 in reg(0))\n"),
    function("c_call", [LOAD, "exit e1, a"], conv="c"),
    function("exits", [LOAD, "c = icmp.eq.i64 a, 0", "brif c, b2, b3\nb2:", "exit e1, a\nb3:", "exit e1, a"]),
    function("wrong_place", ["exit e1, a"], more=", i64 in reg(2)", params=", a: i64"),
    function("two", ["exit e1, a"], "  e1 = exit_to (i64 in reg(1))\n", more=", i64 in reg(1)", params=", a: i64"),
    function("big", [LOAD, "b = stack_addr s1", "store.i64.volatile b, a", "c = load.i64.volatile b", "exit e1, c"], "  s1 = slot 120\n" + EXIT),
    function("loops", [LOAD, "br b2(a)\nb2(n: i64):", "m = lshr.i64 n, 1", "c = icmp.ne.i64 m, 0", "brif c, b2(m), b3\nb3:", "exit e1, m"]),
    function("edges", [LOAD, "c = icmp.eq.i64 a, 0", "brif c, b2(1), b2(2)\nb2(m: i64):", "exit e1, m"]),
    function("blocks", [LOAD, "switch.i64 a, " + ", ".join(f"{n}: b{n % 3 + 2}" for n in range(20)) + ", else: b5",
                        *(f"\nb{n}:\n  br b6({n})" for n in range(2, 6)), "\nb6(m: i64):", "exit e1, m"]),
    function("address", ["d = symbol_addr @data", "a = load.i64 d", "exit e1, a"]),
])


def many() -> str:
    """A body with more values alive at once than a leaf has registers."""
    text = "func @many(ptr in reg(0)) conv custom0 {\n  e1 = exit_to (i64 in reg(0))\nb1(s: ptr):\n"
    text += "".join(f"  v{n} = load.i64.volatile s + {400 + 8 * n}\n" for n in range(24)) + "  s0 = add.i64 v0, 0\n"
    text += "".join(f"  s{n} = add.i64 s{n - 1}, v{n}\n" for n in range(1, 24))
    return text + "  exit e1, s23\n}\n"


def refusals(report: Report) -> None:
    with tempfile.TemporaryDirectory() as directory:
        (Path(directory) / "B").write_text(BODIES + many())
        for n, (policy, expected) in enumerate(BAD):
            path = Path(directory) / "p.yaml"
            path.write_text(policy + "\n")
            done = subprocess.run([GENERATOR, path, Path(directory) / "out"], stderr=subprocess.PIPE, text=True)
            report.check(f"bad policy {n}", done.returncode == 1 and expected in done.stderr, f"{expected!r} expected, got {done.stderr.strip()!r}")
        path.write_text("{}\n")
        done = subprocess.run([GENERATOR, path, Path(directory) / "out"])
        report.check("an empty policy", done.returncode == 0)
        done = subprocess.run([GCC, *FLAGS, "-c", "out.c", "-o", "out.o"], cwd=directory)
        report.check("an empty policy's C model", done.returncode == 0)
        # Xen's has banks, hypercalls and pages in words; the demo's is in the monitor's guest.
        done = subprocess.run([GCC, *FLAGS, "-c", FAST.with_suffix(".c"), "-o", "out.o"], cwd=directory)
        report.check("the C model of the path in Xen", done.returncode == 0)
        path.write_text("bodies: B\n" + CALL % "loops" + "\n")
        done = subprocess.run([GENERATOR, path, Path(directory) / "out"])
        listing = (Path(directory) / "out.txt").read_text()
        report.check("a body with a loop", done.returncode == 0 and re.search(r"^ *\d+    - +\S+  HVC A$", listing, re.M) is not None, listing[:400])
        path.write_text("bodies: B\n" + CALL % "blocks" + "\n")
        done = subprocess.run([GENERATOR, path, Path(directory) / "out"], stderr=subprocess.PIPE, text=True)
        report.check("a body with a switch of 20 cases", done.returncode == 0 and not done.stderr, done.stderr)


def make_path(report: Report, directory: Path) -> None:
    """The same policy as a path before a slow path: path.{o,S,h}; its words are at the same places."""
    shutil.copy(POLICY.with_name("bodies.jk"), directory)
    (directory / "path.yaml").write_text(POLICY.read_text() + f"entry: {ENTRY}\n")
    done = subprocess.run([GENERATOR, directory / "path.yaml", directory / "path"], stderr=subprocess.PIPE, text=True)
    report.check("a path before a slow path", done.returncode == 0, done.stderr)
    contract = dict(re.findall(r"^#define (\w+) \(?([-\w]+)", (directory / "path.h").read_text(), re.M))
    report.check("the contract as data", contract.items() >= {"HV_SAVED": "-288", "HV_FREE": "0x3", "HV_AREA": "248", "HV_STATE_tvm": "432"}.items(), str(contract))
    # A trap's path is longer than in a table by the words before it, but for the two that the table runs there.
    rows = [dict((name, [least, most]) for least, most, name in re.findall(r"^ *(\d+|-) +(\d+|-) +\S+  (.+)$", text.read_text(), re.M))
            for text in (OUT / "vectors.txt", directory / "path.txt")]
    longer = {int(path[0]) - int(table[0]) for name, table in rows[0].items() for path in [rows[1][name]] if table[0] != "-"}
    report.check("paths of both forms", longer == {2} and rows[0].keys() == rows[1].keys(), str(longer))


def paths(report: Report) -> None:
    def number(text: str) -> float:
        return float("inf") if text == "-" else int(text)

    rows = re.findall(r"^ *(\d+|-) +(\d+|-) +(\d+|-)  (.+)$", (OUT / "vectors.txt").read_text(), re.M)
    # Where there is no handled path there is none to be too long.
    leaves = [(0 if least == "-" else number(most), number(miss), name) for least, most, miss, name in rows]
    for kind, pattern, most in MEANS:
        found = [longest for longest, _, name in leaves if re.match(pattern, name)]
        if report.check(f"{kind}: leaves of the mean", bool(found), "none"):
            mean = sum(found) / len(found)
            report.note(f"hv-trap: {kind:<36} {len(found):3} leaves: mean {mean:.1f} (must {most})")
            report.check(f"{kind}: mean", mean <= most, f"{mean:.2f}")
    for _, _, name in leaves:
        kinds = [kind for kind, pattern, _, _ in WORST if re.match(pattern, name)]
        report.check(f"leaf {name}: its row", len(kinds) == 1, f"in {len(kinds)} rows of WORST {kinds}")
    for kind, pattern, most, most_miss in WORST:
        found = [(longest, miss) for longest, miss, name in leaves if re.match(pattern, name)]
        if not report.check(f"{kind}: leaves", bool(found), "none"):
            continue
        worst, miss = max(longest for longest, _ in found), max(miss for _, miss in found)
        report.note(f"hv-trap: {kind:<36} {len(found):3} leaves: worst {worst} (must {most}), miss {miss} (must {most_miss})")
        report.check(f"{kind}: worst", worst <= most, f"{worst}")
        report.check(f"{kind}: miss", miss <= most_miss, f"{miss}")


def same_words(report: Report, directory: Path, name: Path) -> None:
    texts = []
    for source in (name.with_suffix(".o"), name.with_suffix(".S")):
        made, flat = directory / "w.o", directory / "w.bin"
        subprocess.run([GCC, "-r", "-nostdlib", "-o", made, source], check=True)
        subprocess.run([OBJCOPY, "-O", "binary", "-j", ".text", made, flat], check=True)
        texts.append(flat.read_bytes())
    report.check(f"{name.name}: object and assembly have the same words", texts[0] == texts[1] and len(texts[0]) > 2048)


ERET, BARRIER = ".inst 0xd69f03e0", [".inst 0xd503379f", ".inst 0xd5033fdf"]  # dsb nsh; isb


def shape(report: Report, source: Path, table: bool) -> None:
    """What holds of all the code: a barrier behind every eret; of a table, that the other vectors leave it."""
    words = [line for line in source.read_text().splitlines() if line.startswith((".inst", "b "))]
    erets = [n for n, word in enumerate(words) if word == ERET]
    bare = [n for n in erets if words[n + 1:n + 3] != BARRIER]
    report.check(f"{source.name}: a barrier behind every eret", len(erets) > 64 and not bare, f"{len(erets)}, bare: {bare[:4]}")
    if table:
        wrong = [slot for slot in range(16) if slot != 8 and words[32 * slot] != f"b hv_vector_{slot}"]
        report.check(f"{source.name}: the other vectors, AArch32 guests' among them", not wrong, str(wrong))


def run_proof(traps: int, directory: Path, code: Path, define: list[str]) -> subprocess.CompletedProcess:
    elf = directory / "proof.elf"
    seed = int(os.environ.get("JITKIT_SEED", "1"))
    subprocess.run([GCC, *FLAGS, *GUARDED, *define, "-I", directory, f"-DTRAPS={traps}", f"-DSEED={seed * 2 + 1}ULL", "-DEVERY", "-T", HERE / "link.ld", HERE / "boot.S", HERE / "model.c",
                    HERE / "proof.c", build_monitor.HERE / "bare.c", code, "-o", elf], check=True)
    return subprocess.run([*QEMU, elf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)


def proof(report: Report, traps: int, directory: Path, code: Path, define: list[str]) -> None:
    seed = int(os.environ.get("JITKIT_SEED", "1"))
    done = run_proof(traps, directory, code, define)
    totals = re.search(r"^(\d+) passed, (\d+) failed, 0 skipped$", done.stdout, re.M)
    for line in done.stdout.splitlines():
        if not totals or line != totals[0]:
            print(line)
    good = totals is not None and done.returncode == (1 if int(totals[2]) else 0)
    report.check(f"traps at EL2, {code.name}", good, f"exit status {done.returncode}, seed {seed}")
    if totals:
        report.passed += int(totals[1])
        report.failed += int(totals[2])
        if int(totals[2]):
            print(f"seed {seed}")


def xen_path(report: Report, traps: int, parent: Path) -> None:
    """The code that is in Xen, with the policy said again: banks, pages in words and hypercalls are the reference's too."""
    directory = parent / "xen"
    directory.mkdir()
    shutil.copy(FAST.with_suffix(".h"), directory / "path.h")
    subprocess.run([OBJCOPY, "--redefine-sym", "jitkit_fast=hv_fast", "--redefine-sym", "jitkit_miss=hv_slow", FAST.with_suffix(".o"),
                    directory / "path.o"], check=True)
    end = re.search(r"^#define HV_AREA_END (\d+)$", (directory / "path.h").read_text(), re.M)[1]
    define = ["-DBEFORE", "-DNO_FAULTS", "-DC_MODEL", "-DLEAST_HANDLED=6", '-DNOTE="NOTE hypervisor: the path in Xen, "', "-DSTATE_FIRST=136",
              f"-DSTATE_END={end}", FAST.with_suffix(".c")]
    proof(report, traps, directory, directory / "path.o", [*define, '-DPOLICY="policy_xen.h"'])
    said = (HERE / "policy_xen.h").read_text()
    for right, wrong in (("constant, 0x34c", "constant, 0x34d"), ("w_ranks, 5, 12", "w_ranks, 5, 13"), ("ID(9, 1, 7)", "ID(8, 1, 7)"), ("{{17, 1, 0,", "{{17, 0, 0,")):
        (directory / "policy_wrong.h").write_text(said.replace(right, wrong))
        done = run_proof(min(traps, 20000), directory, directory / "path.o", [*define, '-DPOLICY="policy_wrong.h"'])
        report.check(f"the path in Xen is not that of {wrong}", right in said and "different: " in done.stdout, done.stdout[-600:])


def random_program(directory: Path, before: bool, traps: int, n: int) -> tuple[Path, subprocess.CompletedProcess]:
    """The proof with the random policy's code, tables and C model; `before`: as a path before a slow path."""
    name = "path" if before else "vectors"
    made = subprocess.run([GENERATOR, directory / "random.yaml", directory / name], stderr=subprocess.PIPE, text=True)
    if made.returncode == 0:
        made = subprocess.run([GCC, *FLAGS, *GUARDED, "-I", directory, f"-DTRAPS={traps}", f"-DSEED={2 * n + 1}ULL", "-DNO_FAULTS",
                               "-DC_MODEL", "-DLEAST_HANDLED=20", '-DNOTE="random policy: "', '-DPOLICY="random_policy.h"', *(["-DBEFORE"] if before else []),
                               "-T", HERE / "link.ld", HERE / "boot.S", HERE / "model.c", HERE / "proof.c", build_monitor.HERE / "bare.c", directory / f"{name}.c",
                               directory / f"{name}.o", "-o", directory / "random.elf"], stderr=subprocess.PIPE, text=True)
    return directory / "random.elf", made


# Policies that were handled wrongly: an island of veneers between the place of a table and its entries, or in an entry.
PAST_POLICIES = (11165521200001, 100006)


def random_policies(report: Report, count: int, traps: int, parent: Path) -> None:
    """Random policies, random traps, every second as a path before a slow path; the generated C model too has to be the
    reference's equal."""
    seed = int(os.environ.get("JITKIT_SEED", "1")) * 100000
    directory = parent / "random"
    directory.mkdir()
    (directory / "bodies.jk").write_text(POLICY.with_name("bodies.jk").read_text() + (HERE / "every.jk").read_text())
    good, ways = 0, [0, 0, 0]
    numbers = [*PAST_POLICIES, *range(seed, seed + count)]
    for turn, n in enumerate([*numbers, seed]):  # the first once more, with one thing said otherwise to the model
        policy, tables = hv_policy.make(n)
        otherwise, before = turn == len(numbers), n % 2 == 1
        if otherwise:
            tables = re.sub(r"skips_wfi = (\d)", lambda m: f"skips_wfi = {1 - int(m[1])}", tables)
        (directory / "random.yaml").write_text(policy + (f"entry: {ENTRY}\n" if before else ""))
        (directory / "random_policy.h").write_text(tables)
        elf, made = random_program(directory, before, traps, n)
        if not report.check(f"random policy {n}: code", made.returncode == 0, made.stderr):
            continue
        done = subprocess.run([*QEMU, elf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
        right = done.returncode == 0 and re.search(r"^4 passed, 0 failed", done.stdout, re.M) is not None
        if otherwise:
            report.check(f"random policy {n}: another policy is told from it", not right and "different: " in done.stdout, done.stdout[-600:])
        else:
            good += report.check(f"random policy {n}: traps", right, done.stdout[-600:])
            found = re.findall(r" (\d+) bit tests, (\d+) compared first, (\d+) tables", elf.with_name("path.txt" if before else "vectors.txt").read_text())
            ways = [have + sum(int(row[way]) for row in found) for way, have in enumerate(ways)]
    report.note(f"hv-trap: {good} of {len(numbers)} random policies, {traps} traps each: the vectors and the C model as the reference; "
                f"{ways[0]} bit tests, {ways[1]} compared first, {ways[2]} tables")
    report.check("random policies: each way to tell keys apart", count < 2 or all(ways), str(ways))


def counted(report: Report, granule: int, run: demo.Run, paths: dict) -> None:
    """Each leaf was taken, every time through the vectors, along its shortest and its longest path."""
    traps = {trap.name: trap for trap in run.traps}
    worst_miss = max(miss for _, _, miss in paths.values() if miss is not None)
    for name, (least, most, _) in paths.items():
        if least is None:
            continue
        trap = traps.get(name)
        if report.check(f"granule {granule}: {name}: taken", trap is not None, "no"):
            found = (trap.n, trap.least, trap.most)
            report.check(f"granule {granule}: {name}: EL2 instructions", found == (trap.taken, least, most),
                         f"{found} spans, least and most, {(trap.taken, least, most)} are the listing's")
    misses = [trap for trap in run.traps if trap.name.startswith("miss: ")]
    report.check(f"granule {granule}: misses", len(misses) > 10 and all(0 < trap.most <= worst_miss for trap in misses),
                 f"{[(trap.name, trap.most) for trap in misses]}")


def monitor(report: Report, directory: Path) -> None:
    paths = demo.listed()
    reference = [HERE / "model.c", HERE / "monitor_model.c"]
    for what, model, granules, good in (("the policy's C model", [], (16,), True), ("the reference", reference, (4, 64), True),
                                        ("a wrong model", [*reference, "-DFAULT=9"], (4,), False)):
        image = directory / "monitor.elf" if model else demo.IMAGE
        if model:
            build_monitor.build(OUT / "vectors", image, model)
        for granule in granules:
            run = demo.run(image, granule, False, directory / "counts")
            name = f"guest with {what}, granule of {granule} KiB"
            total = re.search(r"^guest: (\d+) traps on 2 vCPUs, (\d+) wrong$", run.text, re.M)
            report.check(name, total is not None and (run.status == 0) == good and (total[2] == "0") == good,
                         "\n".join([trap.name for trap in run.traps if trap.wrong] or [run.text[-400:]]))
            if good:
                counted(report, granule, run, paths)
                report.note(f"hv-trap: {name}: {total[1] if total else 'no'} traps, EL2 instructions as listed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traps", type=int, default=20000)
    parser.add_argument("--policies", type=int, default=8)
    parts = ["text", "monitor", "policies", "table", "path", "xen"]
    parser.add_argument("--only", nargs="+", choices=parts, default=parts)
    args = parser.parse_args()
    report = Report()
    if "text" in args.only:
        refusals(report)
        paths(report)
    with tempfile.TemporaryDirectory() as directory:
        make_path(report, Path(directory))
        same_words(report, Path(directory), OUT / "vectors")
        same_words(report, Path(directory), Path(directory) / "path")
        shape(report, OUT / "vectors.S", True)
        shape(report, Path(directory) / "path.S", False)
        shape(report, FAST.with_suffix(".S"), False)
        if shutil.which(QEMU[0]) is None:
            report.skip("hypervisor", "qemu-system-aarch64 (qemu-system-arm)")
        else:
            if "monitor" in args.only:
                monitor(report, Path(directory))
            if "policies" in args.only:
                random_policies(report, args.policies, args.traps // 4, Path(directory))
            if "table" in args.only:
                proof(report, args.traps, Path(directory), OUT / "vectors.o", [])
            if "path" in args.only:
                proof(report, args.traps, Path(directory), Path(directory) / "path.o", ["-DBEFORE"])
            if "xen" in args.only:
                xen_path(report, args.traps, Path(directory))
    report.finish()


if __name__ == "__main__":
    main()
