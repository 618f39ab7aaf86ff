#!/usr/bin/env python3
"""The site of the documents: it is made without a warning, asks no other machine for anything, can be
searched, and its references have an example of every op and every instruction form: examples assemble to the
code that stands beside them, and the bits drawn are that code's."""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import tree
from report import Report

sys.path.insert(0, str(tree.ROOT / "tools"))
import api_reference
import docs_site
import forms_reference
import ops_reference
import ops_table

WORK = tree.ROOT / "build" / "check" / "site"


COMMAND = tree.ROOT / "build" / "jitkit"


def drawn_wrong(form: forms_reference.Form) -> str:
    """What is wrong with the bits of a form: their number, a fixed bit, an operand without a name."""
    bits = re.sub(r"(\w)\*(\d+)", lambda m: m[1] * int(m[2]), form.bits).replace(".", "").replace(" ", "")
    code = f"{int(form.code, 16):0{4 * len(form.code)}b}"
    if len(bits) != len(code):
        return f"{len(bits)} bits of {len(code)}"
    if any(b in "01" and b != c for b, c in zip(bits, code)):
        return "a fixed bit is not the example's"
    named = set(re.findall(r"\b([a-z])\b", form.method)) if form.method != "-" else set("abcdekr")
    return " ".join(sorted(set(bits) - set("01") - named))


def texts_wrong(target: str, forms: list[forms_reference.Form]) -> list[str]:
    """Forms whose example does not assemble to its code: of other encodings (no method) none is asked for."""
    asked = [form for form in forms if form.method != "-"]
    done = subprocess.run([COMMAND, "asm", "--target", target], input="".join(form.text + "\n" for form in asked),
                          text=True, stdout=subprocess.PIPE)
    made = done.stdout.splitlines()
    if len(made) != len(asked):
        return [f"{len(made)} lines of {len(asked)}"]
    return [f"{form.name}: {form.text}: {line}" for form, line in zip(asked, made) if line.split()[0] != form.code]


def check_forms(report: Report, target: str, forms: list[forms_reference.Form]) -> None:
    wrong = [f"{form.name}: {why}" for form in forms if (why := drawn_wrong(form))]
    report.check(f"{target}: bits of all forms", not wrong, "\n".join(wrong[:20]))
    wrong = texts_wrong(target, forms)
    report.check(f"{target}: examples of all forms", not wrong, "\n".join(wrong[:20]))
    first = forms[0]
    report.check(f"{target}: a wrong bit is noticed",
                 drawn_wrong(first._replace(code=f"{int(first.code, 16) ^ 1 << 29:0{len(first.code)}x}")) != "")
    report.check(f"{target}: a wrong example is noticed",
                 texts_wrong(target, [first._replace(text=forms[-1].text)]) != [])
    text = "\n".join(path.read_text() for path in (WORK / "pages").glob(f"forms-{target}-*.md"))
    shown = re.findall(r"^(\w+)  ", text, re.MULTILINE)
    report.check(f"{target}: every form once",
                 sorted(shown) == sorted(form.name for form in forms), f"{len(shown)} of {len(forms)}")


def check_search(report: Report) -> None:
    """In a browser, the site opened as a file; a word that no page has is not found."""
    chromium = shutil.which("chromium")
    if chromium is None:
        report.skip("search in a browser", "chromium")
        return
    for word, found in (("vpternlogd_512_b_z", True), ("nosuchword", False)):
        page = (WORK / "site" / "from-vixl.html").as_uri() + f"?q={word}"
        with tempfile.TemporaryDirectory() as profile:
            browser = [chromium, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
                       "--virtual-time-budget=60000", "--dump-dom", page]
            done = subprocess.run(browser, text=True, timeout=300, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL)
        results = done.stdout.partition('id="mkdocs-search-results"')[2].partition("</div>")[0]
        report.check(f"search for {word} in a browser", ("#vpternlogd" if found else "No results") in results,
                     results[:500] or f"exit status {done.returncode}")


