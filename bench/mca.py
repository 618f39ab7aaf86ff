#!/usr/bin/env python3
"""Cycles per byte of AArch64 crypto loops by llvm-mca, ours beside those of Debian's arm64 libcrypto.

Loops are cut out of the binaries by their back edge: of all backward branches, the innermost loop with the instructions
of a row. What an iteration does follows from its instructions: blocks of AES-128 from its rounds, hashed blocks from
the steps of a block, folded blocks from the products. A loop inside that runs a fixed number of times is laid out
that often. Prints a table; writes build/bench/mca.json. It is a model, not a measurement.

usage: mca.py [--libcrypto FILE]      default: downloaded by apt-get, kept in the cache
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "build" / "bench"
CACHE = Path(os.environ.get("JITKIT_CACHE", Path.home() / ".cache" / "jitkit"))
CPUS = ("neoverse-n1", "neoverse-v1", "cortex-a72")
OBJDUMP = "aarch64-linux-gnu-objdump"


def run(command, **kwargs) -> str:
    done = subprocess.run([str(c) for c in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **kwargs)
    if done.returncode != 0:
        sys.exit(f"mca: {' '.join(map(str, command))}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.stdout


def products(c: Counter) -> int:
    return c["pmull"] + c["pmull2"]


def blocks(c: Counter) -> int:
    """Of AES: the last round of each mixes no columns."""
    return c["aese"] - c["aesmc"]


def counts(c: Counter) -> bool:
    """Counters are big-endian: what turns no bytes round is ECB."""
    return any(c[m] for m in ("rev", "rev32", "rev64", "tbl"))


# row: (has the instructions, bytes of an iteration)
ROWS = {
    "sha1": (lambda c: c["sha1h"] >= 20, lambda c: 64 * c["sha1h"] // 20),
    "sha256": (lambda c: c["sha256h"] >= 16, lambda c: 64 * c["sha256h"] // 16),
    "sha512": (lambda c: c["sha512h"] >= 40, lambda c: 128 * c["sha512h"] // 40),
    "aes-128-ctr": (lambda c: c["aese"] == 10 * blocks(c) >= 30 and counts(c) and products(c) == 0, lambda c: 16 * blocks(c)),
    "ghash": (lambda c: products(c) >= 14 and c["aese"] == 0 and (products(c) - 2) % 3 == 0 and c["eor"] > 0,
              lambda c: 16 * (products(c) - 2) // 3),
    "aes-128-gcm": (lambda c: c["aese"] == 10 * blocks(c) >= 40 and products(c) >= 14, lambda c: 16 * blocks(c)),
    "crc32-chains": (lambda c: c["crc32x"] >= 3, lambda c: 8 * c["crc32x"]),
    "crc32-both": (lambda c: c["crc32x"] >= 3 and products(c) >= 8, lambda c: 8 * (c["crc32x"] + products(c))),
    "crc32-folding": (lambda c: products(c) >= 8 and c["aese"] == 0, lambda c: 16 * products(c) // 2),
}
OURS_ONLY = ("crc32-chains", "crc32-both", "crc32-folding")
BRANCH = re.compile(r"(b\.\w+|b|cbn?z|tbn?z)$")


def instructions(text: str) -> list[tuple[int, str, str]]:
    found = []
    for line in text.splitlines():
        match = re.match(r"\s+([0-9a-f]+):\s+(\S+)\s*(.*)$", line)
        if match:
            operands = re.sub(r"\s*//.*", "", match[3])
            found.append((int(match[1], 16), match[2], operands))
    return found


def loops(code) -> list[tuple[int, int]]:
    """(first, last) index of every loop of less than 8 KiB, by its back edge."""
    index = {address: n for n, (address, _, _) in enumerate(code)}
    found = []
    for n, (address, mnemonic, operands) in enumerate(code):
        match = BRANCH.match(mnemonic) and re.search(r"(?:0x)?([0-9a-f]+)(?: <.*>)?$", operands)
        to = int(match[1], 16) if match else address + 1
        if to <= address < to + 8192 and to in index:
            found.append((index[to], n))
    return found


def straightened(code, loop, rounds) -> list[tuple[str, str]]:
    """The instructions of an iteration; in AES loops, rounds that are a loop of their own are laid out as often as ten
    rounds take."""
    first, last = loop
    body = [(m, o) for _, m, o in code[first:last + 1]]
    count = Counter(m for m, _ in body)
    for inner in rounds:
        if inner != loop and first <= inner[0] and inner[1] <= last:
            again = [(m, o) for _, m, o in code[inner[0]:inner[1] + 1]]
            times = (10 * blocks(count) - count["aese"]) // sum(m == "aese" for m, _ in again)
            at = inner[0] - first
            body[at:at] = again * times
    return body


def find(code, every, row: str):
    """The body of the row's loop and its bytes: the one with the fewest instructions a byte."""
    has, size = ROWS[row]
    best = None
    rounds = []
    for first, last in every:
        count = Counter(m for _, m, _ in code[first:last + 1])
        if last - first < 64 and count["aese"] >= 2 and count["aese"] == count["aesmc"]:
            rounds.append((first, last))
    for loop in every:
        body = straightened(code, loop, rounds)
        count = Counter(m for m, _ in body)
        if not has(count) or any(m in ("bl", "blr", "ret", "udf") or m.startswith(".") for m, _ in body):
            continue
        density = len(body) / size(count)
        if best is None or density < best[0]:
            best = (density, body, size(count))
    return best and best[1:]


