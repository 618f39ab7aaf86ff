#!/usr/bin/env python3
"""Writes the reference of the core ops: each with an example and the code it becomes on both targets.

Meaning and types come from ir/ops.def, examples from the run tests (tests/filetests), where every op and type has a
function: of those with the op the shortest that compiles alone for both targets, i64, f64 or v128 first. Ops without
such a function have an example in ops_examples.jk. The listings are the jitkit command's at the moment, so the page
is made with `make docs` and not kept."""

import argparse
import re
import subprocess
import tempfile
from pathlib import Path

from ops_table import rows

ROOT = Path(__file__).resolve().parent.parent
FUNCTION = re.compile(r"^func .*?^}\n", re.MULTILINE | re.DOTALL)
OP = re.compile(r"^  (?:[\w$%., ]+ = )?([a-z]\w*)(?=[.\s\[]|$)", re.MULTILINE)
TARGETS = ("arm64", "x86_64")


def functions() -> dict[str, list[str]]:
    """The functions of the run tests by the ops they have, the best example first."""
    by_op: dict[str, set[str]] = {}
    for path in sorted((ROOT / "tests" / "filetests" / "run").glob("*.jk")):
        file = path.read_text()
        target = re.search(r"^target \w+\n", file, re.MULTILINE)
        for text in FUNCTION.findall(file):
            text = "\n".join(line for line in text.splitlines() if not line.lstrip().startswith(";"))
            text = (target[0] + "\n" if target else "") + text
            for op in set(OP.findall(text)):
                by_op.setdefault(op, set()).add(text)
    wide = re.compile(r"\b\w+\.(?:\w+\.)*(?:i64|f64|v128)\b")
    return {
        op: sorted(texts, key=lambda t: (t.startswith("target"), t.count("\n"), wide.search(t) is None, t))
        for op, texts in by_op.items()
    }


def listing(command: Path, source: Path, target: str) -> str | None:
    done = subprocess.run([command, "compile", source, "--target", target, "--emit", "asm"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    if done.returncode != 0:
        return None
    return "\n".join(line for line in done.stdout.splitlines() if not line.startswith("// func")).strip("\n")


def written_examples() -> dict[str, str]:
    """Op: a whole file, from ops_examples.jk."""
    pieces = re.split(r"^; example: (\w+)\n", (ROOT / "tools" / "ops_examples.jk").read_text(), flags=re.MULTILINE)
    return dict(zip(pieces[1::2], pieces[2::2]))


def example(command: Path, candidates: list[str], directory: Path) -> tuple[str, list[str | None]] | None:
    """The first that compiles for both targets, or for the most, and its listings (None: not for this one)."""
    best = None
    for text in candidates[:40]:
        source = directory / "example.jk"
        source.write_text(text + "\n")
        code = [listing(command, source, target) for target in TARGETS]
        if best is None or code.count(None) < best[1].count(None):
            best = (text.strip("\n"), code)
        if None not in code:
            break
    return best if best and any(best[1]) else None


def page(command: Path) -> tuple[str, list[str]]:
    """The page, and the ops for which no example was found."""
    out = ["# Reference of the core ops", "",
           "Made from `ir/ops.def` and the run tests. The letters of a signature and the types' names are "
           "explained at the top of that table; the text form in [The IR](ir.md).", ""]
    by_op, written, lacking = functions(), written_examples(), []
    with tempfile.TemporaryDirectory() as directory:
        for row in rows():
            signature = f"Signature `{row['signature']}`; types: {row['types']}; option: {row['option']}; "
            out += [f"## {row['name']}", "", f"{row['meaning']}.", "", f"{signature}effects: {row['effects']}.", ""]
            candidates = [written[row["name"]]] if row["name"] in written else by_op.get(row["name"], [])
            found = example(command, candidates, Path(directory))
            if found is None:
                lacking.append(row["name"])
                out += ["No example.", ""]
                continue
            out += ["```", found[0], "```", ""]
            for target, code in zip(TARGETS, found[1]):
                out += [f"{target}:", "", "```", code, "```", ""] if code else [f"{target}: not for this target.", ""]
    return "\n".join(out), lacking


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--command", type=Path, default=ROOT / "build" / "jitkit")
    args = parser.parse_args()
    text, lacking = page(args.command.resolve())
    args.output.write_text(text)
    print(f"{len(rows())} ops, {len(rows()) - len(lacking)} with an example"
          + (f"; none for {', '.join(lacking)}" if lacking else ""))


if __name__ == "__main__":
    main()
