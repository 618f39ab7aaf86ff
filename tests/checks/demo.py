#!/usr/bin/env python3
"""make demo on a small file, and on what must make it fail: a demo that cannot fail shows nothing."""

import os
import pty
import re
import subprocess
import tempfile
from pathlib import Path

import tree
from report import Report

HASH = "build/release/tools/demo/jitkit-hash"
ARM64_HASH = "build/release-arm64/tools/demo/jitkit-hash"
HOST = os.uname().machine


def build() -> None:
    for preset, target in (("release", "jitkit_demo"), ("release-arm64", "jitkit_hash")):
        for command in (["cmake", "--preset", preset], ["cmake", "--build", "--preset", preset, "--target", target]):
            subprocess.run(command, cwd=tree.ROOT, check=True, stdout=subprocess.DEVNULL)


def demo(directory: str, *options: str, cpu: str = "") -> subprocess.CompletedProcess:
    command = [
        "build/release/tools/demo/jitkit-demo", "--hash", HASH, "--arm64-hash", ARM64_HASH, "--directory", directory
    ]
    return subprocess.run([*command, *options], cwd=tree.ROOT, env={**os.environ, "JITKIT_CPU": cpu},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True)


def rows(output: str) -> dict[str, str]:
    """The table's rows by 'sha1 arm64 native' and the like."""
    found, algorithm = {}, ""
    for line in output.splitlines():
        if m := re.match(r"(sha\d+)? +(\w+ (?:native|portable)) +(.*)", line):
            found[f"{algorithm} {m[2]}"] = m[3]
        elif m := re.match(r"(sha\d+) +coreutils", line):
            algorithm = m[1]
    return found


def check_good(report: Report, directory: str) -> None:
    run = demo(directory, "--mebibytes=3")
    if not report.check("small file", run.returncode == 0, run.stdout + run.stderr):
        return
    table = rows(run.stdout)
    for algorithm in ("sha1", "sha256"):
        for version in ("native", "portable"):
            text = table.get(f"{algorithm} arm64 {version}", "")
            report.check(f"arm64 {algorithm} {version}", re.search(r"\d\.\d\d +2 equal", text) is not None, text)
            text = table.get(f"{algorithm} {HOST} {version}", "")
            if version == "native" and "refused" in text:
                report.skip(f"native_{algorithm}", f"this CPU has no {text.split()[-1]}")
            else:
                report.check(f"{HOST} {algorithm} {version}",
                             re.search(r"MB/s +\d+\.\d\d +4 equal", text) is not None, text)
    listing = re.search(r"^// func @sha1_native.*, emit/\w+/crypto/sha1.hpp, \d+ bytes$", run.stdout, re.MULTILINE)
    report.check("listing", listing is not None
                 and re.search(r"^// +\d+:  \S+ = \w+\.sha1", run.stdout, re.MULTILINE) is not None)
    report.check("no progress bar", run.stderr == "", run.stderr)


def check_failures(report: Report, directory: str) -> None:
    """A changed byte is noticed by each step; input that is not there or no file is an error."""
    for step in ("host", "other", "objects"):
        for byte in ("0", str((1 << 20) + 16)):  # the first and the last
            run = demo(directory, "--mebibytes=1", f"--flip-byte={byte}", "--step", step)
            good = run.returncode == 1 and " gives " in run.stderr
            report.check(f"byte {byte} changed, {step}", good, f"exit status {run.returncode}: {run.stderr}")
    missing = demo(directory, "--file", f"{directory}/none")
    report.check("missing file", missing.returncode == 1 and "no such file" in missing.stderr, missing.stderr)
    folder = demo(directory, "--file", directory)
    report.check("directory", folder.returncode == 1 and "not a regular file" in folder.stderr, folder.stderr)
    report.check("usage", demo(directory, "--step", "none").returncode == 2)


