#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Puts the hook and its glue into a tree of Xen 4.17's sources.

usage: apply.py TREE FAST      FAST.S and FAST.h are hv-trap-gen's of policy.yaml

What it changes is found by lines of Xen's own; a tree that lacks one of them, or has one twice, is refused. A second run
changes nothing, and files whose contents stay keep their times."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
EDITS = [  # (file, line, before or after it, what is inserted)
    ("arch/arm/arm64/entry.S", "        stp     x0, x1, [sp, #-(UREGS_kernel_sizeof - UREGS_X0)]\n", "after",
     "        .global jitkit_hook, jitkit_miss\njitkit_hook:\n        nop\njitkit_miss:\n"),
    ("arch/arm/include/asm/current.h", "#include <asm/processor.h>\n", "after", "#include <asm/jitkit.h>\n"),
    ("arch/arm/include/asm/current.h", "    uint32_t flags;\n", "after", "    struct jitkit_state jitkit;\n"),
    ("arch/arm/domain.c", "    processor_vcpu_initialise(current);\n", "after", "    jitkit_vcpu_start(current);\n"),
    ("common/vm_event.c", "    *p_ved = ved;\n", "after", "    if ( p_ved == &d->vm_event_monitor )\n        jitkit_monitor(true);\n"),
    ("common/vm_event.c", "    xfree(ved);\n    *p_ved = NULL;\n", "before",
     "    if ( ved != NULL && p_ved == &d->vm_event_monitor )\n        jitkit_monitor(false);\n"),
    ("arch/arm/arm64/Makefile", "obj-y += insn.o\n", "after", "obj-y += jitkit.o\nobj-y += jitkit_fast.o\n"),
]


def put(path: Path, text: str) -> None:
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: apply.py TREE FAST", file=sys.stderr)
        return 2
    xen, fast = Path(sys.argv[1]) / "xen", Path(sys.argv[2])
    for file, line, where, more in EDITS:
        text = (xen / file).read_text()
        if more in text:
            continue
        if text.count(line) != 1:
            print(f"apply.py: {file} has {text.count(line)} times, not once: {line.strip()}", file=sys.stderr)
            return 1
        put(xen / file, text.replace(line, line + more if where == "after" else more + line))
    put(xen / "arch/arm/include/asm/jitkit.h", (HERE / "jitkit.h").read_text())
    put(xen / "arch/arm/include/asm/jitkit_fast.h", fast.with_suffix(".h").read_text())
    put(xen / "arch/arm/arm64/jitkit.c", (HERE / "glue.c").read_text())
    put(xen / "arch/arm/arm64/jitkit_fast.S", fast.with_suffix(".S").read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
