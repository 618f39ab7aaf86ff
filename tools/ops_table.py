#!/usr/bin/env python3
"""Prints the reference of the core ops as Markdown, from ir/ops.def (docs/ir.md contains it)."""

import re
from pathlib import Path

ROW = re.compile(r'JITKIT_OP\((\w+), "([^"]*)", (.+), (\w+), ([\w |]+), "([^"]*)"\)$')


def main() -> None:
    table = Path(__file__).parent.parent / "ir" / "ops.def"
    legend, heading = True, ""
    for line in table.read_text().splitlines():
        if line.startswith("//"):
            heading = "" if legend else (heading + " " + line[2:].strip()).strip()
            continue
        legend = legend and line.strip() != ""
        match = ROW.match(line)
        if line.startswith("JITKIT_OP(") and not match:
            raise SystemExit(f"ops.def: row not understood: {line}")
        if not match:
            continue
        name, signature, types, option, effects, meaning = match.groups()
        if heading:
            print(f"\n**{heading.split('.')[0]}.**{'.'.join([''] + heading.split('.')[1:]).lstrip('.')}\n")
            print("| op | operands : results | types | option | effects | meaning |\n|---|---|---|---|---|---|")
            heading = ""
        types = types.replace("types::", "").replace("|", "or").replace("& ~", "without ")
        effects = effects.replace("|", "and")
        print(f"| `{name.rstrip('_')}` | `{signature}` | {types} | {option} | {effects} | {meaning} |")


if __name__ == "__main__":
    main()
