#!/usr/bin/env python3
"""Golden encodings through the jitkit command: text to bytes, and bytes to text to the same bytes.

tests/golden/TARGET/*.txt always; TARGET.txt and TARGET_invalid.txt of JITKIT_GOLDEN or ../shared/golden where there
is one. Of those, lines that the tables have no row for yet are counted, not failed, but no fewer than
tests/golden/covered.txt says may pass; wrong bytes always fail. A line is `HEX  TEXT` (of an invalid file:
`CATEGORY  TEXT`, to be refused); `#` in column 1 starts a comment."""

import argparse
import os
from pathlib import Path

import tree
from oracles import jitkit
from report import Report

TARGETS = ("arm64", "x86_64")
SHOWN = 20  # failures printed per file and direction


def rows(path: Path) -> list[tuple[str, str]]:
    """(first word, text) of each line that is not a comment."""
    lines = [line.strip() for line in path.read_text().splitlines() if not line.startswith("#")]
    return [tuple(line.split(None, 1)) for line in lines if line]


def compare(report: Report, what: str, texts: list[str], wanted: list[str], got: list[str], least: int) -> None:
    """Counts equal answers; `least` of them are enough if all others are None (not covered)."""
    equal = sum(want == have for want, have in zip(wanted, got))
    bad = [(text, want, have) for text, want, have in zip(texts, wanted, got)
           if want != have and not (have is None and least < len(texts))]
    report.passed += equal
    report.failed += max(0, len(bad) - SHOWN)
    for text, want, have in bad[:SHOWN]:
        report.check(f"{what}: {text}", False, f"{have or 'refused'}, expected {want}")
    if len(bad) > SHOWN:
        print(f"... and {len(bad) - SHOWN} more of {what}")
    if least < len(texts):
        report.check(f"{what}: covered", equal >= least, f"{equal}, at least {least} before")
    report.note(f"golden: {what:<36} {equal:6} of {len(texts)}")


def first_words(answers: list[str]) -> list[str | None]:
    return [None if a.startswith("error: ") else a.split()[0] for a in answers]


def check_valid(report: Report, command: Path, target: str, path: Path, least: int | None = None) -> None:
    words, texts = [w for w, _ in rows(path)], [t for _, t in rows(path)]
    name = f"{path.parent.name}/{path.name}"
    least = len(texts) if least is None else least
    answers = jitkit(command, "asm", target, texts)
    compare(report, f"{name} asm", texts, words, first_words(answers), least)

    printed = [a.split(None, 1)[1] for a in jitkit(command, "disasm", target, words)]
    again = first_words(jitkit(command, "asm", target, printed))
    # Unknown words print as data, which is not an instruction; any other text must come back.
    again = [None if p.startswith((".inst", ".byte")) else a or p for p, a in zip(printed, again)]
    compare(report, f"{name} disasm, asm", [f"{w} ({p})" for w, p in zip(words, printed)], words, again, least)


def check_invalid(report: Report, command: Path, target: str, path: Path) -> None:
    texts = [t for _, t in rows(path)]
    answers = jitkit(command, "asm", target, texts)
    compare(report, f"{path.parent.name}/{path.name} refused", texts, ["refused"] * len(texts),
            ["refused" if a.startswith("error: ") else a for a in answers], len(texts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", action="append", choices=TARGETS, help="default: all")
    parser.add_argument("--command", type=Path, default=tree.ROOT / "build" / "jitkit")
    args = parser.parse_args()
    report = Report()
    shared = Path(os.environ.get("JITKIT_GOLDEN") or tree.ROOT.parent / "shared" / "golden")
    if not shared.is_dir():
        report.skip("shared", f"no directory {shared}")
    covered = {target: int(n) for n, target in rows(tree.ROOT / "tests" / "golden" / "covered.txt")}
    for target in args.target or TARGETS:
        own = sorted((tree.ROOT / "tests" / "golden" / target).glob("*.txt"))
        report.check(f"{target} has golden files", bool(own), "tests/golden is empty")
        for path in own:
            (check_invalid if "invalid" in path.stem else check_valid)(report, args.command, target, path)
        if (valid := shared / f"{target}.txt").is_file():
            check_valid(report, args.command, target, valid, covered[target])
        if (invalid := shared / f"{target}_invalid.txt").is_file():
            check_invalid(report, args.command, target, invalid)
    report.finish()


if __name__ == "__main__":
    main()
