#!/usr/bin/env python3
"""Times the HotSpot agent's stubs beside HotSpot's own, and OpenSSL's where it has the same: GB/s at 64 KiB.

Runs the agent's `time` several times per set of CPU features, HotSpot kept to the same ones, and takes medians. --write
puts into consumers/jvm/stubs.def which code replaces HotSpot's by default: what reaches 0.98 of its speed in every set
that chooses it. Copies and fills stay `named`: most of their calls are short, which this does not measure. JitkitProvider's
AES-GCM runs beside SunJCE's in one JVM, by tests/jvm/Providers.java.

The exit status is 1 if a figure misses its goal: a stub below 0.98 of HotSpot's speed, AES-GCM below 1.5 of SunJCE's.

--count prints executed instructions on AArch64 instead, of one call on the same input, under a QEMU that counts them (its
time means nothing); what of AArch64's own rows is at most 2 % above HotSpot's becomes the default. The goal is that of all.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import java17  # noqa: E402

TABLE = ROOT / "consumers" / "jvm" / "stubs.def"
PLUGIN = ROOT / "build" / "release" / "tools" / "qemu_count" / "libjitkit_count.so"
AGENT = ROOT / "build" / "consumers" / "jvm" / "x86_64" / "libjitkit_hotspot.so"
# Features taken from the CPU, and how HotSpot is told.
SETS = {"all": ("", []), "AVX2": ("-avx512f", ["-XX:UseAVX=2"]), "AVX2 without VAES": ("-avx512f,-vaes", ["-XX:UseAVX=2"])}
LINE = re.compile(r"^(\w+) +(\w+) +([\d.]+) ns, HotSpot's +([\d.]+) ns", re.MULTILINE)
LONG = {"limit", "bytes", "whole", "some", "hashed", "end", "elements", "n"}  # roles of a stub that works on 64 KiB
GOAL, GCM_GOAL = 0.98, 1.5
GCM = re.compile(r"^AES-GCM .* ([\d.]+) of its speed$", re.MULTILINE)
SHORT = re.compile(r"arraycopy|_fill$")
OPENSSL = {"md5_implCompressMB": "md5", "sha1_implCompressMB": "sha1", "sha256_implCompressMB": "sha256", "sha512_implCompressMB": "sha512",
           "sha3_implCompressMB": "sha3-256", "counterMode_AESCrypt": "aes-128-ctr", "cipherBlockChaining_encryptAESCrypt": "aes-128-cbc"}


def java(options: str, flags: list[str], cpu: str) -> str:
    program = java17.home() / "bin" / "java"
    return subprocess.run([program, *flags, f"-agentpath:{AGENT}={options}", "-version"], stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True, env={**os.environ, "JITKIT_CPU": cpu}).stdout


def spans() -> dict[tuple[str, str], tuple[int, int]]:
    """Instructions of a call per stub and code: jitkit's, HotSpot's."""
    jre = subprocess.run([ROOT / "tools" / "jre_arm64.sh"], check=True, text=True, stdout=subprocess.PIPE).stdout.strip()
    counts = ROOT / "build" / "jvm-counts"
    run = ["qemu-aarch64", "-cpu", "max", "-plugin", f"{PLUGIN},out={counts},marks=on", "-L", jre,
           f"{jre}/usr/lib/jvm/java-17-openjdk-arm64/bin/java"]
    agent = str(AGENT).replace("x86_64", "arm64")
    stubs = ",".join(re.findall(r"^JITKIT_JVM_STUB\((\w+),", TABLE.read_text(), re.MULTILINE))
    done = subprocess.run([*run, f"-agentpath:{agent}={stubs},count", "-version"], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = {int(n): int(total) for n, total in re.findall(r"^span (\d+) n \d+ min \d+ max (\d+)", counts.read_text(), re.MULTILINE)}
    return {(stub, code): (found[int(ours)], found[int(theirs)])
            for stub, code, ours, theirs in re.findall(r"^(\w+) +(\w+) +spans (\d+) and (\d+)$", done.stdout, re.MULTILINE)}


def openssl(name: str) -> float:
    """Bytes per nanosecond at 64 KiB."""
    done = subprocess.run(["openssl", "speed", "-mr", "-seconds", "1", "-bytes", "65536", "-evp", name],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    found = re.search(r"^\+F:.*:([\d.]+)$", done.stdout, re.MULTILINE)
    return float(found[1]) / 1e9 if found else 0


def provider() -> list[float]:
    """Prints AES-GCM's times beside SunJCE's; the ratios."""
    classes = ROOT / "build" / "jvm-classes"
    sources = [ROOT / "tests" / "jvm" / "Providers.java", *(ROOT / "consumers" / "jvm" / "java" / "jitkit").glob("*.java")]
    subprocess.run([java17.home() / "bin" / "javac", "-d", classes, *sources], check=True)
    done = subprocess.run([java17.home() / "bin" / "java", "-cp", classes, f"-Djitkit.library={AGENT}", "Providers", "time", "gcm"],
                          check=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout, end="")
    return [float(ratio) for ratio in GCM.findall(done.stdout)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=11, help="medians of so many")
    parser.add_argument("--write", action="store_true", help="the defaults into stubs.def")
    parser.add_argument("--count", action="store_true", help="instructions on AArch64")
    args = parser.parse_args()
    roles = {name: set(text.split(":")[0].split())
             for name, text in re.findall(r'^JITKIT_JVM_STUB\((\w+), +\w+, +"([^"]*)"\)', TABLE.read_text(), re.MULTILINE)}
    least: dict[tuple[str, str], float] = {}
    if args.count:
        print(f"AArch64, instructions of a call on 64 KiB, a block or 128 words\n{'':38}{'code':10}{'jitkit':>9}{'HotSpot':>9}")
        for (stub, code), (ours, theirs) in spans().items():
            print(f"{stub:38}{code:10}{ours:9}{theirs:9}  {ours / theirs:.2f}")
            least[stub, code] = theirs / ours
    for title, (cpu, flags) in ({} if args.count else SETS).items():
        stubs = ",".join(line.split(":")[0] for line in java("list", flags, cpu).splitlines() if ": " in line)
        runs: dict[tuple[str, str], list[tuple[float, float]]] = {}
        peers: dict[str, list[float]] = {}
        for _ in range(args.runs):
            for stub in OPENSSL if title == "all" else ():
                peers.setdefault(stub, []).append(openssl(OPENSSL[stub]))
            for stub, code, ours, theirs in LINE.findall(java(f"{stubs},time", flags, cpu)):
                runs.setdefault((stub, code), []).append((float(ours), float(theirs)))
        print(f"CPU features: {title}\n{'':38}{'code':10}{'jitkit':>9}{'HotSpot':>9}{'OpenSSL':>9}  ratio (GB/s at 64 KiB, or ns per call)")
        for (stub, code), times in runs.items():
            ours, theirs = (statistics.median(t[n] for t in times) for n in (0, 1))
            ratio = statistics.median(t[1] / t[0] for t in times)
            least[stub, code] = min(ratio, least.get((stub, code), ratio))
            long = bool(LONG & roles[stub])
            peer = statistics.median(peers[stub]) if stub in peers else 0
            show = (lambda t: 65536 / t) if long else (lambda t: t)
            print(f"{stub:38}{code:10}{show(ours):9.2f}{show(theirs):9.2f}{f'{peer:9.2f}' if peer else ' ' * 9}  {ratio:.2f}")
    ratios = [] if args.count else provider()
    missed = [f"{stub} ({code}) {ratio:.2f}" for (stub, code), ratio in least.items() if round(ratio, 2) < GOAL]
    missed += [f"AES-GCM {ratio:.2f} of SunJCE's speed" for ratio in ratios if ratio < GCM_GOAL]
    if not args.write:
        sys.exit(f"below the goal: {', '.join(missed)}" if missed else 0)

    groups: dict[str, list[str]] = {}
    for stub, group in re.findall(r"^JITKIT_JVM_STUB\((\w+), +(\w+),", TABLE.read_text(), re.MULTILINE):
        groups.setdefault(group, []).append(stub)

    def row(m: re.Match) -> str:
        ratios = [least[stub, m[3]] for stub in groups[m[2]] if (stub, m[3]) in least]
        use = m[4] if not ratios else "always" if min(ratios) >= GOAL and not SHORT.search(groups[m[2]][0]) else "named"
        return f"{m[1]}{use})"

    rows = "_ARM64" if args.count else "(?:_X86)?"
    TABLE.write_text(re.sub(rf"(?m)^(JITKIT_JVM_CODE{rows}\((\w+), +(\w+), +)(\w+)\)", row, TABLE.read_text()))


if __name__ == "__main__":
    main()
