#!/usr/bin/env python3
"""Code quality: the run time of kernels of C through clang -O1 and jitkit, against gcc -O2 without vectors.

bench/kernels/*.c, each in four builds: jitkit's (clang -O1 to LLVM IR, jitkit-import), gcc -O2 and, for
comparison, gcc -O1 and clang -O1. Every build gets the same driver, made by gcc. Times are medians of
interleaved runs; what the kernels return must be equal. Prints a row per kernel and the geometric means;
writes build/bench/kernels.json. Fails if results differ; the bar that is missed is marked and is no failure.

--opt LEVEL and --clang LEVEL say how jitkit's build is made: optimised by jitkit or not, from clang -O1 or -O0.
--target arm64: the instructions that one run of a kernel executes under QEMU, libraries included, instead of time;
writes build/bench/kernels_arm64.json. Needs the release build's jitkit_count.

usage: kernels.py [--target x86_64|arm64] [--runs 11] [--only TEXT] [--opt none|fast|full] [--clang O1|O0]
"""

import argparse
import json
import math
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "bench" / "kernels"
IMPORT = ROOT / "build" / "jitkit-import"
PLUGIN = ROOT / "build" / "release" / "tools" / "qemu_count" / "libjitkit_count.so"
GCC = {"x86_64": "gcc", "arm64": "aarch64-linux-gnu-gcc"}
TRIPLE = {"x86_64": [], "arm64": ["--target=aarch64-linux-gnu"]}
SCALAR = ["-fno-tree-vectorize", "-fno-tree-slp-vectorize"]
COMMON = ["-w", "-ffp-contract=off"]
BARS = {"none": 1.20, "fast": 1.45, "full": 1.20}  # geometric mean against gcc -O2


def run(command: list) -> str:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace")
    if done.returncode != 0:
        sys.exit(f"kernels: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def build(source: Path, scratch: Path, opt: str, clang_level: str, target: str) -> dict[str, Path]:
    """The programs by the name of their build."""
    objects = {name: scratch / f"{source.stem}.{name}.o" for name in ("jitkit", "gcc -O2", "gcc -O1", "clang -O1")}
    bitcode = scratch / f"{source.stem}.bc"
    gcc = GCC[target]
    clang = ["clang-19", *TRIPLE[target], "-O1", "-fno-pic", "-fno-vectorize", "-fno-slp-vectorize", *COMMON]
    unoptimised = ["-O0"] if clang_level == "O0" else []
    run([*clang, *unoptimised, "-emit-llvm", "-c", source, "-o", bitcode])
    run([IMPORT, bitcode, "-c", "--opt", opt, "-o", objects["jitkit"]])
    run([*clang, "-c", source, "-o", objects["clang -O1"]])
    for level in ("-O2", "-O1"):
        run([gcc, level, "-fno-pie", *SCALAR, *COMMON, "-c", source, "-o", objects[f"gcc {level}"]])
    driver = scratch / "driver.o"
    if not driver.exists():
        run([gcc, "-O2", "-fno-pie", "-c", SOURCES / "driver.c", "-o", driver])
    programs = {}
    for name, made in objects.items():
        programs[name] = made.with_suffix("")
        run([gcc, "-no-pie", "-static", driver, made, "-o", programs[name], "-lm"] if target == "arm64" else
            [gcc, "-no-pie", driver, made, "-o", programs[name], "-lm"])
    return programs


def measure(programs: dict[str, Path], runs: int) -> tuple[dict[str, float], bool]:
    """Median nanoseconds of each build, and whether all returned the same."""
    times: dict[str, list[int]] = {name: [] for name in programs}
    results = set()
    for _ in range(runs):
        for name, program in programs.items():
            result, nanoseconds = run([program, 3]).split()
            results.add(result)
            times[name].append(int(nanoseconds))
    return {name: statistics.median(list_) for name, list_ in times.items()}, len(results) == 1


def count(programs: dict[str, Path], scratch: Path) -> tuple[dict[str, float], bool]:
    """Instructions that each build executes in one run more, and whether all returned the same."""
    counts, results = {}, set()
    for name, program in programs.items():
        totals = []
        for runs in (1, 2):
            out = scratch / "counts"
            said = run(["qemu-aarch64", "-plugin", f"{PLUGIN},out={out}", program, runs])
            results.add(said.split()[0])
            totals.append(int(out.read_text().split()[1]))
        counts[name] = totals[1] - totals[0]
    return counts, len(results) == 1


def mean(ratios: list[float]) -> float:
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", default="x86_64", choices=list(GCC))
    parser.add_argument("--runs", type=int, default=11)
    parser.add_argument("--opt", default="full", choices=("none", "fast", "full"))
    parser.add_argument("--clang", default="O1", choices=("O0", "O1"))
    parser.add_argument("--only", default="", help="kernels whose name contains this")
    args = parser.parse_args()
    arm64 = args.target == "arm64"
    for tool in (GCC[args.target], "clang-19", IMPORT, *(["qemu-aarch64"] if arm64 else [])):
        if shutil.which(tool) is None:
            sys.exit(f"kernels: no {tool}")
    if arm64 and not PLUGIN.exists():
        sys.exit(f"kernels: no {PLUGIN}")
    rows, differ = {}, []
    with tempfile.TemporaryDirectory() as scratch:
        for source in sorted(SOURCES.glob("*.c")):
            if source.stem == "driver" or args.only not in source.stem:
                continue
            programs = build(source, Path(scratch), args.opt, args.clang, args.target)
            times, same = count(programs, Path(scratch)) if arm64 else measure(programs, args.runs)
            rows[source.stem] = times
            if not same:
                differ.append(source.stem)
    others = ["gcc -O2", "gcc -O1", "clang -O1"]
    what = "instructions of a run" if arm64 else f"time (median of {args.runs} interleaved runs)"
    print(f"kernels on {args.target}, clang -{args.clang}, jitkit --opt {args.opt}: {what} of jitkit's code, and its "
          "ratio to others")
    print(f"{'kernel':<16}{'jitkit, 1000' if arm64 else 'jitkit us':>13}" + "".join(f"{'/ ' + o:>13}" for o in others))
    for name, times in rows.items():
        print(f"{name:<16}{times['jitkit'] / 1000:>13.1f}" + "".join(f"{times['jitkit'] / times[o]:>13.2f}" for o in others))
    means = {o: mean([t["jitkit"] / t[o] for t in rows.values()]) for o in others}
    bar = BARS[args.opt]
    verdict = "" if means["gcc -O2"] <= bar else f"   above the bar of {bar:.2f}"
    print(f"{'geometric mean':<16}{'':>13}" + "".join(f"{means[o]:>13.2f}" for o in others) + verdict)
    out = ROOT / "build" / "bench"
    out.mkdir(parents=True, exist_ok=True)
    (out / f"kernels{'_arm64' if arm64 else ''}.json").write_text(
        json.dumps({"instructions" if arm64 else "nanoseconds": rows, "geometric_mean": means}, indent=1) + "\n")
    if differ:
        sys.exit(f"kernels: results differ: {', '.join(differ)}")


if __name__ == "__main__":
    main()
