#!/usr/bin/env python3
"""C programs through clang, jitkit-import and jitkit, against what gcc's build of them prints.

tests/programs/*.c, each by clang at -O0 and -O1 and by jitkit at every level of its optimiser, for x86-64 (run
here) and AArch64 (run by QEMU); NAME.gcc.c,
where there is one, is the half of a program that gcc compiles in every build. With --csmith N: N of the
seeds of tests/programs/csmith_seeds.txt, each a program of csmith's.

A sample fits --seconds, by JITKIT_SEED; --full takes everything. What jitkit-import refuses is printed and
counted; a program of ours that is refused fails, of csmith's at most 5 of 200 may be.
"""

import argparse
import os
import random
import shutil
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import tree
from jobs import run_all
from report import Report

PROGRAMS = tree.ROOT / "tests" / "programs"
IMPORT = tree.ROOT / "build" / "jitkit-import"
SEEDS = PROGRAMS / "csmith_seeds.txt"
CSMITH_HEADERS = "/usr/include/csmith"
# One meaning of char, and no fused multiply-add, in every build.
COMMON = ["-w", "-fsigned-char", "-ffp-contract=off", "-fno-strict-aliasing", "-fwrapv", "-std=gnu17"]
LEVELS = tuple((clang, opt) for clang in ("-O0", "-O1") for opt in ("none", "fast", "full"))


@dataclass(frozen=True)
class Target:
    name: str
    triple: str
    linker: list
    runner: list


TARGETS = (
    Target("x86_64", "x86_64-linux-gnu", ["x86_64-linux-gnu-gcc", "-no-pie"], []),
    Target("arm64", "aarch64-linux-gnu", ["aarch64-linux-gnu-gcc", "-static"], ["qemu-aarch64-static"]),
)


class Stopped(Exception):
    """A step that failed: its name and what it said."""

    def __init__(self, step: str, text: str):
        super().__init__(text)
        self.step = step
        self.text = text


def step(name: str, command: list, timeout: int = 120, cwd: Path | None = None) -> None:
    done = subprocess.run([str(c) for c in command], capture_output=True, text=True, errors="replace", timeout=timeout,
                          cwd=cwd)
    if done.returncode != 0:
        raise Stopped(name, (done.stdout + done.stderr).strip())


