#!/usr/bin/env python3
"""LuaJIT with jitkit's backend: each program of tests/luajit gives what the interpreter gives, with every
allocation proved, on each target the host can run; jitkit's backend gives up no trace but by LuaJIT's own limits,
and completes as many traces as stock's. On the host's own target the same with LuaJIT's assertions. Programs for which
stock's backend differs from the interpreter are listed. `make check` runs some of the programs, chosen by a printed
seed; --full (`make soak`) runs all, at every level and with several settings of heat. --table writes what was compiled,
by operation and type, into docs/luajit-ops.md."""

import argparse
import os
import random
import re
import shutil
import statistics
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree
from report import Report

PROGRAMS = sorted((tree.ROOT / "tests" / "luajit").glob("*.lua"))
WORK = tree.ROOT / "build" / "check" / "luajit"
TABLE = tree.ROOT / "docs" / "luajit-ops.md"
SAMPLE = 16  # programs of a run of `make check`, on each target
SHARE = 0.98  # of the traces stock's backend completes, in each program
# Traces are counted with the collector stopped, and programs can't start it: which code becomes a trace depends on its
# phases otherwise. It depends on addresses and on LuaJIT's random penalties too. So a pair of runs, one with each
# backend, has a layout of the heap of its own. What one pair for each setting says is asked again of more pairs where
# it is below SHARE, and a program fails only if all of PAIRS are below it, by more than MARGIN standard errors.
COUNTED = [["-Ohotloop=1", "-Ohotexit=1"], ["-Ohotloop=2", "-Ohotexit=1"], ["-Ohotloop=3", "-Ohotexit=2"],
           ["-Ohotloop=1", "-Ohotexit=4"]]
PAIRS = (1, 8, 24)
MARGIN = 3
STILL = """collectgarbage("stop"); function collectgarbage() return 0 end; layout = ("x"):rep(%d)"""
LEVELS = ["-O0", "-O1", "-O2", "-O3"]
HEAT = {"hot at once": ["-Ohotloop=1", "-Ohotexit=1"], "as usual": [], "loops first": ["-Ohotloop=2", "-Ohotexit=10"]}
HOT = HEAT["hot at once"]
SMALL_AREAS = ["-Osizemcode=8", "-Omaxmcode=64"]  # KiB: room runs out within a program, and all traces are flushed
PADS = {"JITKIT_LUAJIT_LANDING_PADS": "1"}  # on AArch64 a branch to a trace without one is a fault then
TIMEOUT = 120
# The first word of a trace; and LuaJIT's own stub of an FFI callback, which has no landing pad, still runs.
FIRST_WORD = """local s = 0; for i = 1, 200 do s = s + i end
assert(require("ffi").cast("int (*)(int)", function(n) return n + 1 end)(41) == 42)
print((require("jit.util").tracemc(1):sub(1, 4):gsub(".", function(c) return ("%02x"):format(c:byte()) end)))"""
# LuaJIT compiles no loop that makes closures: two are blacklisted, and their last instruction becomes the next in
# LuaJIT's list; that of the third loop, which is compiled, the one behind it.
BLACKLISTED = """local util = require("jit.util")
local function ops(f)
  local list, pc = {}, 0
  while util.funcbc(f, pc) do list[pc] = bit.band(util.funcbc(f, pc), 255); pc = pc + 1 end
  return list
end
local function work(n)
  local s, i = 0, 0
  for k = 1, n do local f = function() return k end; s = s + (f and k or 0) end
  while i < n do local f = function() return s end; i = i + (f and 1 or 2) end
  while i < 2 * n do i = i + 1 end
  return s
end
local main, changed = debug.getinfo(1, "f").func, 0
local before = {ops(main), ops(ops), ops(work)}
work(100000)
for k, after in ipairs{ops(main), ops(ops), ops(work)} do
  for pc, op in pairs(after) do if op == before[k][pc] + 1 then changed = changed + 1 end end
end
print(changed)"""
LANDING_PAD = {"x86_64": "f30f1efa", "arm64": "9f2403d5"}  # endbr64, bti j
# Where stock's backend prints what the interpreter does not: the option without which it prints the same, and why.
FUSED = ("-O-fuse", "a multiplication and an addition are one instruction with one rounding")
STOCK_DIFFERS = {
    "x86_64": {"arith": ("-O-narrow", "a minimum's and maximum's operands change places, and one is a NaN")},
    "arm64": {"ffi_callbacks": FUSED, "matrix": FUSED, "string_format": FUSED},
}
# Operations LuaJIT's IR has but its backends never get, on these targets.
UNDISPATCHED = {"BASE", "PVAL", "RENAME", "KPRI", "KINT", "KGC", "KPTR", "KKPTR", "KNULL", "KNUM", "KINT64", "KSLOT"}
# Operations that no program can bring to a target's backend, with the reason.
NEVER = {"arm64": {"BROL": "the recorder makes it BROR"}, "x86_64": {}}
# By the host: what is built and run there, and what that needs beside the host's own tools.
CROSS = ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++", "qemu-aarch64-static")
TARGETS = {"x86_64": {"x86_64": (), "arm64": CROSS},
           "aarch64": {"arm64": ()}}
