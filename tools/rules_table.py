#!/usr/bin/env python3
"""Prints the verifier's rules for docs/ir.md, from ir/rules.def."""

import re
from pathlib import Path


def main() -> None:
    text = (Path(__file__).resolve().parent.parent / "ir" / "rules.def").read_text()
    print("| rule | what holds |\n|---|---|")
    for number, meaning in re.findall(r'^JITKIT_RULE\((\d+), \w+, "([^"]+)"\)', text, re.MULTILINE):
        print(f"| IR{int(number):03} | {meaning} |")


if __name__ == "__main__":
    main()