def outcome(command: list, timeout: int) -> tuple[int, bytes]:
    try:
        done = subprocess.run([str(c) for c in command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=timeout)
    except subprocess.TimeoutExpired:
        return -1, b"(no end)"
    return done.returncode, done.stdout


class Program:
    """A source and what gcc's build of it prints, found once."""

    def __init__(self, name: str, source: Path, scratch: Path, flags: list, timeout: int):
        self.name, self.source, self.flags, self.timeout = name, source, flags, timeout
        self.scratch = scratch / name
        self.scratch.mkdir()
        self.lock = threading.Lock()
        self.expected = None
        partner = source.with_suffix(".gcc.c")
        self.partner = [partner] if partner.exists() else []

    def reference(self) -> tuple[int, bytes]:
        with self.lock:
            if self.expected is None:
                out = self.scratch / "gcc"
                step("gcc", ["gcc", "-O1", *COMMON, *self.flags, self.source, *self.partner, "-o", out, "-lm"])
                self.expected = outcome([out], self.timeout)
        return self.expected

    def build(self, target: Target, level: tuple[str, str]) -> Path:
        clang, opt = level
        base = self.scratch / f"{target.name}{clang}{opt}"
        bitcode, made, out = base.with_suffix(".bc"), base.with_suffix(".o"), base.with_suffix(".out")
        step("clang", [
            "clang-19", f"--target={target.triple}", clang, "-fno-pic", "-fno-vectorize", "-fno-slp-vectorize",
            "-emit-llvm", "-c", *COMMON, *self.flags, self.source, "-o", bitcode
        ])
        step("import", [IMPORT, bitcode, "-c", "--opt", opt, "-o", made])
        step("link", [*target.linker, "-O1", *COMMON, made, *self.partner, "-o", out, "-lm"])
        return out

    def check(self, target: Target, level: tuple[str, str]) -> None:
        """Raises Stopped if this build does not do as gcc's."""
        expected = self.reference()
        if expected[0] == -1:
            raise Stopped("endless", "gcc's build does not end")
        out = self.build(target, level)
        got = outcome([*target.runner, out], self.timeout * 10)
        if got == expected:
            return
        want_lines, have_lines = expected[1].splitlines(), got[1].splitlines()
        for n, want in enumerate(want_lines + [b"(end)"]):
            have = have_lines[n] if n < len(have_lines) else b"(end)"
            if want != have:
                raise Stopped("run",
                              f"status {got[0]} for {expected[0]}, line {n + 1} is {have[:200]!r}, not {want[:200]!r}")
        raise Stopped("run", f"status {got[0]} for {expected[0]}")


def ours(scratch: Path) -> list[Program]:
    sources = sorted(p for p in PROGRAMS.glob("*.c") if not p.name.endswith(".gcc.c"))
    return [Program(p.stem, p, scratch, [], 20) for p in sources]


class Random(Program):
    """A program that csmith makes when it is first wanted."""

    def __init__(self, seed: int, scratch: Path):
        super().__init__(f"csmith_{seed}", scratch / f"seed{seed}.c", scratch, [f"-I{CSMITH_HEADERS}"], 10)
        self.seed = seed

    def reference(self) -> tuple[int, bytes]:
        with self.lock:
            if not self.source.exists():  # csmith writes platform.info where it runs
                step("csmith", ["csmith", "--seed", self.seed, "-o", self.source], cwd=self.scratch)
        return super().reference()


def csmith(scratch: Path, seeds: list[int]) -> list[Program]:
    return [Random(seed, scratch) for seed in seeds]


def listed_seeds() -> list[int]:
    return [int(line) for line in SEEDS.read_text().split("\n") if line and not line.startswith("#")]


class Checks:
    def __init__(self, report: Report, seconds: float):
        self.report = report
        self.ends = time.monotonic() + seconds
        self.refused: dict[str, str] = {}

    def one(self, job) -> None:
        program, target, level = job
        if time.monotonic() > self.ends:
            return None
        try:
            program.check(target, level)
        except Stopped as stopped:
            return None if stopped.step == "endless" else stopped  # a fresh seed that is no test
        except subprocess.TimeoutExpired:
            return Stopped("time", "a compiler does not end")
        return ""

    def run(self, jobs: list, refusals_fail: bool) -> int:
        done = 0
        for (program, target, level), result in run_all(jobs, self.one):
            if result is None:
                continue
            done += 1
            name = f"{program.name} {' '.join(level)} {target.name}"
            if isinstance(result, Stopped) and result.step == "import" and not refusals_fail:
                self.refused.setdefault(program.name, f"{' '.join(level)} {target.name}: {result.text}")
                continue
            self.report.check(name, not isinstance(result, Stopped),
                              f"{getattr(result, 'step', '')}: {getattr(result, 'text', '')}")
        return done


def check_command(report: Report, scratch: Path) -> None:
    """What the tool itself promises: refusals by name, text that jitkit reads, --run."""
    for source in sorted((PROGRAMS / "refused").glob("*.ll")):
        wanted = source.read_text().splitlines()[0].removeprefix("; refused: ")
        done = subprocess.run([IMPORT, source, "-o", "-"], capture_output=True, text=True)
        good = done.returncode == 1 and wanted in done.stderr and done.stdout == ""
        report.check(f"refused {source.stem}", good, f"status {done.returncode}: {done.stderr.strip()}")
    bitcode, text, source = scratch / "run.bc", scratch / "run.jk", PROGRAMS / "text_io.c"
    expected = Program("run", source, scratch, [], 20).reference()
    for target in TARGETS:
        try:
            step("clang", [
                "clang-19", f"--target={target.triple}", "-O1", "-fno-pic", "-emit-llvm", "-c", *COMMON, source, "-o",
                bitcode
            ])
            step("import", [IMPORT, bitcode, "-o", text, "--target", target.name])
            step("check", [tree.ROOT / "build" / "jitkit", "check", text])
            report.check(f"text {target.name}", True)
            got = outcome([IMPORT, bitcode, "--run"], 60)
            report.check(f"--run {target.name}", got == expected, f"{got}, not {expected}")
        except Stopped as stopped:
            report.check(f"command {target.name}", False, f"{stopped.step}: {stopped.text}")


def missing() -> str:
    for tool in ("gcc", "clang-19", "aarch64-linux-gnu-gcc", "qemu-aarch64-static"):
        if shutil.which(tool) is None:
            return tool
    return "" if IMPORT.exists() else "llvm-19-dev"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--full", action="store_true", help="all programs and no limit of time")
    parser.add_argument("--seconds", type=float, default=40)
    parser.add_argument("--csmith", type=int, metavar="N", help="N of the listed seeds instead of our programs")
    parser.add_argument("--first",
                        type=int,
                        metavar="SEED",
                        help="with --csmith: N seeds from SEED on, not those listed")
    parser.add_argument("--only", help="programs whose name contains this")
    parser.add_argument("--keep", type=Path, help="leave the files there")
    args = parser.parse_args()
    report = Report()
    if (tool := missing()):
        report.skip("programs", f"no {tool}")
        report.finish()
    if args.csmith and shutil.which("csmith") is None:
        report.skip("csmith", "no csmith")
        report.finish()
    choose = random.Random(int(os.environ.get("JITKIT_SEED", "1"), 0))
    with tempfile.TemporaryDirectory() as temporary:
        scratch = args.keep or Path(temporary)
        scratch.mkdir(exist_ok=True)
        if args.csmith:
            seeds = list(range(args.first, args.first + args.csmith)) if args.first else listed_seeds()
            if not args.first and args.csmith < len(seeds):
                seeds = choose.sample(seeds, args.csmith)
            programs = csmith(scratch, seeds)
        else:
            programs = ours(scratch)
        programs = [p for p in programs if not args.only or args.only in p.name]
        jobs = [(p, t, level) for p in programs for t in TARGETS for level in LEVELS]
        if not args.full:
            choose.shuffle(jobs)
        if not args.csmith and not args.only:
            check_command(report, scratch)
        checks = Checks(report, 1e9 if args.full else args.seconds)
        done = checks.run(jobs, refusals_fail=not args.csmith)
    report.note(f"programs: {done} of {len(jobs)} builds of {len(programs)} programs; {len(checks.refused)} refused")
    for name, why in sorted(checks.refused.items()):
        report.note(f"refused: {name} {why.splitlines()[0] if why else ''}")
    if args.csmith:
        report.check("csmith refusals",
                     len(checks.refused) * 200 <= 5 * max(len(programs), 40), f"{len(checks.refused)}")
    report.check("some were run", done > 0, "no time for one")
    report.finish()


if __name__ == "__main__":
    main()
