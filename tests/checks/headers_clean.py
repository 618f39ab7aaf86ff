#!/usr/bin/env python3
"""Every header compiles alone, without warnings, exceptions or RTTI, under each supported compiler
and both language versions.

All headers are compiled with the first compiler; of the other combinations as many as the time share
allows, in an order that the printed seed decides (--seconds 0: all of them).
"""

import argparse
import os
import random
import time
from pathlib import Path

import jobs
import tree
from report import Report

COMPILERS = ["g++-12", "clang++-14", "clang++-19"]
STANDARDS = ["c++20", "c++23"]
# With strict aliasing g++ warns at -O0 of what it warns of at -O2.
FLAGS = ["-O0", "-fstrict-aliasing", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Wold-style-cast", "-Werror",
         "-fno-exceptions", "-fno-rtti", "-c", "-I", "include"]


def spelling(compiler: str, standard: str) -> str:
    """clang 14 calls C++23 c++2b."""
    return "c++2b" if (compiler, standard) == ("clang++-14", "c++23") else standard


def compile_header(job, directory: Path) -> tuple[int, str]:
    header, compiler, standard = job
    name = tree.include_name(header)
    stem = directory / f"{name.replace('/', '_')}_{compiler}_{standard}"
    source = stem.with_suffix(".cpp")
    source.write_text(f"#include <{name}>\n")
    return jobs.compile_one([compiler, f"-std={spelling(compiler, standard)}", *FLAGS, str(source),
                             "-o", str(stem.with_suffix(".o"))], cwd=tree.ROOT)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=100, help="time share; 0: no limit")
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    args = parser.parse_args()

    report = Report()
    headers = tree.compilable_headers()
    combinations = [(c, s) for c in COMPILERS for s in STANDARDS]
    first = [(h, *combinations[0]) for h in headers]
    rest = [(h, *combination) for h in headers for combination in combinations[1:]]
    random.Random(args.seed).shuffle(rest)

    deadline = time.monotonic() + args.seconds if args.seconds else float("inf")
    directory = tree.ROOT / "build" / "check" / "headers"
    directory.mkdir(parents=True, exist_ok=True)

    def work(job):
        if job in optional and time.monotonic() > deadline:
            return None
        return compile_header(job, directory)

    optional = set(rest)
    left_out = 0
    for (header, compiler, standard), result in jobs.run_all(first + rest, work):
        if result is None:
            left_out += 1
            continue
        status, output = result
        if not report.check(f"{header} {compiler} {standard}", status == 0, "does not compile"):
            print(output[:2000])
    total = len(first) + len(rest)
    report.note(f"headers: {total - left_out} of {total} combinations, --seed {args.seed}")

    bad = directory / "seeded.cpp"
    bad.write_text("inline int f(long v) { return v; }\n")
    for compiler in COMPILERS:
        status, _ = jobs.compile_one([compiler, "-std=c++20", *FLAGS, str(bad), "-o", str(bad) + ".o"], cwd=tree.ROOT)
        report.check(f"{compiler} rejects a seeded conversion", status != 0, "it compiled")
    report.finish()


if __name__ == "__main__":
    main()
