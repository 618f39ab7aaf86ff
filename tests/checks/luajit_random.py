#!/usr/bin/env python3
"""Random Lua programs (luajit_programs.py) on LuaJIT with jitkit's backend, every allocation proved, print what the
interpreter prints. `make check`: 100 programs of a printed seed, each on one target at one of several settings;
`make soak`: --count 5000. A failing program is kept and printed.

Where stock's backend prints the same at the same settings, and that is not what the interpreter prints, the fault is in
what both backends share, LuaJIT's recorder and optimiser, and no backend can mend it. Such a program is named with the
optimisation without which the output is right; one in a thousand programs may be such, more are a failure. A program
that the interpreter itself does not print the same each time is a fault of luajit_programs.py, and a failure."""

import argparse
import concurrent.futures
import os
import random
from pathlib import Path

import luajit
import luajit_programs
import tree
from report import Report

WORK = tree.ROOT / "build" / "check" / "luajit-random"
SETTINGS = [luajit.HOT, luajit.HOT, ["-Ohotloop=2", "-Ohotexit=2"], ["-O0", *luajit.HOT], ["-O1", *luajit.HOT],
            ["-O2", *luajit.HOT], ["-O-sink", *luajit.HOT], ["-O-loop", *luajit.HOT],
            [*luajit.HOT, *luajit.SMALL_AREAS], ["-Ohotloop=5", "-Ohotexit=1", "-Omaxsnap=100"]]
# Share of traces that jitkit compiles, of those of all programs on a target.
FLOOR = 0.95
# Of so many programs, one's output may be wrong in the same way with stock's backend.
PER_SHARED_FAULT = 1000
# Runs of the interpreter, of a program whose output differs, that have to be the same; and of stock's backend, of which
# one has to print what jitkit's printed: which code becomes a trace depends on addresses.
REPEATS = 6
# LuaJIT's, by the names of its options. One that needs others stands before them: without one of them it does nothing.
OPTIMISATIONS = ["sink", "loop", "abc", "narrow", "fuse", "dse", "fwd", "cse", "dce", "fold"]
# One program in so many on a target that is emulated: there it takes about ten times as long.
EMULATED_SHARE = 4


def settings(seed: int) -> list[str]:
    return random.Random(seed).choice(SETTINGS)


def cause(lua: list[str], program: Path, options: list[str], right: tuple[int, str]) -> str:
    """Without which of LuaJIT's optimisations stock's backend prints what is right."""
    def is_right(more: list[str]) -> bool:
        return all(luajit.run(lua, program, [*options, *more], "stock") == right for _ in range(REPEATS))

    for name in OPTIMISATIONS:
        if is_right([f"-O-{name}"]):
            return f"right with -O-{name}"
    return "right at -O0" if is_right(["-O0"]) else "wrong at -O0 too, so recorded"


def try_one(seed: int, target: str, lua: list[str]) -> tuple[int, str, str, str, dict[str, int]]:
    """Seed, target, what is wrong, or else the fault that stock's backend shares ("" if none), statistics."""
    program = WORK / f"{target}-{seed}.lua"
    program.write_text(luajit_programs.program(seed))
    stats = program.with_suffix(".txt")
    stats.unlink(missing_ok=True)
    expected = luajit.run(lua, program, ["-joff"], "stock")
    if expected[0] != 0:
        return seed, target, f"the interpreter: exit status {expected[0]}: {expected[1][-200:]}", "", {}
    got = luajit.run(lua, program, settings(seed), "check", str(stats))
    counts = luajit.read(stats)
    wrong = "; ".join(luajit.faults(counts))
    stats.unlink(missing_ok=True)
    shared = ""
    if got == expected and not wrong:
        program.unlink()
    elif any(luajit.run(lua, program, ["-joff"], "stock") != expected for _ in range(REPEATS)):
        wrong = "the interpreter's output is not the same each time"
    elif not wrong and any(luajit.run(lua, program, settings(seed), "stock") == got for _ in range(REPEATS)):
        shared = cause(lua, program, settings(seed), expected)
    else:
        wrong = wrong or f"exit status {got[0]}, output differs"
    return seed, target, wrong, shared, counts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", choices=list(luajit.TARGETS.get(luajit.HOST, {})))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")) * 100000,
                        help="of the first program; the others' follow")
    parser.add_argument("--count", type=int, default=100)
    args = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    report = Report()
    report.note(f"luajit_random: seed {args.seed}, {args.count} programs")
    commands: dict[str, list[str]] = {}
    luajit.each_target(report, lambda target: commands.__setitem__(target, luajit.build(target)), args.target)
    emulated = [t for t in commands if len(commands[t]) > 1]
    native = [t for t in commands if t not in emulated] or emulated

    def target_of(seed: int) -> str:
        return emulated[0] if emulated and seed % EMULATED_SHARE == 0 else native[0]

    shared, traces, stock = 0, dict.fromkeys(commands, 0), dict.fromkeys(commands, 0)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seeds = range(args.seed, args.seed + args.count) if commands else []
        tried = pool.map(lambda s: try_one(s, target_of(s), commands[target_of(s)]), seeds)
        for seed, target, wrong, fault, counts in tried:
            traces[target] += counts.get("traces_jitkit", 0)
            stock[target] += counts.get("traces_stock", 0) + counts.get("refused", 0)
            if fault:
                shared += 1
                report.note(f"luajit_random {target} program {seed}, {' '.join(settings(seed))}: wrong as with stock's "
                            f"backend; {fault}")
            kept = WORK / f"{target}-{seed}.lua"
            why = f"{' '.join(settings(seed))}: {wrong}; kept: {kept}"
            if not report.check(f"{target} program {seed}", wrong == "", why):
                print(kept.read_text())
    for target in commands:
        report.note(f"luajit_random {target}: {traces[target]} traces by jitkit, {stock[target]} not")
        report.check(f"{target} share of traces", 0 < traces[target] >= FLOOR * (traces[target] + stock[target]),
                     f"{traces[target]} by jitkit, {stock[target]} not")
    most = max(1, args.count // PER_SHARED_FAULT)
    report.check("programs that are wrong with stock's backend too", shared <= most,
                 f"{shared}, at most {most}; kept in {WORK}")
    report.finish()


if __name__ == "__main__":
    main()
