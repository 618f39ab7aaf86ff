#!/usr/bin/env python3
"""Builds and runs the fuzz targets: `make fuzz SECONDS=n` (a total of n seconds, shared by all
targets), `make soak` (a fixed number of inputs each, `// soak: N` in the target's source; and of random
programs, from seed 1; and programs of C, csmith's among them).

Corpora are kept under ${JITKIT_CACHE:-~/.cache/jitkit}/corpus. Exit status 1 if a target found
something; the input is then under build/fuzz/findings.
"""

import argparse
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROGRAMS = ROOT / "build" / "fuzz" / "fuzz"
FINDINGS = ROOT / "build" / "fuzz" / "findings"
CORPORA = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit") / "corpus"
SOAK = 1_000_000
SOAK_PROGRAMS = 300_000
SOAK_FRESH_SEEDS = 2_000


def build() -> list[Path]:
    if subprocess.run([ROOT / ".clusterfuzzlite" / "build.sh"], stdout=subprocess.DEVNULL).returncode != 0:
        sys.exit("the fuzz targets cannot be built")
    return sorted(PROGRAMS.glob("fuzz_*"))


def soak_count(name: str) -> int:
    text = (ROOT / "tests" / "fuzz" / f"{name.removeprefix('fuzz_')}.cpp").read_text()
    match = re.search(r"^// soak: (\d+)$", text, re.MULTILINE)
    return int(match[1]) if match else SOAK


def run(program: Path, limit: list[str]) -> tuple[str, int, str]:
    corpus = CORPORA / program.name
    corpus.mkdir(parents=True, exist_ok=True)
    FINDINGS.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([program, *limit, "-timeout=20", "-rss_limit_mb=2048", "-print_final_stats=1",
                           f"-artifact_prefix={FINDINGS}/{program.name}-", corpus],
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace")
    return program.name, done.returncode, done.stdout


def soak_random_programs() -> bool:
    """The release build is fast; in that of development invariants are checked."""
    for preset, command, seed, count in (("release", ROOT / "build" / "jitkit", 1, SOAK_PROGRAMS),
                                         ("dev", ROOT / "build" / "dev" / "tools" / "jitkit", 1_000_000_000,
                                          SOAK_PROGRAMS // 15)):
        for build in (["cmake", "--preset", preset, "--log-level=WARNING"],
                      ["cmake", "--build", "--preset", preset, "--target", "jitkit_command"]):
            if subprocess.run(build, cwd=ROOT, stdout=subprocess.DEVNULL).returncode != 0:
                sys.exit(f"failed: {' '.join(build)}")
        words = ["fuzz", "--target", "arm64", "--seed", str(seed), "--count", str(count)]
        words += ["-o", FINDINGS / "difference.jk"]
        if subprocess.run([command, *words]).returncode != 0:
            return False
    return True


def soak_programs() -> bool:
    """Every program of C, ours and csmith's, and fresh ones."""
    for command in (["cmake", "--preset", "release", "--log-level=WARNING"],
                    ["cmake", "--build", "--preset", "release", "--target", "jitkit_command", "jitkit_import"]):
        if subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode != 0:
            sys.exit(f"failed: {' '.join(command)}")
    script = ROOT / "tests" / "checks" / "programs.py"
    fresh = ["--csmith", str(SOAK_FRESH_SEEDS), "--first", "1000000"]
    return all([subprocess.run([sys.executable, script, "--full", *more]).returncode == 0
                for more in ([], ["--csmith", "200"], fresh)])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=60, help="wall time for all targets together")
    parser.add_argument("--soak", action="store_true", help="fixed counts instead")
    args = parser.parse_args()

    programs = build()
    if not programs:
        sys.exit("there is no fuzz target")
    workers = os.cpu_count() or 1
    share = max(1, args.seconds * min(workers, len(programs)) // len(programs))
    bad = 0
    with ThreadPoolExecutor(workers) as pool:
        limits = [[f"-runs={soak_count(p.name)}"] if args.soak else [f"-max_total_time={share}"] for p in programs]
        for name, status, output in pool.map(run, programs, limits):
            runs = re.search(r"stat::number_of_executed_units:\s*(\d+)", output)
            verdict = "ok" if status == 0 else f"FOUND SOMETHING (exit status {status})"
            print(f"{name:<32} {int(runs[1]) if runs else 0:>10} inputs  {verdict}", flush=True)
            if status != 0:
                bad += 1
                print(output[-4000:])
    if args.soak and not soak_random_programs():
        bad += 1
    if args.soak and not soak_programs():
        bad += 1
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
