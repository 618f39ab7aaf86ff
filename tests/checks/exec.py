#!/usr/bin/env python3
"""AArch64 instructions of every form, executed under QEMU on many values, against a reference.

exec_arm64 (tests/exec) draws instructions; the guest (tests/exec/arm64) executes each with registers, flags and
memory of its own choice. The reference of integer instructions, CRC, branches, loads and stores, atomics, crypto,
pointer authentication and memory tags is a model of the text, written from the manual's pseudo-code; that of all others
is the same text in inline assembly through the C compiler, executed on the same values. A form that never ran is a
fault, unless NOT_RUN has the reason. So that the test is known to see something, it is run on words that are not those
of their texts.
"""

import argparse
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections import Counter
from pathlib import Path

import tree
from report import Report

SOURCES = tree.ROOT / "tests" / "exec" / "arm64"
COMPILER = ["aarch64-linux-gnu-gcc", "-O2"]
RUNNER = ["qemu-aarch64-static", "-cpu"]
NOT_RUN = {  # by feature or form
    "cssc lse128 rcpc3 ls64 ls64_v ls64_accdata mops mops_mte xs hbc wfxt specres specres2": "QEMU 7.2 lacks it",
    "hlt": "QEMU takes one of them for a call of its own",
    "eret eretaa eretab drps msr_daif at ic tlbi tlbi_reg sys sys_reg sysl ldgm stgm stzgm": "not at EL0",
}
# Forms that must have a model: of these features, and all loads and stores.
MODELLED = set("base crc flagm flagm2 lse lor rcpc rcpc2 aes pmull sha1 sha2 sha512 sha3 sm3 sm4 pauth mte".split())


# What these CPUs have, by the features of rows, and forms that are executed without an effect where they are lacking:
# hints, and pstate names that one row has for all.
PLAIN = set("base fp asimd crc aes pmull sha1 sha2".split())
CPUS = {"cortex-a72": PLAIN, "neoverse-n1": PLAIN | set("lse rdm lor fp16 dotprod rcpc".split())}
EVERYWHERE = set("bti dgh clrbhb ras spe trf".split())


def for_assembler(text: str) -> str:
    """Comparisons that GNU as lacks, as those with exchanged sources that they stand for."""
    m = re.fullmatch(r"(f?cm|fac)(le|lt|ls|lo) (v\S+), (v\S+), (v\S+)", text)
    other = {"le": "ge", "lt": "gt", "ls": "hs", "lo": "hi"}
    return f"{m[1]}{other[m[2]]} {m[3]}, {m[5]}, {m[4]}" if m else text


def assemble(texts: list[str], place: Path) -> list[int]:
    """The words that the C compiler makes of inline assembly, 0 for what its assembler refuses."""
    refused: set[str] = set()
    for _ in range(3):
        source = "\n".join(f'"{".inst 0" if text in refused else text}\\n"' for text in texts)
        (place / "words.c").write_text(f'__asm__(".text\\n"\n{source});\n')
        subprocess.run([*COMPILER, "-S", "words.c", "-o", "words.s"], cwd=place, check=True)
        text = (place / "words.s").read_text()
        (place / "words.s").write_text(text.replace("\t.arch armv8-a\n", "\n"))  # but all of the assembler's
        done = subprocess.run([*COMPILER, "-Wa,-W,-mcpu=all", "-c", "words.s", "-o", "words.o"], cwd=place, text=True,
                              stderr=subprocess.PIPE)
        if done.returncode == 0:
            break
        lines = (place / "words.s").read_text().splitlines()
        refused |= {lines[int(m[1]) - 1].strip() for m in re.finditer(r"words\.s:(\d+): Error", done.stderr)}
    else:
        raise SystemExit(f"exec: assembler: {done.stderr[-500:]}")
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", "words.o", "words.bin"], cwd=place,
                   check=True)
    words = [word for word, in struct.iter_unpack("<I", (place / "words.bin").read_bytes())]
    if len(words) != len(texts):
        raise SystemExit(f"exec: {len(words)} words of {len(texts)} texts")
    return words


