#!/usr/bin/env python3
"""The features of a target as a Markdown table, from its features.hpp: `tools/features_table.py arm64`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ARM64 = re.compile(r"^  X\((\w+), (\w+), \"([^\"]+)\"\)", re.MULTILINE)
X86_64 = re.compile(r"^  X\(\w+, \"([^\"]+)\", (\w+), (\w+)\)", re.MULTILINE)


def needs(*names: str) -> str:
    return ", ".join(f"`{name}`" for name in names if name != "base")


def main() -> None:
    text = (ROOT / "emit" / sys.argv[1] / "features.hpp").read_text()
    if sys.argv[1] == "arm64":
        print("| `--features` name | architecture's name | needs |\n|---|---|---|")
        for name, need, architecture in ARM64.findall(text):
            print(f"| `{name}` | {architecture} | {needs(need)} |")
    else:
        print("| `--features` name | needs |\n|---|---|")
        for name, first, second in X86_64.findall(text)[1:]:  # without base
            print(f"| `{name}` | {needs(first.replace('sse4_', 'sse4.'), second)} |")


if __name__ == "__main__":
    main()
