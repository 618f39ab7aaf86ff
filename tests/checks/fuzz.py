#!/usr/bin/env python3
"""`jitkit fuzz` as its user meets it: a run without differences, and an emulator with a fault, which it must
find and make small enough to read; a location map with a fault too.

--count N: programs of the good run.
"""

import argparse
import contextlib
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tree
from report import Report

COMMAND = tree.ROOT / "build" / "dev" / "tools" / "jitkit"  # invariants are checked in it
FAULTY = tree.ROOT / "tests" / "checks" / "fuzz" / "faulty_emulator.py"
NEEDED = ("x86_64-linux-gnu-gcc", "aarch64-linux-gnu-gcc", "qemu-aarch64-static")
SMALL = 60  # lines of a reduced program
report = Report()
scratch = Path(tempfile.mkdtemp(prefix="jitkit-fuzz-"))


def jitkit(*words):
    return subprocess.run([COMMAND, *map(str, words)], cwd=scratch, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True)


def check_good(what: str, *words) -> str:
    done = jitkit("fuzz", *words)
    good = done.returncode == 0 and done.stdout.endswith("no difference\n") and done.stderr == ""
    for line in done.stdout.splitlines():
        if re.match(r"\d+ (programs|ops|instructions|calls left)", line):
            report.note(f"{what}: {line}")
    report.check(what, good, f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    for path in scratch.glob("jitkit-fuzz-*.jk"):
        print(path.read_text())
    return done.stdout


def check_faulty(*more) -> None:
    path = scratch / "found.jk"
    done = jitkit("fuzz", *more, "--target", "arm64", "--emulator", f"{sys.executable} {FAULTY}", "--seed", 1,
                  "--count", 1000, "-o", path)
    if not report.check(f"a fault is found {more}", done.returncode == 1 and "difference: " in done.stdout,
                        f"exit status {done.returncode}\n{done.stdout}{done.stderr}"):
        return
    text = path.read_text()
    lines = [line for line in text.splitlines()
             if ("arm64." in line if more else line and not line.startswith((";", "data", "bss", "rodata")))]
    report.check(f"it is made small {more}", len(lines) <= SMALL, f"{len(lines)} lines:\n{text}")
    report.check(f"what is left has the faulty op {more}", "crc32c" in text, text)
    how = re.search(r"^; jitkit run FILE (.*) difference$", text, re.MULTILINE)
    again = re.search(r"^; (?:jitkit run does not show it.*\n; )jitkit (fuzz .*)$", text, re.MULTILINE)
    # A value that stands only at points is none that run shows; one that a family's instructions leave always is.
    says = (how is None) != (again is None) and (how is not None or not more)
    if not report.check(f"it says how to see it {more}", says, text):
        return
    if again:
        seen = jitkit(*shlex.split(again[1]), "-o", path)
        report.check(f"fuzz shows it again {more}", seen.returncode == 1 and "difference: " in seen.stdout,
                     f"{again[1]}: {seen.returncode}\n{seen.stdout}{seen.stderr}")
        return
    good = ["--target", "arm64"] if more else ["--target", "interp"]
    seen, wanted = (jitkit("run", path, *words, "difference") for words in (shlex.split(how[1]), good))
    report.check(f"run shows it {more}", (seen.returncode, wanted.returncode) == (0, 0)
                 and seen.stdout != wanted.stdout, f"{seen.stdout!r} {wanted.stdout!r} {seen.stderr} {wanted.stderr}")


def check_wrong_map(what: str, target: str, fault: str, difference: str, shows: str) -> None:
    """A location map with a fault: it must be found as the `difference`, and what is left of the program has it."""
    path = scratch / "wrong_map.jk"
    done = jitkit("fuzz", "--target", target, "--emulator", f"{sys.executable} {FAULTY} {fault}", "--seed", 1,
                  "--count", 1000, "-o", path)
    found = re.search(rf"^difference: .* {difference}", done.stdout, re.MULTILINE)
    if not report.check(f"{target}: {what} is found", done.returncode == 1 and found is not None,
                        f"exit status {done.returncode}\n{done.stdout}{done.stderr}"):
        return
    text = path.read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith((";", "data", "bss", "rodata"))]
    report.check(f"{target}: {what}: what shows it is made small", len(lines) <= SMALL and re.search(shows, text), text)


def check_wrong_maps() -> None:
    check_wrong_map("swapped places at an exit", "arm64", "--swap", r"== exit \d+ \[.*, not exit \d+ \[", "== exit ")
    for target in ("arm64", "x86_64"):
        check_wrong_map("swapped places at a safepoint", target, "--swap-safepoints",
                        r"stop \d+: safepoint \d+ \[.*, not safepoint \d+ \[", "(?m)^  safepoint ")
        check_wrong_map("swapped places at a patch point", target, "--swap-patch-points",
                        r"stop \d+: patch point \d+ \[.*, not patch point \d+ \[", r"patch_point\.")
    check_wrong_map("a load that lands at another exit", "arm64", "--landings", "== ", r"load_trap\.")


