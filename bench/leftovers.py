#!/usr/bin/env python3
"""What tail merging and peepholes after allocation would find in jitkit's code: counted in the machine code of
bench/kernels and tests/programs (clang -O0 and -O1, jitkit-import --opt full), in bytes and instructions.

Tails: blocks that go on at the same place, or return, and end alike: what all but one of them would save, less a jump for
each that fell through. Peepholes: a move to itself, a jump to what follows or to another jump, a comparison made
again with nothing between that writes flags or an operand, a load of what the instruction before it stored.

usage: leftovers.py [--only TEXT]
"""

import argparse
import re
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path

from kernels import COMMON, IMPORT, ROOT, SOURCES, run

PROGRAMS = ROOT / "tests" / "programs"
DUMP = "llvm-objdump-19"
ENDS = {"x86_64": re.compile(r"j\w+|ret\w*|ud2"), "arm64": re.compile(r"b|b\.\w+|cbn?z|tbn?z|br|ret|brk|udf")}
ALWAYS = {"x86_64": {"jmp", "ret", "retq", "ud2"}, "arm64": {"b", "br", "ret", "brk", "udf"}}
JUMP_BYTES = {"x86_64": 5, "arm64": 4}
LAST_BYTES = {"x86_64": 1, "arm64": 4}  # ret
COMPARE = {"x86_64": re.compile(r"(cmp|test|ucomis|comis)\w*"), "arm64": re.compile(r"(cmp|cmn|tst|fcmpe?)")}
KEEPS_FLAGS = {"x86_64": re.compile(r"(mov|lea|set|cmov|j|v?mov|push)\w*"),
               "arm64": re.compile(r"(mov\w?|ldr\w*|str\w*|cset\w*|csel|b\.\w+|add|sub|lsl|fmov|adrp?)$")}
KINDS = ("move to itself", "jump to what follows", "jump to a jump", "comparison again", "load of what was stored")


class Instruction:
    def __init__(self, address: int, size: int, name: str, operands: str):
        self.address, self.size, self.name, self.operands = address, size, name, operands
        target = re.match(r"(?:.*, )?0x([0-9a-f]+)(?: <|$)", operands)
        self.target = int(target[1], 16) if target else None
        self.text = f"{name} {operands}"


def functions(target: str, path: Path):
    text = run([DUMP, "-d", "--no-leading-headers", "--x86-asm-syntax=intel" if target == "x86_64" else "--no-show-raw-insn",
                "--no-show-raw-insn", path])
    rows = []
    for line in text.splitlines() + ["0 <end>:"]:
        if re.match(r"[0-9a-f]+ <.*>:$", line):
            if rows:
                yield [Instruction(a, rows[n + 1][0] - a if n + 1 < len(rows) else LAST_BYTES[target], name, ops)
                       for n, (a, name, ops) in enumerate(rows)]
            rows = []
        elif m := re.match(r" *([0-9a-f]+):\s+(\S+)\s*(.*?)(?:\s+//.*|\s+#.*)?$", line):
            if m[2] != "nop":
                rows.append((int(m[1], 16), m[2], m[3].strip()))


def blocks(target: str, code: list):
    starts = {i.target for i in code if ENDS[target].fullmatch(i.name)} | {code[0].address}
    block = []
    for i in code:
        if i.address in starts and block:
            yield block, i.address
            block = []
        block.append(i)
        if ENDS[target].fullmatch(i.name):
            yield block, i.address + i.size
            block = []
    if block:
        yield block, None


def tails(target: str, code: list) -> tuple[int, int]:
    """Bytes saved, merged blocks."""
    groups = defaultdict(list)
    for block, after in blocks(target, code):
        last = block[-1]
        if last.name in ALWAYS[target] and last.target is not None:
            groups[last.target].append((block[:-1], 0))
        elif last.name in ALWAYS[target]:
            groups["return"].append((block, JUMP_BYTES[target] - last.size))
        elif not ENDS[target].fullmatch(last.name) and after is not None:
            groups[after].append((block, JUMP_BYTES[target]))
    saved = merged = 0
    for group in groups.values():
        seen = []
        for body, price in group:
            best = 0
            for other in seen:
                size = 0
                for a, b in zip(reversed(body), reversed(other)):
                    if a.text != b.text:
                        break
                    size += a.size
                best = max(best, size)
            seen.append(body)
            if best > price:
                saved, merged = saved + best - price, merged + 1
    return saved, merged