def run(guest: Path, lines: list[str], words: list[int], states: int, seed: int, place: Path, cpu: str = "max"):
    """(faults, (runs, by) by form, why others never ran)"""
    (place / "lines").write_text("".join(f"{line}\n" for line in lines))
    (place / "words").write_bytes(b"".join(struct.pack("<I", word) for word in words))
    done = subprocess.run([*RUNNER, cpu, guest, place / "lines", place / "words", str(states), str(seed)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode:
        raise SystemExit(f"exec: guest: exit status {done.returncode}: {done.stderr[-500:]}")
    faults, ran, never = [], {}, {}
    for line in done.stdout.splitlines():
        if m := re.fullmatch(r"(\d+) runs (\d+) by (\w+)", line):
            ran[int(m[1])] = (int(m[2]), m[3])
        elif m := re.fullmatch(r"(\d+) never: (.*)", line):
            never[int(m[1])] = m[2]
        else:
            faults.append(line)
    return faults, ran, never


def check_gating(report: Report, names: list[list[str]], lines: list[str], runs_on) -> None:
    """Forms of the features a CPU has never raise SIGILL there, forms of others always do."""
    is_hint = {int(line.split()[0]) for line in lines if int(line.split()[1], 16) & 0xfffff01f == 0xd503201f}
    total = Counter(int(line.split()[0]) for line in lines)
    for cpu, features in CPUS.items():
        faults, ran, _ = runs_on(cpu)
        left_out = {f for f in total if f in is_hint or names[f][1] in EVERYWHERE or names[f][0] == "msr_pstate"}
        has = [f for f in total if names[f][1] in features and f not in left_out]
        lacks = [f for f in total if names[f][1] not in features and f not in left_out]
        short = [names[f][0] for f in has if ran.get(f, (0, ""))[0] != total[f]]
        runs = [names[f][0] for f in lacks if f in ran]
        report.check(f"{cpu}: forms of its features run", not short and not faults, " ".join(short[:20] + faults[:3]))
        report.check(f"{cpu}: no others do", not runs, " ".join(runs[:20]))
        report.note(f"exec: {cpu}: {len(has)} forms run, {len(lacks)} raise SIGILL")


def check(report: Report, program: Path, seed: int, count: int, states: int) -> None:
    done = subprocess.run([program, "names"], stdout=subprocess.PIPE, text=True, check=True)
    names = [line.split() for line in done.stdout.splitlines()]
    excused = {name for names_of_reason in NOT_RUN for name in names_of_reason.split()}
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        guest = place / "guest"
        subprocess.run([*COMPILER, "-static", "-Wall", "-Wextra", "-Werror", *SOURCES.glob("*.c"), "-o", guest],
                       check=True)

        def execute(count: int, *arguments: str):
            text = subprocess.run([program, str(seed), str(count), *arguments], stdout=subprocess.PIPE, text=True,
                                  check=True).stdout
            lines = [line for line in text.splitlines() if not excused & set(names[int(line.split()[0])])]
            words = assemble([for_assembler(line.split(" ", 2)[2]) for line in lines], place)
            return lines, words, run(guest, lines, words, states, seed, place)

        lines, words, (faults, ran, never) = execute(count)
        check_gating(report, names, lines[::8],
                     lambda cpu: run(guest, lines[::8], words[::8], 1, seed, place, cpu))
        lines, _, (found, _, _) = execute(max(1, count // 4), "wrong")
    by_form = Counter(int(line.split()[0]) for line in faults)
    for form, n in by_form.items():
        example = next(line for line in faults if int(line.split()[0]) == form)
        report.check(f"{names[form][0]}", False, f"{example.split(' ', 1)[1]} ({n} times)")
    report.check("every form that can run did", not never,
                 " ".join(f"{names[f][0]} ({why})" for f, why in sorted(never.items())))
    few = [names[f][0] for f, (runs, _) in ran.items() if runs < min(64, count * states)]
    report.check("on enough values", not few, " ".join(few))
    unmodelled = [names[f][0] for f, (_, by) in ran.items() if by != "model" and (
        names[f][1] in MODELLED or re.match("ld|st", names[f][0]))]
    report.check("integer, memory, atomics, crypto, pauth and tags have models", not unmodelled, " ".join(unmodelled))
    report.passed += len(ran) - len(by_form)
    noticed = len({line.split(": ", 1)[1] for line in found})
    report.check("wrong words are noticed", noticed > len(set(lines)) * 0.8, f"{noticed} of {len(lines)}")
    totals = {by: [runs for runs, b in ran.values() if b == by] for by in ("model", "compiler")}
    report.note("exec: " + "; ".join(f"{len(runs)} forms by {by}, {sum(runs)} runs" for by, runs in totals.items())
                + f"; of {len(lines)} wrong words {noticed} noticed; seed {seed}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--count", type=int, default=16, help="instructions of each form")
    parser.add_argument("--states", type=int, default=4, help="values for each")
    parser.add_argument("--program", type=Path, default=tree.ROOT / "build" / "dev" / "tests" / "exec" / "exec_arm64")
    parser.add_argument("--not-run", action="store_true", help="print what is not run, for docs/features.md")
    args = parser.parse_args()
    if args.not_run:
        print("| forms, or the feature they need | why |\n|---|---|")
        for names, why in NOT_RUN.items():
            print(f"| {', '.join(f'`{name}`' for name in names.split())} | {why} |")
        return
    report = Report()
    lacks = [p for p in (COMPILER[0], RUNNER[0]) if shutil.which(p) is None]
    if lacks:
        report.skip("exec arm64", ", ".join(lacks))
    else:
        check(report, args.program, args.seed, args.count, args.states)
    report.finish()


if __name__ == "__main__":
    main()