def check_fault_outside() -> None:
    """A fault of the process that runs the code, but not in a call, ends it with its reason and status."""
    began = time.monotonic()
    done = jitkit("fuzz", "--target", "arm64", "--emulator", f"{sys.executable} {FAULTY} --fault", "--seed", 1,
                  "--count", 1, "-o", scratch / "fault.jk")
    says = "the process that ran it ended: exit status 70: a fault outside of a call, in the program that runs the code"
    report.check("a fault outside of a call is told", done.returncode == 1 and says in done.stdout,
                 f"exit status {done.returncode}\n{done.stdout}{done.stderr}")
    report.note(f"a fault outside of a call: told after {time.monotonic() - began:.0f} s")


def children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def lives(process: int) -> bool:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    return False


def waited_for(what, seconds: int = 60) -> bool:
    end = time.monotonic() + seconds
    while not what() and time.monotonic() < end:
        time.sleep(0.05)
    return bool(what())


def check_killed() -> None:
    """A fuzzer that is killed leaves no guest behind, whatever code that runs."""
    with subprocess.Popen([COMMAND, "fuzz", "--target", "arm64", "--seconds", "600"], cwd=scratch,
                          stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as fuzzer:
        def guests():
            return [c for c in children(fuzzer.pid) if "qemu" in Path(f"/proc/{c}/comm").read_text()]
        started = waited_for(guests)
        left = guests()
        for guest in left:  # as one that is in an endless loop: it does not see that nobody asks it any more
            os.kill(guest, signal.SIGSTOP)
        fuzzer.kill()
    ended = started and waited_for(lambda: not any(map(lives, left)), 20)
    report.check("its guests end with it", ended, f"{left} live")
    for guest in filter(lives, left):
        os.kill(guest, signal.SIGKILL)


def check_usage() -> None:
    arm64 = ["fuzz", "--target", "arm64"]
    for words, status, says in ((["fuzz"], 2, "--target"), (["fuzz", "--target", "m68k"], 2, "m68k"),
                                ([*arm64, "--seconds", "0"], 2, "seconds"),
                                ([*arm64, "--family", "no_such"], 2, "no_such"),
                                ([*arm64, "--emulator", "no-such-emulator"], 1, "no-such-emulator"),
                                ([*arm64, "--cpu", "no-such-cpu"], 1, "no-such-cpu")):
        done = jitkit(*words)
        report.check(" ".join(words), done.returncode == status and says in done.stderr,
                     f"exit status {done.returncode}: {done.stdout}{done.stderr}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1400)
    count = parser.parse_args().count
    missing = [name for name in NEEDED if shutil.which(name) is None]
    if missing:
        report.skip("fuzz", f"no {missing[0]} on PATH")
        report.finish()
    seed = os.environ.get("JITKIT_SEED", "1")
    said = check_good(f"random programs from seed {seed}", "--target", "arm64", "--seed", seed, "--count", count)
    left = re.search(r"^(\d+) calls left by an exit, (\d+) stops at safepoints and (\d+) at patch points; "
                     r"values there: (\d+) in registers, (\d+) in slots, (\d+) constants; (\d+) virtual objects$\n"
                     r"^(\d+) safepoints watched; ", said, re.MULTILINE)
    report.check("they leave by exits and stop at points with values in every kind of place",
                 left is not None and all(int(n) > 0 for n in left.groups()), said)
    for cpu in ("cortex-a72", "neoverse-n1"):  # feature sets between the least and all
        check_good(f"random programs for {cpu}", "--target", "arm64", "--cpu", cpu, "--seed", seed, "--count",
                   count // 10)
    check_good("random programs, all optimised", "--target", "arm64", "--opt", "full", "--seed", seed, "--count",
               count // 10)
    first, second = (jitkit("fuzz", "--target", "arm64", "--print", "--seed", seed).stdout for _ in range(2))
    report.check("the same seed prints the same program", first == second and first.startswith(f"; seed {seed}\n"),
                 first[:200])
    families = [("arm64", "base"), ("arm64", "asimd")]
    if shutil.which("qemu-x86_64-static"):
        families += [("x86_64", "bmi2"), ("x86_64", "aes")]
    else:
        report.skip("families of x86-64", "no qemu-x86_64-static on PATH")
    for target, family in families:
        check_good(f"instructions of {target}, family {family}", "--target", target, "--family", family, "--seed", seed,
                   "--count", count // 10)
    check_faulty()
    check_faulty("--family", "crc")
    check_killed()
    check_wrong_maps()
    check_fault_outside()
    check_usage()
    shutil.rmtree(scratch)
    report.finish()


if __name__ == "__main__":
    main()
