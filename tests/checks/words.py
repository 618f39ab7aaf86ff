#!/usr/bin/env python3
"""AArch64 words one by one through jitkit's and LLVM's decoder (tests/words): random words, and the words of
every form. By default a sample; --full is 100 million random words, every word of the forms of crypto, atomics,
RCpc, LS64, CRC, pointer authentication, MTE and MOPS, and a larger sample of the others.

What jitkit decodes LLVM decodes to the same, and the other way round, but for what KNOWN in sweep_arm64.py says
of LLVM's decoder.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree
from report import Report
from sweep_arm64 import KNOWN

WHOLE = ("aes,pmull,sha1,sha2,sha512,sha3,sm3,sm4,crc,lse,lse128,lor,rcpc,rcpc2,rcpc3,ls64,ls64_v,ls64_accdata,"
         "pauth,mte,mops,mops_mte")
SHOWN = 20
KNOWN = [k for k in KNOWN if k.oracle in ("llvm-decoder", "words")]


def tasks(full: bool, seed: int) -> list[list[str]]:
    """Command lines of words_arm64, in pieces that keep every core busy."""
    if full:
        random = [["random", str(seed * 100 + n), "5000000"] for n in range(20)]
        return random + [["forms", feature, str(seed), "0"]
                         for feature in WHOLE.split(",")] + [["forms", "all", str(seed), "20000"]]
    return [["random", str(seed * 100 + n), "1500000"] for n in range(2)] + [["forms", "all", str(seed), "700"]]


def run(program: Path, task: list[str], complaints: Counter, shown: list[str]) -> tuple[int, int]:
    """(words, decoded words); counts by kind and mnemonic what is not known."""
    words = decoded = 0
    with subprocess.Popen([program, *task], stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            if total := re.fullmatch(r"words (\d+) decoded (\d+) differences \d+\n", line):
                words, decoded = int(total[1]), int(total[2])
                continue
            what, ours, theirs = (part.strip() for part in line.split("|"))
            text = theirs if ours == "-" else ours
            known = [k for k in KNOWN if k.match(text)]
            for k in known:
                k.uses += 1
            if not known:
                complaints[f"{what.split()[0]} {text.split()[0]}"] += 1
                if len(shown) < SHOWN:
                    shown.append(line.strip())
    if process.returncode or not words:
        raise SystemExit(f"words_arm64 {' '.join(task)}: exit status {process.returncode}")
    return words, decoded


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--full", action="store_true", help="the whole of it, some minutes")
    parser.add_argument("--program", type=Path, default=tree.ROOT / "build" / "dev" / "tests" / "words" / "words_arm64")
    args = parser.parse_args()
    report = Report()
    complaints, shown = Counter(), []
    work = tasks(args.full, args.seed)
    words = decoded = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for n, (w, d) in enumerate(pool.map(lambda task: run(args.program, task, complaints, shown), work), 1):
            words, decoded = words + w, decoded + d
            if sys.stderr.isatty():
                print(f"\r{n} of {len(work)} parts, {words:,} words",
                      end="\n" if n == len(work) else "",
                      file=sys.stderr)
    for line in shown:
        report.check(f"words: {line}", False)
    report.check("words: no others", sum(complaints.values()) == len(shown), f"{sum(complaints.values())} in all")
    if complaints:
        report.note(f"words: {dict(complaints.most_common(20))}")
    report.note(f"words: {words:,}, of which {decoded:,} are instructions, seed {args.seed}")
    for k in KNOWN:
        if args.full and k.oracle == "words":
            report.check(f"words: known {k.pattern}", k.uses != 0, "was not needed: take it out")
    report.check("words: enough of them are instructions", decoded > words / 4, f"{decoded} of {words}")
    report.finish()


if __name__ == "__main__":
    main()
