#!/usr/bin/env python3
"""The live page in a real browser: builds jitkit-explore, the page and what its tabs run (jitkit-import, LuaJIT with
jitkit's backend, the counter of instructions), and runs tools/explore/page/test.mjs."""

import os
import subprocess
import sys
from pathlib import Path

import tree

PAGE = tree.ROOT / "tools" / "explore" / "page"
CACHE = Path(os.environ.get("JITKIT_CACHE") or Path.home() / ".cache" / "jitkit")


def build(preset: str, *targets: str) -> list:
    make = ["cmake", "--build", "--preset", preset, "--target", *targets]
    return [(["cmake", "--preset", preset], tree.ROOT), (make, tree.ROOT)]


def main() -> int:
    steps = [
        *build("release", "jitkit_command", "jitkit_explore", "jitkit_import", "jitkit_count", "jitkit_luajit"),
        *build("release-arm64", "jitkit_luajit"),
        (["npm", "ci", "--no-progress"], PAGE),
        (["node", "build.mjs", str(tree.ROOT / "build" / "explore-page")], PAGE),
    ]
    for command, where in steps:
        done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout[-4000:])
            print(f"FAIL build: {' '.join(command)}: exit status {done.returncode}\n0 passed, 1 failed, 0 skipped")
            return 1
    # PUC Lua for AArch64, as in make explore; a named skip if it cannot be had.
    packages = ["lua5.1", "libreadline8", "libtinfo6"]
    root = [str(tree.ROOT / "tools" / "debian.sh"), "root", "arm64", str(CACHE / "lua-arm64"), *packages]
    subprocess.run(root, stdin=subprocess.DEVNULL, check=False)
    test = ["node", str(PAGE / "test.mjs"), str(tree.ROOT / "build" / "jitkit"), *sys.argv[1:]]
    return subprocess.run(test, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
