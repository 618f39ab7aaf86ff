#!/usr/bin/env python3
"""Prints the tables of passes and of the pipeline in docs/optimiser.md, from ir/passes.def and ir/optimiser.hpp."""

import re
from pathlib import Path

IR = Path(__file__).resolve().parent.parent / "ir"


def main() -> None:
    rows = re.findall(r'^JITKIT_PASS\((\w+), "([^"]+)", (\w+), "([^"]+)"\)', (IR / "passes.def").read_text(),
                      re.MULTILINE)
    text = (IR / "optimiser.hpp").read_text()
    stages = re.findall(r"\{Pass::(\w+), OptLevel::(\w+)\}", text)
    names = {ident: name for ident, name, _, _ in rows}
    headers = {
        path.read_text().split("inline Status ")[-1].split("(")[0]: path.name
        for path in sorted(IR.glob("*.hpp"))
    }
    print("| pass | file | does |\n|---|---|---|")
    for _, name, function, meaning in rows:
        header = next(h for f, h in headers.items() if f == function)
        print(f"| `{name}` | `ir/{header}` | {meaning} |")
    print()
    for level, of in (("fast", ("fast",)), ("full", ("fast", "full"))):
        print(f"`{level}` runs " + ", ".join(names[s] for s, first in stages if first in of) + ".\n")


if __name__ == "__main__":
    main()
