#!/usr/bin/env python3
"""make demo-luajit: the programs of consumers/luajit/bench in PUC's Lua 5.1, LuaJIT's interpreter, with stock's backend
and with jitkit's: user time on x86-64, and, of both backends, instructions executed in traces on AArch64 (QEMU), bytes
of code and instructions of compilation per IR instruction. A table, and a page with bars: build/demo/luajit.html.

A program that needs what PUC's Lua has not (bit operations, FFI) has no time there."""

import argparse
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / directory) for directory in ("tools", "bench", "tests/checks")]
import figures  # noqa: E402
import luajit  # noqa: E402
import luajit_backends as bench  # noqa: E402

PAGE = ROOT / "build" / "demo" / "luajit.html"
WAYS = {"PUC Lua 5.1": "#9aa5b1", "interpreter": "#7a8fb8", "stock's JIT": "#d98e32", "jitkit's JIT": "#2f8f5b"}
BACKEND = {"stock's JIT": "stock", "jitkit's JIT": "jitkit"}


def seconds(command: list[str], name: str, size: int, choice: str) -> float | None:
    """Least user time of three runs; nothing if the program cannot run there."""
    least = None
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        done = subprocess.run([*command, str(bench.PROGRAMS / f"{name}.lua"), str(size)],
                              env={**os.environ, "JITKIT_LUAJIT": choice},
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        if done.returncode != 0:
            return None
        took = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before
        least = took if least is None else min(least, took)
    return least


def needs_luajit(name: str) -> bool:
    text = (bench.PROGRAMS / f"{name}.lua").read_text()
    return "bit." in text or "ffi" in text


def measure(names: list[str], part: float) -> dict:
    m = bench.Measurement({t: luajit.build(t) for t in ("x86_64", "arm64")})
    native, rows = m.commands["x86_64"], {}
    for name in names:
        size = max(bench.SIZES[name][0], int(bench.SIZES[name][2] * part))
        row = rows[name] = {"size": size, "seconds": {
            "PUC Lua 5.1": None if needs_luajit(name) else seconds(["lua5.1"], name, size, "stock"),
            "interpreter": seconds([*native, "-joff"], name, size, "stock"),
            "stock's JIT": seconds(native, name, size, "stock"), "jitkit's JIT": seconds(native, name, size, "jitkit")}}
        for target in ("x86_64", "arm64"):
            row[target] = m.traces(target, name)
        row["cost"] = m.cost(name)
    return rows


def show(rows: dict) -> str:
    heads = [
        "program", "PUC\ns", "interpreter\ns", "stock\ns", "jitkit\ns", "AArch64, stock\nMi in traces", "jitkit\nMi",
        "stock\nbytes/IR x86, arm", "jitkit\nbytes/IR", "stock\ncost/IR", "jitkit\ncost/IR"
    ]
    lines = []
    for name, row in rows.items():
        per_ir = [
            f"{row['x86_64'][b]['bytes_per_ir']:.1f} {row['arm64'][b]['bytes_per_ir']:.1f}" for b in bench.BACKENDS
        ]
        lines.append([name, *(figures.number(s, "{:.3f}") for s in row["seconds"].values()),
                      *(figures.number(row["arm64"][b]["in_traces"] / 1e6) for b in bench.BACKENDS), *per_ir,
                      *(figures.number(row["cost"][b]["per_ir"], "{:.0f}") for b in bench.BACKENDS)])
    return figures.table(heads, lines)


def page(rows: dict) -> str:
    def of_backends(get) -> dict:
        return {name: {way: get(row, b) for way, b in BACKEND.items()} for name, row in rows.items()}

    bars = lambda groups, form: figures.bars(groups, form, WAYS.get)
    return figures.page(
        "LuaJIT with jitkit as its trace backend", "Less is better everywhere; bars are to the scale of "
        "their program.", {
            "Run time on x86-64":
            bars({name: row["seconds"] for name, row in rows.items()}, "{:.3f} s"),
            "Instructions executed in traces on AArch64":
            bars(of_backends(lambda row, b: row["arm64"][b]["in_traces"] / 1e6), "{:.2f} million"),
            "Code on x86-64, bytes per IR instruction":
            bars(of_backends(lambda row, b: row["x86_64"][b]["bytes_per_ir"]), "{:.1f}"),
            "Code on AArch64, bytes per IR instruction":
            bars(of_backends(lambda row, b: row["arm64"][b]["bytes_per_ir"]), "{:.1f}"),
            "Compilation, host instructions per IR instruction":
            bars(of_backends(lambda row, b: row["cost"][b]["per_ir"]), "{:.0f}"),
        })


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(bench.SIZES), default=list(bench.SIZES), metavar="PROGRAM")
    parser.add_argument("--part", type=float, default=0.2, help="of the benchmark's sizes for time (0.2)")
    args = parser.parse_args()
    bench.WORK.mkdir(parents=True, exist_ok=True)
    rows = measure(args.only, args.part)
    print(show(rows))
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(rows))
    print(f"page: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
