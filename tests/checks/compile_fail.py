#!/usr/bin/env python3
"""Programs that must not compile: tests/compile_fail/*.cpp.

Each says why in a comment `// expect: REGEX` that the compiler's output must match, and compiles when
PASS is defined, so that it fails for its one reason and not for another. With g++ 12 and clang++ 19;
`// expect g++: ` and `// expect clang++: ` where their words differ.
"""

import re

import jobs
import tree
from report import Report

COMPILERS = ["g++-12", "clang++-19"]
FLAGS = ["-std=c++20", "-fsyntax-only", "-I", "include"]


def expectation(text: str, compiler: str) -> str:
    family = compiler.split("-")[0]
    for label in (f"expect {family}", "expect"):
        if m := re.search(rf"^// {re.escape(label)}: (.+)$", text, re.MULTILINE):
            return m[1].strip()
    return ""


def main() -> None:
    report = Report()
    sources = sorted((tree.ROOT / "tests" / "compile_fail").glob("*.cpp"))
    report.check("there are programs", bool(sources), "tests/compile_fail is empty")
    tasks = [(s, c, d) for s in sources for c in COMPILERS for d in (False, True)]

    def work(task):
        source, compiler, define = task
        return jobs.compile_one([compiler, *FLAGS, *(["-DPASS"] if define else []), str(source)], tree.ROOT)

    for (source, compiler, define), (status, output) in jobs.run_all(tasks, work):
        name = f"{source.stem} {compiler}"
        if define:
            report.check(f"{name} PASS", status == 0, f"does not compile:\n{output[:1500]}")
            continue
        expected = expectation(source.read_text(), compiler)
        if not expected:
            report.check(name, False, "has no '// expect: REGEX'")
        elif status == 0:
            report.check(name, False, "compiles")
        else:
            report.check(name, re.search(expected, output) is not None,
                         f"fails, but not with '{expected}':\n{output[:1500]}")
    report.finish()


if __name__ == "__main__":
    main()
