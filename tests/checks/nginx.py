#!/usr/bin/env python3
"""Debian's nginx with its Lua module on jitkit's library in place of stock's (`make demo-nginx`), briefly: the same
answers, no error under load by wrk, and traces that jitkit made."""

import os
import subprocess
import sys

import tree
from report import Report


def main() -> None:
    report = Report()
    if os.uname().machine != "x86_64":
        report.skip("nginx", "Debian's library is unpacked for x86-64 alone")
        report.finish()
    steps = {
        "configured": ["cmake", "--preset", "release"],
        "built": ["cmake", "--build", "--preset", "release", "--target", "luajit2_shared"],
        "the same on jitkit": [sys.executable, "tools/nginx/demo.py", "--seconds", "1", "--requests", "100"],
    }
    for name, command in steps.items():
        done = subprocess.run(command, cwd=tree.ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True)
        if not report.check(f"nginx {name}", done.returncode == 0, done.stdout[-600:]):
            break
    print(done.stdout)
    report.finish()


if __name__ == "__main__":
    main()
