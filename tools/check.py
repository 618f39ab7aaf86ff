#!/usr/bin/env python3
"""Runs the parts of `make check` (tests/parts.toml), prints seconds per part and one line of totals.

A part is a list of commands; its tests are counted from what they print, in any of these forms:
  N passed, N failed, N skipped              jitkit's own checks (tests/checks/report.py) and tools
  [doctest] test cases: N | N passed | ...   unit tests
A command that prints none counts as one test. A line `SKIP name: what is missing` names a skip (of a
doctest case too: it then no longer counts as passed). `FAIL name: why` lines are repeated in the
summary. A part goes on after a failed test, and the run goes on after a failed part.

Invariant: exactly one line of the output is `N passed, N failed, N skipped`: the last.
"""

import argparse
import dataclasses
import fnmatch
import os
import re
import shlex
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LOGS = ROOT / "build" / "check"

SUMMARY = re.compile(r"^(\d+) passed, (\d+) failed, (\d+) skipped$")
DOCTEST = re.compile(r"^\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")
SKIP = re.compile(r"^SKIP (\S+): (.+)$")
FAIL = re.compile(r"^FAIL (.+)$")
# ctest -V prefixes each line of a test with its number and ends each test with one of these.
CTEST_LINE = re.compile(r"^(\d+): (.*)$")
CTEST_END = re.compile(r"^\s*\d+/\d+ Test +#(\d+): (\S+) \.*\s*(Passed|\*+.*?)\s+[\d.]+ sec")


@dataclasses.dataclass
class Part:
    name: str
    run: list[str]
    labels: list[str] = dataclasses.field(default_factory=list)
    timeout: int = 2400
    env: dict[str, str] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass
class Counts:
    passed: int = 0
    failed: int = 0
    skips: list[tuple[str, str]] = dataclasses.field(default_factory=list)  # (name, what is missing)
    failures: list[str] = dataclasses.field(default_factory=list)
    unnamed_skips: int = 0
    seen: bool = False  # a summary was printed

    def add(self, other: "Counts") -> None:
        self.passed += other.passed
        self.failed += other.failed
        self.skips += other.skips
        self.failures += other.failures
        self.unnamed_skips += other.unnamed_skips

    @property
    def skipped(self) -> int:
        return len(self.skips) + self.unnamed_skips


def count_output(lines: list[str]) -> Counts:
    """Counts of one program from the lines it printed."""
    c = Counts()
    declared_skips = 0
    for line in lines:
        if m := SUMMARY.match(line):
            c.seen = True
            c.passed += int(m[1])
            c.failed += int(m[2])
            declared_skips += int(m[3])
        elif m := DOCTEST.match(line):
            c.seen = True
            c.passed += int(m[2])
            c.failed += int(m[3])
            named = len(c.skips)
            c.passed -= named
            declared_skips += named
        elif m := SKIP.match(line):
            c.skips.append((m[1], m[2]))
        elif m := FAIL.match(line):
            c.failures.append(m[1])
    c.unnamed_skips = max(0, declared_skips - len(c.skips))
    return c


def count_command(output: str, status: int) -> Counts:
    """Counts of one command of a part. `status` is its exit status."""
    tests: dict[str, list[str]] = {}
    plain: list[str] = []
    ends: dict[str, tuple[str, bool]] = {}
    for line in output.splitlines():
        if m := CTEST_LINE.match(line):
            tests.setdefault(m[1], []).append(m[2])
        elif m := CTEST_END.match(line):
            ends[m[1]] = (m[2], m[3] == "Passed")
        else:
            plain.append(line)

    total = Counts()
    for number, (name, good) in ends.items():
        c = count_output(tests.get(number, []))
        if good and not c.seen:
            c.passed += 1
        if not good and c.failed == 0:
            c.failed += 1
        if not good:
            c.failures.append(name)
        total.add(c)
    if not ends:
        total = count_output(plain)
        if status == 0 and not total.seen:
            total.passed += 1
    if status != 0 and total.failed == 0:
        total.failed += 1
        total.failures.append(f"exit status {status}")
    return total


