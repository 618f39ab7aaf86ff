#!/usr/bin/env python3
"""The QEMU plugin that counts executed instructions (tools/qemu_count), on a program whose counts are known."""

import subprocess
import tempfile
from pathlib import Path

import tree
from report import Report

PLUGIN = tree.ROOT / "build" / "dev" / "tools" / "qemu_count" / "libjitkit_count.so"
ROUNDS = 1000
TEXT = 0x400000
# Two spans 7: a loop of ROUNDS rounds of two instructions, and one instruction. A span 9 ended by a 7. None after 0.
PROGRAM = f"""
        .globl _start
_start: mov x1, #{ROUNDS}
        movz xzr, #7
1:      subs x1, x1, #1
        b.ne 1b
        movz xzr, #9
        b far
        .balign 4096
far:    nop
        movz xzr, #7
        nop
        movz xzr, #0
        mov x0, #0
        mov x8, #93
        svc #0
"""
BEFORE_FAR = 1 + 1 + 2 * ROUNDS + 1 + 1
FROM_FAR = 7


def build(directory: Path) -> Path:
    source, program = directory / "counted.S", directory / "counted"
    source.write_text(PROGRAM)
    linked = ["-nostdlib", "-static", "-Wl,--build-id=none", f"-Wl,-Ttext={TEXT:#x}"]
    subprocess.run(["aarch64-linux-gnu-gcc", *linked, "-o", program, source], check=True)
    return program


def run(command: list, options: str) -> subprocess.CompletedProcess:
    return subprocess.run([command[0], "-plugin", f"{PLUGIN}{options}", *command[1:]], text=True, timeout=60,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)


def counts(directory: Path, program: Path, options: str) -> list[str]:
    out = directory / "counts"
    done = run(["qemu-aarch64", program], f",out={out}{options}")
    return out.read_text().splitlines() if out.exists() else [done.stdout]


def main() -> None:
    report = Report()
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        program = build(directory)
        pages = [f"page {TEXT:x} {BEFORE_FAR}", f"page {TEXT + 4096:x} {FROM_FAR}"]
        spans = [f"span 7 n 2 min 1 max {2 * ROUNDS} sum {2 * ROUNDS + 1}", "span 9 n 1 min 2 max 2 sum 2"]
        for what, options, expected in (
                ("pages", "", [f"total {BEFORE_FAR + FROM_FAR}", *pages]),
                ("a range", f",range={TEXT + 4096:x}-{TEXT + 4100:x}", ["total 1", f"page {TEXT + 4096:x} 1"]),
                ("spans", ",marks=on", [f"total {BEFORE_FAR + FROM_FAR}", *pages, *spans]),
                ("short spans", ",marks=on,within=2",
                 [f"total {BEFORE_FAR + FROM_FAR}", *pages, "within 0 7 1", "within 0 9 1", *spans])):
            found = counts(directory, program, options)
            report.check(what, found == expected, f"{found} instead of {expected}")
        for what, options, message in (("no file", "", "out=FILE is missing"),
                                       ("unknown option", ",what=1", "bad argument 'what=1'"),
                                       ("bad range", ",out=x,range=5-5", "bad argument 'range=5-5'")):
            done = run(["qemu-aarch64", program], options)
            report.check(what, done.returncode != 0 and message in done.stdout, f"{done.returncode}: {done.stdout}")
        done = run(["qemu-x86_64", "/bin/true"], ",out=x")
        report.check("another guest", done.returncode != 0 and "not x86_64" in done.stdout, done.stdout)
    report.finish()


main()
