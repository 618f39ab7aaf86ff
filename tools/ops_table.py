#!/usr/bin/env python3
"""Prints the reference of the core ops as Markdown, from ir/ops.def (docs/ir.md contains it)."""

import re
from pathlib import Path

ROW = re.compile(r'JITKIT_OP\((\w+), "([^"]*)", (.+), (\w+), ([\w |]+), "([^"]*)"\)$')


TABLE = Path(__file__).resolve().parent.parent / "ir" / "ops.def"


def read_row(line: str) -> dict[str, str] | None:
    """The columns of a row as the documents show them; None of a line that is no row."""
    match = ROW.match(line)
    if not match:
        if line.startswith("JITKIT_OP("):
            raise SystemExit(f"ops.def: row not understood: {line}")
        return None
    row = dict(zip(("name", "signature", "types", "option", "effects", "meaning"), match.groups()))
    row["name"] = row["name"].rstrip("_")
    row["types"] = row["types"].replace("types::", "").replace("|", "or").replace("& ~", "without ")
    row["effects"] = row["effects"].replace("|", "and")
    return row


def rows() -> list[dict[str, str]]:
    return [row for line in TABLE.read_text().splitlines() if (row := read_row(line))]


def main() -> None:
    legend, heading = True, ""
    for line in TABLE.read_text().splitlines():
        if line.startswith("//"):
            heading = "" if legend else (heading + " " + line[2:].strip()).strip()
            continue
        legend = legend and line.strip() != ""
        row = read_row(line)
        if not row:
            continue
        if heading:
            print(f"\n**{heading.split('.')[0]}.**{'.'.join([''] + heading.split('.')[1:]).lstrip('.')}\n")
            print("| op | operands : results | types | option | effects | meaning |\n|---|---|---|---|---|---|")
            heading = ""
        print("| `{name}` | `{signature}` | {types} | {option} | {effects} | {meaning} |".format(**row))


if __name__ == "__main__":
    main()
