#!/usr/bin/env python3
"""LuaJIT with jitkit's backend: each program of tests/luajit gives what the interpreter gives, with every
allocation proved, on each target the host can run; no trace that is left to stock's backend because jitkit went
wrong; and how many traces jitkit's backend did itself, with a floor."""

import argparse
import os
import random
import shutil
import subprocess
import time

import tree
from report import Report

PROGRAMS = sorted((tree.ROOT / "tests" / "luajit").glob("*.lua"))
WORK = tree.ROOT / "build" / "check" / "luajit"
# Share of traces that jitkit compiles, all programs together, in each run: raised as stock's backend is needed less.
FLOOR = {"x86_64": 0.98, "arm64": 0.98}
LEVELS = ["-O0", "-O1", "-O2"]
TIMEOUT = 60
HOT = ["-Ohotloop=1", "-Ohotexit=1"]
SMALL_AREAS = ["-Osizemcode=8", "-Omaxmcode=64"]  # KiB: room runs out within a program, and all traces are flushed
# Reasons of a fallback by which jitkit says that it went wrong itself, and what it may say there nonetheless.
FAULTS = ("IR is not valid", "compiler:", "code:", "place:", "snapshots out of order")
LIMITS = ("compiler: not enough spill slots",)
# By the host: what is built and run there, and what that needs beside the host's own tools.
TARGETS = {"x86_64": {"x86_64": (), "arm64": ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-g++", "qemu-aarch64-static")},
           "aarch64": {"arm64": ()}}
HOST = os.uname().machine


def build(target: str) -> list[str]:
    preset = "release-arm64" if target == "arm64" and HOST != "aarch64" else "release"
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "--target", "jitkit_luajit"]):
        subprocess.run(command, cwd=tree.ROOT, check=True, stdout=subprocess.DEVNULL)
    binary = str(tree.ROOT / "build" / "consumers" / "luajit" / target / "luajit")
    if target == "arm64" and HOST != "aarch64":
        return ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", binary]
    return [binary]


def run(lua: list[str], program, options: list[str], choice: str, stats: str = "", more: dict[str, str] | None = None,
        behind: bool = False) -> tuple[int, str]:
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


def read(path) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line in path.read_text().splitlines() if path.is_file() else []:
        word, rest = line.split(" ", 1)
        if word == "fallback":
            times, reason = rest.split(" ", 1)
            counts[f"fallback: {reason}"] = int(times)
        elif word != "area":
            counts[word] = int(rest)
    return counts


def faults(counts: dict[str, int]) -> list[str]:
    """Reasons for which traces went to stock's backend that say that jitkit went wrong."""
    return [k[10:] for k in counts if k.startswith(tuple("fallback: " + f for f in FAULTS)) and k[10:] not in LIMITS]


def check_target(report: Report, target: str, level: str) -> None:
    lua = build(target)
    ways = {"all optimisations": HOT, level: [level, *HOT], "small code areas": [*HOT, *SMALL_AREAS]}
    totals: dict[str, dict[str, int]] = {name: {} for name in ways}
    for program in PROGRAMS:
        expected = run(lua, program, ["-joff"], "stock")
        report.check(f"{target} {program.stem} interpreted", expected[0] == 0, expected[1][-200:])
        for name, options in ways.items():
            stats = WORK / f"{target}-{program.stem}.txt"
            stats.unlink(missing_ok=True)
            got = run(lua, program, options, "check", str(stats))
            report.check(f"{target} {program.stem} {name}", got == expected, f"exit status {got[0]}, output differs")
            counts = read(stats)
            wrong = faults(counts)
            report.check(f"{target} {program.stem} {name} statistics", bool(counts) and not wrong, "; ".join(wrong) or "none written")
            for word, n in counts.items():
                totals[name][word] = totals[name].get(word, 0) + n
        stock = run(lua, program, HOT, "stock")
        if stock[0] == 0 and stock != expected:
            report.note(f"luajit {target}: stock's backend differs from the interpreter on {program.stem}")
        else:
            report.check(f"{target} {program.stem} stock", stock == expected, f"exit status {stock[0]}, output differs")
    for name, total in totals.items():
        check_share(report, target, name, total)
    report.check(f"{target} small code areas ran out", totals["small code areas"].get("restarts", 0) > 0, "no restart")


def check_share(report: Report, target: str, name: str, total: dict[str, int]) -> None:
    done, aborted = total.get("traces_jitkit", 0), total.get("aborted", 0)
    wanted = done + total.get("traces_stock", 0) + aborted
    share = done / max(1, wanted)
    reasons = ", ".join(f"{k[10:]} {n}" for k, n in sorted(total.items(), key=lambda x: -x[1]) if k.startswith("fallback"))
    report.note(f"luajit {target}, {name}: {done} of {wanted} traces by jitkit ({share:.3f}), {total.get('side_traces', 0)} side traces, "
                f"{total.get('code_bytes', 0) / max(1, total.get('ir_instructions', 0)):.1f} bytes per IR instruction, "
                f"{total.get('restarts', 0)} restarts, {aborted} aborted; not by jitkit: {reasons or 'none'}")
    report.check(f"{target} {name} share of traces", share >= FLOOR[target], f"{share:.3f} is below {FLOOR[target]}")


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
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", choices=list(TARGETS.get(HOST, {})))
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xffff)
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    level = random.Random(args.seed).choice(LEVELS)
    report = Report()
    report.note(f"luajit: seed {args.seed}, level {level}")
    each_target(report, lambda target: check_target(report, target, level), args.target)
    report.finish()


if __name__ == "__main__":
    main()
