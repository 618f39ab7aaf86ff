#!/usr/bin/env python3
"""docs/atomics.md's rules on the compiler's output, each first on a sequence that breaks it, and the litmus files."""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

import tree
from report import Report

sys.path.insert(0, str(tree.ROOT / "tools"))
import atomics  # noqa: E402

# target, op, order, instructions that must be refused
BROKEN = [
    ("arm64", "add", "acquire", ["ldadda x1, xzr, [x0]"]),
    ("arm64", "add", "acquire", ["stadd x1, [x0]"]),
    ("arm64", "add", "acquire", ["ldadd x1, x2, [x0]"]),
    ("arm64", "add", "release", ["ldadda x1, x2, [x0]"]),
    ("arm64", "exchange", "acq_rel", ["ldaxr x2, [x0]", "stxr w4, x1, [x0]", "cbnz w4, #-8"]),
    ("arm64", "load", "seq_cst", ["ldapr x0, [x0]"]),
    ("arm64", "load", "acquire", ["ldr x0, [x0]"]),
    ("arm64", "store", "release", ["str x1, [x0]"]),
    ("arm64", "store", "relaxed", []),
    ("arm64", "fence", "seq_cst", ["dmb ishld"]),
    ("x86_64", "store", "seq_cst", ["mov qword ptr [rdi], rsi"]),
    ("x86_64", "fence", "seq_cst", []),
    ("x86_64", "add", "relaxed", ["add qword ptr [rdi], rsi"]),
]


def main() -> None:
    report = Report()
    for target, op, order, code in BROKEN:
        report.check(f"{target} {op} {order} {code}", bool(atomics.broken_rules(target, op, order, True, code)),
                     "is not noticed")
    script = tree.ROOT / "tools" / "atomics.py"
    for target in atomics.VARIANTS:
        done = subprocess.run([sys.executable, script, "--target", target], stdout=subprocess.PIPE, text=True)
        broken = [line for line in done.stdout.splitlines() if line.startswith("RULE BROKEN")]
        report.check(f"{target} rules", done.returncode == 0, "; ".join(broken[:5]))
    with tempfile.TemporaryDirectory() as scratch:
        written = atomics.litmus(Path(scratch))
        for path in sorted(Path(scratch).glob("*.litmus")):
            head, _, state, threads, *rows, last = path.read_text().splitlines()
            widths = {row.count("|") for row in [threads, *rows]}
            good = (head.split()[0] in atomics.HERD.values() and state.startswith("{ 0:")
                    and threads.startswith(" P0") and len(widths) == 1 and re.match(r"~?exists \(", last))
            report.check(path.name, bool(good), "is not a litmus file")
        report.check("litmus files", written == len(list(Path(scratch).glob("*.litmus"))) > 0, f"{written} written")
    report.finish()


if __name__ == "__main__":
    main()
