#!/usr/bin/env python3
"""Runs the benchmark and prints one table; writes build/bench/results.json and results.html, a page with plots.

Host instructions come from callgrind (the same on every run), times from Google Benchmark (median of 11
interleaved runs), the cost of including a header from the compiler. Results of compiled functions are
compared, AArch64's under QEMU. Fails if one differs or if a warm run of jitkit touches the heap; a bar
that is missed is marked and is no failure.

usage: run.py [--only TEXT] [--no-times] [--no-include]
"""

import argparse
import contextlib
import html
import io
import json
import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
PROGRAM = OUT / "bench" / "bench"

# DESIGN's bars in host instructions per unit: job -> (must, aim).
BARS = {
    "emit arm64": (40, 25),
    "emit x86_64": (90, 60),
    "line x86_64": (1200, 600), "line arm64": (1200, 600),
    "blocks x86_64": (1200, 600), "blocks arm64": (1200, 600),
    "line fast x86_64": (1200, 600), "line fast arm64": (1200, 600),
    "blocks fast x86_64": (1200, 600), "blocks fast arm64": (1200, 600),
    "line full x86_64": (3000, 3000), "line full arm64": (3000, 3000),
    "blocks full x86_64": (3000, 3000), "blocks full arm64": (3000, 3000),
}
TITLES = {
    "emit arm64": "emission, AArch64 unit",
    "emit x86_64": "emission, x86-64 unit",
    "line": "IR to code, straight line of 5,149 ops",
    "blocks": "IR to code, 1,000 blocks, 2,163 ops",
    "line 5000": "IR to code, straight line of 5,000 ops",
    "line 50000": "IR to code, straight line of 50,000 ops",
}
TITLES |= {f"{job} {level}": f"{TITLES[job].replace('IR to code', 'IR to code at ' + level)}"
           for job in ("line", "blocks", "line 5000", "line 50000") for level in ("fast", "full")}
GROWTH_BAR = (1.5, 1.1)
INCLUDE_BARS = {"arm64.hpp": (0.7, 0.4), "x86_64.hpp": (0.8, 0.5), "jitkit.hpp": (1.5, 1.0)}
NOTES = {"emit arm64/vixl": "aese, aesmc, sha1c as raw words"}

failures = []


def fail(text):
    failures.append(text)
    print(f"FAILED: {text}", file=sys.stderr)


def run(command, **kwargs):
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", **kwargs)
    if done.returncode != 0:
        sys.exit(f"bench: {' '.join(map(str, command))}\n{done.stdout}{done.stderr}")
    return done.stdout


def facts(only):
    """Units and heap calls by case, and the other facts."""
    objects = OUT / "objects"
    shutil.rmtree(objects, ignore_errors=True)
    objects.mkdir(parents=True)
    lines = run([PROGRAM, "--facts", f"--only={only}"], env={**os.environ, "JITKIT_BENCH_OBJECTS": str(objects)})
    return dict(line.split("\t", 1) for line in lines.splitlines() if "\t" in line)


