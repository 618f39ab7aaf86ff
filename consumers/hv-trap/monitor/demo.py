#!/usr/bin/env python3
"""Runs the monitor and its guest under QEMU with the counter, and prints every trap with its EL2 instructions.

usage: demo.py [--granule 4|16|64]      (all three)

From vector entry to eret inclusive, on both vCPUs, and beside them what the emitted words say: the shortest and the
longest path of the listing. Then the same traps beside stock Xen 4.17's counts.
"""

import argparse
import dataclasses
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import figures  # noqa: E402

OUT = ROOT / "build" / "consumers" / "hv-trap"
PLUGIN = ROOT / "build" / "release" / "tools" / "qemu_count" / "libjitkit_count.so"
IMAGE = OUT / "monitor.elf"
NM = "aarch64-linux-gnu-nm"
QEMU = ("qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu max -m 512 -smp 2 -display none "
        "-serial none -monitor none -net none").split()
# What make demo-xen and the check `xen` count last: a line for each of their traps, its name and stock Xen's instructions.
XEN_COUNTS = OUT / "xen.counts"
# The guest's name of a trap; the name there, or none; stock Xen 4.17.5 (defconfig, -cpu max) as it was counted for this
# table; a frame of all registers with C behind it, counted in the same way.
COMPARED = [
    ("HVC SMCCC_VERSION", "HVC SMCCC_VERSION", 454, 75),
    ("HVC PSCI_VERSION", "HVC PSCI_VERSION", 470, 67),
    ("SMC PSCI_VERSION", "SMC PSCI_VERSION", 500, 59),
    ("HVC PSCI_AFFINITY_INFO", "HVC AFFINITY_INFO", 532, 70),
    ("HVC XEN_VERSION", "HVC xen_version", 416, None),
    ("WFI", None, None, 63),
    ("LDRw GICD_TYPER", "LDRw GICD_TYPER", 598, 86),
    ("STRw GICD_ISENABLER1", None, 739, 85),
    ("LDRSb GICD_IPRIORITYR8", "LDRSbx GICD_IPRIORITYR8", 680, 96),
    ("LDRx GICR_TYPER", "LDRx GICR_TYPER", 600, 84),
    ("MRS ID_AA64PFR0_EL1", "MRS ID_AA64PFR0_EL1", 429, 71),
    ("MRS ACTLR_EL1", "MRS ACTLR_EL1", 410, 84),
    ("MRS PMCR_EL0", "MRS PMCR_EL0", 433, 80),
    ("MSR OSLAR_EL1", "MSR OSLAR_EL1", 406, 71),
    ("MSR ICC_SGI1R_EL1", None, 491, 76),
]


@dataclasses.dataclass
class Trap:
    name: str
    taken: int
    wrong: int
    n: int = 0  # spans that the counter saw
    least: int = 0
    most: int = 0
    mean: float = 0.0


@dataclasses.dataclass
class Run:
    status: int
    text: str
    traps: list[Trap]


def run(image: Path, granule: int, everything: bool, counts: Path, timeout: int = 600) -> Run:
    """Counts of the generated vectors' instructions, or of everything at EL2."""
    symbols = {name: int(at, 16) for at, _, name in (line.split() for line in subprocess.run(
        [NM, "--defined-only", image], check=True, stdout=subprocess.PIPE, text=True).stdout.splitlines())}
    first, last = ("_start", "monitor_text_end") if everything else ("hv_vectors", "hv_vectors_end")
    counts.unlink(missing_ok=True)
    semihosting = f"enable=on,target=native,arg=monitor,arg={granule}"
    done = subprocess.run([*QEMU, "-semihosting-config", semihosting, "-kernel", image,
                           "-plugin", f"{PLUGIN},out={counts},marks=on,range={symbols[first]:x}-{symbols[last]:x}"],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=timeout)
    spans = {}
    if counts.exists():
        for line in re.findall(r"^span (\d+) n (\d+) min (\d+) max (\d+) sum (\d+)$", counts.read_text(), re.M):
            number, *values = (int(word) for word in line)
            spans[number] = values
    traps = []
    for number, a, b, c, d, name in re.findall(r"^trap (\d+) (\d+)\+(\d+) wrong (\d+)\+(\d+) (.+)$", done.stdout, re.M):
        trap = Trap(name, int(a) + int(b), int(c) + int(d))
        if int(number) in spans:
            trap.n, trap.least, trap.most, total = spans[int(number)]
            trap.mean = total / trap.n
        traps.append(trap)
    return Run(done.returncode, done.stdout, traps)


