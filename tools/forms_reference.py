#!/usr/bin/env python3
"""Writes the reference of the instruction forms: pages of what `jitkit forms` prints of each target.

A page holds the mnemonics that start alike, with as few letters as keep it below PAGE forms; forms.md leads to
every mnemonic and explains the drawing. Like the ops' reference it is made with `make docs` and not kept.
"""

import argparse
import re
import subprocess
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
TARGETS = {"arm64": "AArch64", "x86_64": "x86-64"}
PAGE = 1200

LEGEND = """# Reference of the instruction forms

Made from the instruction tables (`emit/*/insts.def`, `avx512.def`) by `jitkit forms`, which prints the same lines:
`jitkit forms --target arm64 add`. Each form has three lines:

```
EXAMPLE
```

- the form's name, as a native op in `.jk` files has it behind the target (`arm64.add_imm_x`), and an example;
- the example's code, as `jitkit asm` prints it, what each bit is, and the CPU feature that is needed
  ([features](features.md));
- the assembler's method, and what the instruction reads and writes.

Operands are called a, b, c in the order of the text. In the bits, a letter is a bit which that operand decides;
a point stands between fields. Of an AArch64 immediate the field holds the encoded value; some are in two pieces.
x86-64 is drawn byte by byte: `c*32` are four whole bytes of operand c; `k` is a mask register, `r` a rounding
mode. Prefixes are drawn as the example has them: a register from r8 or xmm8 on may add REX (`0100WRXB`) or make
VEX longer. A memory operand is drawn as `[rsi + 64]`; other addresses have other ModRM, SIB and displacement.
VEX and EVEX hold some register bits inverted. `-` for a method: another encoding of a row before it, which the
assembler picks by itself where it is shorter.

In methods of x86-64, `MemOf<64>` is memory whose size is stated (`qword_ptr[rsi]`), `MemArg<64>` may be
`ptr[rsi]` as well, `Mem` has no size; `Imm8` and its like take numbers. See the top of
`emit/x86_64/assembler.hpp` and of `emit/arm64/assembler.hpp`.
"""


class Form(NamedTuple):
    name: str
    mnemonic: str
    features: str
    bits: str
    method: str
    effects: str
    code: str
    text: str


def forms(command: Path, target: str) -> list[Form]:
    done = subprocess.run([command, "forms", "--target", target], check=True, stdout=subprocess.PIPE, text=True)
    return [Form(*line.split("\t")) for line in done.stdout.splitlines()]


def block(form: Form) -> str:
    return f"{form.name}  {form.text}\n  {form.code}  {form.bits}  {form.features}\n  {form.method}  {form.effects}"


def slug(mnemonic: str) -> str:
    return re.sub(r"[^\w-]+", "-", mnemonic.lower()).strip("-")


def pages_of(mnemonics: dict[str, list[Form]], letters: int = 1) -> dict[str, list[str]]:
    """The mnemonics of each page by what they start with."""
    groups: dict[str, list[str]] = {}
    for mnemonic in mnemonics:
        groups.setdefault(mnemonic[:letters], []).append(mnemonic)
    pages = {}
    for start, names in sorted(groups.items()):
        many = sum(len(mnemonics[name]) for name in names) > PAGE and len(names) > 1
        pages |= pages_of({name: mnemonics[name] for name in names}, letters + 1) if many else {start: names}
    return pages


def immediates(command: Path) -> list[str]:
    """A table of AArch64's immediates, with the words of immediates.hpp."""
    header = (ROOT / "emit" / "arm64" / "immediates.hpp").read_text()
    listed = re.search(r"enum class ImmKind[^{]*{(.*?)};", header, re.DOTALL)[1]
    meaning = dict(re.findall(r"^\s*(\w+),\s*// (.+)$", listed, re.MULTILINE))
    done = subprocess.run([command, "forms", "--target", "arm64", "--immediates"],
                          check=True,
                          stdout=subprocess.PIPE,
                          text=True)
    out = [
        "## Immediates of AArch64", "",
        "What an `arg::` type of a method takes. `make(value)` answers for a run-time value.", "",
        "| type | is written as | means | lsb | width | scale |", "|---|---|---|---|---|---|"
    ]
    for line in done.stdout.splitlines():
        name, wrapper, kind, lsb, width, scale = line.split("\t")
        out.append(f"| `arg::{name}` | `{wrapper}` | {kind}: {meaning[kind]} | {lsb} | {width} | {scale} |")
    return out + [""]


def write(directory: Path, command: Path) -> dict[str, list[Form]]:
    """Writes the pages; the forms of each target."""
    everything = {target: forms(command, target) for target in TARGETS}
    example = next(form for form in everything["arm64"] if form.name == "add_imm_x")
    index = [LEGEND.replace("EXAMPLE", block(example))]
    for target, title in TARGETS.items():
        mnemonics: dict[str, list[Form]] = {}
        for form in sorted(everything[target], key=lambda f: f.mnemonic):
            mnemonics.setdefault(form.mnemonic, []).append(form)
        index += [f"## {title}", "", f"{len(everything[target])} forms of {len(mnemonics)} mnemonics.", ""]
        for start, names in pages_of(mnemonics).items():
            page = f"forms-{target}-{start}.md"
            out = [f"# {title}: {start}", "", "[All mnemonics, and how to read this](forms.md)", ""]
            for name in names:
                out += [f"## {name}", "", "```", "\n".join(block(form) for form in mnemonics[name]), "```", ""]
            (directory / page).write_text("\n".join(out))
            index += [", ".join(f"[{name}]({page}#{slug(name)})" for name in names) + ".", ""]
    (directory / "forms.md").write_text("\n".join(index + immediates(command)))
    return everything


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("-o", "--output", type=Path, required=True, help="a directory")
    parser.add_argument("--command", type=Path, default=ROOT / "build" / "jitkit")
    args = parser.parse_args()
    for target, found in write(args.output, args.command.resolve()).items():
        print(f"{target}: {len(found)} forms")


if __name__ == "__main__":
    main()