def cycles(body, cpu: str) -> float:
    """Cycles of an iteration in a steady state; branches lead to the next instruction."""
    lines = []
    for mnemonic, operands in body:
        if BRANCH.match(mnemonic):
            operands = re.sub(r"(?:0x)?[0-9a-f]+(?: <.*>)?$", "4", operands)
            operands = re.sub(r"(^|, )4$", r"\1#4", operands)
        lines.append(f"{mnemonic} {operands}")
    text = run(["llvm-mca-19", "--mtriple=aarch64", f"--mcpu={cpu}", "--mattr=+sha3,+crc,+aes,+sha2,+lse", "--iterations=100",
                "--instruction-info=0", "--resource-pressure=0"], input="\n".join(lines) + "\n")
    return int(re.search(r"Total Cycles:\s+(\d+)", text)[1]) / 100


def libcrypto() -> Path:
    """Debian's libcrypto for AArch64, without touching the system's packages."""
    place = CACHE / "libcrypto-arm64"
    library = place / "usr/lib/aarch64-linux-gnu/libcrypto.so.3"
    if library.is_file():
        return library
    with tempfile.TemporaryDirectory() as scratch:
        for part in ("parts", "lists/partial", "cache/archives/partial"):
            (Path(scratch) / part).mkdir(parents=True)
        sources = Path("/etc/apt/sources.list.d/debian.sources").read_text()
        sources = re.sub(r"^Architectures:.*\n", "", re.sub(r"^Types:.*", "Types: deb", sources, flags=re.M), flags=re.M)
        (Path(scratch) / "parts/d.sources").write_text(sources)
        apt = ["apt-get", "-q"]
        for option in ("Dir::Etc::sourcelist=/dev/null", f"Dir::Etc::sourceparts={scratch}/parts",
                       f"Dir::State::lists={scratch}/lists", f"Dir::Cache={scratch}/cache", "APT::Architectures::=amd64",
                       "APT::Architectures::=arm64", "APT::Sandbox::User=root"):
            apt += ["-o", option]
        run(apt + ["update"], cwd=scratch)
        run(apt + ["download", "libssl3:arm64"], cwd=scratch)
        place.mkdir(parents=True, exist_ok=True)
        run(["dpkg", "-x", next(Path(scratch).glob("libssl3*.deb")), place])
    return library


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--libcrypto", type=Path)
    parser.add_argument("--program", type=Path, default=OUT / "bench" / "bench_crypto_arm64")
    args = parser.parse_args()
    theirs = instructions(run([OBJDUMP, "-d", "--no-show-raw-insn", args.libcrypto or libcrypto()]))
    crypto_only = {"aese", "pmull", "sha1h", "sha256h", "sha512h"}
    their_loops = [l for l in loops(theirs) if crypto_only & {m for _, m, _ in theirs[l[0]:l[1] + 1]}]
    result = {}
    print(f"{'cycles per byte by llvm-mca':28}" + "".join(f"{cpu:>24}" for cpu in CPUS) + "    ours / libcrypto")
    with tempfile.TemporaryDirectory() as scratch:
        run([args.program, scratch])
        for row in ROWS:
            ours = instructions(run([OBJDUMP, "-D", "-b", "binary", "-m", "aarch64", "--no-show-raw-insn",
                                     Path(scratch) / f"{row}.bin"]))
            sides = {"jitkit": find(ours, loops(ours), row)}
            if row not in OURS_ONLY:
                sides["libcrypto"] = find(theirs, their_loops, row)
            if not all(sides.values()):
                sys.exit(f"mca: no loop for {row}: {[side for side, loop in sides.items() if not loop]}")
            result[row] = {side: {cpu: round(cycles(body, cpu) / size, 3) for cpu in CPUS}
                           for side, (body, size) in sides.items()}
            cells = [" / ".join(f"{result[row][side][cpu]:.3f}" for side in sides) for cpu in CPUS]
            print(f"{row:28}" + "".join(f"{cell:>24}" for cell in cells))
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "mca.json").write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
