#!/usr/bin/env python3
"""The live page in a real browser: builds jitkit-explore and the page, and runs tools/explore/page/test.mjs."""

import subprocess
import sys

import tree

PAGE = tree.ROOT / "tools" / "explore" / "page"


def main() -> int:
    steps = [
        (["cmake", "--preset", "release"], tree.ROOT),
        (["cmake", "--build", "--preset", "release", "--target", "jitkit_command", "jitkit_explore"], tree.ROOT),
        (["npm", "ci", "--no-progress"], PAGE),
        (["node", "build.mjs", str(tree.ROOT / "build" / "explore-page")], PAGE),
    ]
    for command, where in steps:
        done = subprocess.run(command, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if done.returncode != 0:
            print(done.stdout[-4000:])
            print(f"FAIL build: {' '.join(command)}: exit status {done.returncode}\n0 passed, 1 failed, 0 skipped")
            return 1
    test = ["node", str(PAGE / "test.mjs"), str(tree.ROOT / "build" / "jitkit"), *sys.argv[1:]]
    return subprocess.run(test, stdin=subprocess.DEVNULL, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
