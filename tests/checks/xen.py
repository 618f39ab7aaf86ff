#!/usr/bin/env python3
"""Fast traps in Xen (consumers/hv-trap/xen): Debian's Xen built from one source as it is and with the generated path, under
qemu-system-aarch64.

usage: xen.py [--traps N] [--table] [--faults] [--linux] [--only PART...]

 - tests/hypervisor/xen's payload as dom0: EL2 instructions of each trap in stock Xen, in the patched one with the path off
   and on, by the plugin (tools/qemu_count); what came back is the same in all; the figures are within BARS;
 - a vm_event monitor of another domain turns the path off, and its end on again;
 - N traps (20,000) of random kinds on two vCPUs, with a timer's interrupts: every register that came back, off and on;
   on each vCPU so many of each class, and so many answered by the path (from 100,000 traps on 1,000);
 - --faults: each of seeded faults of the path changes what comes back;
 - --linux: Debian's kernel boots as dom0 to busybox's prompt, off and on, and shows the same values.
--table prints the count of each kind; --only: these of count, monitor, mix, faults and linux."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import tree
from report import Report

CACHE = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit")
SOURCE = CACHE / "xen" / "stock" / "xen"  # built as it is
HERE = tree.ROOT / "tests" / "hypervisor" / "xen"
OUT = tree.ROOT / "build" / "consumers" / "hv-trap"
FAST = OUT / "fast"
PLUGIN = tree.ROOT / "build" / "release" / "tools" / "qemu_count" / "libjitkit_count.so"
XEN = {"stock": SOURCE / "xen", "fast": OUT / "xen"}
sys.path[:0] = [str(HERE), str(tree.ROOT / "consumers" / "hv-trap" / "monitor")]
import build_monitor  # noqa: E402
import demo  # noqa: E402: the monitor's
import figures  # noqa: E402: demo's path
import kinds  # noqa: E402

FLAGS = [*build_monitor.FLAGS, "-fno-jump-tables", "-Wl,-N"]  # it runs where it is put
QEMU = ("qemu-system-aarch64 -M virt,virtualization=on,gic-version=3 -cpu max -m 512 -display none -monitor none -net none "
        "-semihosting-config enable=on,target=native").split()
XEN_TEXT = "200000-400000"  # XEN_VIRT_START of 4.17; the payload runs with the MMU off, above
ON = "jitkit-traps"

# EL2 instructions from the vector to eret: the mean over a class's kinds, and the worst. The features calls and banks are
# no constants: a body in IR, registers behind addresses.
BARS = {"hypercall": (30, 38), "call": (30, 38), "smc": (38, 46), "register": (35, 43), "mmio": (45, 53), "banks": (51, 59), "features": (40, 44),
        "features smc": (50, 52), "signed": (60, 60)}
SHORT = 64  # instructions: what the path answers takes fewer, what Xen does takes hundreds
# Patched minus stock.
MISSES = {"class": ("unlisted class", 12), "miss": ("unlisted key", 22)}


def build(directory: Path, name: str, defines: list[str], source: str = "payload.c") -> Path:
    (directory / "payload_kinds.h").write_text(subprocess.run([sys.executable, HERE / "kinds.py"], stdout=subprocess.PIPE, text=True, check=True).stdout)
    elf, image = directory / f"{name}.elf", directory / f"{name}.bin"
    seed = int(os.environ.get("JITKIT_SEED", "1"))
    subprocess.run([build_monitor.GCC, *FLAGS, *defines, f"-DSEED={2 * seed + 1}ULL", "-I", directory, "-I", SOURCE / "include",
                    "-T", HERE / "payload.ld", HERE / "payload.S", HERE / source, build_monitor.HERE / "bare.c", "-o", elf], check=True)
    subprocess.run(["aarch64-linux-gnu-objcopy", "-O", "binary", elf, image], check=True)
    return image


def command(xen: Path, image: Path, vcpus: int, options: str, arguments: str = "x", memory: int = 128) -> list:
    return [*QEMU, "-smp", str(vcpus), "-kernel", xen, "-append",
            f"console=dtuart dom0_mem={memory}M dom0_max_vcpus={vcpus} sync_console bootscrub=0 {options}",
            "-device", f"guest-loader,addr=0x49000000,kernel={image},bootargs={arguments}"]


def boot(report: Report, name: str, line: list) -> list[str]:
    done = subprocess.run([*line, "-serial", "none"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600)
    lines = done.stdout.splitlines()
    report.check(f"{name}: the payload ends", "end" in lines, "\n".join(lines[-5:]))
    return lines


def spans(file: Path) -> dict[int, tuple[int, int, int, int]]:
    """From kind's number to how often, least, most, sum."""
    found = re.findall(r"^span (\w+) n (\d+) min (\d+) max (\d+) sum (\d+)$", file.read_text(), re.M)
    return {int(k): (int(n), int(least), int(most), int(total)) for k, n, least, most, total in found}


