#!/usr/bin/env python3
"""Where the CPU has AVX, selection writes no legacy SSE instruction, which would wait for dirty upper halves: the
listings of all run tests, at every level of the optimiser. SHA's instructions have no other form. So that the check
is known to see something, without AVX there must be some."""

import re
import subprocess

import tree
from report import Report

COMMAND = tree.ROOT / "build" / "jitkit"
LEGACY = re.compile(r"^  (?!v|sha|\{)(\S+) .*\bxmm\d", re.MULTILINE)
FEATURES = {"base": False, "avx": True, "avx2,fma,bmi1,bmi2,lzcnt,popcnt,f16c,vaes,vpclmulqdq": True}


def legacy(file, features: str, level: str) -> tuple[set[str], bool]:
    """(mnemonics of legacy SSE in the listing, whether the file compiles with these features)"""
    command = [COMMAND, "compile", file, "--target", "x86_64", "--features", features, "--opt", level, "--emit", "asm"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    return {m[1] for m in LEGACY.finditer(done.stdout)}, done.returncode == 0


def main() -> None:
    report = Report()
    files = sorted((tree.ROOT / "tests" / "filetests" / "run").glob("*.jk"))
    for features, has_avx in FEATURES.items():
        compiled, seen = 0, set()
        for file in files:
            for level in ("none", "full"):
                found, good = legacy(file, features, level)
                compiled += good
                seen |= found
                if has_avx:
                    report.check(f"{file.name} --opt {level} with {features}", not found, " ".join(sorted(found)))
        report.check(f"{features}: files compile", compiled > len(files), f"{compiled} of {2 * len(files)}")
        if not has_avx:
            report.check("without AVX there are SSE's instructions", len(seen) > 10, " ".join(sorted(seen)))
        report.note(f"legacy SSE: {features}: {compiled} listings, {len(seen)} mnemonics")
    report.finish()


if __name__ == "__main__":
    main()