def run_command(command: str, part: Part, log) -> tuple[str, int]:
    argv = shlex.split(command)
    if argv[0] == "ctest":
        argv.insert(1, "-V")
    log.write(f"$ {command}\n")
    log.flush()
    try:
        done = subprocess.run(argv, cwd=ROOT, timeout=part.timeout, env={**os.environ, **part.env},
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace")
        output, status = done.stdout, done.returncode
    except subprocess.TimeoutExpired as e:
        text = e.stdout or b""
        output = (text if isinstance(text, str) else text.decode(errors="replace"))
        output += f"\nFAIL {part.name}: no end after {part.timeout} s: {command}\n"
        status = 124
    except OSError as e:
        output, status = f"{e}\n", 127
    log.write(output)
    return output, status


def excerpt(output: str, lines: int = 40) -> str:
    """What to show of a failed command: its end; of ctest only what the failed tests printed."""
    text = output.splitlines()
    ends = [m for line in text if (m := CTEST_END.match(line))]
    if ends:
        failed = {m[1] for m in ends if m[3] != "Passed"}
        text = [line for line in text
                if (m := CTEST_LINE.match(line) or CTEST_END.match(line)) and m[1] in failed]
    # Lines that look like totals are left out: there is one such line, the last.
    kept = [line for line in text if not SUMMARY.match(re.sub(r"^\d+: ", "", line.strip()))]
    return "\n".join("    | " + line for line in kept[-lines:])


def run_part(part: Part) -> Counts:
    total = Counts()
    start = time.monotonic()
    with open(LOGS / f"{part.name}.log", "w") as log:
        for command in part.run:
            output, status = run_command(command, part, log)
            c = count_command(output, status)
            total.add(c)
            for line in output.splitlines():
                if line.startswith("NOTE "):
                    print(f"  {line[5:]}")
            if c.failed or status != 0:
                print(f"  {command}\n{excerpt(output)}")
    seconds = time.monotonic() - start
    verdict = "FAILED" if total.failed else "ok"
    print(f"{part.name:<18} {seconds:7.1f} s  {total.passed:6} passed {total.failed:4} failed "
          f"{total.skipped:4} skipped  {verdict}", flush=True)
    return total


def expected_skips() -> list[str]:
    lines = (ROOT / "tests" / "expected_skips.txt").read_text().splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def judge_skips(part: str, c: Counts, patterns: list[str]) -> bool:
    """Prints the skips of a part; False if one is not on the committed list."""
    good = c.unnamed_skips == 0
    if not good:
        print(f"skipped: {part}: {c.unnamed_skips} without a name")
    for name, missing in c.skips:
        known = any(fnmatch.fnmatchcase(f"{part}:{name}", p) for p in patterns)
        good = good and known
        print(f"skipped: {part}:{name}: {missing}{'' if known else '  [not in tests/expected_skips.txt]'}")
    return good


def load_parts() -> list[Part]:
    with open(ROOT / "tests" / "parts.toml", "rb") as f:
        return [Part(**row) for row in tomllib.load(f)["part"]]


def default_seed() -> int:
    """The same for the same contents of the repository, another for others: a run can be repeated on
    another machine, and over time much is sampled."""
    done = subprocess.run(["git", "rev-parse", "HEAD^{tree}"], cwd=ROOT, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True)
    return int(done.stdout[:7], 16) if done.returncode == 0 else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--part", action="append", default=[], help="only this part (repeatable)")
    parser.add_argument("--label", help="only parts with this label, such as quick")
    parser.add_argument("--list", action="store_true", help="names the parts and ends")
    parser.add_argument("--started", type=int, help="when the set-up began (seconds since 1970)")
    args = parser.parse_args()

    parts = load_parts()
    if unknown := set(args.part) - {p.name for p in parts}:
        parser.error(f"no such part: {', '.join(sorted(unknown))}; see --list")
    if args.part:
        parts = [p for p in parts if p.name in args.part]
    if args.label:
        parts = [p for p in parts if args.label in p.labels]
    if args.list:
        for p in parts:
            print(f"{p.name:<18} {' '.join(p.labels):<8} {'; '.join(p.run)}")
        return 0

    LOGS.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("CCACHE_BASEDIR", str(ROOT))
    os.environ.setdefault("CCACHE_NOHASHDIR", "1")
    os.environ["CLICOLOR_FORCE"] = "0"
    os.environ.setdefault("JITKIT_SEED", str(default_seed()))
    print(f"JITKIT_SEED={os.environ['JITKIT_SEED']}  (of all that samples; set it to repeat a run)")
    if args.started:
        print(f"{'setup':<18} {time.time() - args.started:7.1f} s")

    start = time.monotonic()
    results = [(p, run_part(p)) for p in parts]
    print(f"{'total':<18} {time.monotonic() - start:7.1f} s\n")

    patterns = expected_skips()
    skips_known = all([judge_skips(p.name, c, patterns) for p, c in results])
    total = Counts()
    for part, c in results:
        for failure in c.failures:
            print(f"failed: {part.name}: {failure}")
        if c.failed:
            print(f"reproduce: tools/check.py --part {part.name}    log: build/check/{part.name}.log")
        total.add(c)
    ci = os.environ.get("CI", "") not in ("", "0", "false")
    if ci and not skips_known:
        print("failed: CI does not accept the skips marked above")
    print(f"{total.passed} passed, {total.failed} failed, {total.skipped} skipped")
    return 0 if total.failed == 0 and (skips_known or not ci) else 1


if __name__ == "__main__":
    sys.exit(main())
