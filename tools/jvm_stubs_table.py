#!/usr/bin/env python3
"""The stubs of the HotSpot agent as a Markdown table, from its stubs.def: per target the code there is, best first."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW = re.compile(r"^JITKIT_JVM_(STUB|CODE|CODE_X86|CODE_ARM64)\((\w+), *(\w+)(?:, *\"[^\"]*\")?(?:, *(\w+))?\)",
                 re.MULTILINE)


def main() -> None:
    groups: dict[str, tuple[list[str], list[str]]] = {}
    stubs: dict[str, tuple[list[str], list[str]]] = {}
    for row, name, code, use in ROW.findall((ROOT / "consumers" / "jvm" / "stubs.def").read_text()):
        if row == "STUB":
            stubs[name] = groups.setdefault(code, ([], []))
            continue
        x86_64, arm64 = groups.setdefault(name, ([], []))
        text = f"**{code}**" if use == "always" else code
        if row != "CODE_ARM64":
            x86_64.append(text)
        if row != "CODE_X86":
            arm64.append(text)
    print("| stub | x86-64 | AArch64 |\n|---|---|---|")
    same: dict[tuple[str, str], list[str]] = {}
    for stub, codes in stubs.items():
        same.setdefault((", ".join(codes[0]), ", ".join(codes[1])), []).append(f"`{stub}`")
    for (x86_64, arm64), names in same.items():
        print(f"| {', '.join(names)} | {x86_64} | {arm64} |")


if __name__ == "__main__":
    main()
