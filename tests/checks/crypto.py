#!/usr/bin/env python3
"""Crypto blocks against the standards' answers, libcrypto and zlib: natively and, with the same cases, on AArch64
under QEMU. tests/crypto/ makes and runs the cases; --full is the number of random cases of `make soak`."""

import argparse
import os
import re
import shutil
import subprocess

import tree
from report import Report

COUNT, FULL = 100, 10000
QEMU = "qemu-aarch64"
SYSROOT = "/usr/aarch64-linux-gnu"


def run(report: Report, where: str, command: list[str], cpu: str = "") -> None:
    """`cpu` takes features away, and with them the versions that need them."""
    environment = {**os.environ, **({"JITKIT_CPU": cpu} if cpu else {})}
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)
    total = re.search(r"^(\d+) passed, (\d+) failed, (\d+) skipped$", done.stdout, re.MULTILINE)
    for line in done.stdout.splitlines():
        if line.startswith("SKIP ") and not cpu:
            name, missing = line.removeprefix("SKIP ").split(": ", 1)
            report.skip(f"{where} {name}", missing)
        elif line.startswith("FAIL "):
            print(line.replace("FAIL ", f"FAIL {where} ", 1))
        elif line.endswith(" cases") and not cpu:
            report.note(f"crypto: {where} {line}")
    if total is None or (done.returncode != 0) != (int(total[2]) != 0):
        report.check(where, False, f"exit status {done.returncode}: {done.stdout[-2000:]}")
        return
    report.passed += int(total[1])
    report.failed += int(total[2])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=int(os.environ.get("JITKIT_SEED", "1")))
    parser.add_argument("--full", action="store_true", help=f"{FULL} random cases per block instead of {COUNT}")
    args = parser.parse_args()
    report = Report()
    print(f"seed {args.seed}")
    build = tree.ROOT / "build"
    cases = build / "check" / "crypto_cases.bin"
    cases.parent.mkdir(parents=True, exist_ok=True)
    with cases.open("wb") as out:
        made = subprocess.run([build / "dev/tests/crypto/crypto_cases", tree.ROOT / "tests/crypto/known_answers.txt",
                               str(FULL if args.full else COUNT), str(args.seed)], stdout=out)
    if report.check("cases", made.returncode == 0, "crypto_cases failed"):
        run(report, "native", [build / "dev/tests/crypto/crypto_run", cases])
        if os.uname().machine == "x86_64":
            run(report, "native without avx", [build / "dev/tests/crypto/crypto_run", cases], "-avx")
        if os.uname().machine == "aarch64":
            pass
        elif shutil.which(QEMU) is None:
            report.skip("arm64", QEMU)
        else:
            run(report, "arm64", [QEMU, "-L", SYSROOT, build / "arm64-qemu/tests/crypto/crypto_run", cases])
        damaged(report, build, cases)
    cases.unlink()
    report.finish()


def damaged(report: Report, build, cases) -> None:
    """A wrong answer and a file cut short must be noticed."""
    raw = bytearray(cases.read_bytes())
    other = cases.with_suffix(".damaged")
    raw[-1] ^= 1  # of the last output
    for what, content in (("wrong answer", raw), ("short file", raw[:-1])):
        other.write_bytes(content)
        done = subprocess.run([build / "dev/tests/crypto/crypto_run", other], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
        report.check(f"{what} is noticed", done.returncode == 1, f"exit status {done.returncode}")
    other.unlink()


if __name__ == "__main__":
    main()
