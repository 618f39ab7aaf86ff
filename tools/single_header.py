#!/usr/bin/env python3
"""Writes headers that stand alone: `make single-header`.

    jitkit.hpp         everything that <jitkit/jitkit.hpp> includes
    jitkit_arm64.hpp   the AArch64 assembler alone, <jitkit/arm64.hpp>
    jitkit_x86_64.hpp  the x86-64 assembler alone, <jitkit/x86_64.hpp>

A program may include several of them. Each header is pasted where it is first included; tables (*.def) every time, as
they expand with the macros of the place. Include guards stay, so pasting inside a condition is harmless."""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "checks"))
import tree

JITKIT_INCLUDE = re.compile(r"^[ \t]*#[ \t]*include[ \t]*<(jitkit/[^>]+)>.*$")


def paste(name: str, seen: set[str], out: list[str]) -> None:
    """Appends the lines of one header, with the headers it includes in their places."""
    out.append(f"// ---- {name}")
    depth = 0  # of #if, the include guard being the first
    for line in (ROOT / tree.real_path(name)).read_text().splitlines():
        directive = line.lstrip()
        if re.match(r"#\s*if", directive):
            depth += 1
        elif re.match(r"#\s*endif", directive):
            depth -= 1
        included = JITKIT_INCLUDE.match(line)
        if included is None:
            out.append(line)
        elif included[1].endswith(".def") or included[1] not in seen:
            # What stands in a condition may be left out by it and is pasted again where it is needed.
            if depth <= 1 and included[1].endswith(".hpp"):
                seen.add(included[1])
            paste(included[1], seen, out)


# The file that is written, and the entry header that it stands for.
ENTRIES = {"jitkit.hpp": "jitkit/jitkit.hpp", "jitkit_arm64.hpp": "jitkit/arm64.hpp",
           "jitkit_x86_64.hpp": "jitkit/x86_64.hpp"}


def single_header(entry: str) -> str:
    licence = (ROOT / "LICENSE").read_text().splitlines()
    out = [f"// <{entry}> in one header, made by tools/single_header.py: do not edit.", "//"]
    out += [f"// {line}".rstrip() for line in licence]
    paste(entry, {entry}, out)
    return "\n".join(out) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "single-header", help="a directory")
    args = parser.parse_args()
    args.output.mkdir(parents=True, exist_ok=True)
    for name, entry in ENTRIES.items():
        (args.output / name).write_text(single_header(entry))
        print(args.output / name)


if __name__ == "__main__":
    main()
