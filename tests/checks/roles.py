#!/usr/bin/env python3
"""What the rows say of registers, flags and memory, against the instructions executed one by one: x86-64 natively,
AArch64 under QEMU.

roles_TARGET (tests/roles) draws instructions of every form; guest.c runs them and tells which read or write what
their row does not name. Beside each runs its twin: its text with other registers, assembled by the C compiler, on the
same values; both must leave the same. A form that never ran is a fault too, unless NOT_RUN gives the reason or this
CPU runs no form of its feature. So that the test is known to see something, rows are falsified: of some instructions
one register that is read is taken out, others are called by the name of another form with the same operands.
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
ITEM = 424  # bytes of RoleItem, and where its fields are
EFFECTS, HAS_TWIN, USE, DEF, TWIN, TEXT, TEXT_END = 2, 4, 24, 88, 152, 232, 336
GENERAL = {"arm64": 30, "x86_64": 16}
COMPILERS = {"arm64": ["aarch64-linux-gnu-gcc", "-static"], "x86_64": ["x86_64-linux-gnu-gcc"]}
RUNNERS = {"arm64": ["qemu-aarch64-static", "-cpu", "max"], "x86_64": []}
DIRECTIVES = {"arm64": ".arch_extension", "x86_64": ".intel_syntax noprefix"}
OBJCOPY = {"arm64": "aarch64-linux-gnu-objcopy", "x86_64": "x86_64-linux-gnu-objcopy"}
WRONG_NAMES = ["x86_64"]  # which programs can give instructions the names of others
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


def run(target: str, guest: Path, items: bytes, place: Path) -> tuple[list[str], Counter, dict[int, int], int]:
    """(faults, runs by form, forms that never ran with the signal that ended the last trial, runs compared with the
    reference)"""
    (place / "items").write_bytes(items)
    command = RUNNERS[target] if os.uname().machine != {"arm64": "aarch64"}.get(target, target) else []
    done = subprocess.run([*command, guest, place / "items"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"roles: guest of {target}: exit status {done.returncode}: {done.stderr[-500:]}")
    faults, runs, never, compared = [], Counter(), {}, 0
    for line in done.stdout.splitlines():
        if m := re.fullmatch(r"(\d+) runs (\d+) (\d+)", line):
            runs[int(m[1])] = int(m[2])
            compared += int(m[3])
        elif m := re.fullmatch(r"(\d+) never: signal (\d+)", line):
            never[int(m[1])] = int(m[2])
        else:
            faults.append(line)
    return faults, runs, never, compared


def twins(report: Report, target: str, items: bytes, place: Path) -> bytes:
    """The items with the code of their twins."""
    if not any(items[TEXT::ITEM]):
        return items
    texts = [items[at + TEXT:at + TEXT_END].rstrip(b"\0").decode() for at in range(0, len(items), ITEM)]
    source, code, object_file = place / "twins.s", place / "twins.bin", place / "twins.o"
    refused: set[int] = set()
    for _ in range(2):
        lines = ["nop" if not text or n in refused else text for n, text in enumerate(texts)]
        source.write_text(DIRECTIVES[target] + "\n" + "".join(f"{line}\n.p2align 4\n" for line in lines))
        done = subprocess.run([COMPILERS[target][0], "-c", source, "-o", object_file],
                              stderr=subprocess.PIPE, text=True)
        if not done.returncode:
            break
        refused |= {int(m) // 2 - 1 for m in re.findall(r"twins\.s:(\d+): Error", done.stderr)}
    else:
        raise SystemExit(f"roles: {done.stderr[-500:]}")
    subprocess.run([OBJCOPY[target], "-O", "binary", "-j", ".text", object_file, code], check=True)
    words = code.read_bytes()
    out = bytearray(items)
    for n, text in enumerate(texts):
        if text and n not in refused:
            at = n * ITEM
            out[at + HAS_TWIN] = 1
            out[at + TWIN:at + TWIN + 16] = words[16 * n:16 * n + 16]
    report.check(f"{target}: the C compiler takes every text", not refused, "; ".join(texts[n] for n in refused))
    return bytes(out)


def falsify(target: str, items: bytes, chance: random.Random) -> bytes:
    """Instructions without memory, of each one register less that is read."""
    out = bytearray()
    pieces = [items[at:at + ITEM] for at in range(0, len(items), ITEM)]
    for piece in chance.sample(pieces, min(len(pieces), 3000)):
        used = [USE + r for r in range(GENERAL[target]) if piece[USE + r]]
        if not piece[EFFECTS] & 12 and used and any(piece[DEF:DEF + 64]):
            damaged = bytearray(piece)
            damaged[chance.choice(used)] = 0
            out += damaged
    return bytes(out)


def noticed(report: Report, what: str, faults: list[str], runs: int, share: float) -> str:
    seen = len({line.split(":")[-1] for line in faults})
    report.check(f"{what} are noticed", seen > runs * share, f"{seen} of {runs}")
    return f"of {runs} {what} {seen} noticed"


def check(report: Report, target: str, args: argparse.Namespace) -> None:
    program = args.build / f"roles_{target}"
    done = subprocess.run([program, "names"], stdout=subprocess.PIPE, text=True, check=True)
    names = [line.split() for line in done.stdout.splitlines()]
    faults: list[str] = []
    runs, never, values, compared = Counter(), {}, 0, 0
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        guest = place / "guest"
        subprocess.run([*COMPILERS[target], "-O2", "-Wall", "-Wextra", "-Werror", SOURCES / "guest.c", "-o", guest],
                       check=True)

        def draw(*arguments: str) -> bytes:
            drawn = subprocess.run([program, *arguments], stdout=subprocess.PIPE, check=True).stdout
            return twins(report, target, drawn, place)

        few = [str(args.avx512_count)] if target == "x86_64" else []
        for seed in range(args.seed, args.seed + args.rounds):
            items = draw(str(seed), str(args.count), *few)
            values += 2 * sum(items[HAS_TWIN::ITEM])
            more_faults, more_runs, now_never, more = run(target, guest, items, place)
            faults += more_faults
            runs += more_runs
            compared += more
            never |= now_never
        never = {form: number for form, number in never.items() if form not in runs}
        wrong = falsify(target, items, random.Random(f"{args.seed} roles"))
        found, wrong_runs, *_ = run(target, guest, wrong, place)
        seen = [noticed(report, f"{target}: falsified rows", found, sum(wrong_runs.values()), 0.6)]
        if target in WRONG_NAMES:
            wrong = draw("wrong", str(args.seed))
            found, wrong_runs, *_, known = run(target, guest, wrong, place)
            seen.append(noticed(report, f"{target}: rows with another's name", found, sum(wrong_runs.values()), 0.6))
            found = [line for line in found if "reference" in line]
            seen.append(noticed(report, f"{target}: such runs beside the reference", found, known // 2, 0.6))
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
    # Each instruction in two states; some of those drawn cannot run, such as a division that overflows. On AArch64 it
    # is exec.py that asks for values.
    wanted = {evex: 64 if drawn * args.rounds >= 64 else drawn * args.rounds * 3 // 4
              for evex, drawn in ((True, args.avx512_count), (False, args.count))}
    few = [f"{names[f][0]} ({2 * n})" for f, n in sorted(runs.items()) if 2 * n < wanted["avx512" in names[f][1]]]
    if target == "x86_64":
        report.check(f"{target}: on enough operand sets", not few, " ".join(few))
    lacking = " ".join(sorted({names[f][1] for f in never}))
    report.note(
        f"roles: {target}: {len(runs)} forms ran, {sum(runs.values())} instructions, {values} states compared with the "
        f"twin's, {compared} with the reference; {len(never)} forms did not ({lacking}); {'; '.join(seen)}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--count", type=int, default=32, help="instructions of each form")
    parser.add_argument("--avx512-count", type=int, default=1, help="of each of the 13,000 forms of AVX-512 (x86-64)")
    parser.add_argument("--rounds", type=int, default=1, help="so many seeds, from SEED")
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
            check(report, target, args)
    report.finish()


if __name__ == "__main__":
    main()