def counted(names, only):
    """Host instructions of one warm run of each case."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "out"
        run(["valgrind", "--tool=callgrind", "--instr-atstart=no", f"--callgrind-out-file={out}", PROGRAM, "--count",
             f"--only={only}"])
        counts = {}
        for number, name in enumerate(names, start=1):  # a dump per case, in order
            text = Path(f"{out}.{number}").read_text(errors="replace")
            counts[name] = int(re.search(r"^(?:summary|totals): (\d+)", text, re.M)[1])
        return counts


def crypto_rates():
    """By row of bench/crypto.cpp: bytes per second of jitkit and its peer, the ratio and the bar, or why not."""
    rates = {}
    for line in run([PROGRAM.with_name("bench_crypto")]).splitlines():
        name, *fields = line.split("\t")
        if len(fields) == 1:
            rates[name] = {"not": fields[0]}
            continue
        bar, *unit = fields[4].split(" ")
        ours, ratio = float(fields[1]), float(fields[3])
        rates[name] = {"bytes": int(fields[0]), "jitkit": ours, "peer": float(fields[2]), "ratio": ratio,
                       "bar": fields[4], "met": (ours if unit else ratio) >= float(bar)}
    return rates


def timed(only):
    """Median nanoseconds of one run of each case."""
    report = json.loads(run([PROGRAM, f"--only={only}", "--benchmark_repetitions=11", "--benchmark_min_time=0.02",
                             "--benchmark_enable_random_interleaving=true", "--benchmark_report_aggregates_only=true",
                             "--benchmark_format=json"]))
    return {b["run_name"]: b["cpu_time"] for b in report["benchmarks"] if b.get("aggregate_name") == "median"}


DRIVER = """
#include <stdint.h>
#include <stdio.h>
uint64_t compiled(uint64_t*);
int main(int argc, char** argv) {
  uint64_t memory[64], state = 3;
  unsigned words = WORDS;
  for (unsigned i = 0; i < words; ++i) {
    uint64_t half[2];
    for (int k = 0; k < 2; ++k) {
      state ^= state >> 12, state ^= state << 25, state ^= state >> 27;
      half[k] = (uint32_t)((state * 0x2545f4914f6cdd1dU) >> 33) % ~0U;
    }
    memory[i] = half[0] << 32 | half[1];
  }
  uint64_t result = compiled(memory);
  for (unsigned i = 0; i < words; ++i) result = (result ^ memory[i]) * 0x9e3779b97f4a7c15U;
  printf("%llu\\n", (unsigned long long)result);
  return 0;
}
"""


def check_other_target(known):
    """Runs the functions compiled for the target that is not the host."""
    tools = {"arm64": ("aarch64-linux-gnu-gcc", "qemu-aarch64-static"), "x86_64": ("gcc", None)}
    for name, value in list(known.items()):
        if not name.startswith("expected:"):
            continue
        what = name[len("expected:"):]
        compiler, emulator = tools[what.split()[-1]]
        base = OUT / "objects" / what.replace(" ", "_")
        words = 16 if what.startswith("blocks") else 64
        source = base.with_suffix(".c")
        source.write_text(DRIVER)
        run([compiler, "-O1", "-static", f"-DWORDS={words}", source, base.with_suffix(".o"), "-o", base])
        got = run(([emulator] if emulator else []) + [base]).strip()
        known[f"result:{what}"] = "equal" if got == value else "different"
        if got != value:
            fail(f"{what}: {got} instead of {value}")


INCLUDE_SOURCES = {
    "std only": "#include <array>\n#include <bit>\n#include <cstdint>\n#include <cstdlib>\n#include <cstring>\n"
                "#include <initializer_list>\n#include <new>\n#include <optional>\n#include <span>\n"
                "#include <string_view>\n#include <type_traits>\nint f() { return 0; }\n",
    "arm64.hpp": """#include <jitkit/arm64.hpp>
using namespace jitkit::arm64;
void f(Assembler& a) {
  a.add(x0, x1, 16);
  a.sub(x2, x3, x4);
  a.ldr(x5, x6, 64);
  a.str(w7, x8, 12);
  a.ldp(x9, x10, x11, 32);
  a.madd(x15, x16, x17, x19);
  a.aese(v0.b16(), v1.b16());
  a.movz(x26, 0x1234);
  a.cmp(x0, 100);
  a.ret();
}
""",
    "x86_64.hpp": """#include <jitkit/x86_64.hpp>