def check_files(report: Report, directory: str) -> None:
    """Lengths around a block's, and a name that needs quoting."""
    for size in (0, 1, 55, 56, 63, 64, 65, (1 << 18) - 1, 1 << 18, (1 << 18) + 1):
        path = Path(directory, f"-a $b 'c' {size}")
        path.write_bytes(bytes(n * 7 & 255 for n in range(size)))
        run = demo(directory, f"--file={path}", "--step", "host", "--step", "other", "--step", "objects")
        report.check(f"{size} bytes", run.returncode == 0, run.stderr)


def check_features(report: Report, directory: str) -> None:
    """JITKIT_CPU takes the instructions away on both targets; portable code is chosen."""
    run = demo(directory, "--mebibytes=1", "--step", "host", "--step", "other", cpu="-sha1,-sha2")
    table = rows(run.stdout)
    lacking = {"sha1 x86_64": "sha", "sha256 x86_64": "sha", "sha1 arm64": "sha1", "sha256 arm64": "sha2"}
    for where, feature in lacking.items():
        text = table.get(f"{where} native", "")
        report.check(f"refused: {where}", text.startswith(f"refused: needs {feature}"), run.stdout + run.stderr)
        text = table.get(f"{where} portable", "")
        report.check(f"chosen: {where}", "chosen" in text, run.stdout + run.stderr)


def check_refusal(report: Report, directory: str) -> None:
    """On a CPU without the instructions native code is refused by the feature's name: no signal."""
    for program in (HASH, f"{directory}/sha_x86_64"):
        run = subprocess.run(["qemu-x86_64-static", "-cpu", "qemu64", program, f"{directory}/input-1MiB.bin"],
                             cwd=tree.ROOT, capture_output=True, text=True)
        refused = ["sha1 native refused sha\n", "sha256 native refused sha\n"]
        good = run.returncode == 0 and all(words in run.stdout for words in refused)
        report.check(f"CPU without SHA: {Path(program).name}", good,
                     f"exit status {run.returncode}: {run.stdout}{run.stderr}")


def check_lines(report: Report, directory: str) -> None:
    """Debuggers find the source lines of functions in the objects."""
    for prefix, target in (("x86_64", "x86_64"), ("aarch64", "arm64")):
        program = f"{directory}/sha_{target}"
        symbols = subprocess.run([f"{prefix}-linux-gnu-nm", program], capture_output=True, text=True).stdout
        address = re.search(r"^(\w+) T sha256_native$", symbols, re.MULTILINE)
        place = address and subprocess.run(
            [f"{prefix}-linux-gnu-addr2line", "-e", program, hex(int(address[1], 16) + 64)],
            capture_output=True, text=True).stdout
        good = place is not None and re.search(rf"emit/{target}/crypto/sha256.hpp:\d+$", place.strip()) is not None
        report.check(f"source lines: {target}", good, str(place))


def check_terminal(report: Report, directory: str) -> None:
    """On a terminal there is a progress bar, and it is wiped out."""
    parent, child = pty.openpty()
    subprocess.run([HASH, f"{directory}/input-3MiB.bin"], cwd=tree.ROOT, stdin=subprocess.DEVNULL,
                   stdout=subprocess.DEVNULL, stderr=child, check=True)
    os.close(child)
    text = b""
    try:
        while piece := os.read(parent, 65536):
            text += piece
    except OSError:  # the end of a terminal
        pass
    report.check("progress bar", b" %" in text and text.endswith(b"\r\x1b[K"), repr(text))


def main() -> None:
    report = Report()
    build()
    with tempfile.TemporaryDirectory(prefix="jitkit-demo-") as directory:
        check_good(report, directory)
        check_failures(report, directory)
        check_files(report, directory)
        check_features(report, directory)
        if HOST == "x86_64":
            check_refusal(report, directory)
        check_lines(report, directory)
        check_terminal(report, directory)
    report.finish()


if __name__ == "__main__":
    main()
