#!/usr/bin/env python3
"""How many lines the parts may have: printed always, failed at 20 % over.

A line counts if something is left of it without comments and blanks; tables (*.def) do not count.
"""

import fnmatch
from pathlib import Path

import tree
from report import Report

TOLERANCE = 1.2
NOT_COMPILING = ("jitkit/emit/*/crypto/*", "jitkit/ir/interpreter*", "jitkit/ir/parser*",
                 "jitkit/emit/*/disassembler*", "jitkit/emit/*/text_assembler*")


def included(*roots):
    """Files that these headers bring in, or None if one of them does not exist yet."""
    if not all((tree.ROOT / tree.real_path(r)).is_file() for r in roots):
        return None
    leave_out = lambda name: any(fnmatch.fnmatchcase(name, p) for p in NOT_COMPILING)
    return sorted({path for r in roots for path in tree.closure(r, leave_out)})


def adapter(name, without=None):
    """Sources of one adapter, or None before it exists; `without`: a program beside it that uses it."""
    files = [
        p.relative_to(tree.ROOT) for suffix in ("hpp", "cpp", "h", "c", "S")
        for p in (tree.ROOT / "consumers" / name).rglob(f"*.{suffix}") if without is None or without not in p.parts
    ]
    return sorted(files) or None


BUDGET = [  # (what, most lines, its files)
    ("arm64.hpp", 6000, lambda: included("jitkit/arm64.hpp")),
    ("x86_64.hpp", 6000, lambda: included("jitkit/x86_64.hpp")),
    ("compiling IR for arm64", 15000,
     lambda: included("jitkit/ir/compile.hpp", "jitkit/ir/optimiser.hpp", "jitkit/emit/arm64/target.hpp")),
    ("compiling IR for x86_64", 15000,
     lambda: included("jitkit/ir/compile.hpp", "jitkit/ir/optimiser.hpp", "jitkit/emit/x86_64/target.hpp")),
    ("adapter hv-trap", 1500, lambda: adapter("hv-trap", "monitor")),
    ("hv-trap's monitor", 1500, lambda: adapter("hv-trap/monitor")),
    ("adapter jvm", 2500, lambda: adapter("jvm")),
    ("adapter luajit", 4000, lambda: adapter("luajit")),
]


def lines_of(text: str) -> int:
    return sum(1 for line in tree.strip_comments(text).splitlines() if line.strip())


def main() -> None:
    report = Report()
    sample = '// c\n\nint a = 1;  // d\n/* e\n f */\nconst char* s = "// not a comment";\n'
    report.check("counting", lines_of(sample) == 2, f"{lines_of(sample)} lines in the sample")
    for what, most, files in BUDGET:
        paths = files()
        if paths is None:
            report.note(f"lines: {what:<24}      - of {most}  (not there yet)")
            continue
        lines = sum(lines_of((tree.ROOT / p).read_text()) for p in paths if p.suffix != ".def")
        report.note(f"lines: {what:<24} {lines:6} of {most}")
        report.check(f"lines of {what}", lines <= most * TOLERANCE, f"{lines}, budget {most}")
    report.finish()


if __name__ == "__main__":
    main()
