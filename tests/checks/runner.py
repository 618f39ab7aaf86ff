#!/usr/bin/env python3
"""tools/check.py counts what a program printed; a mistake there would hide failures."""

import sys

import tree
from report import Report

sys.path.insert(0, str(tree.ROOT / "tools"))
import check

CTEST = """\
test 1
1: [doctest] test cases:   14 |   13 passed | 1 failed | 0 skipped
1/3 Test #1: unit_a .....................***Failed    0.01 sec
2: 7 passed, 0 failed, 1 skipped
2: SKIP sha: the CPU has no sha
2/3 Test #2: unit_b .....................   Passed    0.01 sec
3/3 Test #3: unit_c .....................***Exception: SegFault  0.01 sec
"""

CASES = [  # (output, exit status, passed, failed, skipped)
    ("", 0, 1, 0, 0),
    ("", 1, 0, 1, 0),
    ("3 passed, 0 failed, 0 skipped\n", 0, 3, 0, 0),
    ("3 passed, 0 failed, 0 skipped\n", 139, 3, 1, 0),  # crashed after its summary
    ("3 passed, 2 failed, 0 skipped\n", 1, 3, 2, 0),
    ("3 passed, 0 failed, 2 skipped\nSKIP x: no y\n", 0, 3, 0, 2),  # one of two has no name
    ("[doctest] test cases: 5 | 5 passed | 0 failed | 0 skipped\n", 0, 5, 0, 0),
    ("SKIP x: no y\n[doctest] test cases: 5 | 5 passed | 0 failed | 0 skipped\n", 0, 4, 0, 1),
    ("1/1 Test #1: a ...   Passed    0.01 sec\n", 0, 1, 0, 0),
    ("1/1 Test #1: a ...***Not Run   0.00 sec\n", 8, 0, 1, 0),
    ("1/1 Test #1: a ...***Timeout 600.02 sec\n", 8, 0, 1, 0),
    ("No tests were found!!!\n", 8, 0, 1, 0),
    (CTEST, 8, 20, 2, 1),
]


def main() -> None:
    report = Report()
    for output, status, *wanted in CASES:
        c = check.count_command(output, status)
        got = [c.passed, c.failed, c.skipped]
        report.check(f"counts of {output[:40]!r}", got == wanted, f"{got}, expected {wanted}")
    unnamed = check.count_command("1 passed, 0 failed, 1 skipped\n", 0)
    report.check("a skip without a name is not accepted", not check.judge_skips("p", unnamed, ["*"]))
    named = check.count_command("1 passed, 0 failed, 1 skipped\nSKIP x: no y\n", 0)
    report.check("a skip on the list is accepted", check.judge_skips("p", named, ["p:x"]))
    report.check("a skip not on the list is not accepted", not check.judge_skips("p", named, ["q:x"]))
    report.finish()


if __name__ == "__main__":
    main()
