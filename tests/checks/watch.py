#!/usr/bin/env python3
"""What gdb and perf see of generated code: tests/watch/program.cpp runs under both.

gdb: a backtrace through a generated frame names the function and its line; after the function is
withdrawn gdb no longer knows it. perf: the map names both functions; the jitdump keeps two versions at
one address apart, with source lines and code (perf annotate), or the lines of the IR under those of the source, and
lets perf unwind: by the dump's tables, and by frame pointers where they are kept."""

import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import tree
from report import Report

PROGRAM = tree.ROOT / "build" / "dev" / "tests" / "watch" / "watch_program"
SPIN = "150000000"
report = Report()


def run(command: list[str], directory: str, **env: str) -> str:
    done = subprocess.run(command, cwd=directory, env={**os.environ, **env}, text=True, timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return done.stdout


def gdb(directory: str) -> None:
    commands = ["set debuginfod enabled off", "set breakpoint pending on", "break watch_callback",
                "break watch_withdrawn", "run", "backtrace", "info symbol watched_v1", "finish", "continue",
                "info functions watched_v", "continue", "backtrace", "continue"]
    text = run(["gdb", "-nx", "-batch", *(f"-ex={c}" for c in commands), str(PROGRAM)], directory, JITKIT_GDB="1")
    report.check("gdb: backtrace through the first version",
                 re.search(r"#0 .*watch_callback.*\n#1 .*watched_v1 \(\) at .*watched\.src:1[23]\n#2 .*\brun ", text)
                 is not None, text)
    report.check("gdb: returns into the frame",
                 re.search(r"\n0x\w+ in watched_v1 \(\) at .*watched\.src:1[23]\n", text) is not None, text)
    report.check("gdb: forgets what is withdrawn",
                 re.search(r'All functions matching regular expression "watched_v":\n\n?(?!.*watched_v1)', text)
                 is not None, text)
    report.check("gdb: the second version",
                 re.search(r"#1 .*watched_v2 \(\) at .*watched\.src:4[23]\n#2 .*\brun ", text) is not None, text)


def perf_map(directory: str) -> None:
    run(["perf", "record", "-e", "cpu-clock", "-o", "map.data", str(PROGRAM), SPIN], directory, JITKIT_PERF="map")
    text = run(["perf", "report", "--stdio", "--sort", "symbol", "-i", "map.data"], directory)
    # Of two versions at one address a map knows one, for all samples.
    report.check("perf map: the function has a name", re.search(r"\d\d\.\d\d%.*watched_v[12]", text) is not None, text)
    for left in Path("/tmp").glob("perf-*.map"):
        if "watched_v1" in left.read_text(errors="replace"):
            left.unlink()


def perf_dump(directory: str) -> None:
    record = ["perf", "record", "-k", "mono", "-e", "cpu-clock", "-o", "dump.data"]
    log = run([*record, str(PROGRAM), SPIN], directory, JITKIT_PERF="dump", JITKIT_LOG="log")
    report.check("perf: both versions at one address", "same address" in log, log)
    text = run(["perf", "inject", "-j", "-i", "dump.data", "-o", "jit.data"], directory)
    report.check("perf inject: an ELF file per version", len(list(Path(directory).glob("jitted-*.so"))) == 2, text)
    text = run(["perf", "report", "--stdio", "--sort", "symbol", "-i", "jit.data"], directory)
    shares = {v: float(s) for s, v in re.findall(r"(\d+\.\d+)%.*(watched_v[12])", text)}
    report.check("perf report: half of the time in each", len(shares) == 2 and min(shares.values()) > 30, text)
    text = run(["perf", "annotate", "--stdio", "-l", "-i", "jit.data", "watched_v2"], directory)
    report.check(
        "perf annotate: code with source lines",
        re.search(r"watched\.src:4[01]", text) is not None and re.search(r"\bj[a-z]+\b|\bb\.", text) is not None, text)
    lines = (Path(directory) / "log").read_text().splitlines()
    report.check("log: a line per function", [line.split()[0] for line in lines] ==
                 ["publish", "withdraw"] * 2 and lines[0].endswith(" watched_v1"), "\n".join(lines))


def perf_ir_lines(directory: str) -> None:
    """perf annotate where the lines of the code are those of its IR: each version's own, under its source's."""
    record = ["perf", "record", "-k", "mono", "-e", "cpu-clock", "-o", "ir.data"]
    run([*record, str(PROGRAM), SPIN, directory], directory, JITKIT_PERF="dump")
    run(["perf", "inject", "-j", "-i", "ir.data", "-o", "ir-jit.data"], directory)
    for version, first in ("watched_v1", 10), ("watched_v2", 40):
        text = run(["perf", "annotate", "--stdio", "-i", "ir-jit.data", version], directory)
        # Sources stand without an address, code with one; percentages on code alone.
        rows = re.findall(r"^\s*(?:\d+\.\d+)? *:(?: \d+)? +(.*)$", text, re.MULTILINE)
        missing = [wanted for wanted in (
            f"// watched.src line {first}: sum = 3 * sum + i;", f"v5 = mul.i64 v4, 3 !{first}",
            f"// watched.src line {first + 1}: if (++i < n) goto loop;", f"brif v8, b2(v7, v6), b3 !{first + 1}",
        ) if wanted not in rows]
        report.check(f"perf annotate {version}: IR and source lines", not missing, f"{missing} not in\n{text}")
        # Amid the code: the product's instruction follows the product, the branch the comparison.
        at = [n for n, row in enumerate(rows) if row.startswith("v5 = mul.i64")]
        code = next((row for row in rows[at[0] + 1:] if re.match(r"[0-9a-f]+:", row)), "") if at else ""
        report.check(f"perf annotate {version}: code under its IR",
                     re.search(r"\b(lea|imul|madd|mul|add)\b", code) is not None, f"{code!r} in\n{text}")


def perf_frames(directory: str) -> None:
    """perf record -g walks through frames that keep the frame pointer; through others it loses the caller."""
    record = ["perf", "record", "-g", "-e", "cpu-clock", "-F", "200", "-o", "frames.data"]
    run([*record, str(PROGRAM), SPIN], directory, JITKIT_PERF="map", JITKIT_FRAMES="1")
    text = run(["perf", "script", "-i", "frames.data", "-F", "comm,ip,sym"], directory)
    report.check("perf record -g: walks through a frame with its pointer",
                 re.search(r"watched_v[12]\n.*\brun\b.*\n.*\bmain\n", text) is not None, text[:1000])


def perf_unwind(directory: str) -> None:
    """DWARF unwinding from a generated frame to main, by the tables of the jitdump."""
    record = ["perf", "record", "-k", "mono", "-e", "cpu-clock", "--call-graph", "dwarf,32768", "-F", "200",
              "-o", "stack.data"]
    run([*record, str(PROGRAM), SPIN], directory, JITKIT_PERF="dump")
    run(["perf", "inject", "-j", "-i", "stack.data", "-o", "stacks.data"], directory)
    text = run(["perf", "script", "-i", "stacks.data", "-F", "comm,ip,sym"], directory)
    report.check("perf: unwinds through the generated frame",
                 re.search(r"watched_v1\n.*\brun\b.*\n.*\bmain\n", text) is not None, text[:1000])


def main() -> None:
    with tempfile.TemporaryDirectory() as directory:
        if shutil.which("gdb"):
            gdb(directory)
        else:
            report.skip("gdb", "gdb")
        if not shutil.which("perf"):
            report.skip("perf", "linux-perf")
        elif "cpu-clock" not in run(["perf", "stat", "-e", "cpu-clock", "true"], directory):
            report.skip("perf", "permission to record (kernel.perf_event_paranoid)")
        else:
            perf_map(directory)
            perf_dump(directory)
            perf_ir_lines(directory)
            perf_frames(directory)
            perf_unwind(directory)
    report.finish()


if __name__ == "__main__":
    main()
