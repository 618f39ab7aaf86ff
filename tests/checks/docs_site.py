#!/usr/bin/env python3
"""The site of the documents: it is made without a warning, asks no other machine for anything, can be
searched, and its reference has an example of every op."""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import tree
from report import Report

sys.path.insert(0, str(tree.ROOT / "tools"))
import docs_site
import ops_reference
import ops_table

WORK = tree.ROOT / "build" / "check" / "site"


def main() -> None:
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "a.html"
        for text in ('<script src="https://cdn.example/x.js"></script>', '<link rel="stylesheet" href="//cdn.example/x.css">',
                     '<style>@import "https://cdn.example/x.css";</style>', "<i style='url(http://cdn.example/x.png)'>"):
            page.write_text(text)
            report.check(f"noticed: {text}", docs_site.fetches(Path(directory)) != [])
        page.write_text('<a href="https://example.org">read</a><script src="js/base.js"></script>')
        report.check("a link to follow is none", docs_site.fetches(Path(directory)) == [])
    pages = docs_site.sources()
    relinked = docs_site.relink("[a](docs/ir.md#x) [b](examples)", tree.ROOT / "README.md", pages)
    report.check("links between pages", relinked == "[a](ir.md#x) b (`examples`)", relinked)

    wrong = docs_site.build(WORK, tree.ROOT / "build" / "jitkit")
    report.check("the site is made, without warnings and outside requests", not wrong, "\n".join(wrong[:20]))
    made = {path.stem for path in (WORK / "site").glob("*.html")}
    report.check("every page", {Path(name).stem for name in pages} <= made, str(made))
    found = {entry["location"].split("#")[0] for entry in
             json.loads((WORK / "site" / "search" / "search_index.json").read_text())["docs"]}
    report.check("search knows every page", {f"{Path(name).stem}.html" for name in pages} - {"index.html"} <= found, str(found))

    reference = (WORK / "pages" / "ops.md").read_text()
    lacking = [row["name"] for row in ops_table.rows() if f"\n## {row['name']}\n" not in reference]
    report.check("every op is in the reference", not lacking and len(ops_table.rows()) == ops_table.TABLE.read_text().count("\nJITKIT_OP("), " ".join(lacking))
    report.check("every op has an example", "No example." not in reference)
    for name, text in ops_reference.written_examples().items():
        report.check(f"the example of {name} has it", name in ops_reference.OP.findall(text))
        source = WORK / "example.jk"
        source.write_text(text)
        done = subprocess.run([tree.ROOT / "build" / "jitkit", "check", source], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        report.check(f"the example of {name} is accepted", done.returncode == 0, done.stdout)
    report.finish()


if __name__ == "__main__":
    main()