def say(text: str) -> None:
    """Progress: what follows takes a while."""
    print(f"xen: {text} ...", file=sys.stderr, flush=True)


def count(report: Report, directory: Path, table: bool) -> None:
    say("counting each kind of trap in stock Xen, in the patched one, and with the path on (about 30 s)")
    image = build(directory, "count", ["-DCOUNT"])

    def run(case: tuple[str, str, str]) -> tuple:
        name, xen, options = case
        out = directory / name
        line = command(XEN[xen], image, 1, options)
        lines = boot(report, name, [*line, "-icount", "shift=0,sleep=off", "-plugin", f"{PLUGIN},out={out},range={XEN_TEXT},marks=on"])
        return name, ([text for text in lines if text.startswith("kind ")], spans(out) if out.exists() else {})

    with ThreadPoolExecutor(2) as pool:
        runs = dict(pool.map(run, (("stock", "stock", ""), ("on", "fast", ON), ("off", "fast", ""))))
    rows = kinds.rows()
    for name in ("off", "on"):
        report.check(f"values, stock and {name}", runs[name][0] == runs["stock"][0] and len(runs[name][0]) == len(rows),
                     "; ".join(sorted(set(runs[name][0]) ^ set(runs["stock"][0]))[:6]))
    classes: dict[str, list] = {}
    known = [(name, runs["stock"][1][n][1]) for n, (name, *_) in enumerate(rows, 1) if n in runs["stock"][1]]
    demo.XEN_COUNTS.write_text("".join(f"{name} {least}\n" for name, least in known))
    for n, (name, group, *_) in enumerate(rows, 1):
        if not report.check(f"{name}: counts", all(n in runs[run][1] for run in runs), "none"):
            continue
        stock, off, on = (runs[run][1][n] for run in ("stock", "off", "on"))
        # An interrupt of the hypervisor's own can come into a span: the mean of a slow one is its least.
        classes.setdefault(group, []).append((name, stock[1], off[1], on))
    if table:
        lines = [[name, group, str(stock), str(off), figures.number(on[3] / on[0], "{:.1f}"), str(on[1]), str(on[2]),
                  "" if group in MISSES else figures.number(stock * on[0] / on[3], "{:.1f}")]
                 for group, found in classes.items() for name, stock, off, on in found]
        print(figures.table(["EL2 instructions of a trap, vector to eret", "class", "stock", "patched,\npath off",
                             "path on:\nmean", "\nmin", "\nmax", "\ntimes fewer"], lines))
    for group, found in classes.items():
        if group in MISSES:
            what, most = MISSES[group]
            extra = [on[1] - stock for _, stock, _, on in found]
            report.note(f"xen: missed, {what:<25} {len(found):3} kinds: at most {max(extra)} more than stock (must {most})")
            for name, stock, _, on in found:
                report.check(f"{name}: missed", on[1] - stock <= most, f"{on[1] - stock} more than stock")
            continue
        mean = sum(on[3] / on[0] for *_, on in found) / len(found)
        worst = max(on[2] for *_, on in found)
        before = sum(stock for _, stock, _, _ in found) / len(found)
        report.note(f"xen: {group:<26} {len(found):3} kinds: mean {mean:.1f} (must {BARS[group][0]}), worst {worst} (must {BARS[group][1]}), stock {before:.0f}")
        report.check(f"{group}: mean", mean <= BARS[group][0], f"{mean:.1f}")
        report.check(f"{group}: worst", worst <= BARS[group][1], f"{worst}")
    off = max(off - stock for found in classes.values() for _, stock, off, _ in found)
    report.check("off: a nop more", 0 <= off <= 1, f"{off} more than stock")


def monitor(report: Report, directory: Path) -> None:
    """A domain's vm_event monitor turns the path off, and its end on again."""
    say("a vm_event monitor turns the path off and on")
    image, out = build(directory, "monitor", [], "payload_monitor.c"), directory / "monitored"
    line = command(XEN["fast"], image, 1, ON)
    lines = boot(report, "monitor", [*line, "-plugin", f"{PLUGIN},out={out},range={XEN_TEXT},marks=on"])
    steps = [text for text in lines if re.fullmatch(r"\w+ [0-9a-f]+", text)]
    report.check("monitor: Xen did what was asked", len(steps) == 8 and all(step.endswith(" 0") for step in steps), "; ".join(steps))
    found = spans(out) if out.exists() else {}
    least = [found.get(n, (0, 0, 0, 0))[1] for n in (1, 2, 3)]
    report.note(f"xen: HVC PSCI_VERSION before, with and after a vm_event monitor: {', '.join(map(str, least))}")
    report.check("monitor: off, then on", 0 < least[0] == least[2] <= 30 and least[1] > 100, str(least))


