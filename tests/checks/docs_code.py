#!/usr/bin/env python3
"""Code in the documents: each ```cpp block that starts with an #include is compiled and run (it must
exit with 0), each ```jk block is a whole file that `jitkit check` accepts."""

import re
import subprocess
from pathlib import Path

import jobs
import tree
from report import Report

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = ["-std=c++20", "-O0", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-I", "include"]
WORK = tree.ROOT / "build" / "check" / "docs"
COMMAND = tree.ROOT / "build" / "jitkit"


def blocks(text: str, language: str) -> list[tuple[int, str]]:
    """(line, code) of every fenced block in a language."""
    return [(text.count("\n", 0, m.start()) + 1, m[2]) for m in BLOCK.finditer(text) if m[1] == language]


def build_and_run(code: str, stem: Path) -> tuple[bool, str]:
    source = stem.with_suffix(".cpp")
    source.write_text(code)
    status, output = jobs.compile_one(["g++", *FLAGS, "-c", str(source), "-o", str(stem.with_suffix(".o"))],
                                      cwd=tree.ROOT)
    if status == 0:
        status, output = jobs.compile_one(["g++", str(stem.with_suffix(".o")), "-o", str(stem)], cwd=tree.ROOT)
    if status != 0:
        return False, output
    done = subprocess.run([stem], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, f"exit status {done.returncode}: {done.stdout}"


def accept(code: str, stem: Path) -> tuple[bool, str]:
    source = stem.with_suffix(".jk")
    source.write_text(code)
    done = subprocess.run([COMMAND, "check", source], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def main() -> None:
    report = Report()
    WORK.mkdir(parents=True, exist_ok=True)
    report.check("a program that fails is noticed",
                 not build_and_run("#include <cstdio>\nint main() { return 1; }\n", WORK / "seeded")[0])
    report.check("a file with errors is noticed", not accept("func @f( {\n", WORK / "seeded")[0])
    listed = subprocess.run(["git", "ls-files", "--", "*.md"], cwd=tree.ROOT, stdout=subprocess.PIPE, text=True)
    for name in listed.stdout.split():
        text = (tree.ROOT / name).read_text()
        stem = name.replace("/", "_").removesuffix(".md")
        for line, code in blocks(text, "cpp"):
            if code.startswith("#include"):
                good, output = build_and_run(code, WORK / f"{stem}_{line}")
                report.check(f"{name}:{line}", good, output[:2000])
        for line, code in blocks(text, "jk"):
            good, output = accept(code, WORK / f"{stem}_{line}")
            report.check(f"{name}:{line}", good, output[:2000])
    report.finish()


if __name__ == "__main__":
    main()
