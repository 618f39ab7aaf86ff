#!/usr/bin/env python3
"""Makes the site of the documents: `make docs`, build/docs/site/index.html.

The pages are docs/*.md, README.md as the index, CHANGELOG.md, SECURITY.md and the references of the ops
(ops_reference.py) and of the instruction forms (forms_reference.py); below api/ stands Doxygen's reference of the
headers (api_reference.py). A link to what is no page becomes the name of that file. Programs in two tools, each below a
line with the tool's name, stand beside each other. mkdocs and Doxygen must find nothing to warn about, and no HTML or
CSS may make the browser ask another machine for something."""

import argparse
import json
import posixpath
import re
import shutil
import subprocess
import sys
from pathlib import Path

import api_reference
import forms_reference

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"(^```.*?^```$)", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")
# A block below a line "Name:", and such a one behind it.
TITLED = r"^(?:\w+):\n\n(?:<!-- .*? -->\n)?```.*?^```\n"
PAIR = re.compile(rf"({TITLED})\n({TITLED})", re.MULTILINE | re.DOTALL)
# What a browser fetches by itself; a link that the reader follows is none.
FETCHED = re.compile(
    r"<(?:script|img|iframe|source)\b[^>]*\bsrc=[\"']?(?:https?:)?//[^>]*>"
    r"|<link\b(?![^>]*canonical)[^>]*\bhref=[\"']?(?:https?:)?//[^>]*>"
    r"|@import\s+(?:url\()?[\"']?(?:https?:)?//[^;]*|url\(\s*[\"']?(?:https?:)?//[^)]*\)", re.IGNORECASE)

# Pages in the order of reading, below the headings of the menu; others of docs/ follow the project's.
MENU = {
    "Guides": [
        "jit-in-an-hour.md", "writing-a-stub.md", "stubs.md", "speculation.md", "trap-policies.md", "perf-and-gdb.md",
        "explore.md", "porting.md"
    ],
    "Reference": [
        "design.md", "ir.md", "ops.md", "forms.md", "runtime.md", "optimiser.md", "atomics.md", "features.md",
        "import.md", "luajit-ops.md", "api.md"
    ],
    "Coming from": ["from-asmjit.md", "from-xbyak.md", "from-vixl.md", "from-oaknut.md", "from-dstogov-ir.md"],
    "Project": ["add-an-op.md", "add-an-instruction.md", "testing.md", "changelog.md", "security.md"],
}

# A table that is wider than a narrow window scrolls by itself; two programs are beside each other in a wide one.
NARROW = """table { display: block; overflow-x: auto; }
.beside > div { min-width: 0; }
@media (min-width: 1200px) {
  .beside { display: grid; grid-template-columns: 1fr 1fr; gap: 0 1rem; width: calc(100% + 50vw - 570px - 1.5rem); }
  .beside pre code { font-size: 12px; }
}
"""

API = """# API reference

Classes, functions and files of the headers, with their comments: <a href="api/index.html">by Doxygen</a>. The
assembler's methods are in the [reference of the instruction forms](forms.md), the builder's in that of [the
ops](ops.md).
"""


def sources() -> dict[str, Path]:
    """The name of each page, and the file it is made of."""
    pages = {path.name: path for path in sorted((ROOT / "docs").glob("*.md"))}
    pages |= {
        "index.md": ROOT / "README.md", "changelog.md": ROOT / "CHANGELOG.md", "security.md": ROOT / "SECURITY.md"
    }
    return pages


def relink(text: str, source: Path, pages: dict[str, Path]) -> str:
    by_path = {path.relative_to(ROOT).as_posix(): name for name, path in pages.items()}

    def replace(match: re.Match) -> str:
        label, target = match.groups()
        if "://" in target or target.startswith(("#", "mailto:")):
            return match[0]
        file, mark, anchor = target.partition("#")
        path = posixpath.normpath(posixpath.join(source.parent.relative_to(ROOT).as_posix(), file))
        if path in by_path:
            return f"[{label}]({by_path[path]}{mark}{anchor})"
        return label if path in label else f"{label} (`{path}`)"

    pieces = FENCE.split(text)
    return "".join(piece if piece.startswith("```") else LINK.sub(replace, piece) for piece in pieces)


