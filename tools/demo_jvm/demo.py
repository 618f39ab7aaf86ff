#!/usr/bin/env python3
"""SHA-1 of a file in a JVM, coreutils being 1.00: without HotSpot's intrinsics, with them, with jitkit's stub in their
place, and the mapped file hashed where it is (JitkitProvider).

x86-64 in seconds of CPU time, the medians of runs that take turns; AArch64, under QEMU, in executed instructions per
byte, never in seconds: those between two lengths of the file's beginning, which leaves out how a program starts. Every
digest has to be that of coreutils, and jitkit may have nothing to say. Prints a table, writes results.json and
results.html in build/demo-jvm, and flame.svg, where the JVM with jitkit's stub spends its time.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import figures  # noqa: E402
import flame  # noqa: E402
import java17  # noqa: E402

OUT = ROOT / "build" / "demo-jvm"
CLASSES = OUT / "classes"
PROVIDER = ROOT / "consumers" / "jvm" / "java" / "jitkit"
PLUGIN = ROOT / "build" / "release" / "tools" / "qemu_count" / "libjitkit_count.so"
OFF = ["-XX:+UnlockDiagnosticVMOptions", "-XX:-UseSHA1Intrinsics"]
MEBIBYTE = 1 << 20


def fail(text: str) -> None:
    sys.exit(f"error: {text}")


class Progress:
    """One line of a terminal, written over and over; nothing elsewhere."""

    def __init__(self, total: int):
        self.total, self.done, self.shown = total, 0, sys.stderr.isatty()

    def step(self, what: str) -> None:
        self.done += 1
        if self.shown:
            print(f"\r\033[K[{self.done}/{self.total}] {what}", end="", file=sys.stderr, flush=True)

    def end(self) -> None:
        if self.shown:
            print("\r\033[K", end="", file=sys.stderr, flush=True)


def agent(target: str) -> Path:
    return ROOT / "build" / "consumers" / "jvm" / target / "libjitkit_hotspot.so"


def rows(java: list[str], coreutils: list[str], library: Path) -> dict[str, list[str]]:
    """What is compared: the command without its file."""
    hash_file = ["-cp", str(CLASSES), "HashFile"]
    return {"coreutils": coreutils,
            "Java, intrinsics off": [*java, *OFF, *hash_file],
            "Java, HotSpot's intrinsics": [*java, *hash_file],
            "Java, jitkit's stub": [*java, f"-agentpath:{library}=sha1", *hash_file],
            "Java, jitkit over the mapped file": [*java, f"-Djitkit.library={library}", *hash_file]}


def arguments(row: str, file: Path) -> list[str]:
    return [str(file), *(["jitkit"] if "mapped" in row else [])]


def host_rows() -> dict[str, list[str]]:
    return rows([str(java17.home() / "bin" / "java")], ["sha1sum"], agent("x86_64"))


def arm64_rows(counts: Path) -> dict[str, list[str]]:
    """Under a QEMU that counts. A JVM that compiles while it runs would not repeat itself: it waits for its compilers.
    """
    found = subprocess.run([ROOT / "tools" / "jre_arm64.sh"], check=True, text=True, stdout=subprocess.PIPE)
    jre = found.stdout.strip()
    tools = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit") / "coreutils-arm64"
    subprocess.run([ROOT / "tools" / "debian.sh", "root", "arm64", tools, "coreutils", "libc6"], check=True)
    emulator = ["qemu-aarch64", "-cpu", "max", "-plugin", f"{PLUGIN},out={counts}", "-L"]
    java = [*emulator, jre, f"{jre}/usr/lib/jvm/java-17-openjdk-arm64/bin/java", "-Xbatch"]
    return rows(java, [*emulator, str(tools), f"{tools}/usr/bin/sha1sum"], agent("arm64"))


def run(command: list[str], expected: str) -> float:
    """CPU seconds of the process, which has to print the digest. What jitkit says is why stubs stayed HotSpot's."""
    with tempfile.TemporaryFile("w+") as said:
        process = subprocess.Popen(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said)
        words = process.stdout.read().split()
        _, status, used = os.wait4(process.pid, 0)
        said.seek(0)
        errors = said.read()
    process.returncode = os.waitstatus_to_exitcode(status)
    if any(line.startswith("jitkit: ") for line in errors.splitlines()):
        fail(f"{' '.join(command)}:\n{errors}")
    if process.returncode != 0 or words[:1] != [expected]:
        fail(f"{' '.join(command)}: status {process.returncode}, {words[:1] or 'no digest'}, not {expected}\n{errors}")
    return used.ru_utime + used.ru_stime


def digest_of(file: Path) -> str:
    return subprocess.run(["sha1sum", file], check=True, text=True, stdout=subprocess.PIPE).stdout.split()[0]


def seconds(file: Path, runs: int, progress: Progress) -> dict[str, float]:
    expected, commands = digest_of(file), host_rows()
    times: dict[str, list[float]] = {row: [] for row in commands}
    for turn in range(runs):
        for row, command in commands.items():
            progress.step(f"{row}, run {turn + 1} of {runs}")
            times[row].append(run([*command, *arguments(row, file)], expected))
    return {row: statistics.median(t) for row, t in times.items()}


