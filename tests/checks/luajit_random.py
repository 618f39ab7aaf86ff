#!/usr/bin/env python3
"""Random Lua programs (luajit_programs.py) on LuaJIT with jitkit's backend, every allocation proved, print what the
interpreter prints. `make check`: 100 programs of a printed seed, each on one target at one of several settings;
`make soak`: --count 5000. A failing program is kept and printed.

A difference that stock's backend has too, with the same settings, is of what both share, LuaJIT's recorder and
optimiser: it is said and no failure."""

import argparse
import concurrent.futures
import random
import time

import luajit
import luajit_programs
import tree
from report import Report

WORK = tree.ROOT / "build" / "check" / "luajit-random"
SETTINGS = [luajit.HOT, luajit.HOT, ["-Ohotloop=2", "-Ohotexit=2"], ["-O0", *luajit.HOT], ["-O1", *luajit.HOT], ["-O2", *luajit.HOT],
            ["-O-sink", *luajit.HOT], ["-O-loop", *luajit.HOT], [*luajit.HOT, *luajit.SMALL_AREAS], ["-Ohotloop=5", "-Ohotexit=1", "-Omaxsnap=100"]]
# Share of traces that jitkit compiles, of those of all programs on a target.
FLOOR = 0.95
# One program in so many on a target that is emulated: there it takes about ten times as long.
EMULATED_SHARE = 4


def settings(seed: int) -> list[str]:
    return random.Random(seed).choice(SETTINGS)


def try_one(seed: int, target: str, lua: list[str]) -> tuple[int, str, str, dict[str, int]]:
    """Seed, target, what is wrong ("" if nothing, "both" if stock's too), statistics."""
    program = WORK / f"{target}-{seed}.lua"
    program.write_text(luajit_programs.program(seed))
    stats = program.with_suffix(".txt")
    stats.unlink(missing_ok=True)
    expected = luajit.run(lua, program, ["-joff"], "stock")
    if expected[0] != 0:
        return seed, target, f"the interpreter: exit status {expected[0]}: {expected[1][-200:]}", {}
    got = luajit.run(lua, program, settings(seed), "check", str(stats))
    counts = luajit.read(stats)
    wrong = luajit.faults(counts)
    stats.unlink(missing_ok=True)
    if got == expected and not wrong:
        program.unlink()
        return seed, target, "", counts
    if not wrong and luajit.run(lua, program, settings(seed), "stock") == got:
        return seed, target, "both", counts
    return seed, target, "; ".join(wrong) or f"exit status {got[0]}, output differs", counts


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--target", choices=list(luajit.TARGETS.get(luajit.HOST, {})))
    parser.add_argument("--seed", type=int, default=int(time.time()) & 0xffffff, help="of the first program; the others' follow")
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

    both, traces, stock = [], dict.fromkeys(commands, 0), dict.fromkeys(commands, 0)
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        seeds = range(args.seed, args.seed + args.count) if commands else []
        for seed, target, wrong, counts in pool.map(lambda s: try_one(s, target_of(s), commands[target_of(s)]), seeds):
            traces[target] += counts.get("traces_jitkit", 0)
            stock[target] += counts.get("traces_stock", 0) + counts.get("refused", 0)
            if wrong == "both":
                both.append(seed)
            elif not report.check(f"{target} program {seed}", wrong == "", f"{' '.join(settings(seed))}: {wrong}; kept: {WORK / f'{target}-{seed}.lua'}"):
                print((WORK / f"{target}-{seed}.lua").read_text())
    for target in commands:
        report.note(f"luajit_random {target}: {traces[target]} traces by jitkit, {stock[target]} not")
        report.check(f"{target} share of traces", 0 < traces[target] >= FLOOR * (traces[target] + stock[target]),
                     f"{traces[target]} by jitkit, {stock[target]} not")
    if both:
        report.note(f"luajit_random: stock's output differs from the interpreter's too with {len(both)} programs, seeds {both[:10]}")
    report.finish()


if __name__ == "__main__":
    main()
