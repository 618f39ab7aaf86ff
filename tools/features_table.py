#!/usr/bin/env python3
"""The features of a target as a Markdown table, from its features.hpp: `tools/features_table.py arm64`."""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^  X\((\w+), (\w+), \"([^\"]+)\"\)", re.MULTILINE)


def main() -> None:
    text = (ROOT / "emit" / sys.argv[1] / "features.hpp").read_text()
    print("| `--features` name | architecture's name | needs |\n|---|---|---|")
    for name, needs, architecture in ROW.findall(text):
        print(f"| `{name}` | {architecture} | {'' if needs == 'base' else f'`{needs}`'} |")


if __name__ == "__main__":
    main()
