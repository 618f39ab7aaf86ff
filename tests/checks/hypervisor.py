#!/usr/bin/env python3
"""Fast trap handlers (consumers/hv-trap): the generated EL2 vectors against a model written from the Arm manual.

usage: hypervisor.py [--traps N]

 - bad policies are refused with the entry's name and what is missing;
 - .S and .o hold the same words;
 - the listed path of every leaf is within its limit (LIMITS), and so is the mean of each kind;
 - N traps (20,000) of every kind at EL2 on two CPUs of qemu-system-aarch64: state after each as the model has it,
   and seeded faults of model and code are found (tests/hypervisor).
"""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from report import Report

ROOT = Path(__file__).resolve().parent.parent.parent
OUT = ROOT / "build" / "consumers" / "hv-trap"
HERE = ROOT / "tests" / "hypervisor"
GENERATOR = ROOT / "build" / "release" / "consumers" / "hv-trap" / "hv-trap-gen"
GCC, OBJCOPY = "aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objcopy"
FLAGS = ("-O2 -ffreestanding -nostdlib -static -no-pie -fno-pie -mgeneral-regs-only -mstrict-align -fno-stack-protector "
         "-fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wl,--build-id=none -Wl,--no-warn-rwx-segments").split()
QEMU = ("qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu max -m 512 -smp 2 -display none -serial none "
        "-monitor none -net none -semihosting-config enable=on,target=native -kernel").split()

# (kind, leaves, constants only, most on the mean of the shortest paths, most on any longest)
CONSTANT_MMIO = r"LDRw (GICD_(CTLR|TYPER|IIDR|PIDR\d|IPRIORITYR8)|GICR_IIDR|UART\w+)$|LDRx GICR_TYPER$"
STATEFUL_REGISTERS = "ACTLR|PMCR|CNTP_TVAL"
LIMITS = [
    ("hypercall, PSCI and SMCCC by HVC", r"HVC (SMCCC_VERSION|PSCI_VERSION|PSCI_AFF\w+|PSCI_MIG\w+|VENDOR_UID|XEN_VERSION)$", 24, 32),
    ("PSCI and SMCCC by SMC", r"SMC (SMCCC|PSCI)_VERSION$", 32, 40),
    ("MMIO read of a constant", CONSTANT_MMIO, 38, 46),
    ("stateful MMIO", r"LDRw GICD_I[SC]ENABLER1$|STRw GICD_", 44, 52),
    ("constant system register", rf"MRS (?!{STATEFUL_REGISTERS})", 32, 40),
    ("WFI", r"WFI$", 20, 20),
]

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
    ("bodies: B\ncalls: [{name: A, id: 1, body: many}]", "A: @many:"),
]
BODIES = "func @fp(ptr in reg(0)) conv custom0 {\n  e1 = exit_to (i64 in reg(0))\nb1(s: ptr):\n  a = load.f64 s + 400\n" \
         "  b = bitcast.i64 a\n  exit e1, b\n}\n"


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


def paths(report: Report) -> None:
    leaves = re.findall(r"^ *(\d+) +(\d+)  (.+)$", (OUT / "vectors.txt").read_text(), re.M)
    for kind, pattern, mean, worst in LIMITS:
        found = [(int(a), int(b), name) for a, b, name in leaves if re.match(pattern, name)]
        if not report.check(f"{kind}: leaves", bool(found), "none"):
            continue
        # Through register 31 a leaf is one shorter: the longest path is what counts.
        average, most = sum(b for _, b, _ in found) / len(found), max(b for _, b, _ in found)
        report.note(f"hv-trap: {kind:<34} {len(found):3} leaves: mean {average:.1f} (must {mean}), worst {most} (must {worst})")
        report.check(f"{kind}: mean", average <= mean, f"{average:.2f}")
        report.check(f"{kind}: worst", most <= worst, f"{most}")


def same_words(report: Report, directory: Path) -> None:
    texts = []
    for source in ("vectors.o", "vectors.S"):
        made, flat = directory / "w.o", directory / "w.bin"
        subprocess.run([GCC, "-r", "-nostdlib", "-o", made, OUT / source], check=True)
        subprocess.run([OBJCOPY, "-O", "binary", "-j", ".text", made, flat], check=True)
        texts.append(flat.read_bytes())
    report.check("object and assembly have the same words", texts[0] == texts[1] and len(texts[0]) > 2048)


def proof(report: Report, traps: int, directory: Path) -> None:
    elf = directory / "proof.elf"
    seed = int(os.environ.get("JITKIT_SEED", "1"))
    subprocess.run([GCC, *FLAGS, f"-DTRAPS={traps}", f"-DSEED={seed * 2 + 1}ULL", "-T", HERE / "link.ld", HERE / "boot.S", HERE / "model.c",
                    HERE / "proof.c", OUT / "vectors.o", "-o", elf], check=True)
    done = subprocess.run([*QEMU, elf], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
    totals = re.search(r"^(\d+) passed, (\d+) failed, 0 skipped$", done.stdout, re.M)
    for line in done.stdout.splitlines():
        if not totals or line != totals[0]:
            print(line)
    report.check("traps at EL2", totals is not None and done.returncode == 0, f"exit status {done.returncode}, seed {seed}")
    if totals:
        report.passed += int(totals[1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traps", type=int, default=20000)
    args = parser.parse_args()
    report = Report()
    if shutil.which("qemu-system-aarch64") is None:
        report.skip("hypervisor", "qemu-system-aarch64 (qemu-system-arm)")
        report.finish()
    refusals(report)
    paths(report)
    with tempfile.TemporaryDirectory() as directory:
        same_words(report, Path(directory))
        proof(report, args.traps, Path(directory))
    report.finish()


if __name__ == "__main__":
    main()