def paired(text: str) -> str:
    """Programs in two tools, beside each other."""
    def replace(match: re.Match) -> str:
        cells = "".join(f'<div markdown="1">\n\n{cell}\n</div>\n' for cell in match.groups())
        return f'<div class="beside" markdown="1">\n{cells}</div>\n'

    return PAIR.sub(replace, text)


def fetches(site: Path) -> list[str]:
    """Requests to other machines in the HTML and CSS of a site; scripts are not looked into."""
    return [f"{path.relative_to(site)}: {m[0][:120]}" for path in sorted(site.rglob("*"))
            if path.suffix in (".html", ".css") for m in FETCHED.finditer(path.read_text(errors="replace"))]


def shorten_search(path: Path, names: set[str]) -> None:
    """Of the forms' pages a search finds mnemonics and names of forms: the rest is megabytes of bits."""
    index = json.loads(path.read_text())
    kept = []
    for entry in index["docs"]:
        page, _, section = entry["location"].partition("#")
        if page.startswith("forms-"):
            if not section or section == page.removesuffix(".html"):
                continue
            entry["text"] = " ".join(word for word in entry["text"].split() if word in names)
        kept.append(entry)
    index["docs"] = kept
    text = json.dumps(index, ensure_ascii=False, separators=(",", ":"))
    path.write_text(text)
    path.with_suffix(".js").write_text(f"const search_index = {json.dumps(text)};\n")  # local_search.js


def build(work: Path, command: Path) -> list[str]:
    """Makes work/site; what is wrong with it."""
    shutil.rmtree(work, ignore_errors=True)
    (work / "pages").mkdir(parents=True)
    pages = sources()
    for name, source in pages.items():
        (work / "pages" / name).write_text(paired(relink(source.read_text(), source, pages)))
    subprocess.run([sys.executable, ROOT / "tools" / "ops_reference.py", "-o", work / "pages" / "ops.md", "--command",
                    command], check=True)
    (work / "pages" / "api.md").write_text(API)
    (work / "pages" / "narrow.css").write_text(NARROW)
    shutil.copy(ROOT / "tools" / "local_search.js", work / "pages")
    forms = forms_reference.write(work / "pages", command)
    menu = {heading: list(names) for heading, names in MENU.items()}
    menu["Project"] += sorted(set(pages) - {"index.md"} - {name for names in MENU.values() for name in names})
    # YAML contains JSON.
    (work / "mkdocs.yml").write_text(json.dumps({
        "site_name": "jitkit", "docs_dir": "pages", "site_dir": "site", "use_directory_urls": False,
        "theme": {"name": "mkdocs", "highlightjs": False}, "plugins": ["search"],
        "markdown_extensions": ["md_in_html"], "extra_css": ["narrow.css"], "extra_javascript": ["local_search.js"],
        "nav": ["index.md"] + [{heading: names} for heading, names in menu.items()]}))
    done = subprocess.run(["mkdocs", "build", "--strict", "--quiet", "--config-file", work / "mkdocs.yml"],
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    wrong = [line for line in done.stdout.splitlines() if line.strip()]
    if done.returncode != 0:
        return wrong or [f"exit status {done.returncode} of mkdocs"]
    names = {form.name for found in forms.values() for form in found}
    shorten_search(work / "site" / "search" / "search_index.json", names)
    return wrong + api_reference.make(work / "api", work / "site" / "api") + fetches(work / "site")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, default=ROOT / "build" / "docs", help="a directory, made anew")
    parser.add_argument("--command", type=Path, default=ROOT / "build" / "jitkit", help="the jitkit command")
    args = parser.parse_args()
    wrong = build(args.output.resolve(), args.command.resolve())
    print("\n".join(wrong) if wrong else args.output / "site" / "index.html")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
