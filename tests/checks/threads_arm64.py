#!/usr/bin/env python3
"""AArch64's tests with threads, patching and dual mappings on a whole machine: Debian's arm64 kernel on two CPUs under
qemu-system-aarch64. QEMU's user mode does not notice what is written through a second address.

usage: threads_arm64.py [--realtime]    give QEMU's threads real-time priority, so that both CPUs run at once

By hand (docs/testing.md says what it finds), after
`cmake --build --preset arm64-qemu --target system_init unit_runtime unit_deopt unit_atomics`.
The initrd holds tests/system/init.c and the statically linked unit programs; the kernel is kept in JITKIT_CACHE."""

import argparse
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import tree
from report import Report

PROGRAMS = ("unit_runtime", "unit_deopt", "unit_atomics")
BUILD = tree.ROOT / "build" / "arm64-qemu"
CACHE = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit")
SECONDS = 600
DOCTEST = re.compile(r"test cases:\s*\d+\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed")


def kernel() -> Path:
    """Debian's kernel for arm64. Its modules are not kept: what the machine needs is built in."""
    root = CACHE / "linux-arm64"
    subprocess.run([tree.ROOT / "tools" / "debian.sh", "root", "arm64", root, "linux-image-arm64"], check=True)
    shutil.rmtree(root / "lib", ignore_errors=True)
    return next((root / "boot").glob("vmlinuz-*"))


def archive(files: list[tuple[str, int, bytes, tuple[int, int]]]) -> bytes:
    """A cpio archive of format newc (the kernel's Documentation/driver-api/early-userspace/buffer-format.rst) of
    (name, mode, contents, device)."""
    out = bytearray()
    for number, (name, mode, data, device) in enumerate([*files, ("TRAILER!!!", 0, b"", (0, 0))], 1):
        fields = (number, mode, 0, 0, 1, 0, len(data), 0, 0, *device, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08X" % field for field in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + data
        out += bytes(-len(out) % 4)
    return bytes(out)


def initrd() -> bytes:
    none = (0, 0)
    files = [("dev", 0o040755, b"", none), ("dev/console", 0o020600, b"", (5, 1)), ("tests", 0o040755, b"", none),
             ("init", 0o100755, (BUILD / "tests" / "system" / "system_init").read_bytes(), none)]
    return archive(files + [(f"tests/{name}", 0o100755, (BUILD / "tests" / name).read_bytes(), none)
                            for name in PROGRAMS])


def boot(report: Report, realtime: bool) -> str:
    with tempfile.NamedTemporaryFile(suffix=".cpio") as file:
        file.write(initrd())
        file.flush()
        priority = ["chrt", "-r", "10"] if realtime else []
        command = [
            *priority, "qemu-system-aarch64", "-M", "virt", "-cpu", "neoverse-n1", "-smp", "2", "-m", "1024",
            "-nographic", "-nodefaults", "-serial", "stdio", "-no-reboot", "-kernel",
            kernel(), "-initrd", file.name, "-append", "console=ttyAMA0 quiet loglevel=1 panic=-1"
        ]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=SECONDS, check=False)
            output, why = done.stdout, f"QEMU's status {done.returncode}"
        except subprocess.TimeoutExpired as late:
            output, why = late.stdout or b"", f"no end after {SECONDS} s"
    text = output.decode(errors="replace").replace("\r", "")
    report.check("the machine turns itself off", why == "QEMU's status 0", f"{why}\n{text[-2000:]}")
    return text


def main() -> None:
    report = Report()
    parser = argparse.ArgumentParser()
    parser.add_argument("--realtime", action="store_true", help="real-time priority: both CPUs run at once")
    text = boot(report, parser.parse_args().realtime)
    for name in PROGRAMS:
        said = re.search(rf"^begin {name}\n(.*?)^end {name} (-?\d+)$", text, re.MULTILINE | re.DOTALL)
        counts = said and DOCTEST.search(said[1])
        why = said[1][-3000:] if said else "did not run"
        if not report.check(name, bool(counts) and said[2] == "0" and counts[2] == "0" and counts[1] != "0", why):
            continue
        print(said[1])
        skips = re.findall(r"^SKIP (\S+): (.+)$", said[1], re.MULTILINE)
        report.passed += int(counts[1]) - len(skips) - 1  # one was counted just now
        report.skipped += len(skips)
    report.finish()


if __name__ == "__main__":
    main()
