#!/usr/bin/env python3
"""What the atomics of the IR become: C11 op x order x width -> the instructions, from the compiler itself.

  atomics.py --target arm64|x86_64     the tables of docs/atomics.md; fails if a rule of RULES is broken
  atomics.py --litmus DIRECTORY        the classic two-thread tests as herd7 litmus files, compiled by jitkit

Source of the rules: C11 7.17.3; Arm ARM B2.3 and C6.2 (LSE: a load into the zero register is a store without acquire
order); Intel SDM vol. 3, 9.2.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMAND = Path(os.environ.get("JITKIT_COMMAND", ROOT / "build" / "jitkit"))

LOAD_ORDERS = ("relaxed", "acquire", "seq_cst")
STORE_ORDERS = ("relaxed", "release", "seq_cst")
ORDERS = ("relaxed", "acquire", "release", "acq_rel", "seq_cst")
UPDATES = ("add", "sub", "and", "or", "xor", "smin", "smax", "umin", "umax")
WIDTHS = (8, 16, 32, 64, 128)
# Heading, --features.
VARIANTS = {
    "arm64": [("Large system extensions and RCpc (`lse`, `rcpc`)", "+lse,+rcpc"),
              ("Armv8.0: load- and store-exclusive", "")],
    "x86_64": [("x86-64", "+cx16")],
}


def cases():
    """(op, order, width, whether the result is used, body)."""
    for width in WIDTHS:
        t = f"i{width}"
        access = f"{t}.align{width // 8}"
        for order in LOAD_ORDERS:
            yield "load", order, width, True, (f"(p: ptr) -> {t}", f"o = atomic_load.{access}.{order} p", "ret o")
        for order in STORE_ORDERS:
            yield "store", order, width, False, (f"(p: ptr, y: {t})", f"atomic_store.{access}.{order} p, y", "ret")
        for order in ORDERS:
            yield "exchange", order, width, True, (f"(p: ptr, y: {t}) -> {t}",
                                                   f"o = atomic_xchg.{access}.{order} p, y", "ret o")
            yield ("compare-exchange", order, width, True,
                   (f"(p: ptr, y: {t}, z: {t}) -> {t}", f"o = atomic_cas.{access}.{order} p, y, z", "ret o"))
            for op in UPDATES if width <= 64 else ():
                for used in (True, False):
                    yield (op, order, width, used,
                           (f"(p: ptr, y: {t})" + (f" -> {t}" if used else ""),
                            f"o = atomic_{op}.{access}.{order} p, y", "ret o" if used else "ret"))
    for order in ORDERS[1:]:  # a relaxed fence orders nothing and is refused
        yield "fence", order, 0, False, ("()", f"fence.{order}", "ret")


def function(name: str, head: str, *lines: str) -> str:
    """A .jk function of named parameters."""
    params, _, results = head.partition(" -> ")
    types = re.sub(r"\w+: ", "", params)
    return "\n".join([f"func @{name}{types}" + (f" -> {results}" if results else "") + " {", f"b1{params}:",
                      *(f"  {line}" for line in lines), "}", ""])


def listing(text: str, target: str, features: str) -> str:
    with tempfile.TemporaryDirectory() as scratch:
        source = Path(scratch) / "atomics.jk"
        source.write_text(text)
        command = [COMMAND, "compile", source, "--target", target, "--emit", "asm"]
        done = subprocess.run(command + (["--features", features] if features else []), stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        sys.exit(f"atomics.py: {done.stdout}")
    return done.stdout


def functions(text: str) -> dict[str, list[tuple[str, str]]]:
    """By function of a listing: its lines as (text, comment), without prologue comments."""
    found: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in text.splitlines():
        if match := re.match(r"// func @(\w+)", line):
            current = found.setdefault(match[1], [])
        elif line.strip():
            code, _, comment = line.partition("//")
            current.append((code.strip(), comment.strip()))
    return found


def sequence(lines: list[tuple[str, str]]) -> list[str]:
    """The instructions made for the atomic op alone."""
    wanted, out = False, []
    for code, comment in lines:
        if not code:
            wanted = re.search(r"\b(atomic_\w+|fence)\.", comment) is not None
        elif wanted:
            out.append(code)
    return out


def shape(instructions: list[str]) -> str:
    """The same for all widths that differ in register and operand size alone."""
    text = "; ".join(instructions)
    text = re.sub(r"\b(ld|st|cas|swp)(\w*?)([bh])\b", r"\1\2", text)
    text = re.sub(r"\b(byte|word|dword|qword) ptr", "ptr", text)
    text = re.sub(r"\b([us]xt)[bh]\b", r"\1", re.sub(r"\b[wx](\d+|zr)\b", r"r\1", text))
    for n, names in enumerate((("al", "ax", "eax", "rax"), ("cl", "cx", "ecx", "rcx"), ("dl", "dx", "edx", "rdx"),
                               ("sil", "si", "esi", "rsi"), ("dil", "di", "edi", "rdi"))):
        text = re.sub(rf"\b({'|'.join(names)})\b", f"g{n}", text)
    return re.sub(r"\b(jn?e) -\d+", r"\1", text)


def mnemonic(instruction: str) -> str:
    return re.sub(r"^lock ", "lock_", instruction).split()[0]


def order_letters(name: str) -> str:
    """a and l of an LSE or exclusive mnemonic."""
    match = re.fullmatch(r"(?:ldadd|ldclr|ldset|ldeor|ldsmin|ldsmax|ldumin|ldumax|swp|casp?)(a?l?)[bh]?", name)
    return match[1] if match else ""


def broken_rules(target: str, op: str, order: str, used: bool, code: list[str]) -> list[str]:
    names = [mnemonic(c) for c in code]
    acquires, releases = order in ("acquire", "acq_rel", "seq_cst"), order in ("release", "acq_rel", "seq_cst")
    broken = []
    if not code and not (op == "fence" and target == "x86_64"):
        broken.append("no instruction")
    if target == "x86_64":
        locked = any(n.startswith("lock_") or n in ("xchg", "mfence") for n in names)
        if op in ("store", "fence") and order == "seq_cst" and not locked:
            broken.append("a sequentially consistent store or fence without a locked instruction or mfence")
        if op not in ("load", "store", "fence") and not locked:
            broken.append("a read-modify-write that is not locked")
        return broken
    if op == "fence":
        want = ["dmb ishld" if order == "acquire" else "dmb ish"]
        return broken if code == want else broken + [f"not {want}"]
    loads = [n for n in names if n.startswith(("ldar", "ldapr", "ldax"))]
    stores = [n for n in names if n.startswith("stl")]
    lse = [n for n in names if re.match(r"(ld(add|clr|set|eor|[su]m(in|ax))|swp|cas)", n)]
    if any(n.startswith("ldapr") for n in names) and (op, order) != ("load", "acquire"):
        broken.append("ldapr where C11 wants more than acquire")
    if any(re.match(r"st(add|clr|set|eor|[su]m(in|ax))", n) for n in names):
        broken.append("a store alias: a load into the zero register")
    for c in code:
        if mnemonic(c) in lse and re.match(r"\S+ \w+, [wx]zr,", c) and not mnemonic(c).startswith("cas") and acquires:
            broken.append("the zero register as destination loses acquire")
    if acquires and op != "store" and not loads and not any("a" in order_letters(n) for n in lse):
        broken.append("no acquire")
    if releases and op != "load" and not stores and not any("l" in order_letters(n) for n in lse):
        broken.append("no release")
    return broken


def reason(target: str, op: str, order: str, width: int, code: list[str]) -> str:
    names = [mnemonic(c) for c in code]
    if target == "x86_64":
        if op == "fence":
            return ("a store must be seen before later loads: the one order x86 does not keep by itself" if code
                    else "x86 keeps these orders by itself; only the compiler must")
        if width == 128:
            return "the one 16-byte access that is atomic on every CPU with it; locked, so any order holds"
        if op == "load":
            return "loads are kept in order with loads and later stores"
        if op == "store":
            return ("xchg is locked: the store is seen before later loads" if order == "seq_cst"
                    else "stores are kept in order with earlier loads and stores")
        if "jne" in names:
            return "no instruction gives the old value: compare-exchange until nothing came between"
        return "a locked instruction is one access and a full fence"
    if op == "fence":
        return {"acquire": "earlier loads before everything later"}.get(
            order, "no barrier is weaker that also keeps earlier loads and stores before later stores")
    if op == "load" and width < 128:
        return {
            "ldr": "an aligned access is one access",
            "ldapr": "acquire, but may pass an earlier stlr: enough for acquire, not for seq_cst",
            "ldar": "acquire, and never before an earlier stlr",
        }[re.sub("[bh]$", "", names[0])]
    if op == "store" and width < 128:
        if names[-1].startswith("stlr"):
            return "stlr: release, and never passed by a later ldar"
        return "an aligned access is one access"
    if any(n.startswith(("stxp", "stlxp")) for n in names):
        return "a pair is read as one access only if its store-exclusive succeeds, so every way stores"
    if any(re.match("stl?xr", n) for n in names):
        letters = [w for w, there in (("ldaxr acquires", any(n.startswith("ldaxr") for n in names)),
                                      ("stlxr releases", any(n.startswith("stlxr") for n in names))) if there]
        return "repeated until nothing came between" + (": " + ", ".join(letters) if letters else "")
    words = []
    if op == "sub":
        words.append("a negated operand, added")
    if op == "and":
        words.append("bits to clear, so complemented")
    letters = order_letters(names[-1])
    words.append({
        "": "no order asked",
        "a": "a: acquire",
        "l": "l: release",
        "al": "al: both, and sequentially consistent with ldar and stlr",
    }[letters])
    return "; ".join(words)


def widths_text(widths: list[int]) -> str:
    return "" if widths == [0] else f"{widths[0]} to {widths[-1]}" if len(widths) > 2 else ", ".join(map(str, widths))


def tables(target: str) -> int:
    broken = 0
    for heading, features in VARIANTS[target]:
        every = list(cases())
        text = "\n".join(function(f"f{n}", *body) for n, (_, _, _, _, body) in enumerate(every))
        found = functions(listing(text, target, features))
        rows: dict[tuple[str, str, bool], list[tuple[list[int], list[str]]]] = {}
        for n, (op, order, width, used, _) in enumerate(every):
            code = sequence(found[f"f{n}"])
            for why in broken_rules(target, op, order, used, code):
                print(f"RULE BROKEN: {target} {features} {op} {order} {width}: {'; '.join(code)}: {why}")
                broken += 1
            group = rows.setdefault((op, order, used), [])
            if group and shape(group[-1][1]) == shape(code) and (group[-1][0][-1] < 128) == (width < 128):
                group[-1] = (group[-1][0] + [width], code)
            else:
                group.append(([width], code))
        print(f"\n**{heading}**\n\n| op | order | bits | instructions | why |\n|---|---|---|---|---|")
        # Orders with the same instructions are one row.
        merged: dict[tuple, list[str]] = {}
        for (op, order, used), groups in rows.items():
            for widths, code in groups:
                name = op if used or op in ("store", "fence") else f"{op}, old value unused"
                twin = next((shape(c) for w, c in rows.get((op, order, True), []) if w == widths), None)
                if not used and op in UPDATES and twin == shape(code):
                    continue  # the same as where the old value is used
                merged.setdefault((name, widths_text(widths), "; ".join(f"`{c}`" for c in code) or "none",
                                   reason(target, op, order, widths[0], code)), []).append(order)
        place = {name: n for n, name in enumerate(("load", "store", "exchange", "compare-exchange", *UPDATES, "fence"))}
        for (name, widths, code, why), orders in sorted(merged.items(), key=lambda row: place[row[0][0].split(",")[0]]):
            print(f"| {name} | {', '.join(orders)} | {widths} | {code} | {why} |")
    return broken


# --- Litmus tests: threads as functions of the addresses of x and y; results are what they return.

# name: (threads, what must not or may happen, by results (thread, number) -> value), orders to fill in -> forbidden.
SHAPES = {
    "MP": ((("atomic_store.i64.align8.relaxed x, 1", "atomic_store.i64.align8.{0} y, 1"),
            ("r0 = atomic_load.i64.align8.{1} y", "r1 = atomic_load.i64.align8.relaxed x")), {(1, 0): 1, (1, 1): 0},
           {("release", "acquire"): True, ("seq_cst", "seq_cst"): True, ("relaxed", "relaxed"): False}),
    "SB": ((("atomic_store.i64.align8.{0} x, 1", "r0 = atomic_load.i64.align8.{1} y"),
            ("atomic_store.i64.align8.{0} y, 1", "r0 = atomic_load.i64.align8.{1} x")), {(0, 0): 0, (1, 0): 0},
           {("seq_cst", "seq_cst"): True, ("release", "acquire"): False}),
    "SB+fences": ((("atomic_store.i64.align8.relaxed x, 1", "fence.{0}", "r0 = atomic_load.i64.align8.relaxed y"),
                   ("atomic_store.i64.align8.relaxed y, 1", "fence.{0}", "r0 = atomic_load.i64.align8.relaxed x")),
                  {(0, 0): 0, (1, 0): 0}, {("seq_cst",): True, ("acq_rel",): False}),
    "MP+fences": ((("atomic_store.i64.align8.relaxed x, 1", "fence.release", "atomic_store.i64.align8.relaxed y, 1"),
                   ("r0 = atomic_load.i64.align8.relaxed y", "fence.acquire", "r1 = atomic_load.i64.align8.relaxed x")),
                  {(1, 0): 1, (1, 1): 0}, {(): True}),
    "LB": ((("r0 = atomic_load.i64.align8.{0} x", "atomic_store.i64.align8.{1} y, 1"),
            ("r0 = atomic_load.i64.align8.{0} y", "atomic_store.i64.align8.{1} x, 1")), {(0, 0): 1, (1, 0): 1},
           {("acquire", "release"): True}),
    "MP+exchange": ((("atomic_store.i64.align8.relaxed x, 1", "old = atomic_xchg.i64.align8.{0} y, 1"),
                     ("r0 = atomic_add.i64.align8.{1} y, 0", "r1 = atomic_load.i64.align8.relaxed x")),
                    {(1, 0): 1, (1, 1): 0}, {("release", "acquire"): True, ("acq_rel", "acq_rel"): True}),
}
ARGUMENTS = {"arm64": ("X0", "X1"), "x86_64": ("rdi", "rsi")}
RESULTS = {"arm64": ("X0", "X1"), "x86_64": ("rax", "rdx")}
HERD = {"arm64": "AArch64", "x86_64": "X86_64"}


def att(code_and_hex: list[tuple[str, str]]) -> list[str]:
    """x86-64 instructions in the syntax of herd7, which is AT&T's."""
    hexes = "\n".join(" ".join(f"0x{h[i:i + 2]}" for i in range(0, len(h), 2)) for _, h in code_and_hex)
    done = subprocess.run(["llvm-mc-19", "--disassemble", "--triple=x86_64", "--output-asm-variant=0"], input=hexes,
                          stdout=subprocess.PIPE, text=True, check=True)
    return [re.sub(r"\s+", " ", line.strip()) for line in done.stdout.splitlines() if not line.strip().startswith(".")]


