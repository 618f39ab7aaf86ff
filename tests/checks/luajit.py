#!/usr/bin/env python3
"""LuaJIT with jitkit's backend: each program of tests/luajit gives what the interpreter gives, with every
allocation proved, on both targets; and how many traces jitkit's backend did itself, with a floor."""

import argparse
import os
import random
import subprocess
import time

import tree
from report import Report

PROGRAMS = sorted((tree.ROOT / "tests" / "luajit").glob("*.lua"))
WORK = tree.ROOT / "build" / "check" / "luajit"
# Share of traces that jitkit compiles, all programs together: raised as stock's backend is needed less.
FLOOR = {"x86_64": 0.98, "arm64": 0.98}
LEVELS = ["-O0", "-O1", "-O2"]
TIMEOUT = 60


def build(target: str) -> list[str]:
    preset = "release" if target == "x86_64" else "release-arm64"
    for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "--target", "jitkit_luajit"]):
        subprocess.run(command, cwd=tree.ROOT, check=True, stdout=subprocess.DEVNULL)
    binary = str(tree.ROOT / "build" / "consumers" / "luajit" / target / "luajit")
    if target == "arm64" and os.uname().machine != "aarch64":
        return ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu", binary]
    return [binary]


def run(lua: list[str], program, options: list[str], choice: str, stats: str = "") -> tuple[int, str]:
    environment = {**os.environ, "JITKIT_LUAJIT": choice}
    if stats:
        environment["JITKIT_LUAJIT_STATS"] = stats
    try:
        done = subprocess.run([*lua, *options, str(program)], env=environment, text=True, errors="replace", timeout=TIMEOUT,
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
        else:
            counts[word] = int(rest)
    return counts


def check_target(report: Report, target: str, level: str) -> None:
    lua = build(target)
    total: dict[str, int] = {}
    for program in PROGRAMS:
        expected = run(lua, program, ["-joff"], "stock")
        report.check(f"{target} {program.stem} interpreted", expected[0] == 0, expected[1][-200:])
        hot = ["-Ohotloop=1", "-Ohotexit=1"]
        for name, options, choice in (("all optimisations", hot, "check"), (level, [level, *hot], "check"), ("stock", hot, "stock")):
            stats = WORK / f"{target}-{program.stem}.txt"
            stats.unlink(missing_ok=True)
            got = run(lua, program, options, choice, str(stats))
            if choice == "stock" and got[0] == 0 and got != expected:
                report.note(f"luajit {target}: stock's backend differs from the interpreter on {program.stem}")
                continue
            report.check(f"{target} {program.stem} {name}", got == expected, f"exit status {got[0]}, output differs" if got != expected else "")
            if name == "all optimisations":
                for word, n in read(stats).items():
                    total[word] = total.get(word, 0) + n
    done, left = total.get("traces_jitkit", 0), total.get("traces_stock", 0)
    share = done / max(1, done + left)
    reasons = ", ".join(f"{k[10:]} {n}" for k, n in sorted(total.items(), key=lambda x: -x[1]) if k.startswith("fallback"))
    report.note(f"luajit {target}: {done} of {done + left} traces by jitkit ({share:.3f}), {total.get('side_traces', 0)} side traces, "
                f"{total.get('code_bytes', 0) / max(1, total.get('ir_instructions', 0)):.1f} bytes per IR instruction; left to stock: {reasons or 'none'}")
    report.check(f"{target} share of traces", share >= FLOOR[target], f"{share:.3f} is below {FLOOR[target]}")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", choices=list(FLOOR))
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xffff)
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    level = random.Random(args.seed).choice(LEVELS)
    report = Report()
    report.note(f"luajit: seed {args.seed}, level {level}")
    for target in [args.target] if args.target else list(FLOOR):
        check_target(report, target, level)
    report.finish()


if __name__ == "__main__":
    main()
