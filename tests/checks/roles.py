#!/usr/bin/env python3
"""What the rows say of registers, flags and memory, against the instructions executed one by one: x86-64 natively,
AArch64 under QEMU.

roles_TARGET (tests/roles) draws instructions of every form; guest.c runs them and tells which read or write what
their row does not name. A form that never ran is a fault too, unless NOT_RUN gives the reason or this CPU runs no
form of its feature. So that the test is known to see something, rows are falsified: of some instructions one
register that is read is taken out.
"""

import argparse
import os
import random
import re
import shutil
import signal
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import tree
from report import Report

SOURCES = tree.ROOT / "tests" / "roles"
ITEM = 2 + 1 + 1 + 16 + 64 + 64  # bytes of RoleItem
GENERAL = {"arm64": 30, "x86_64": 16}
COMPILERS = {"arm64": ["aarch64-linux-gnu-gcc", "-static"], "x86_64": ["x86_64-linux-gnu-gcc"]}
RUNNERS = {"arm64": ["qemu-aarch64-static", "-cpu", "max"], "x86_64": []}
NOT_RUN = {  # by feature or form
    "arm64": {
        "cssc lse128 rcpc3 ls64 ls64_v ls64_accdata mops mops_mte xs": "QEMU 7.2 lacks it",
        "ldrab ldrab_pre ldraa ldraa_pre": "no address is authenticated by chance",
        "ldgm stgm stzgm sys sys_reg": "not at EL0",
    },
    "x86_64": {},
}


def reasons(target: str) -> set[str]:
    return {name for names in NOT_RUN[target] for name in names.split()}


def run(target: str, guest: Path, items: bytes, place: Path) -> tuple[list[str], Counter, dict[int, int]]:
    """(faults, runs by form, forms that never ran with the signal that ended the last trial)"""
    (place / "items").write_bytes(items)
    command = RUNNERS[target] if os.uname().machine != {"arm64": "aarch64"}.get(target, target) else []
    done = subprocess.run([*command, guest, place / "items"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"roles: guest of {target}: exit status {done.returncode}: {done.stderr[-500:]}")
    faults, runs, never = [], Counter(), {}
    for line in done.stdout.splitlines():
        if m := re.fullmatch(r"(\d+) runs (\d+)", line):
            runs[int(m[1])] = int(m[2])
        elif m := re.fullmatch(r"(\d+) never: signal (\d+)", line):
            never[int(m[1])] = int(m[2])
        else:
            faults.append(line)
    return faults, runs, never


def falsify(target: str, items: bytes, chance: random.Random) -> bytes:
    """Instructions without memory, of each one register less that is read."""
    out = bytearray()
    pieces = [items[at:at + ITEM] for at in range(0, len(items), ITEM)]
    for piece in chance.sample(pieces, min(len(pieces), 3000)):
        used = [20 + r for r in range(GENERAL[target]) if piece[20 + r]]
        if not piece[2] & 12 and used and any(piece[84:]):
            damaged = bytearray(piece)
            damaged[chance.choice(used)] = 0
            out += damaged
    return bytes(out)


def check(report: Report, target: str, build: Path, seed: int, count: int) -> None:
    program = build / f"roles_{target}"
    done = subprocess.run([program, "names"], stdout=subprocess.PIPE, text=True, check=True)
    names = [line.split() for line in done.stdout.splitlines()]
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        subprocess.run(
            [*COMPILERS[target], "-O2", "-Wall", "-Wextra", "-Werror", SOURCES / "guest.c", "-o", place / "guest"],
            check=True)
        items = subprocess.run([program, str(seed), str(count)], stdout=subprocess.PIPE, check=True).stdout
        faults, runs, never = run(target, place / "guest", items, place)
        wrong = falsify(target, items, random.Random(f"{seed} roles"))
        found, wrong_runs, _ = run(target, place / "guest", wrong, place)
    by_form = Counter(int(line.split()[0]) for line in faults)
    for form, n in by_form.items():
        example = next(line for line in faults if int(line.split()[0]) == form)
        report.check(f"{target} {names[form][0]}", False, f"{example.split(' ', 1)[1]} ({n} times)")
    excused = reasons(target)
    if not RUNNERS[target]:  # what this CPU lacks, but for what every CPU has
        lacks = {names[f][1] for f, number in never.items() if number == signal.SIGILL}
        excused |= lacks - {"base"} - {names[f][1] for f in runs}
    unknown = [names[f][0] for f in sorted(never) if not excused & set(names[f])]
    report.check(f"{target}: every form that can run did", not unknown, " ".join(unknown))
    report.passed += len(runs) - len(by_form)
    seen = len({line.split(":")[1] for line in found})
    report.check(f"{target}: falsified rows are noticed", seen > sum(wrong_runs.values()) * 0.6,
                 f"{seen} of {sum(wrong_runs.values())}")
    report.note(
        f"roles: {target}: {len(runs)} forms ran, {sum(runs.values())} instructions; {len(never)} forms did not "
        f"({' '.join(sorted({names[f][1] for f in never}))}); of {sum(wrong_runs.values())} falsified {seen} noticed")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--count", type=int, default=32, help="instructions of each form")
    parser.add_argument("--target", choices=list(COMPILERS), help="only this one")
    parser.add_argument("--build", type=Path, default=tree.ROOT / "build" / "dev" / "tests" / "roles")
    parser.add_argument("--not-run", choices=list(COMPILERS), help="print what is not run, for docs/features.md")
    args = parser.parse_args()
    if args.not_run:
        print("| forms, or the feature they need | why |\n|---|---|")
        for names, why in NOT_RUN[args.not_run].items():
            print(f"| {', '.join(f'`{name}`' for name in names.split())} | {why} |")
        return
    report = Report()
    for target in COMPILERS:
        if args.target not in (None, target) or not (SOURCES / f"{target}.cpp").exists():
            continue
        lacks = [p for p in (COMPILERS[target][0], *RUNNERS[target][:1]) if shutil.which(p) is None]
        if lacks:
            report.skip(f"roles {target}", ", ".join(lacks))
        else:
            check(report, target, args.build, args.seed, args.count)
    report.finish()


if __name__ == "__main__":
    main()
