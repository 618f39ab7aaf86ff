"""Debian's Linux as dom0 of the patched Xen, to busybox's prompt (xen.py --linux)."""

import os
import re
import selectors
import subprocess
import tempfile
import time
from pathlib import Path

import threads_arm64
import tree
from report import Report
from xen import CACHE, ON, XEN, command

SECONDS = 400
# What a dom0 can see of what the path answers: identification registers, PSCI and SMCCC as the kernel found them.
INIT = """#!/bin/busybox sh
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
echo begin
grep -E 'Features|CPU (impl|arch|variant|part)' /proc/cpuinfo
dmesg | grep -E 'psci|SMCCC|GICv3: [0-9]+ SPIs|GICv3: CPU|Xen version|detected:|CPU features' | sed 's/^\\[[^]]*\\] *//'
for f in /sys/devices/system/cpu/cpu*/regs/identification/*; do echo $f $(cat $f); done
echo end
exec setsid cttyhack sh
"""
PROMPT, OFF = b"/ # ", b"poweroff -f\n"


def initrd(busybox: Path) -> bytes:
    none = (0, 0)
    files = [(name, 0o040755, b"", none) for name in ("dev", "proc", "sys", "bin")]
    files += [("dev/console", 0o020600, b"", (5, 1)), ("bin/busybox", 0o100755, busybox.read_bytes(), none),
              ("init", 0o100755, INIT.encode(), none)]
    return threads_arm64.archive(files)


def talk(line: list) -> tuple[str, bool, float]:
    """The output, whether the prompt came and the machine went off when told, and how long it took."""
    started = time.time()
    process = subprocess.Popen([*line, "-serial", "stdio", "-no-reboot"], stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ready = selectors.DefaultSelector()
    ready.register(process.stdout, selectors.EVENT_READ)
    text, prompted = b"", False
    while time.time() - started < SECONDS and process.poll() is None:
        if not ready.select(1):
            continue
        more = os.read(process.stdout.fileno(), 65536)
        if not more:
            break
        text += more
        if not prompted and PROMPT in text:
            prompted = True
            process.stdin.write(OFF)
            process.stdin.flush()
    try:
        process.wait(max(1, SECONDS - (time.time() - started)))
    except subprocess.TimeoutExpired:
        prompted = False
    process.kill()
    return text.decode(errors="replace").replace("\r", ""), prompted, time.time() - started


def check(report: Report, directory: Path) -> None:
    root = CACHE / "busybox-arm64"
    subprocess.run([tree.ROOT / "tools" / "debian.sh", "root", "arm64", root, "busybox-static"], check=True)
    image = directory / "initrd"
    image.write_bytes(initrd(next(p for p in (root / "bin/busybox", root / "usr/bin/busybox") if p.exists())))
    shown = {}
    for name, options in (("off", ""), ("on", ON)):
        line = command(XEN["fast"], threads_arm64.kernel(), 2, options, "console=hvc0 loglevel=3", 256)
        text, prompted, seconds = talk([*line, "-m", "1024", "-device", f"guest-loader,addr=0x4d000000,initrd={image}"])
        report.check(f"Linux, {name}: busybox's prompt, and off", prompted, text[-1500:])
        report.check(f"Linux, {name}: the path is {name}", ("jitkit: fast traps on" in text) == (name == "on"))
        found = re.search(r"^begin\n(.*?)^end$", text, re.M | re.S)
        shown[name] = found[1] if found else name
        report.note(f"xen: Debian's Linux as dom0, path {name}: prompt and power off in {seconds:.0f} s")
    lines = shown["on"].count("\n")
    report.check("Linux: what it shows, off and on", shown["off"] == shown["on"] and lines > 5,
                 f"off:\n{shown['off']}\non:\n{shown['on']}")
    report.note(f"xen: {lines} lines of identification registers, PSCI, SMCCC and GIC as Linux shows them are the same")
