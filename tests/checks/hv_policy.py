"""Random trap policies for hypervisor.py: a policy in YAML, and the same said for the reference model.

Sizes from one entry to more than a table of compares likes, keys close together and far apart, all kinds of action."""

import random

WORDS = {f"w{n}": 384 + 8 * n for n in range(10)}
CALL_BODIES, READ_BODIES, WRITE_BODIES = ["arch_features", "psci_features", "mix", "every"], ["ticks_left"], ["send_sgi", "enable", "disable"]


def action(r: random.Random, write: bool, call: bool, bytes_: int) -> tuple[str, str, str]:
    """In YAML; the model's kind and value."""
    kind = r.choice(["word", "body", "ignore", "watch"] if write else ["constant", "constant", "word", "body"])
    if kind == "constant":
        value = r.choice([0, r.getrandbits(8 * bytes_), r.getrandbits(8), (1 << 8 * bytes_) - 1])
        return f"value: {value:#x}", kind, f"{value:#x}ULL"
    if kind == "ignore":
        return "write: ignore", kind, "0"
    if kind == "body":
        name = r.choice(CALL_BODIES if call else WRITE_BODIES if write else READ_BODIES)
        return f"{'write_' if write else ''}body: {name}", kind, name
    name = r.choice(list(WORDS))
    return f"{'watch' if kind == 'watch' else 'write' if write else 'word'}: {name}", kind, str(WORDS[name])


def weight(r: random.Random) -> int:
    """Few are far more frequent than others: those are compared first."""
    return r.choice([r.randint(1, 50)] * 15 + [100000])


def dense_calls(r: random.Random) -> tuple[list[str], list[str]]:
    """Beside each other and equally frequent: a table's."""
    base = r.getrandbits(32) & ~0x7F
    lines = [f"  - {{name: C{n}, id: {base + n:#x}, value: {n}}}" for n in range(128)]
    return lines, [f"{{{base + n:#x}, 1, 0, constant, {n}}}" for n in range(128)]


def calls(r: random.Random, count: int) -> tuple[list[str], list[str]]:
    lines, rows = [], []
    base = r.choice([0, 0x84000000, 0xC4000000, r.getrandbits(32) & ~0xFF])
    ids = {r.choice([base + r.randrange(64), base | 1 << r.randrange(32), r.getrandbits(32)]) & 0xFFFFFFFF for _ in range(count)}
    for n, number in enumerate(sorted(ids)):
        hvc, smc = r.choice([(1, 0), (0, 1), (1, 1)])
        text, kind, value = action(r, False, True, 8)
        lines.append(f"  - {{name: C{n}, id: {number:#x}, hvc: {hvc == 1}, smc: {smc == 1}, {text}, weight: {weight(r)}}}".replace("True", "true").replace("False", "false"))
        rows.append(f"{{{number:#x}, {hvc}, {smc}, {kind}, {value}}}")
    return lines, rows


def hypercalls(r: random.Random) -> tuple[list[str], str]:
    """None in every other policy."""
    ids = sorted({r.choice([r.randrange(64), r.randrange(4096)]) for _ in range(r.choice([1, 2, 5, 30]))}) if r.random() < 0.5 else []
    tag, number = r.choice([0xEA1, 1, r.randint(1, 0xFFF)]), r.randint(2, 30)
    lines, rows = [], []
    for n, at in enumerate(ids):
        first = r.choice([None, None, 0, r.getrandbits(32), r.randrange(4096)])
        text, kind, value = action(r, False, True, 8)
        lines.append(f"    - {{name: H{n}, id: {at}, {'' if first is None else f'first: {first:#x}, '}{text}, weight: {weight(r)}}}")
        rows.append(f"{{{at}, {first is not None:d}, {first or 0:#x}, {kind}, {value}}}")
    text = [f"hypercalls:\n  immediate: {tag:#x}\n  number: x{number}\n  calls:", *lines] if ids else []
    return text, (f"const struct hypercall hypercalls[] = {{{', '.join(rows) or '{0}'}}};\n"
                  f"const u32 hypercall_count = {len(rows)}, hypercall_tag = {tag:#x}, hypercall_number = {number};")


def registers(r: random.Random, count: int) -> tuple[list[str], list[str]]:
    lines, rows, seen = [], [], set()
    for n in range(count):
        at = (r.choice([2, 3]), r.choice([0, 0, 3, r.randrange(8)]), r.choice([0, 9, 14, r.randrange(16)]), r.randrange(16), r.randrange(8))
        write = r.random() < 0.4
        if (at, write) in seen:
            continue
        seen.add((at, write))
        el0 = r.random() < 0.3
        text, kind, value = action(r, write, False, 8)
        lines.append(f"  - {{name: R{n}, at: {list(at)}, el0: {'true' if el0 else 'false'}, {text}, weight: {weight(r)}}}")
        rows.append("{%d, %d, %d, %d, %d, %d, %d, %s, %s}" % (*at, write, el0, kind, value))
    return lines, rows