def mix(report: Report, directory: Path, traps: int) -> None:
    say(f"{traps} mixed traps on two vCPUs, off and on")
    # Of the path's upper halves of W registers: payload.c, narrowed().
    image = build(directory, "mix", [f"-DTRAPS={traps}"])
    out = directory / "hits"
    counter = ["-plugin", f"{PLUGIN},out={out},range={XEN_TEXT},marks=on,within={SHORT}"]
    texts = {name: "\n".join(boot(report, name, [*command(XEN["fast"], image, 2, options), *more]))
             for name, options, more in (("off", "", []), ("on", ON, counter))}
    found = {name: re.findall(r"^cpu (\d): hash (\w+) injected (\d+) interrupts (\d+) wide (\d+)$", text, re.M) for name, text in texts.items()}
    for name, cpus in found.items():
        report.check(f"{name}: both vCPUs", len(cpus) == 2, texts[name][-400:])
        report.check(f"{name}: interrupts came", all(int(cpu[3]) > 10 for cpu in cpus), str(cpus))
    report.check("registers after traps, off and on", [cpu[:3] for cpu in found["off"]] == [cpu[:3] for cpu in found["on"]] != [], f"{found}")
    report.check("on: no W register with an upper half", all(cpu[4] == "0" for cpu in found["on"]), f"{found['on']}")
    taken: dict[str, list[int]] = {}
    rows = kinds.rows()
    group_of = {name: group for name, group, *_ in rows}
    for name, *counted in re.findall(r"^traps (.+) (\d+) (\d+)$", texts["on"], re.M):
        total = taken.setdefault(group_of[name], [0, 0])
        for cpu in (0, 1):
            total[cpu] += int(counted[cpu])
    # An interrupt in a span makes it a long one: there are more hits than are counted.
    hits = {group: [0, 0] for group in taken}
    for cpu, number, n in re.findall(r"^within (\d+) (\d+) (\d+)$", out.read_text() if out.exists() else "", re.M):
        hits[rows[int(number) - 1][1]][int(cpu)] += int(n)
    print(figures.table(["class", "vCPU 0:\ntraps", "\nanswered by the path", "vCPU 1:\ntraps", "\nanswered by the path"],
                        [[group, *(str(n) for cpu in (0, 1) for n in (all_of_it[cpu], hits[group][cpu]))] for group, all_of_it in taken.items()]))
    report.note(f"xen: {traps} traps on 2 vCPUs; interrupts of the virtual timer while they ran: "
                f"off {'+'.join(cpu[3] for cpu in found['off'])}, on {'+'.join(cpu[3] for cpu in found['on'])}")
    least = 1000 if traps >= 100000 else traps // 200
    report.check(f"{least} traps of every class and of misses on each vCPU",
                 taken.keys() >= {*BARS, *MISSES} and all(min(n) >= least for n in taken.values()), str(taken))
    report.check(f"{least} of every class answered by the path on each vCPU",
                 all(min(n) >= least for group, n in hits.items() if group not in MISSES), str(hits))
    report.check("misses are not answered by the path", all(sum(hits[group]) == 0 for group in MISSES), str(hits))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--traps", type=int, default=20000)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--faults", action="store_true")
    parser.add_argument("--linux", action="store_true")
    parser.add_argument("--only", nargs="+", choices=["count", "monitor", "mix", "faults", "linux"])
    args = parser.parse_args()
    parts = args.only or ["count", "monitor", "mix"] + ["faults"] * args.faults + ["linux"] * args.linux
    report = Report()
    if shutil.which(QEMU[0]) is None:
        report.skip("xen", "qemu-system-aarch64 (qemu-system-arm)")
        report.finish()
    with tempfile.TemporaryDirectory() as name:
        if "count" in parts:
            count(report, Path(name), args.table)
        if "monitor" in parts:
            monitor(report, Path(name))
        if "mix" in parts:
            mix(report, Path(name), args.traps)
        if "faults" in parts:
            import xen_faults  # noqa: E402
            say(f"{len(xen_faults.FAULTS)} seeded faults")
            xen_faults.check(report, Path(name))
        if "linux" in parts:
            import xen_linux  # noqa: E402
            say("Debian's Linux boots as dom0, off and on")
            xen_linux.check(report, Path(name))
    report.finish()


if __name__ == "__main__":
    main()
