#!/usr/bin/env python3
"""Makes the API reference by Doxygen: ir/, emit/ and the entry headers. Prints what Doxygen warns of.

The headers have plain comments. A copy of each is made in which the comment before a declaration of a namespace or
class is a documentation comment, and the head of the file says what the file is; the copies are what Doxygen reads.
Tables (.def) and the macros that expand them are left out: forms.md and ir.md are their references.
"""

import argparse
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SETTINGS = {
    "PROJECT_NAME": "jitkit",
    "GENERATE_LATEX": "NO",
    "QUIET": "YES",
    "EXTRACT_ALL": "YES",
    "EXTRACT_STATIC": "YES",
    "WARN_IF_UNDOCUMENTED": "NO",
    "AUTOLINK_SUPPORT": "NO",
    "RECURSIVE": "YES",
    "FILE_PATTERNS": "*.hpp",
    "ENABLE_PREPROCESSING": "NO",
    "HIDE_UNDOC_RELATIONS": "YES",
    "HAVE_DOT": "NO",
    "CLASS_GRAPH": "NO",
    "SORT_MEMBER_DOCS": "NO",
    "HTML_TIMESTAMP": "NO",
    "VERBATIM_HEADERS": "NO",
    "HTML_OUTPUT": ".",
    "SHOW_USED_FILES": "NO",
    "INLINE_INHERITED_MEMB": "NO",
}
OPENS_MEMBERS = re.compile(r"^(?:template\b.*|(?:class|struct|enum|union)\b.*)$")
TRAILING = re.compile(r"^(  [^/\"]*[;,]) +// (.+)$")


def escaped(text: str) -> str:
    """A line of a comment, without what Doxygen would take for a command, a tag or a link."""
    if text.startswith("    "):
        return text  # code
    pieces = re.split(r"(`[^`]*`)", text)
    return "".join(p if p.startswith("`") else re.sub(r"([\\@<>#%&])", r"\\\1", p) for p in pieces)


def documented(text: str) -> str:
    """The header as Doxygen is to read it."""
    text = text.replace("::inline JITKIT_ABI", "")
    text = re.sub(r"^[ \t]*#[^\n]*\\\n(?:[^\n]*\\\n)*[^\n]*\n", "\n", text,
                  flags=re.MULTILINE)  # macros of several lines
    lines = text.splitlines()
    out, members, at = [], False, 0
    while at < len(lines) and lines[at].startswith("//"):
        out.append(("/// \\file\n" if at == 0 else "") + "/// " + escaped(lines[at][3:]))
        at += 1
    while at < len(lines):
        line = lines[at]
        if line.lstrip().startswith("#"):
            at += 1
            continue
        comment = re.match(r"^( {0,2})//( .*|)$", line)
        if not comment or (comment[1] and not members):
            if OPENS_MEMBERS.match(line):
                members = not line.rstrip().endswith(";") and not line.startswith("template") or members
                if re.match(r"^(?:class|struct|enum|union)\b.*[{]", line):
                    members = not re.search(r"\}\s*;\s*$", line)
            elif re.match(r"^\S", line) and not line.startswith("//"):
                members = members and not line.startswith("}")
            inside = TRAILING.match(line) if members else None
            out.append(f"{inside[1]}  ///< {escaped(inside[2])}" if inside else line)
            at += 1
            continue
        start = at
        while at < len(lines) and re.match(rf"^{comment[1]}//", lines[at]):
            at += 1
        follows = lines[at].strip() if at < len(lines) else ""
        is_doc = (follows and not follows.startswith(("#", "}", "JITKIT_"))
                  and not re.match(r"// -{3}", lines[start].strip()))
        for k in range(start, at):
            body = lines[k].strip()[2:]
            out.append(f"{comment[1]}///{escaped(body)}" if is_doc else lines[k])
    return "\n".join(out) + "\n"


def make(work: Path, site: Path) -> list[str]:
    """Writes the reference into `site`; what Doxygen warns of."""
    shutil.rmtree(work, ignore_errors=True)
    for directory in ("ir", "emit", "include/jitkit"):
        for path in sorted((ROOT / directory).rglob("*.hpp")):
            above = ROOT / "include" / "jitkit" if directory.startswith("include") else ROOT
            copy = work / "jitkit" / path.relative_to(above)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_text(documented(path.read_text()))
    site.mkdir(parents=True, exist_ok=True)
    settings = SETTINGS | {"INPUT": str(work / "jitkit"), "OUTPUT_DIRECTORY": str(site), "STRIP_FROM_PATH": str(work),
                           "STRIP_FROM_INC_PATH": str(work)}
    done = subprocess.run(["doxygen", "-"],
                          input="".join(f'{name} = "{value}"\n' for name, value in settings.items()),
                          text=True,
                          stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)
    warnings = [line.replace(f"{work}/", "") for line in done.stdout.splitlines() if line.strip()]
    return warnings + ([] if done.returncode == 0 else [f"exit status {done.returncode} of doxygen"])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "docs" / "site" / "api")
    args = parser.parse_args()
    warnings = make(ROOT / "build" / "docs" / "api", args.output.resolve())
    print("\n".join(warnings) if warnings else args.output / "index.html")
    sys.exit(1 if warnings else 0)


if __name__ == "__main__":
    main()