def mmio(r: random.Random, count: int) -> tuple[list[str], list[str]]:
    pages = [r.choice([0x08000000, 0x09000000, r.getrandbits(36) << 12, r.getrandbits(20) << 12]) + 4096 * r.randrange(3) for _ in range(r.randint(1, 4))]
    lines, rows, taken = {page: [] for page in pages}, [], set()
    for n in range(count):
        page, bytes_, write = r.choice(pages), r.choice([1, 2, 4, 4, 4, 8]), r.random() < 0.4
        offset = r.choice([r.randrange(64), r.randrange(4096), 4096 - bytes_]) // bytes_ * bytes_
        places = {(page + offset + i, write) for i in range(bytes_)}
        if places & taken or (page + offset) >> 48:
            continue
        taken |= places
        text, kind, value = action(r, write, False, bytes_)
        narrow = not write and kind != "body" and r.random() < 0.4
        lines[page].append(f"      - {{name: M{n}, offset: {offset:#x}, bytes: {bytes_}, narrow: {'true' if narrow else 'false'}, {text}, weight: {weight(r)}}}")
        rows.append(f"{{{page + offset:#x}, {bytes_}, {narrow:d}, {write:d}, {kind}, {value}}}")
    text = []
    for page, entries in lines.items():
        if entries:
            text += [f"  - page: {page:#x}", "    registers:", *entries]
    return text, rows


def watched(r: random.Random, count: int, taken: list[tuple[int, int]]) -> tuple[list[str], list[str]]:
    """Runs of pages beside each other and far apart, none where registers are."""
    lines, rows = [], []
    for n in range(count):
        pages = 1 << r.choice([0, 0, 1, 4, 20])
        page = r.choice([0x1000 + n, 1 << 35 | r.getrandbits(35)]) // pages * pages
        if any(page < end and first < page + pages for first, end in taken):
            continue
        taken.append((page, page + pages))
        text, by = "", r.randrange(2)
        for write, way in enumerate(("loads", "stores")):
            if write == (n + 1) % 3:  # not all watch both
                continue
            word = r.choice(list(WORDS)[:-1])
            text += f", {way}: {word}"
            rows.append(f"{{{page << 12:#x}, {pages}, {write}, {WORDS[word]}, {by}}}")
        how = ", by: permission" if by else r.choice(["", ", by: translation"])
        lines.append(f"  - {{name: P{n}, page: {page << 12:#x}, pages: {pages}{how}{text}, weight: {weight(r)}}}")
    return lines, rows


def make(seed: int) -> tuple[str, str]:
    """The policy in YAML, and the model's tables."""
    r = random.Random(seed)
    wfi = r.random() < 0.7
    counts = [r.choice([1, 2, 3, 5, 8, 16, 40, 90]) for _ in range(3)]
    text = [f"state: {{{', '.join(f'{name}: {at}' for name, at in WORDS.items())}}}", "bodies: bodies.jk"] + (["wfi: skip"] if wfi else [])
    tables = []
    for name, kind, make_rows, count in (("calls", "call", calls, counts[0]), ("registers", "reg", registers, counts[1]), ("mmio", "mmio", mmio, counts[2])):
        lines, rows = dense_calls(r) if kind == "call" and seed % 4 == 1 else make_rows(r, count)
        text += [f"{name}:", *lines]
        array = {"call": "calls", "reg": "regs", "mmio": "mmios"}[kind]
        tables.append(f"const struct {kind} {array}[] = {{\n  " + ",\n  ".join(rows) + f"}};\nconst u32 {kind}_count = {len(rows)};")
    numbers = [int(row[1:row.index(",")], 16) >> 12 for row in rows]  # the pages of MMIO registers
    lines, rows = watched(r, r.choice([0, 1, 2, 6]), [(number, number + 1) for number in numbers])
    text += ["watched:", *lines] if lines else []
    tables.append(f"const struct page pages[] = {{{', '.join(rows) or '{0}'}}};\nconst u32 page_count = {len(rows)};")
    tables.append("const struct place places[1];\nconst u32 place_count = 0;")
    lines, table = hypercalls(r)
    text += lines
    tables.append(table)
    return "\n".join(text) + "\n", "\n".join([*tables, f"const int skips_wfi = {wfi:d};"]) + "\n"
