#!/usr/bin/env python3
"""make demo-luajit: the programs of consumers/luajit/bench in PUC's Lua 5.1, LuaJIT's interpreter, with stock's backend and
with jitkit's: user time on x86-64, and, of both backends, instructions executed in traces on AArch64 (QEMU), bytes of
code and instructions of compilation per IR instruction. A table, and a page with bars: build/demo/luajit.html.

A program that needs what PUC's Lua has not (bit operations, FFI) has no time there."""

import argparse
import html
import os
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "bench"), str(ROOT / "tests" / "checks")]
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
        done = subprocess.run([*command, str(bench.PROGRAMS / f"{name}.lua"), str(size)], env={**os.environ, "JITKIT_LUAJIT": choice},
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


def show(rows: dict) -> None:
    print(f"{'':14} {'seconds, x86-64':^39} | {'AArch64 Mi in traces':^20} | {'bytes/IR x86, arm':^23} | cost/IR")
    print(f"{'program':14} {'PUC':>9} {'interp.':>9} {'stock':>9} {'jitkit':>9} | {'stock':>9} {'jitkit':>10} | {'stock':>11} {'jitkit':>11} | {'stock':>6} {'jitkit':>6}")
    for name, row in rows.items():
        times = " ".join(f"{'-' if s is None else f'{s:.3f}':>9}" for s in row["seconds"].values())
        per_ir = [f"{row['x86_64'][b]['bytes_per_ir']:.1f} {row['arm64'][b]['bytes_per_ir']:.1f}" for b in bench.BACKENDS]
        mega = [row["arm64"][b]["in_traces"] / 1e6 for b in bench.BACKENDS]
        print(f"{name:14} {times} | {mega[0]:9.2f} {mega[1]:10.2f} | {per_ir[0]:>11} {per_ir[1]:>11} | "
              f"{row['cost']['stock']['per_ir']:6.0f} {row['cost']['jitkit']['per_ir']:6.0f}")


def bars(title: str, unit: str, rows: dict[str, dict[str, float | None]], form: str) -> str:
    """A group of bars for each program, each group to its own scale."""
    parts = [f"<h2>{html.escape(title)}</h2><table>"]
    for name, values in rows.items():
        most = max(v for v in values.values() if v is not None) or 1
        cells = []
        for way, v in values.items():
            if v is None:
                continue
            cells.append(f'<div class="row"><span class="way">{html.escape(way)}</span><span class="bar" style="width:{max(0.3, 60 * v / most):.1f}%;'
                         f'background:{WAYS[way]}"></span><span class="value">{form.format(v)} {unit}</span></div>')
        parts.append(f"<tr><th>{html.escape(name)}</th><td>{''.join(cells)}</td></tr>")
    return "".join(parts) + "</table>"


def page(rows: dict) -> str:
    def of_backends(get) -> dict:
        return {name: {way: get(row, b) for way, b in BACKEND.items()} for name, row in rows.items()}

    sections = [
        bars("Run time on x86-64", "s", {name: row["seconds"] for name, row in rows.items()}, "{:.3f}"),
        bars("Instructions executed in traces on AArch64", "million", of_backends(lambda row, b: row["arm64"][b]["in_traces"] / 1e6), "{:.2f}"),
        bars("Code on x86-64, bytes per IR instruction", "", of_backends(lambda row, b: row["x86_64"][b]["bytes_per_ir"]), "{:.1f}"),
        bars("Code on AArch64, bytes per IR instruction", "", of_backends(lambda row, b: row["arm64"][b]["bytes_per_ir"]), "{:.1f}"),
        bars("Compilation, host instructions per IR instruction", "", of_backends(lambda row, b: row["cost"][b]["per_ir"]), "{:.0f}"),
    ]
    style = ("body{font:15px sans-serif;max-width:60em;margin:2em auto;color:#222}table{width:100%;border-collapse:collapse}"
             "th{text-align:left;width:9em;vertical-align:top;padding:.4em 0;font-weight:600}td{padding:.3em 0}tr{border-top:1px solid #ddd}"
             ".row{display:flex;align-items:center;gap:.5em;height:1.3em}.way{width:8em;color:#555}.bar{height:.8em;border-radius:2px}")
    return (f'<!doctype html><html lang="en"><meta charset="utf-8"><title>LuaJIT with jitkit</title><style>{style}</style>'
            f"<h1>LuaJIT with jitkit as its trace backend</h1><p>Less is better everywhere; bars are to the scale of their program.</p>{''.join(sections)}</html>\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="*", choices=list(bench.SIZES), default=list(bench.SIZES), metavar="PROGRAM")
    parser.add_argument("--part", type=float, default=0.2, help="of the benchmark's sizes for time (0.2)")
    args = parser.parse_args()
    bench.WORK.mkdir(parents=True, exist_ok=True)
    rows = measure(args.only, args.part)
    show(rows)
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(page(rows))
    print(f"page: {PAGE.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