def instructions(file: Path, lengths: list[int], wanted: str, progress: Progress) -> dict[str, float]:
    """Per byte, between two lengths in MiB, of coreutils and the rows with this text in their name."""
    counts, beginning = OUT / "counts", OUT / "beginning.bin"
    totals: dict[str, list[int]] = {}
    for length in lengths:
        with file.open("rb") as whole, beginning.open("wb") as part:
            for _ in range(length):
                part.write(whole.read(MEBIBYTE))
        expected = digest_of(beginning)
        for row, command in arm64_rows(counts).items():
            if row != "coreutils" and wanted not in row:
                continue
            progress.step(f"{row}, AArch64, {length} MiB")
            counts.unlink(missing_ok=True)
            run([*command, *arguments(row, beginning)], expected)
            totals.setdefault(row, []).append(int(counts.read_text().split()[1]))
    return {row: (long - short) / (lengths[1] - lengths[0]) / MEBIBYTE for row, (short, long) in totals.items()}


def compile_java() -> None:
    CLASSES.mkdir(parents=True, exist_ok=True)
    sources = [*PROVIDER.glob("*.java"), Path(__file__).with_name("HashFile.java")]
    subprocess.run([java17.home() / "bin" / "javac", "-d", CLASSES, *sources], check=True)


def flame_graph(file: Path) -> str:
    """Where the JVM with jitkit's stub spends its time; the picture's name, or why there is none."""
    with tempfile.TemporaryDirectory() as directory:
        def perf(*arguments: str | Path) -> subprocess.CompletedProcess:
            return subprocess.run(["perf", *arguments], cwd=directory, text=True, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE)

        java = [java17.home() / "bin" / "java", "-Xbatch", "-XX:+PreserveFramePointer",
                f"-agentpath:{agent('x86_64')}=sha1,dump={directory}", "-cp", CLASSES, "HashFile", file]
        try:
            done = perf("record", "-g", "-k", "mono", "-e", "cpu-clock", "-o", "all.data", "--", *java)
        except FileNotFoundError:
            return "no flame graph: perf is not installed (linux-perf)"
        if done.returncode == 0:
            done = perf("inject", "-j", "-i", "all.data", "-o", "named.data")
        if done.returncode == 0:
            done = perf("script", "-i", "named.data", "-F", "comm,ip,sym,symoff,dso")
        if done.returncode != 0:
            return f"no flame graph: {' '.join(map(str, done.args[:2]))}: {done.stderr.strip().splitlines()[-1:]}"
    picture = OUT / "flame.svg"
    title = f"SHA-1 of {file.stat().st_size // MEBIBYTE:,} MiB in a JVM with jitkit's stub"
    picture.write_text(flame.svg(title, flame.fold(done.stdout)))
    return f"written: {picture.relative_to(ROOT)}"


def sparse(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as f:
        f.truncate(size)
    return path


def ratio(values: dict[str, float], row: str) -> float | None:
    return values[row] / values["coreutils"] if row in values else None


def table(taken: dict[str, float], counted: dict[str, float]) -> str:
    rows = []
    for row in taken:
        both = [figure for values in (taken, counted) for figure in (values.get(row), ratio(values, row))]
        rows.append([row, *map(figures.number, both)])
    return figures.table(["", "x86-64\nCPU s", "ratio", "AArch64 (QEMU)\ninstructions/byte", "ratio"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path, help="a sparse one of --size MiB unless it is named")
    parser.add_argument("--size", type=int, default=1024, help="MiB of the file that is made")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--counted", type=int, nargs=2, default=[64, 128], metavar="MIB",
                        help="MiB of the file's beginning on AArch64")
    parser.add_argument("--count", default="", metavar="TEXT",
                        help="only rows with this text in their name, and coreutils, on AArch64")
    options = parser.parse_args()
    if os.uname().machine != "x86_64":
        fail("this compares times on x86-64 with counts under QEMU: the host has to be x86-64")
    file = options.file or sparse(OUT / "sparse.bin", options.size * MEBIBYTE)
    if not file.is_file():
        fail(f"{file} is no file")
    size = file.stat().st_size // MEBIBYTE
    lengths = [min(length, size * n // 2) for n, length in enumerate(options.counted, 1)]
    if not 0 < lengths[0] < lengths[1]:
        fail(f"{file} has to have at least 2 MiB, and --counted a smaller number before a larger one")
    compile_java()
    progress = Progress(5 * options.runs + 2 * sum(row == "coreutils" or options.count in row for row in host_rows()))
    taken = seconds(file, options.runs, progress)
    counted = instructions(file, lengths, options.count, progress)
    progress.end()
    print(f"SHA-1 of {file}, {size:,} MiB: medians of {options.runs} runs; "
          f"instructions between {lengths[0]} and {lengths[1]} MiB of it")
    print(table(taken, counted))
    results = {"cpu seconds": taken, "instructions per byte": counted}
    (OUT / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    columns = {"x86-64: CPU seconds": taken, "AArch64: executed instructions": counted}
    groups = {column: {row: ratio(values, row) for row in values} for column, values in columns.items()}
    picture = figures.bars(groups, "{:.2f}", lambda row: "#2a6f97" if "jitkit" in row else "#b0b0b0", one_scale=True)
    title = f"SHA-1 of {size:,} MiB"
    (OUT / "results.html").write_text(figures.page(title, "coreutils = 1.00; less is better", {"": picture}))
    print(f"written: {(OUT / 'results.json').relative_to(ROOT)}, {(OUT / 'results.html').relative_to(ROOT)}")
    print(flame_graph(file))


if __name__ == "__main__":
    main()
