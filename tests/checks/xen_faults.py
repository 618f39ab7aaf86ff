"""Seeded faults of the path in Xen's image: each has to change what a guest sees (xen.py --faults)."""

import re
import struct
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from report import Report
from xen import FAST, ON, XEN, build, command

TRAPS, SECONDS = 4000, 120
NOP, EQUAL, PAIR = 0xD503201F, 0xEB1F03FF, 0xA96E07E0  # cmp xzr, xzr; ldp x0, x1, [sp, #-288]
ALL = 0xFFFFFFFF
EVERY = None
# The nth word (from 0, or before the end) that is `word` under `mask` becomes `fault`; EVERY: all of them, and what is
# not under the mask is kept. The code ends with the entries for transfer registers, W0, X0, W1, X1 and so on.
FAULTS = [
    ("PC not advanced", ALL, 0x91001021, 0, NOP),
    ("PC advanced by 2", ALL, 0x91001021, 4, 0x91000821),
    ("x1 not restored", ALL, PAIR, -49, PAIR + 0x400),
    ("SRT off by one", ALL, 0xB34A5001, 0, 0xB3494C01),
    ("SRT of 4 bits", ALL, 0xB34A5001, 1, 0xB34A4C01),
    ("no sign extension of a word", ALL, 0x93407C21, -1, NOP),
    ("no sign extension of a byte", ALL, 0x93401C21, 0, NOP),
    ("SF ignored", ALL ^ 31, 0xB94043E0, EVERY, 0xF94023E0),
    ("register's key not compared", ALL, 0x7216683F, 25, EQUAL),
    ("bank of half the index", ALL, 0x8B216FE1, 0, 0x8B216BE1),
    ("another register of the bank", ALL, 0xB9400C21, 0, 0xB9401021),
    ("call's number not compared", ALL, 0x6B01001F, 1, EQUAL),
    ("hypercall's argument not compared", 0xFF00001F, 0x35000000, 0, NOP),
]


def words_of(data: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(data) // 4}I", data[: len(data) // 4 * 4]))


def check(report: Report, directory: Path) -> None:
    image = build(directory, "faults", [f"-DTRAPS={TRAPS}"])
    xen = XEN["fast"].read_bytes()
    flat = directory / "fast.text"
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", "-j", ".text", FAST.with_suffix(".o"), flat],
                   check=True)
    code = flat.read_bytes()
    start = xen.find(code[:64])
    if not report.check("faults: the path in Xen's image", start > 0 and xen.find(code[:64], start + 1) < 0):
        return
    words = words_of(xen[start:start + len(code)])

    def seen(case: tuple[str, dict[int, int]]) -> str:
        """The hashes of a run with words changed, or what became of it."""
        name, changes = case
        changed = bytearray(xen)
        for at, word in changes.items():
            struct.pack_into("<I", changed, start + 4 * at, word)
        patched = directory / name
        patched.write_bytes(changed)
        line = [*command(patched, image, 2, ON), "-serial", "none"]
        try:
            done = subprocess.run(line, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  text=True, timeout=SECONDS)
        except subprocess.TimeoutExpired:
            return "no end"
        finally:
            patched.unlink()
        wide = re.findall(r"wide (\d+)", done.stdout)
        return " ".join([*re.findall(r"hash (\w+) injected \d+", done.stdout), *wide])

    cases = [("none", {})]
    for name, mask, word, nth, fault in FAULTS:
        places = [n for n, w in enumerate(words) if w & mask == word]
        if report.check(f"fault has a place: {name}", (nth or 0) < len(places), f"{len(places)} such words"):
            changed = places if nth is EVERY else [places[nth]]
            cases.append((name, {at: fault + (words[at] - word if nth is EVERY else 0) for at in changed}))
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(seen, cases))
    report.check("faults: without one both vCPUs end", re.fullmatch(r"\w+ \w+ 0 0", results[0]) is not None, results[0])
    for (name, _), result in list(zip(cases, results))[1:]:
        report.check(f"fault found: {name}", result != results[0], result)
    report.note(f"xen: {len(cases) - 1} seeded faults of the path, {sum(r != results[0] for r in results[1:])} found")
