#!/usr/bin/env python3
"""Builds the monitor with its guest and generated vectors.

usage: build_monitor.py VECTORS IMAGE      VECTORS.o and VECTORS.c are hv-trap-gen's
"""

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
GCC = "aarch64-linux-gnu-gcc"
# For programs without an operating system; the tests' too.
FLAGS = [*("-O2 -ffreestanding -nostdlib -static -no-pie -fno-pie -mgeneral-regs-only -mstrict-align -mno-outline-atomics "
           "-fno-stack-protector -fno-tree-loop-distribute-patterns -Wall -Wextra -Werror -Wl,--build-id=none "
           "-Wl,--no-warn-rwx-segments").split(), f"-I{HERE}", f"-I{HERE.parent}"]
MONITOR = ("boot.S", "monitor.c", "slow_path.c", "stage2.c", "devices.c", "gic.c", "bare.c")


def build(vectors: Path, image: Path, model: Sequence[str | Path] = ()) -> None:
    """`model`: what takes the place of the policy's own C model, and options for it."""
    with tempfile.TemporaryDirectory() as directory:
        guest, made = Path(directory) / "guest.o", Path(directory) / "model.o"
        other = ["-Dhv_model=generated_hv_model"] if model else []
        subprocess.run([GCC, *FLAGS, *other, "-c", f"{vectors}.c", "-o", made], check=True)
        sources = [HERE / "guest.S", HERE / "guest.c", made, *model]
        subprocess.run([GCC, *FLAGS, "-r", *sources, "-o", guest], check=True)
        sources = [*(HERE / name for name in MONITOR), f"{vectors}.o", guest]
        subprocess.run([GCC, *FLAGS, "-T", HERE / "link.ld", *sources, "-o", image], check=True)


def main() -> int:
    if len(sys.argv) != 3:
        print("usage: build_monitor.py VECTORS IMAGE", file=sys.stderr)
        return 2
    build(Path(sys.argv[1]), Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