def registers(operands: str) -> set[str]:
    """By number or family: what is written as w3 is x3, as eax rax."""
    return {re.sub(r"^[re](?=[a-ds][ixp]$)|^r(?=\d)|^[wx](?=\d)|[dwb]$", "", r) for r in re.findall(r"[a-z]\w*", operands)}


def peepholes(target: str, code: list) -> dict[str, int]:
    count = dict.fromkeys(KINDS, 0)
    by_address = {i.address: i for i in code}
    for block, after in blocks(target, code):
        compared = None
        for n, i in enumerate(block):
            parts = [p.strip() for p in i.operands.split(",")]
            wide = target == "arm64" and parts[0].startswith(("x", "d", "v")) or re.fullmatch(r"r[a-ds][ixp]|r\d+|xmm\d+", parts[0])
            if i.name in ("mov", "movaps", "fmov") and len(parts) == 2 and parts[0] == parts[1] and wide:
                count["move to itself"] += 1
            if COMPARE[target].fullmatch(i.name):
                count["comparison again"] += compared == i.text
                compared = i.text
            elif not KEEPS_FLAGS[target].fullmatch(i.name) or (compared and registers(parts[0]) & registers(compared)):
                compared = None
            if n > 0:
                before = [p.strip() for p in block[n - 1].operands.split(",", 1)]
                here = [p.strip() for p in i.operands.split(",", 1)]
                stored = (before[0] == here[-1] and "[" in before[0]) if target == "x86_64" else \
                    (block[n - 1].name == "str" and i.name == "ldr" and before[-1] == here[-1])
                count["load of what was stored"] += i.name == block[n - 1].name.replace("st", "ld") and len(here) == 2 and stored
        last = block[-1]
        if ENDS[target].fullmatch(last.name) and last.target is not None:
            to = by_address.get(last.target)
            count["jump to what follows"] += last.target == after
            count["jump to a jump"] += to is not None and to.name in ("jmp", "b") and to.target is not None
    return count


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="sources whose name contains this")
    only = parser.parse_args().only
    print("| code | target | bytes | instructions | tails: bytes | merged | " + " | ".join(KINDS) + " |\n|" + "---|" * 11)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = Path(temporary)
        for what, where in (("kernels", SOURCES), ("programs", PROGRAMS)):
            for target in ("x86_64", "arm64"):
                size = instructions = saved = merged = 0
                total = dict.fromkeys(KINDS, 0)
                for source in sorted(where.glob("*.c")):
                    if ".gcc." in source.name or source.stem == "driver" or only not in source.stem:
                        continue
                    for level in ("-O0", "-O1"):
                        bitcode, made = scratch / "a.bc", scratch / "a.o"
                        triple = ["--target=aarch64-linux-gnu"] if target == "arm64" else []
                        run(["clang-19", level, *triple, "-fno-pic", "-fno-vectorize", "-fno-slp-vectorize", *COMMON,
                             "-emit-llvm", "-c", source, "-o", bitcode])
                        done = subprocess.run([IMPORT, bitcode, "-c", "--target", target, "--opt", "full", "-o", made],
                                              capture_output=True, text=True)
                        if done.returncode != 0:
                            print(f"{source.name} {level} {target}: {done.stderr.strip()[:160]}", file=sys.stderr)
                            continue
                        for code in functions(target, made):
                            size += sum(i.size for i in code)
                            instructions += len(code)
                            bytes_saved, blocks_merged = tails(target, code)
                            saved, merged = saved + bytes_saved, merged + blocks_merged
                            for kind, n in peepholes(target, code).items():
                                total[kind] += n
                if size == 0:
                    continue
                print(f"| {what} | {target} | {size} | {instructions} | {saved} ({100 * saved / size:.2f} %) | {merged} | "
                      + " | ".join(str(total[k]) for k in KINDS) + " |", flush=True)


if __name__ == "__main__":
    main()