def main() -> None:
    report = Report()
    with tempfile.TemporaryDirectory() as directory:
        page = Path(directory) / "a.html"
        for text in ('<script src="https://cdn.example/x.js"></script>',
                     '<link rel="stylesheet" href="//cdn.example/x.css">',
                     '<style>@import "https://cdn.example/x.css";</style>',
                     "<i style='url(http://cdn.example/x.png)'>"):
            page.write_text(text)
            report.check(f"noticed: {text}", docs_site.fetches(Path(directory)) != [])
        page.write_text('<a href="https://example.org">read</a><script src="js/base.js"></script>')
        report.check("a link to follow is none", docs_site.fetches(Path(directory)) == [])
    pages = docs_site.sources()
    relinked = docs_site.relink("[a](docs/ir.md#x) [b](examples)", tree.ROOT / "README.md", pages)
    report.check("links between pages", relinked == "[a](ir.md#x) b (`examples`)", relinked)

    pair = docs_site.paired("A:\n\n```text\nx\n```\n\nB:\n\n<!-- y -->\n```cpp\ny\n```\n\nC:\n\nz\n")
    report.check("programs of two tools beside each other",
                 pair.count("<div") == 3 and pair.endswith("</div>\n\nC:\n\nz\n"), pair)

    copy = api_reference.documented(
        "// What a file is.\n\nnamespace jitkit::inline JITKIT_ABI {\n// Half of `x<y>`, @x <T>.\nint f();\n}\n")
    report.check("comments become documentation", copy == "/// \\file\n/// What a file is.\n\nnamespace jitkit {\n"
                 "/// Half of `x<y>`, \\@x \\<T\\>.\nint f();\n}\n", copy)
    wrong = docs_site.build(WORK, COMMAND)
    report.check("the site is made, without warnings and outside requests", not wrong, "\n".join(wrong[:20]))
    made = {path.stem for path in (WORK / "site").glob("*.html")}
    report.check("every page", {Path(name).stem for name in pages} <= made, str(made))
    report.check("wide tables scroll by themselves", "overflow-x: auto" in (WORK / "site" / "narrow.css").read_text()
                 and 'href="narrow.css"' in (WORK / "site" / "ir.html").read_text())
    for name in docs_site.MENU["Coming from"]:
        html = (WORK / "site" / name).with_suffix(".html").read_text()
        report.check(f"{name}: programs beside each other", html.count('class="beside"') >= 5
                     and "```" not in html and "markdown=" not in html)
    index = json.loads((WORK / "site" / "search" / "search_index.json").read_text())["docs"]
    found = {entry["location"].split("#")[0] for entry in index}
    named = {f"{Path(name).stem}.html" for name in pages} - {"index.html"}
    report.check("search knows every page", named <= found, str(found))

    check_search(report)

    buffer = (WORK / "site" / "api" / "classjitkit_1_1CodeBuffer.html").read_text()
    report.check("the API reference has classes, methods and comments", "put_raw" in buffer
                 and "no island falls between them" in buffer)
    report.check("the API reference says what to include", "&lt;jitkit/emit/code_buffer.hpp&gt;" in buffer)
    report.check("search knows a form", any("vpternlogd_512_b_z" in entry["text"] for entry in index))

    reference = (WORK / "pages" / "ops.md").read_text()
    lacking = [row["name"] for row in ops_table.rows() if f"\n## {row['name']}\n" not in reference]
    report.check("every op is in the reference", not lacking
                 and len(ops_table.rows()) == ops_table.TABLE.read_text().count("\nJITKIT_OP("), " ".join(lacking))
    report.check("every op has an example", "No example." not in reference)
    for name, text in ops_reference.written_examples().items():
        report.check(f"the example of {name} has it", name in ops_reference.OP.findall(text))
        source = WORK / "example.jk"
        source.write_text(text)
        done = subprocess.run([COMMAND, "check", source], text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        report.check(f"the example of {name} is accepted", done.returncode == 0, done.stdout)
    for target in forms_reference.TARGETS:
        check_forms(report, target, forms_reference.forms(COMMAND, target))
    links = re.findall(r"\]\((forms-[^)#]+)\.md#([^)]+)\)", (WORK / "pages" / "forms.md").read_text())
    anchors = {
        page: set(re.findall(r'<h2 id="([^"]+)"', (WORK / "site" / f"{page}.html").read_text()))
        for page, _ in links
    }
    dead = [f"{page}#{anchor}" for page, anchor in links if anchor not in anchors[page]]
    report.check("every mnemonic leads to its forms", len(links) > 1000 and not dead, " ".join(dead[:20]))
    report.finish()


if __name__ == "__main__":
    main()
