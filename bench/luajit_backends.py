#!/usr/bin/env python3
"""LuaJIT with jitkit's backend beside stock's, both in the same program: `make bench-luajit`.

  x86-64   user time of each program of consumers/luajit/bench, runs of both in turns, medians
  AArch64  instructions executed in traces (tools/qemu_count) and their share of all: the run in the middle of --counts,
           since which code becomes a trace varies from run to run
  both     bytes of code per IR instruction
  cost     host instructions in lj_asm_trace per IR instruction (callgrind, inclusive, x86-64)
  fixed    the same for the smallest trace, by the difference of two programs with a hundred more of it

Writes build/bench/luajit.json and prints a table. A program whose output is not the interpreter's is an error."""

import argparse
import json
import math
import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "checks"))
import luajit  # noqa: E402

PROGRAMS = ROOT / "consumers" / "luajit" / "bench"
WORK = ROOT / "build" / "bench" / "luajit"
PLUGIN = ROOT / "build" / "release" / "tools" / "qemu_count" / "libjitkit_count.so"
BACKENDS = ("stock", "jitkit")
# Size for the cost of compilation, for counts of instructions and for time, by program; the first twelve are of other
# benchmarks too.
SIZES = {
    "nbody": (2000, 20000, 1500000), "mandelbrot": (60, 60, 1600), "nsieve-bit": (1, 1, 7), "spectral-norm": (50, 50, 2000), "scimark-lu": (2, 2, 300),
    "scimark-fft": (2, 10, 1500), "md5": (2, 10, 300), "richards": (1, 1, 6), "fannkuch": (7, 9, 10), "json": (20, 200, 1000), "sieve": (20, 20, 6000),
    "ray": (24, 100, 160),
    "binary-trees": (8, 12, 13), "heapsort": (5000, 60000, 300000), "queens": (7, 10, 12), "life": (20, 20, 3000), "sha256": (5, 60, 6000), "blur": (2, 8, 1000),
    "machine": (300, 1000, 20000), "paths": (3, 20, 300), "words": (20, 300, 2500), "events": (10000, 50000, 100000),
}
BARS = {"x86_64_time": 1.02, "arm64_instructions": 1.00, "each": 1.15, "x86_64_bytes": 14.6, "arm64_bytes": 12.5, "cost": 1800}


def geomean(values: list[float]) -> float:
    return math.exp(sum(map(math.log, values)) / len(values)) if values else float("nan")


