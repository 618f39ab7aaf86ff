#!/usr/bin/env python3
"""What each pass of the optimiser costs and gives, on the kernels of bench/kernels as clang -O0 and -O1 leave them.

Cost: host instructions (callgrind) of the pass alone within `jitkit compile`, what it needs to know of the
function included, per IR instruction of the input. Gives: how many more instructions the kernels execute (callgrind, geometric
mean) if --opt full leaves the pass out, in per cent. Prints the table of docs/optimiser.md.

usage: passes.py [--only TEXT] [--pass NAME]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from kernels import COMMON, IMPORT, ROOT, SOURCES, mean, run

JITKIT = ROOT / "build" / "jitkit"
PASSES = re.findall(r'^JITKIT_PASS\(\w+, "([^"]+)"', (ROOT / "ir" / "passes.def").read_text(), re.MULTILINE)
LEVELS = ("-O0", "-O1")


def instructions(command: list, scratch: Path, function: str = "") -> int:
    """What a process executes: all of it, or one function and what it calls."""
    out = scratch / "callgrind.out"
    run(["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}", *command])
    if not function:
        return int(re.search(r"^(?:summary|totals): (\d+)", out.read_text(errors="replace"), re.M)[1])
    rows = run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", out])
    found = re.search(rf"^ *([\d,]+) .*{re.escape(function)}", rows, re.MULTILINE)
    if not found:
        sys.exit(f"passes: callgrind names no function {function}: inlined?")
    return int(found[1].replace(",", ""))


class Kernel:
    def __init__(self, source: Path, level: str, scratch: Path):
        self.name, self.scratch = f"{source.stem}{level}", scratch
        self.bitcode, self.text = scratch / f"{self.name}.bc", scratch / f"{self.name}.jk"
        run(["clang-19", level, "-fno-pic", "-fno-vectorize", "-fno-slp-vectorize", *COMMON, "-emit-llvm", "-c", source,
             "-o", self.bitcode])
        run([IMPORT, self.bitcode, "-o", self.text])
        self.ops = sum(line.startswith("  ") and " slot " not in line for line in self.text.read_text().splitlines())

    def cost(self, options: list) -> int:
        return instructions([JITKIT, "compile", self.text, "--target", "x86_64", "--emit", "ir", "-o", "/dev/null", *options],
                            self.scratch, "Optimisation::apply(")

    def executed(self, options: list) -> int:
        base = self.scratch / self.name
        run([IMPORT, self.bitcode, "-c", "-o", f"{base}.o", *options])
        run(["gcc", "-no-pie", self.scratch / "driver.o", f"{base}.o", "-o", base, "-lm"])
        return instructions([base, 1], self.scratch)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="kernels whose name contains this")
    parser.add_argument("--pass", dest="passes", action="append", help="only this pass; may be repeated")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        run(["gcc", "-O2", "-fno-pie", "-c", SOURCES / "driver.c", "-o", scratch / "driver.o"])
        sources = [s for s in sorted(SOURCES.glob("*.c")) if s.stem != "driver" and args.only in s.stem]
        kernels = {level: [Kernel(s, level, scratch) for s in sources] for level in LEVELS}
        if not sources:
            sys.exit("passes: no such kernel")
        ops = sum(k.ops for k in kernels["-O0"])
        plain = {level: [k.executed(["--opt", "none"]) for k in kernels[level]] for level in LEVELS}
        whole = {}
        for opt in ("fast", "full"):
            whole[opt] = {level: [k.executed(["--opt", opt]) for k in kernels[level]] for level in LEVELS}
            shares = [mean([a / b for a, b in zip(whole[opt][level], plain[level])]) for level in LEVELS]
            print(f"--opt {opt}: executed instructions against --opt none: clang -O0 {shares[0]:.2f}, -O1 {shares[1]:.2f}", flush=True)
        print("| kernel, millions executed | clang -O0: none | fast | full | clang -O1: none | fast | full |\n|" + "---|" * 7)
        for n, source in enumerate(sources):
            runs = [levels[level][n] for level in LEVELS for levels in (plain, whole["fast"], whole["full"])]
            print(f"| {source.stem} | " + " | ".join(f"{run / 1e6:.1f}" for run in runs) + " |", flush=True)
        for opt in ("fast", "full"):
            cost = sum(k.cost(["--opt", opt]) for k in kernels["-O0"])
            print(f"--opt {opt}: {cost / ops:.0f} host instructions per op", flush=True)
        print("| pass | cost per op | without it, clang -O0 | without it, clang -O1 |\n|---|---|---|---|")
        for name in args.passes or PASSES:
            cost = sum(k.cost(["--passes", name]) for k in kernels["-O0"]) / ops
            more = [100 * (mean([k.executed(["--opt", "full", f"--passes=-{name}"]) / w
                                 for k, w in zip(kernels[level], whole["full"][level])]) - 1) for level in LEVELS]
            print(f"| `{name}` | {cost:.0f} | {more[0]:+.1f} % | {more[1]:+.1f} % |", flush=True)


if __name__ == "__main__":
    main()
