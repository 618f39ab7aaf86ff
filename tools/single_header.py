#!/usr/bin/env python3
"""Writes one header with everything <jitkit/jitkit.hpp> includes: `make single-header`.

Each header is pasted where it is first included; tables (*.def) every time, as they expand with the
macros of the place. Include guards stay, so pasting inside a condition is harmless.
"""

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


def single_header() -> str:
    entry = "jitkit/jitkit.hpp"
    roots = [entry] if (ROOT / tree.real_path(entry)).is_file() else [
        tree.include_name(p) for p in tree.header_files() if p.suffix == ".hpp"]
    licence = (ROOT / "LICENSE").read_text().splitlines()
    out = ["// jitkit in one header, made by tools/single_header.py: do not edit.", "//"]
    out += [f"// {line}".rstrip() for line in licence]
    seen: set[str] = set()
    for root in roots:
        if root not in seen:
            seen.add(root)
            paste(root, seen, out)
    return "\n".join(out) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "single-header" / "jitkit.hpp")
    args = parser.parse_args()
    args.output.parent.mkdir(parents=True, exist_ok=True)
    args.output.write_text(single_header())
    print(args.output)


if __name__ == "__main__":
    main()