class Measurement:
    def __init__(self, commands: dict[str, list[str]], counts: int):
        self.commands, self.counts = commands, counts
        self.expected: dict[tuple[str, int], str] = {}

    def output(self, command: list[str], name: str, size: int, choice: str, stats: Path | None = None) -> None:
        """Runs and compares with the interpreter's output."""
        if (name, size) not in self.expected:
            self.expected[name, size] = self.run([*self.commands["x86_64"], "-joff"], name, size, "stock", None)
        got = self.run(command, name, size, choice, stats)
        if got != self.expected[name, size]:
            sys.exit(f"bench/luajit_backends.py: {name} {size}, {choice}: output differs from the interpreter's: {' '.join(command)}")

    @staticmethod
    def run(command: list[str], name: str, size: int, choice: str, stats: Path | None) -> str:
        environment = {**os.environ, "JITKIT_LUAJIT": choice}
        if stats is not None:
            stats.unlink(missing_ok=True)
            environment["JITKIT_LUAJIT_STATS"] = str(stats)
        return subprocess.run([*command, str(PROGRAMS / f"{name}.lua"), str(size)], env=environment, text=True, check=True, stdout=subprocess.PIPE).stdout

    def time(self, name: str, rounds: int) -> dict:
        size, command = SIZES[name][2], self.commands["x86_64"]
        seconds: dict[str, list[float]] = {b: [] for b in BACKENDS}
        for n in range(rounds):
            for b in BACKENDS if n % 2 == 0 else BACKENDS[::-1]:
                before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
                self.run(command, name, size, b, None)
                seconds[b].append(resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before)
        result: dict = {b: {"median": statistics.median(seconds[b]), "least": min(seconds[b])} for b in BACKENDS}
        result["ratio"] = result["jitkit"]["median"] / result["stock"]["median"]
        return result

    def traces(self, target: str, name: str) -> dict:
        """Statistics of both backends at the size for counts; on AArch64 with executed instructions."""
        if target != "arm64":
            return {b: self.run_counted(target, name, b) for b in BACKENDS}
        result: dict = {}
        for b in BACKENDS:
            runs = sorted((self.run_counted(target, name, b) for _ in range(self.counts)), key=lambda r: r["in_traces"])
            result[b] = runs[self.counts // 2]
        result["ratio"] = result["jitkit"]["in_traces"] / result["stock"]["in_traces"]
        return result

    def run_counted(self, target: str, name: str, b: str) -> dict:
        stats, counts = WORK / f"{target}-{name}-{b}.txt", WORK / f"{target}-{name}-{b}.count"
        command = self.commands[target]
        if target == "arm64":
            command = ["qemu-aarch64", "-plugin", f"{PLUGIN},out={counts}", *command[1:]]
        self.output(command, name, SIZES[name][1], b, stats)
        read = luajit.read(stats)
        result = {"traces": read["traces_jitkit"] + read["traces_stock"], "by_stock": read["traces_stock"], "ir": read["ir_instructions"],
                  "bytes": read["code_bytes"], "bytes_per_ir": read["code_bytes"] / max(1, read["ir_instructions"])}
        return result | (executed(stats, counts) if target == "arm64" else {})

    def cost(self, name: str) -> dict:
        result: dict = {}
        for b in BACKENDS:
            stats = WORK / f"cost-{name}-{b}.txt"
            instructions = callgrind([*self.commands["x86_64"], str(PROGRAMS / f"{name}.lua"), str(SIZES[name][0])], b, stats)
            read = luajit.read(stats)
            result[b] = {"instructions": instructions, "ir": read["ir_instructions"], "traces": read["traces_jitkit"] + read["traces_stock"],
                         "per_ir": instructions / max(1, read["ir_instructions"])}
        return result

    def fixed(self) -> dict:
        """Instructions for a trace of next to no IR, and once per process."""
        result: dict = {}
        for b in BACKENDS:
            seen = []
            for loops in (100, 200):
                program, stats = WORK / "empty.lua", WORK / f"empty-{b}.txt"
                program.write_text("for i = 1, 100 do end\n" * loops)
                seen.append((callgrind([*self.commands["x86_64"], str(program)], b, stats), luajit.read(stats)))
            more = seen[1][1]["traces_" + b] - seen[0][1]["traces_" + b]
            result[b] = {"per_trace": (seen[1][0] - seen[0][0]) / more, "ir_per_trace": (seen[1][1]["ir_instructions"] - seen[0][1]["ir_instructions"]) / more}
        return result


def callgrind(command: list[str], choice: str, stats: Path) -> int:
    out = stats.with_suffix(".callgrind")
    stats.unlink(missing_ok=True)
    subprocess.run(["valgrind", "--tool=callgrind", "--toggle-collect=__wrap_lj_asm_trace", f"--callgrind-out-file={out}", *command], check=True,
                   env={**os.environ, "JITKIT_LUAJIT": choice, "JITKIT_LUAJIT_STATS": str(stats)}, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for line in out.read_text().splitlines():
        if line.startswith("summary:"):
            return int(line.split()[1])
    sys.exit(f"bench/luajit_backends.py: no summary in {out}")


def executed(stats: Path, counts: Path) -> dict:
    areas = [tuple(int(word, 16) for word in line.split()[1:]) for line in stats.read_text().splitlines() if line.startswith("area ")]
    total = inside = 0
    for line in counts.read_text().splitlines():
        words = line.split()
        if words[0] == "total":
            total = int(words[1])
        elif words[0] == "page" and any(low <= int(words[1], 16) < high for low, high in areas):
            inside += int(words[2])
    return {"executed": total, "in_traces": inside, "share": inside / total}


def summarise(programs: dict) -> dict:
    """Means over the programs measured, and each bar with what it is compared to."""
    def ratios(target: str, what: str) -> dict[str, float]:
        return {n: p[target][what] for n, p in programs.items() if what in p.get(target, {})}

    def bytes_per_ir(target: str, b: str) -> float:
        rows = [p[target][b] for p in programs.values() if target in p]
        return sum(r["bytes"] for r in rows) / max(1, sum(r["ir"] for r in rows))

    costs = [p["cost"] for p in programs.values() if "cost" in p]
    s: dict = {"x86_64_time": geomean(list(ratios("time", "ratio").values())), "arm64_instructions": geomean(list(ratios("arm64", "ratio").values()))}
    for target in ("x86_64", "arm64"):
        s[f"{target}_bytes"] = {b: bytes_per_ir(target, b) for b in BACKENDS}
    s["cost"] = {b: sum(c[b]["instructions"] for c in costs) / max(1, sum(c[b]["ir"] for c in costs)) for b in BACKENDS}
    s["above_each_bar"] = {what: {n: r for n, r in ratios(where, "ratio").items() if r > BARS["each"]} for what, where in (("time", "time"), ("instructions", "arm64"))}
    s["below_half_in_traces"] = [n for n, p in programs.items() if "arm64" in p and min(p["arm64"][b]["share"] for b in BACKENDS) < 0.5]
    return s


def show(programs: dict, summary: dict, fixed: dict) -> None:
    def cell(p: dict, form: str, *path: str) -> str:
        for word in path:
            p = p.get(word, {})
        return form.format(p) if p != {} else "-"

    print(f"{'program':14} {'stock s':>8} {'jitkit s':>8} {'ratio':>6} | {'stock Mi':>9} {'jitkit Mi':>9} {'ratio':>6} {'share':>6} | {'B/IR x86':>11} {'B/IR arm':>11} | "
          f"{'cost':>11}")
    for n, p in programs.items():
        pair = lambda form, *path: "/".join(cell(p, form, path[0], b, path[1]) for b in BACKENDS)  # noqa: E731
        mega = {b: p["arm64"][b]["in_traces"] / 1e6 for b in BACKENDS} if "arm64" in p else {}
        print(f"{n:14} {cell(p, '{:.3f}', 'time', 'stock', 'median'):>8} {cell(p, '{:.3f}', 'time', 'jitkit', 'median'):>8} {cell(p, '{:.3f}', 'time', 'ratio'):>6} | "
              f"{cell(mega, '{:.2f}', 'stock'):>9} {cell(mega, '{:.2f}', 'jitkit'):>9} {cell(p, '{:.3f}', 'arm64', 'ratio'):>6} {cell(p, '{:.2f}', 'arm64', 'jitkit', 'share'):>6} | "
              f"{pair('{:.1f}', 'x86_64', 'bytes_per_ir'):>11} {pair('{:.1f}', 'arm64', 'bytes_per_ir'):>11} | {pair('{:.0f}', 'cost', 'per_ir'):>11}")
    print(f"time {summary['x86_64_time']:.3f} of stock's (bar {BARS['x86_64_time']}), AArch64 instructions {summary['arm64_instructions']:.3f} (bar {BARS['arm64_instructions']})")
    for target in ("x86_64", "arm64"):
        s = summary[f"{target}_bytes"]
        print(f"bytes per IR instruction, {target}: stock {s['stock']:.2f}, jitkit {s['jitkit']:.2f} (bar {BARS[target + '_bytes']})")
    print(f"cost in instructions per IR instruction: stock {summary['cost']['stock']:.0f}, jitkit {summary['cost']['jitkit']:.0f} (bar {BARS['cost']})")
    for b, f in fixed.items():
        print(f"a trace of {f['ir_per_trace']:.0f} IR instructions, {b}: {f['per_trace']:.0f} instructions")
    for what, above in summary["above_each_bar"].items():
        if above:
            print(f"above {BARS['each']} in {what}: " + ", ".join(f"{n} {r:.2f}" for n, r in above.items()))
    if summary["below_half_in_traces"]:
        print("less than half in traces: " + ", ".join(summary["below_half_in_traces"]))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(SIZES), default=list(SIZES), metavar="PROGRAM")
    parser.add_argument("--what", nargs="*", choices=["time", "x86_64", "arm64", "cost"], default=["time", "x86_64", "arm64", "cost"])
    parser.add_argument("--rounds", type=int, default=7, help="of runs that are timed")
    parser.add_argument("--counts", type=int, default=3, choices=range(1, 100, 2), metavar="N", help="runs whose instructions are counted, odd")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench" / "luajit.json")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    m = Measurement({t: luajit.build(t) for t in ("x86_64", "arm64") if t == "x86_64" or "arm64" in args.what}, args.counts)
    programs: dict = {}
    for name in args.only:
        p = programs[name] = {}
        if "time" in args.what:
            for b in BACKENDS:
                m.output(m.commands["x86_64"], name, SIZES[name][0], b)
            p["time"] = m.time(name, args.rounds)
        for target in ("x86_64", "arm64"):
            if target in args.what:
                p[target] = m.traces(target, name)
        if "cost" in args.what:
            p["cost"] = m.cost(name)
    fixed = m.fixed() if "cost" in args.what else {}
    summary = summarise(programs)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps({"programs": programs, "summary": summary, "fixed": fixed, "bars": BARS}, indent=1) + "\n")
    show(programs, summary, fixed)


if __name__ == "__main__":
    main()
