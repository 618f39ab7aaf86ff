#!/usr/bin/env python3
"""Code in the documents. Every ```cpp block is one of

- a program or file: it begins with an #include (comments may stand before) and is compiled; with a main it is
  run and must exit with 0. `<!-- compiled for arm64 -->` on the line before: for AArch64, run under QEMU;
- a part of such a program: `<!-- part of NAME -->`, or `<!-- part of NAME for arm64 -->`. The parts of one name in a
  document, in their order, are the program, and one has the main;
- an excerpt of a file that the tests compile: `<!-- excerpt of PATH -->` on the line before. Its lines stand in
  that file one behind the other, but for the indentation of all.

Each ```jk block is a whole file that `jitkit check` accepts; `<!-- file NAME -->` on the line before names it for what
follows in the document. The lines of ```sh blocks that begin with `jitkit` are run, and a number behind # is what they
print. Blocks of any language may be excerpts, or what a command prints: `<!-- output of jitkit ... -->`; of other
languages than these, all but plain text must be."""

import re
import shlex
import subprocess
import textwrap
from pathlib import Path
from typing import NamedTuple

import jobs
import tree
from report import Report

BLOCK = re.compile(r"^(?:<!-- (.+?) -->\n)?^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EXCERPT, FILE, OUTPUT, PART = "excerpt of ", "file ", "output of ", "part of "
FLAGS = [
    "-std=c++20", "-O0", "-fstrict-aliasing", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-I", "include"
]
# Other tools' headers, in the pages that stand beside them: what their programs are built with.
PEERS = {"<asmjit/": ["-w", "-lasmjit"], "<xbyak/": ["-w"],
         "<aarch64/": ["-w", "-fno-devirtualize", "-DVIXL_INCLUDE_SIMULATOR_AARCH64", "-I/usr/include/vixl", "-lvixl"]}
# Where files stand that CMake builds or that these compile.
COMPILED = ("examples/", "tests/", "consumers/", "bench/", "tools/", "ir/", "emit/", "include/")
WORK = tree.ROOT / "build" / "check" / "docs"
COMMAND = tree.ROOT / "build" / "jitkit"


class Block(NamedTuple):
    line: int
    mark: str  # of the comment before it
    language: str
    code: str


def blocks(text: str) -> list[Block]:
    return [Block(text.count("\n", 0, m.start(2)) + 1, m[1] or "", m[2], m[3]) for m in BLOCK.finditer(text)]


def joined(found: list[Block]) -> list[Block]:
    """The blocks of a document, parts of one program as one block at the place of the first."""
    whole: dict[str, Block] = {}
    for block in found:
        name = block.mark if block.mark.startswith(PART) else f"{block.line}"
        if name in whole:
            block = whole[name]._replace(code=f"{whole[name].code}\n{block.code}")
        whole[name] = block
    return list(whole.values())


def directory_of(stem: Path) -> Path:
    """Where the files of a document stand, by the stem of one of its blocks."""
    return stem.parent / stem.name.rpartition("_")[0]


def is_file(code: str) -> bool:
    return re.match(r"(?://.*\n|\n)*#include", code) is not None


def is_text(block: Block) -> bool:
    """Nothing to check: text, or a file for what follows in the document."""
    if block.mark.startswith((EXCERPT, OUTPUT)) or block.language in ("cpp", "jk"):
        return False
    return block.language == "text" or block.mark.startswith(FILE)


def outcome(done: subprocess.CompletedProcess) -> tuple[bool, str]:
    return done.returncode == 0, f"exit status {done.returncode}: {done.stdout}"


def build_and_run(code: str, mark: str, stem: Path) -> tuple[bool, str]:
    arm64 = mark.endswith(" for arm64")
    compiler = ["aarch64-linux-gnu-g++", "-static"] if arm64 else ["g++"]
    source, made = stem.with_suffix(".cpp"), stem.with_suffix(".o")
    source.write_text(code)
    peers = [flag for header, flags in PEERS.items() if f"#include {header}" in code for flag in flags]
    compile_flags = FLAGS + [flag for flag in peers if not flag.startswith("-l")]
    status, output = jobs.compile_one([compiler[0], *compile_flags, "-c", str(source), "-o", str(made)], cwd=tree.ROOT)
    if status != 0 or re.search(r"\bint main\(", code) is None:
        return status == 0, output
    link = [*compiler, str(made), "-o", str(stem), *(flag for flag in peers if flag.startswith("-l"))]
    status, output = jobs.compile_one(link, cwd=tree.ROOT)
    if status != 0:
        return False, output
    return outcome(subprocess.run([*(["qemu-aarch64"] if arm64 else []), stem], text=True, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT))


def is_excerpt(code: str, path: str) -> tuple[bool, str]:
    file = tree.ROOT / path
    if not file.is_file() or not path.startswith(COMPILED):
        return False, f"{path}: no file that is compiled"
    wanted = textwrap.dedent(code).splitlines()
    lines = file.read_text().splitlines()
    for at in range(len(lines) - len(wanted) + 1):
        if textwrap.dedent("\n".join(lines[at : at + len(wanted)])).splitlines() == wanted:
            return True, ""
    return False, f"these lines do not stand in {path}"


def accept(code: str, stem: Path) -> tuple[bool, str]:
    source = stem.with_suffix(".jk")
    source.write_text(code)
    return outcome(
        subprocess.run([COMMAND, "check", source], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))


def is_output(code: str, command: str, directory: Path) -> tuple[bool, str]:
    tool, *arguments = shlex.split(command)
    if tool != "jitkit":
        return False, f"{tool} is not jitkit"
    done = subprocess.run([COMMAND, *arguments], cwd=directory, text=True, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        return outcome(done)
    return done.stdout == code, f"`{command}` prints:\n{done.stdout}"


def commands_run(code: str, directory: Path) -> tuple[bool, str]:
    """The lines for jitkit's command."""
    for line in code.splitlines():
        command, _, comment = line.partition("#")
        if not command.startswith("jitkit "):
            continue
        done = subprocess.run([COMMAND, *shlex.split(command)[1:]], cwd=directory, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0 or (comment.strip().isdigit() and done.stdout != comment.strip() + "\n"):
            return False, f"`{command.strip()}`: {outcome(done)[1]}"
    return True, ""


def judge(task: tuple[str, Path, Block]) -> tuple[bool, str]:
    _, stem, block = task
    if block.mark.startswith(OUTPUT):
        return is_output(block.code, block.mark.removeprefix(OUTPUT), directory_of(stem))
    if block.mark.startswith(EXCERPT):
        return is_excerpt(block.code, block.mark.removeprefix(EXCERPT))
    if block.language == "sh":
        return commands_run(block.code, directory_of(stem))
    if block.language == "jk":
        return accept(block.code, stem)
    if block.mark.startswith(PART) and "int main(" not in block.code:
        return False, f"no {block.mark!r} has a main"
    if is_file(block.code):
        return build_and_run(block.code, block.mark, stem)
    return False, "neither begins with an #include nor says what it is an excerpt of"


def main() -> None:
    report = Report()
    WORK.mkdir(parents=True, exist_ok=True)
    report.check("a program that fails is noticed",
                 not build_and_run("#include <cstdio>\nint main() { return 1; }\n", "", WORK / "seeded")[0])
    report.check("a file with errors is noticed", not accept("func @f( {\n", WORK / "seeded")[0])
    report.check("an excerpt that is none is noticed",
                 not is_excerpt("int no_such_line;\n", "examples/hello_jit.cpp")[0])
    report.check("an excerpt is found",
                 is_excerpt("ExecMemory memory;\nExecBlock block;\n", "examples/hello_jit.cpp")[0])
    piece = blocks("text\n\n```cpp\nint x;\n```\n")
    halves = joined(blocks("<!-- part of x -->\n```cpp\n#include <cstdio>\n```\n\n```cpp\nint y;\n```\n"
                           "<!-- part of x -->\n```cpp\nint main() { return 1; }\n```\n"))
    report.check("parts are one program", [b.code.count("\n") for b in halves] == [3, 1]
                 and "int main" in halves[0].code and not judge(("", WORK / "seeded", halves[0]))[0])
    for name, code in (("begin", "int main() {}\n"), ("main", "#include <cstdio>\n")):
        report.check(f"parts without a {name} are noticed",
                     not judge(("", WORK / "seeded", Block(1, "part of x", "cpp", code)))[0])
    report.check("a piece of code is noticed",
                 len(piece) == 1 and piece[0].line == 3 and not judge(("", WORK / "seeded", piece[0]))[0])
    other = blocks("```cmake\nx()\n```\n```text\nx\n```\n<!-- file x -->\n```yaml\nx: y\n```\n")
    report.check("another language is noticed", [is_text(block) for block in other] == [False, True, True]
                 and not judge(("", WORK / "seeded", other[0]))[0])
    (WORK / "named").mkdir(exist_ok=True)
    (WORK / "named" / "f.jk").write_text("func @f() {\nb1:\n  ret\n}\n")
    shown = "func @f() {\nb1:\n  ret\n}\n", "jitkit compile f.jk --target arm64 --emit ir", WORK / "named"
    report.check("an output is found", is_output(*shown)[0], is_output(*shown)[1])
    report.check("a command that fails is noticed", not commands_run("jitkit check g.jk\n", WORK / "named")[0])
    sums = "cd x\njitkit run --target interp f.jk f\njitkit check f.jk  # 5\n"
    report.check("a command's other number is noticed", not commands_run(sums, WORK / "named")[0])
    report.check("another output is noticed", not is_output(shown[0] + "\n", *shown[1:])[0])
    listed = subprocess.run(["git", "ls-files", "--", "*.md"], cwd=tree.ROOT, stdout=subprocess.PIPE, text=True)
    tasks = []
    for name in listed.stdout.split():
        stem = name.replace("/", "_").removesuffix(".md")
        for block in joined(blocks((tree.ROOT / name).read_text())):
            path = WORK / f"{stem}_{block.line}"
            if block.mark.startswith(FILE):
                directory_of(path).mkdir(exist_ok=True)
                (directory_of(path) / block.mark.removeprefix(FILE)).write_text(block.code)
            if not is_text(block):
                tasks.append((f"{name}:{block.line}", path, block))
    for (name, _, _), (good, output) in jobs.run_all(tasks, judge):
        report.check(name, good, output[:2000])
    report.finish()


if __name__ == "__main__":
    main()
