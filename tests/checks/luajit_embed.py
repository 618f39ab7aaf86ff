#!/usr/bin/env python3
"""LuaJIT's libraries with jitkit's backend are drop-in: tests/luajit/embed.c, linked with the static one, with the
shared one, and with stock's shared library that jitkit's then takes the place of, prints what it prints interpreted,
and traces are jitkit's; those of several threads are all counted. The shared library has stock's soname and stock's
names, no more."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import luajit
import tree
from report import Report

SOURCE = tree.ROOT / "tests" / "luajit" / "embed.c"
WORK = tree.ROOT / "build" / "check" / "luajit-embed"
SONAME = "libluajit-5.1.so.2"


def names(tools: str, library: Path) -> list[str]:
    listing = subprocess.run([f"{tools}nm", "-D", "--defined-only", library], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    return sorted(line.split()[-1] for line in listing.splitlines())


def check_target(report: Report, target: str) -> None:
    emulator = luajit.build(target)[:-1]
    tools = "aarch64-linux-gnu-" if emulator else ""
    made = tree.ROOT / "build" / "consumers" / "luajit" / target
    stock = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit") / "luajit" / target / "src"
    stock_directory = WORK / f"stock-{target}"  # by the name that the loader looks for
    stock_directory.mkdir(exist_ok=True)
    shutil.copy(stock / "libluajit.so", stock_directory / SONAME)

    dynamic = subprocess.run([f"{tools}readelf", "-d", made / "libluajit-5.1.so"], text=True, check=True,
                             stdout=subprocess.PIPE).stdout
    soname = re.search(r"\(SONAME\).*\[(.*)\]", dynamic)
    report.check(f"{target} soname", soname is not None and soname[1] == SONAME, dynamic)
    report.check(f"{target} shared code is not written to by the loader", "TEXTREL" not in dynamic, dynamic)
    theirs, ours = names(tools, stock / "libluajit.so"), names(tools, made / "libluajit-5.1.so")
    report.check(f"{target} exported names", ours == theirs, f"not as stock's: {sorted(set(ours) ^ set(theirs))[:5]}")

    ways = {"static": [made / "libluajit-5.1.a", "-lm", "-ldl"], "shared": [made / "libluajit-5.1.so"],
            "in place of stock's": [stock_directory / SONAME]}
    for name, libraries in ways.items():
        program = WORK / f"embed-{target}-{name.split()[0]}"
        done = subprocess.run([f"{tools}gcc", "-O1", "-Wall", "-Wextra", "-Werror", f"-I{stock}", SOURCE, "-o", program,
                               *libraries],
                              text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if not report.check(f"{target} {name} linked", done.returncode == 0, done.stdout[-300:]):
            continue
        stats = WORK / f"{program.name}.txt"
        loader = ["-E", f"LD_LIBRARY_PATH={made}"] if emulator else []
        environment = {} if emulator else {"LD_LIBRARY_PATH": str(made)}

        def run(choice: str, *arguments: str) -> tuple[int, str]:
            stats.unlink(missing_ok=True)
            return luajit.run([*emulator, *loader], program, list(arguments), choice, str(stats), environment,
                              behind=True)

        interpreted, got = run("check", "interpreted"), run("check")
        report.check(f"{target} {name} interpreted", interpreted[0] == 0, interpreted[1][-300:])
        report.check(f"{target} {name} output", got == interpreted, f"exit status {got[0]}: {got[1][-300:]}")
        counts = luajit.read(stats)
        report.check(f"{target} {name} traces", counts.get("traces_jitkit", 0) >= 10, f"{counts}")

        for choice, traces in {"jitkit": "traces_jitkit", "stock": "traces_stock"}.items():
            threads, counts = run(choice, "threads"), luajit.read(stats)
            good = threads == (0, f"{counts.get(traces, 0)}\n")
            report.check(f"{target} {name} traces of threads, {choice}", good, f"{threads}, counted {counts}")


def main() -> None:
    WORK.mkdir(parents=True, exist_ok=True)
    report = Report()
    luajit.each_target(report, lambda target: check_target(report, target))
    report.finish()


if __name__ == "__main__":
    main()
