#!/usr/bin/env python3
"""Programs that must not compile: tests/compile_fail/*.cpp.

Each says why in a comment `// expect: REGEX` that the compiler's output must match, and compiles when
PASS is defined, so that it fails for its one reason and not for another. With g++ 12 and clang++ 19;
`// expect g++: ` and `// expect clang++: ` where their words differ.

A file may hold many (tests/compile_fail/cases.hpp): `FAIL(N, statement)  // expect: REGEX` on a line of its
own, or with `// expect: range` or `class`, the words of WORDS. All are compiled at once, and each must be
refused on its line; without any of them the file compiles.
"""

import re

import jobs
import tree
from report import Report

COMPILERS = ["g++-12", "clang++-19"]
WORDS = {
    # A literal that does not fit: what the consteval constructors call then.
    "range": r"(literal_out_of_range|operand_out_of_range|not_in_range|not a constant expression)",
    # A register or operand of another kind, or an instruction that there is not.
    "class":
    r"(no matching|could not convert|cannot convert|no viable|no known conversion|has no member|no member named)",
}
FLAGS = ["-std=c++20", "-fsyntax-only", "-I", "include"]


def expectation(text: str, compiler: str) -> str:
    family = compiler.split("-")[0]
    for label in (f"expect {family}", "expect"):
        if m := re.search(rf"^// {re.escape(label)}: (.+)$", text, re.MULTILINE):
            return m[1].strip()
    return ""


def cases(source) -> list[tuple[int, int, str]]:
    """The numbered cases of a file: number, line, what must be said."""
    found = []
    for line, text in enumerate(source.read_text().splitlines(), 1):
        if m := re.match(r"\s*FAIL\((\d+), .*\)\s*// expect: (.+)$", text):
            found.append((int(m[1]), line, m[2].strip()))
    return found


def reports(output: str) -> list[str]:
    """The compiler's reports, each an error with what led there before it and the notes behind it."""
    found: list[list[str]] = [[]]
    led_there = False
    for line in output.splitlines():
        context = re.match(r"In file included|\s+from |\S+: (In|At) |\S+:\d+:\d+:\s+(in|required|recursively) ",
                           line) is not None
        error = re.match(r"\S+:\d+:\d+: (fatal )?error: ", line) is not None
        if (context or error) and not led_there:
            found.append([])
        led_there = context
        found[-1].append(line)
    return ["\n".join(r) for r in found]


def said_of_line(output: str, file: str, line: int) -> str:
    return "\n".join(r for r in reports(output) if re.search(rf"{re.escape(file)}:{line}:\d+: ", r) and " error: " in r)


def check_cases(report: Report, sources: list) -> None:
    tasks = [(s, c, all_of_them) for s in sources for c in COMPILERS for all_of_them in (False, True)]

    def work(task):
        source, compiler, all_of_them = task
        limit = "-fmax-errors=0" if compiler.startswith("g++") else "-ferror-limit=0"
        defines = [f"-DIS_{n}=~,1" for n, _, _ in cases(source)] if all_of_them else []
        return jobs.compile_one([compiler, *FLAGS, limit, *defines, str(source)], tree.ROOT)

    for (source, compiler, all_of_them), (status, output) in jobs.run_all(tasks, work):
        name = f"{source.stem} {compiler}"
        if not all_of_them:
            numbers = [n for n, _, _ in cases(source)]
            report.check(f"{name} PASS", status == 0, f"does not compile:\n{output[:1500]}")
            report.check(f"{name} numbers", numbers == list(range(1, len(numbers) + 1)), str(numbers))
            continue
        for number, line, regex in cases(source):
            said = said_of_line(output, source.name, line)
            report.check(f"{name} case {number}", re.search(WORDS.get(regex, regex), said) is not None,
                         f"not refused with '{regex}':\n{said[:1500]}")


def main() -> None:
    report = Report()
    everything = sorted((tree.ROOT / "tests" / "compile_fail").glob("*.cpp"))
    check_cases(report, [s for s in everything if cases(s)])
    sources = [s for s in everything if not cases(s)]
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
