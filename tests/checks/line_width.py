#!/usr/bin/env python3
"""No line of the tools and the checks is longer than 120 columns, what .clang-format breaks C++ at. EXCEPTIONS are the
files that may have such lines, each with its reason."""

import subprocess

import tree
from report import Report

MOST = 120
WHERE = ("tools", "tests/checks")
SUFFIXES = (".cpp", ".hpp", ".py", ".js", ".mjs")
CONSUMERS = "a consumer's check, to be broken when it is next changed"
EXCEPTIONS = {
    "tests/checks/luajit_programs.py": "a table: a program a line",
    **{f"tests/checks/{name}.py": CONSUMERS for name in (
        "hv_policy", "hypervisor", "xen")},
}


def too_long(text: str) -> list[int]:
    """Numbers of lines; a line is as wide as it has characters."""
    return [n for n, line in enumerate(text.split("\n"), 1) if len(line) > MOST]


def main() -> None:
    report = Report()
    report.check("a long line is noticed", too_long("é" * MOST + "\n" + "x" * (MOST + 1) + "\n") == [2])
    files = subprocess.run(["git", "ls-files", *WHERE], cwd=tree.ROOT, check=True, text=True, stdout=subprocess.PIPE)
    paths = [path for path in files.stdout.splitlines() if path.endswith(SUFFIXES)]
    report.check("there are files", len(paths) > 100, f"{len(paths)}")
    for path in paths:
        lines = too_long((tree.ROOT / path).read_text())
        if path in EXCEPTIONS:
            if not lines:
                report.note(f"{path} has no long line any more: EXCEPTIONS of line_width.py need not name it")
        else:
            report.check(path, not lines, f"longer than {MOST} columns: {', '.join(map(str, lines))}")
    gone = EXCEPTIONS.keys() - set(paths)
    report.check("exceptions are files", not gone, " ".join(gone))
    report.finish()


if __name__ == "__main__":
    main()