def with_labels(target: str, lines: list[tuple[str, str]]) -> list[str]:
    """Instructions of a function without its return; branches lead to labels."""
    code = [(c, comment.split()) for c, comment in lines if c and c != "ret"]
    offsets = [int(words[0], 16) for _, words in code]
    arm64 = target == "arm64"
    texts = [c.upper().replace("#0X", "#0x") for c, _ in code] if arm64 else att([(c, w[1]) for c, w in code])
    labels: dict[int, str] = {}
    for n, (c, words) in enumerate(code):
        match = re.fullmatch(r"(cbn?z \w+, #|b\.?\w* #|j\w+ )(-?\d+)", c)
        if not match:
            continue
        start = offsets[n] + (0 if target == "arm64" else len(words[1]) // 2)
        to = start + int(match[2])
        label = labels.setdefault(to, f"L{len(labels)}")
        texts[n] = re.sub(r"#-?\d+$|-?\d+$", label, texts[n])
    for to, label in labels.items():
        at = offsets.index(to) if to in offsets else len(texts)
        texts[at:at + 1] = [f"{label}: {texts[at]}"] if at < len(texts) else [f"{label}:"]
    return texts


def litmus(directory: Path) -> int:
    directory.mkdir(parents=True, exist_ok=True)
    written = 0
    for target in VARIANTS:
        for number, (_, features) in enumerate(VARIANTS[target]):
            for name, (threads, outcome, fillings) in SHAPES.items():
                for orders, forbidden in fillings.items():
                    text = ""
                    for n, lines in enumerate(threads):
                        results = sorted(k for t, k in outcome if t == n)
                        kind = "i64" if len(results) == 1 else f"({', '.join(['i64'] * len(results))})"
                        head = "(x: ptr, y: ptr)" + (f" -> {kind}" if results else "")
                        body = [line.format(*orders) for line in lines]
                        text += function(f"P{n}", head, *body, "ret " + ", ".join(f"r{k}" for k in results)) + "\n"
                    found = functions(listing(text, target, features))
                    columns = [with_labels(target, found[f"P{n}"]) for n in range(len(threads))]
                    title = "+".join((name, *orders, ("lse", "exclusive")[number] if target == "arm64" else "x86"))
                    write_litmus(directory / f"{target}-{title}.litmus", target, title, columns, outcome, forbidden)
                    written += 1
    return written


def write_litmus(path: Path, target: str, title: str, columns, outcome, forbidden: bool) -> None:
    x, y = ARGUMENTS[target]
    state = " ".join(f"{n}:{x}=x; {n}:{y}=y;" for n in range(len(columns)))
    height = max(map(len, columns))
    cells = [[f"P{n}"] + column + [""] * (height - len(column)) for n, column in enumerate(columns)]
    wide = [max(map(len, column)) for column in cells]
    rows = [" " + " | ".join(cell.ljust(w) for cell, w in zip(row, wide)) + " ;" for row in zip(*cells)]
    what = " /\\ ".join(f"{t}:{RESULTS[target][k]}={v}" for (t, k), v in sorted(outcome.items()))
    path.write_text(
        f"{HERD[target]} {title}\n\"compiled by jitkit; C11 {'forbids' if forbidden else 'allows'} the outcome\"\n"
        f"{{ {state} }}\n" + "\n".join(rows) + f"\n{'~exists' if forbidden else 'exists'} ({what})\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", choices=list(VARIANTS))
    parser.add_argument("--litmus", type=Path)
    args = parser.parse_args()
    if not COMMAND.exists():
        sys.exit(f"atomics.py: {COMMAND} is not there: make builds it")
    if args.litmus:
        print(f"{litmus(args.litmus)} litmus files in {args.litmus}")
    if args.target and tables(args.target):
        sys.exit(1)


if __name__ == "__main__":
    main()