using namespace jitkit::x86_64;
void f(Assembler& a) {
  a.add(rax, rcx);
  a.sub(rdx, 100);
  a.mov(rbx, ptr[rsi + 64]);
  a.lea(r9, ptr[r10 + r11 * 4 + 8]);
  a.imul(r12, r13);
  a.test(rcx, rcx);
  a.aesenc(xmm0, xmm1);
  a.vpaddd(ymm1, ymm2, ymm3);
  a.cmp(rax, 100);
  a.ret();
}
""",
}
INCLUDE_SOURCES["jitkit.hpp"] = INCLUDE_SOURCES["x86_64.hpp"].replace("x86_64.hpp", "jitkit.hpp")


def compiler_seconds(command):
    best = None
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(command)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
        best = seconds if best is None else min(best, seconds)
    return best


def include_cost():
    """Seconds of CPU and bytes of .text by header, at -O2."""
    rows = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in INCLUDE_SOURCES.items():
            if name != "std only" and not (ROOT / "include" / "jitkit" / name).is_file():
                continue
            source, obj = Path(scratch) / "a.cpp", Path(scratch) / "a.o"
            source.write_text(text)
            seconds = compiler_seconds(["g++", "-std=c++20", "-O2", "-c", "-I", ROOT / "include", source, "-o", obj])
            size = run(["size", "-A", obj])
            code = sum(int(m[1]) for m in re.finditer(r"^\.text\S*\s+(\d+)", size, re.M))
            rows[name] = {"seconds": round(seconds, 3), "text": code}
    return rows


def verdict(value, bars):
    must, aim = bars
    return "aim met" if value <= aim else "met" if value <= must else "MISSED"


def title(what):
    base, target = what.rsplit(" ", 1)
    return TITLES[what] if what in TITLES else f"{TITLES.get(base, base)}, {target}"


def print_table(result):
    known, cases = result["facts"], result["cases"]
    print(f"\n{'':34}{'host instr.':>12}{'ns':>9}   bar (aim)")
    for what in dict.fromkeys(c["what"] for c in cases):
        group = sorted((c for c in cases if c["what"] == what), key=lambda c: c["instructions"])
        print(f"{title(what)}, per {group[0]['unit'].rstrip('s')}")
        for c in group:
            bar = ""
            if c["who"] == "jitkit" and what in BARS:
                bar = f"{BARS[what][0]} ({BARS[what][1]}): {verdict(c['instructions'], BARS[what])}"
            ns = f"{c['ns']:9.1f}" if "ns" in c else " " * 9
            note = NOTES.get(f"{what}/{c['who']}", "")
            size = known.get(f"bytes:{what}/{c['who']}")
            note = ", ".join(filter(None, [note, f"{int(size):,} bytes" if size else ""]))
            print(f"  {c['who']:32}{c['instructions']:12.1f}{ns}   {bar}{'  ' if bar and note else ''}{note}")
    for name, value in result["growth"].items():
        print(f"growth from 5,000 to 50,000 ops, {name}: {value:.2f} per op   {GROWTH_BAR[0]} ({GROWTH_BAR[1]}): "
              f"{verdict(value, GROWTH_BAR)}")
    for name, row in result["crypto"].items():
        if "not" in row:
            print(f"{name}, native: {row['not']}")
        else:
            print(f"{name}, {row['bytes']} bytes: {row['jitkit'] / 1e9:.2f} GB/s, peer {row['peer'] / 1e9:.2f} GB/s, ratio "
                  f"{row['ratio']:.2f}   {row['bar']}: {'met' if row['met'] else 'MISSED'}")
    heap = {n: v for n, v in known.items() if n.startswith("heap calls:") and n.endswith("/jitkit")}
    print(f"heap calls of warm runs of jitkit: {sum(map(int, heap.values()))} in {len(heap)} jobs   0 (0)")
    for name, row in result["include"].items():
        bars = INCLUDE_BARS.get(name)
        bar = f"{bars[0]} ({bars[1]}): {verdict(row['seconds'], bars)}" if bars else "baseline"
        print(f"compile one file, {name:11}  {row['seconds']:6.2f} s, {row['text']:6} bytes of .text   {bar}")
    for name, value in list(known.items()):
        if name.startswith("mix:"):
            print(f"ops of {name[4:]}: {value}")
    results = [n for n in known if n.startswith("result:")]
    if results:
        print(f"results: {sum(known[n] == 'equal' for n in results)} of {len(results)} equal to the evaluator's")


def write_page(result, table, path):
    """The plot and the printed table as one HTML page."""
    plot = plot_of(result) if result["cases"] else ""
    path.write_text(f'<!doctype html><html lang="en"><meta charset="utf-8"><title>jitkit: make bench</title>'
                    f'<body style="font-family: sans-serif; margin: 2em"><h1>make bench</h1>{plot}'
                    f'<pre>{html.escape(table)}</pre></body></html>\n')


def plot_of(result):
    """An SVG element: bars of host instructions per unit, logarithmic, one panel per job."""
    import math
    row, width, left = 20, 860, 330
    y, parts = 30, []
    jobs = [w for w in dict.fromkeys(c["what"] for c in result["cases"]) if w in BARS]
    top = max(c["instructions"] for c in result["cases"])
    scale = lambda v: (width - left - 90) * math.log10(max(v, 10) / 10) / math.log10(top / 10)
    for what in jobs:
        parts.append(f'<text x="10" y="{y}" font-weight="bold">{title(what)}</text>')
        y += row
        for c in sorted((c for c in result["cases"] if c["what"] == what), key=lambda c: c["instructions"]):
            colour = "#2a6f97" if c["who"] == "jitkit" else "#b0b0b0"
            w = scale(c["instructions"])
            parts.append(f'<text x="{left - 8}" y="{y}" text-anchor="end">{c["who"]}</text>'
                         f'<rect x="{left}" y="{y - 12}" width="{w:.1f}" height="15" fill="{colour}"/>'
                         f'<text x="{left + w + 6:.1f}" y="{y}">{c["instructions"]:,.0f}</text>')
            y += row
        x = left + scale(BARS[what][0])
        parts.append(f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{y - 12 - row * sum(c["what"] == what for c in result["cases"])}" '
                     f'y2="{y - row + 6}" stroke="#c1121f" stroke-dasharray="3,2"/>')
        y += row // 2
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{y + 20}" font-family="sans-serif" '
                    f'font-size="13"><rect width="100%" height="100%" fill="white"/>{"".join(parts)}'
                    f'<text x="10" y="{y + 8}" fill="#555">host instructions per unit, logarithmic; dashed: the bar</text></svg>\n')


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--only", default="", help="only cases with this text in their name")
    parser.add_argument("--no-times", action="store_true")
    parser.add_argument("--no-include", action="store_true")
    options = parser.parse_args()
    known = facts(options.only)
    names = [n[len("units:"):] for n in known if n.startswith("units:")]
    check_other_target(known)
    for name in names:
        if name.endswith("/jitkit") and known[f"heap calls:{name}"] != "0":
            fail(f"{name}: {known[f'heap calls:{name}']} heap calls when warm")
    counts = counted([n for n in names if f"uncounted:{n}" not in known], options.only)
    times = {} if options.no_times else timed(options.only)
    cases = []
    for name in names:
        if f"uncounted:{name}" in known:
            continue
        what, who = name.split("/", 1)
        units, unit = known[f"units:{name}"].split()
        case = {"what": what, "who": who, "unit": unit, "instructions": round(counts[name] / float(units), 1)}
        if name in times:
            case["ns"] = round(times[name] / float(units), 2)
        cases.append(case)
    per = {f"{c['what']}/{c['who']}": c["instructions"] for c in cases}
    growth = {target: per[f"line 50000 {target}/jitkit"] / per[f"line 5000 {target}/jitkit"]
              for target in ("x86_64", "arm64", "fast x86_64", "fast arm64", "full x86_64", "full arm64")
              if f"line 50000 {target}/jitkit" in per}
    crypto = {} if options.no_times or options.only else crypto_rates()
    result = {"cases": cases, "crypto": crypto, "growth": growth, "facts": known,
              "include": {} if options.no_include else include_cost()}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        print_table(result)
    print(printed.getvalue(), end="")
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "results.json").write_text(json.dumps(result, indent=1) + "\n")
    write_page(result, printed.getvalue(), OUT / "results.html")
    print(f"written: {(OUT / 'results.json').relative_to(ROOT)}, {(OUT / 'results.html').relative_to(ROOT)}")
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