HOST = os.uname().machine


def build(target: str, what: str = "jitkit_luajit", program: str = "luajit") -> list[str]:
    preset = "release-arm64" if target == "arm64" and HOST != "aarch64" else "release"
    for command in (["--preset", preset], ["--build", "--preset", preset, "--target", what]):
        subprocess.run(["cmake", *command], cwd=tree.ROOT, check=True, stdout=subprocess.DEVNULL)
    binary = str(tree.ROOT / "build" / "consumers" / "luajit" / target / program)
    if target == "arm64" and HOST != "aarch64":
        return ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", binary]
    return [binary]


def run(lua: list[str], program, options: list[str], choice: str, stats: str = "",
        more: dict[str, str] | None = None, behind: bool = False) -> tuple[int, str]:
    """Exit status and output. `behind`: the options are the program's own and stand behind it."""
    environment = {**os.environ, "JITKIT_LUAJIT": choice, **(more or {})}
    if stats:
        environment["JITKIT_LUAJIT_STATS"] = stats
    words = [str(program), *options] if behind else [*options, str(program)]
    try:
        done = subprocess.run([*lua, *words], env=environment, text=True, errors="replace", timeout=TIMEOUT,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    except subprocess.TimeoutExpired:
        return 124, f"no end after {TIMEOUT} s"
    return done.returncode, done.stdout


def read(path: Path) -> dict[str, int]:
    """The counts of a statistics file; of lines with a detail (abort, refusal, op) under both words."""
    counts: dict[str, int] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        word, rest = line.split(" ", 1)
        if word in ("abort", "refusal", "op"):
            times, detail = rest.split(" ", 1)
            counts[f"{word} {detail}"] = int(times)
        elif word != "area":
            counts[word] = int(rest)
    return counts


def faults(counts: dict[str, int]) -> list[str]:
    """Reasons for which jitkit's backend gave up traces, but for LuaJIT's own limits."""
    return [k[8:] for k in counts if k.startswith("refusal ") and not k.startswith("refusal limit:")]


def add(to: dict[str, int], counts: dict[str, int]) -> None:
    for word, n in counts.items():
        to[word] = to.get(word, 0) + n


class Target:
    """The programs on one target. Each program's checks come as a list, so that programs can run side by side."""

    def __init__(self, name: str, ways: dict[str, list[str]]):
        self.name, self.ways, self.lua = name, ways, build(name)
        native = TARGETS[HOST][name] == ()
        self.asserting = build(name, "luajit_asserts", "luajit_asserts") if native else None
        self.totals: dict[str, dict[str, int]] = {way: {} for way in ways}
        self.counted_again: list[str] = []  # programs whose first share of traces was below SHARE, and the shares

    def counted(self, program: Path, options: list[str], choice: str,
                more: dict[str, str] | None = None) -> tuple[tuple[int, str], dict[str, int]]:
        stats = WORK / f"{self.name}-{program.stem}.txt"
        stats.unlink(missing_ok=True)
        return run(self.lua, program, options, choice, str(stats), more), read(stats)

    def check(self, program: Path) -> list[tuple[str, bool, str]]:
        what = f"{self.name} {program.stem}"
        expected = run(self.lua, program, ["-joff"], "stock")
        results = [(f"{what} interpreted", expected[0] == 0, expected[1][-200:])]
        for way, options in self.ways.items():
            got, counts = self.counted(program, options, "check", PADS if way == "landing pads" else None)
            results.append((f"{what} {way}", got == expected, f"exit status {got[0]}, output differs"))
            wrong = faults(counts)
            results.append((f"{what} {way} statistics", bool(counts) and not wrong, "; ".join(wrong) or "none written"))
            add(self.totals[way], counts)
        if self.asserting is not None:
            got = run(self.asserting, program, HOT, "check")
            results.append((f"{what} asserting", got == expected, f"exit status {got[0]}: {got[1][-200:]}"))
        results += [self.stock(program, expected), self.traces(program)]
        return results

    def stock(self, program: Path, expected: tuple[int, str]) -> tuple[str, bool, str]:
        """Stock's backend prints what is expected, but for those of STOCK_DIFFERS, which have to differ."""
        what = f"{self.name} {program.stem} stock"
        got = run(self.lua, program, HOT, "stock")
        if program.stem not in STOCK_DIFFERS[self.name]:
            return what, got == expected, f"exit status {got[0]}, output differs"
        without, reason = STOCK_DIFFERS[self.name][program.stem]
        mended = run(self.lua, program, [*HOT, without], "stock")
        why = f"is listed as different ({reason}): exit status {got[0]}, {'same' if got == expected else 'different'}; "
        why += f"with {without} {'same' if mended == expected else 'different'}"
        return f"{what} differs", got[0] == 0 and got != expected and mended == expected, why

    def traces(self, program: Path) -> tuple[str, bool, str]:
        said, layout, good = [], 0, False
        for pairs in PAIRS:
            shares = [self.share(program, n) for n in range(layout, layout + pairs)]
            error = statistics.stdev(shares) / pairs ** 0.5 if pairs > 1 else 0
            said.append(f"{statistics.mean(shares):.3f} +- {error:.3f} of stock's in {pairs}")
            good = statistics.mean(shares) + MARGIN * error >= SHARE
            if good:
                break
            layout += pairs
        if len(said) > 1:
            self.counted_again.append(f"{program.stem} {' then '.join(said)}")
        return f"{self.name} {program.stem} traces completed", good, ", then ".join(said)

    def share(self, program: Path, layout: int) -> float:
        """Traces by jitkit's backend, to those by stock's; none by stock's is nothing to compare with."""
        still = ["-e", STILL % (layout * 24)]
        ours = stock = 0
        for options in COUNTED:
            ours += self.counted(program, [*options, *still], "jitkit")[1].get("traces_jitkit", 0)
            stock += self.counted(program, [*options, *still], "stock")[1].get("traces_stock", 0)
        return ours / stock if stock else 0

    def summary(self, report: Report, way: str) -> None:
        total = self.totals[way]
        refusals = {k.split(" ", 1)[1]: n for k, n in total.items() if k.startswith("refusal ")}
        named = ", ".join(f"{k} {n}" for k, n in sorted(refusals.items(), key=lambda x: -x[1])) or "none"
        bytes_per_ir = total.get("code_bytes", 0) / max(1, total.get("ir_instructions", 0))
        report.note(f"luajit {self.name}, {way}: {total.get('traces_jitkit', 0)} traces, "
                    f"{total.get('side_traces', 0)} of them side traces, {bytes_per_ir:.1f} bytes per IR instruction, "
                    f"{total.get('restarts', 0)} restarts, {total.get('aborted', 0)} given up by LuaJIT, "
                    f"by jitkit: {named}")


def check_target(report: Report, name: str, ways: dict[str, list[str]], programs: list[Path]) -> Target:
    target = Target(name, ways)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for results in pool.map(target.check, programs):
            for what, good, why in results:
                report.check(what, good, why)
    for stem, (without, reason) in STOCK_DIFFERS[name].items():
        if any(p.stem == stem for p in programs):
            report.note(f"luajit {name}: stock's backend is listed as wrong on {stem}, right with {without}: {reason}")
        report.check(f"{name} {stem} is a program", any(p.stem == stem for p in PROGRAMS), "listed in STOCK_DIFFERS")
    if target.asserting is not None:
        program = Path(target.asserting[-1]).read_bytes()
        report.check(f"{name} assertions are there", b"LuaJIT ASSERT" in program, "no text of one in the program")
    for way in ways:
        target.summary(report, way)
    for again in sorted(target.counted_again):
        report.note(f"luajit {name}: traces counted again: {again}")
    program = WORK / f"{name}-first-word.lua"
    program.write_text(FIRST_WORD)
    for pads in ({}, PADS):
        got = run(target.lua, program, [], "jitkit", more=pads)
        good = got[0] == 0 and (LANDING_PAD[name] in got[1]) == bool(pads)
        report.check(f"{name} landing pads {'on' if pads else 'off'}", good, got[1])
    check_written_ir(report, target)
    program = WORK / f"{name}-blacklisted.lua"
    program.write_text(BLACKLISTED)
    for choice in ("jitkit", "stock"):
        got, counts = target.counted(program, [], choice)
        good = got == (0, "2\n") and counts.get("blacklisted") == 2
        report.check(f"{name} places blacklisted, {choice}", good, f"{counts.get('blacklisted')} counted; {got[1]}")
    if programs == PROGRAMS:
        check_coverage(report, target)
    if len(programs) >= SAMPLE:
        restarts = target.totals["small code areas"].get("restarts", 0)
        report.check(f"{name} small code areas ran out", restarts > 0, "no restart")
    return target


def check_written_ir(report: Report, target: Target) -> None:
    """JITKIT_LUAJIT_IR: what is written of each trace is a whole file of IR, of every trace that was compiled."""
    subprocess.run(["cmake", "--build", "--preset", "release", "--target", "jitkit_command"], cwd=tree.ROOT, check=True,
                   stdout=subprocess.DEVNULL)
    written, stats = WORK / f"{target.name}-ir.txt", WORK / f"{target.name}-ir-statistics.txt"
    for name in ("loops", "calls", "ffi_structs"):
        program = tree.ROOT / "tests" / "luajit" / f"{name}.lua"
        plain = run(target.lua, program, HOT, "jitkit")
        got = run(target.lua, program, HOT, "jitkit", str(stats), {"JITKIT_LUAJIT_IR": str(written)})
        report.check(f"{target.name} {name} with its IR written", got == plain, got[1][-200:])
        parts = re.split(r"^; trace (\d+)\n", written.read_text(), flags=re.MULTILINE)
        traces, texts = parts[1::2], parts[2::2]
        every = len(traces) == read(stats)["traces_jitkit"] > 0
        report.check(f"{target.name} {name} IR of every trace", every, str(traces))
        for number, text in zip(traces, texts):
            file = WORK / f"{target.name}-ir-{number}.jk"
            file.write_text(text)
            done = subprocess.run([tree.ROOT / "build" / "jitkit", "check", file], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT)
            report.check(f"{target.name} {name} IR of trace {number}", done.returncode == 0 and f"@t{number}(" in text,
                         done.stdout[-300:])


def compiled(target: Target) -> dict[tuple[str, str], int]:
    counts: dict[tuple[str, str], int] = {}
    for total in target.totals.values():
        for word, n in total.items():
            if word.startswith("op "):
                _, op, kind = word.split(" ")
                counts[op, kind] = counts.get((op, kind), 0) + n
    return counts


def operations(target: str) -> list[str]:
    """The IR operations that reach a backend, in LuaJIT's order."""
    cache = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit")
    header = (cache / "luajit" / target / "src" / "lj_ir.h").read_text()
    rows = header.split("#define IRDEF(_)", 1)[1].split("/* IR opcodes", 1)[0]
    return [name for name in re.findall(r"^ +_\((\w+),", rows, re.MULTILINE) if name not in UNDISPATCHED]


def check_coverage(report: Report, target: Target) -> None:
    seen = {op for op, _ in compiled(target)}
    missing = [op for op in operations(target.name) if op not in seen and op not in NEVER[target.name]]
    report.check(f"{target.name} every operation was compiled", not missing, ", ".join(missing))


def table(targets: list[Target]) -> str:
    """docs/luajit-ops.md"""
    counts = {t.name: compiled(t) for t in targets}
    names = " / ".join(t.name for t in targets)
    lines = ["# LuaJIT's IR operations, compiled in the tests", "",
             "How often jitkit's backend compiled each operation of LuaJIT's IR, by the type of its result, while the",
             f"programs of `tests/luajit` ran: {names}. Written by `tests/checks/luajit.py --table`, not by hand. The",
             "counts differ a little from run to run, since which code becomes a trace depends on addresses. Types",
             "that are not listed did not occur.", "",
             "| operation | type: times |", "|---|---|"]
    for op in operations(targets[0].name):
        kinds = sorted({kind for c in counts.values() for o, kind in c if o == op})
        times = {kind: " / ".join(str(counts[t.name].get((op, kind), 0)) for t in targets) for kind in kinds}
        cell = ", ".join(f"{kind.lower()}: {n}" for kind, n in times.items())
        reasons = [f"on {t.name} never: {NEVER[t.name][op]}" for t in targets if op in NEVER[t.name]]
        lines.append(f"| {op} | {'; '.join([cell or '0', *reasons])} |")
    return "\n".join(lines) + "\n"


def each_target(report: Report, check, only: str | None = None) -> None:
    """Calls check(target) for those that the host can build and run; the others are skipped."""
    if HOST not in TARGETS:
        report.skip("luajit", f"the host is {HOST}")
    for target in [only] if only else list(TARGETS.get(HOST, {})):
        lacks = [tool for tool in TARGETS[HOST][target] if shutil.which(tool) is None]
        if lacks:
            report.skip(f"luajit {target}", ", ".join(f"no {tool} on PATH" for tool in lacks))
        else:
            check(target)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", choices=list(TARGETS.get(HOST, {})))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--full", action="store_true", help="all programs, levels and settings of heat")
    parser.add_argument("--table", action="store_true", help="write docs/luajit-ops.md from all programs")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="these programs")
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    pick = random.Random(args.seed)
    level = pick.choice(LEVELS[:-1])
    programs = PROGRAMS if args.full or args.table else sorted(pick.sample(PROGRAMS, min(SAMPLE, len(PROGRAMS))))
    if args.only:
        programs = [p for p in PROGRAMS if p.stem in args.only]
    ways = {"all optimisations": HOT, level: [level, *HOT]}
    if args.full:
        ways = {f"{each} {heat}": [each, *options] for each in reversed(LEVELS) for heat, options in HEAT.items()}
    ways |= {"small code areas": [*HOT, *SMALL_AREAS], "landing pads": HOT}
    report = Report()
    report.note(f"luajit: seed {args.seed}, {len(programs)} of {len(PROGRAMS)} programs, level {level}")
    done: list[Target] = []
    each_target(report, lambda name: done.append(check_target(report, name, ways, programs)), args.target)
    if args.table and len(done) == len(TARGETS.get(HOST, {})):
        TABLE.write_text(table(done))
    report.finish()


if __name__ == "__main__":
    main()