def listed(vectors: Path = OUT / "vectors") -> dict[str, tuple[int | None, int | None, int | None]]:
    """Of each leaf: shortest and longest path, longest path of a miss; None where there is none."""
    rows = re.findall(r"^ *(\d+|-) +(\d+|-) +(\d+|-)  (.+)$", Path(f"{vectors}.txt").read_text(), re.M)
    return {name: tuple(None if word == "-" else int(word) for word in row) for *row, name in rows}


def lines_of(counted: Run, whole: Run, paths: dict) -> list[list[str]]:
    rows = []
    for trap, full in zip(counted.traps, whole.traps):
        row = [trap.name, str(trap.taken), str(trap.wrong)]
        if trap.n != 0:
            least, most, _ = paths.get(trap.name, (None, None, None))
            row += [str(trap.least), figures.number(trap.mean, "{:.1f}"), str(trap.most),
                    f"{least} to {most}" if least is not None else "", f"{full.most}" if full.most != trap.most else ""]
        rows.append(row + [""] * (8 - len(row)))
    return rows


def table(rows: list[list[str]]) -> str:
    return figures.table(["trap", "traps", "wrong", "EL2 instructions: min", "mean", "max", "words", "to eret through C"],
                         rows)


def compared(counted: Run) -> str:
    traps = {trap.name: trap for trap in counted.traps}
    here = dict(line.rsplit(" ", 1) for line in XEN_COUNTS.read_text().splitlines()) if XEN_COUNTS.exists() else {}
    rows = []
    for name, there, xen, frame in COMPARED:
        trap, xen = traps[name], int(here.get(there, xen or 0)) or None
        times = xen / trap.mean if xen else None
        rows.append([name, figures.number(trap.mean, "{:.1f}"), str(trap.most), figures.number(frame, "{}"),
                     figures.number(xen, "{}"), figures.number(times, "{:.1f}")])
    known = sum(there in here for _, there, _, _ in COMPARED)
    return figures.table(["trap", "generated: mean", "max", "frame and C", "Xen 4.17", "times"], rows) + (
        f"\nXen: {known} of {len(COMPARED)} by make demo-xen here, the others as this table has them" if known else
        "\nXen: as this table has it; make demo-xen counts it here")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--granule", type=int, choices=(4, 16, 64))
    args = parser.parse_args()
    lacks = [what for what, there in ((f"{QEMU[0]} (qemu-system-arm)", shutil.which(QEMU[0])), (f"{NM} (binutils-aarch64-linux-gnu)", shutil.which(NM)),
                                      (f"{IMAGE} (make demo-hv builds it)", IMAGE.exists()), (f"{PLUGIN} (make demo-hv builds it)", PLUGIN.exists())) if not there]
    if lacks:
        print("demo-hv: missing: " + ", ".join(lacks), file=sys.stderr)
        return 2
    status, first = 0, []
    with tempfile.TemporaryDirectory() as directory:
        counts = Path(directory) / "counts"
        for granule in (args.granule,) if args.granule else (4, 16, 64):
            print(f"demo-hv: the guest runs twice with granules of {granule} KiB, under the counter ...", file=sys.stderr, flush=True)
            try:
                counted, whole = run(IMAGE, granule, False, counts), run(IMAGE, granule, True, counts)
            except subprocess.TimeoutExpired as e:
                print(f"demo-hv: no end after {e.timeout:.0f} s; the guest said:\n{(e.stdout or b'').decode(errors='replace')[-2000:]}", file=sys.stderr)
                return 1
            print(f"\nstage 2 with granules of {granule} KiB, two vCPUs; min to max over both and all transfer registers:")
            if counted.traps and len(counted.traps) == len(whole.traps):
                rows = lines_of(counted, whole, listed())
                other = [row for row in rows if row not in first]
                if first:
                    print(f"{len(rows) - len(other)} of {len(rows)} lines as above" + (", the others:" if other else ""))
                if other:
                    print(table(other))
                first = first or rows
            print("".join(line + "\n" for line in counted.text.splitlines() if not line.startswith("trap ")), end="")
            status |= counted.status | whole.status
        if counted.traps:
            print("\n" + compared(counted))
    print("demo-hv: " + ("FAILED: a trap was wrong, or the guest did not end well" if status else
                         "every trap on both vCPUs did what the policy's model says"))
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
