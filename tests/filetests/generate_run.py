#!/usr/bin/env python3
"""Writes tests/filetests/run/gen_*.jk: every op of ops.def on every legal type, at the edges; native ops
that have a model.

The expected results come from the models in tests/filetests/models, which work on Python's integers and
fractions and share nothing with the interpreter: the filetests compare the two. Files without gen_ in
their name are written by hand.

Usage: generate_run.py [--check]   (--check: fails if a file is not what would be written)
"""

import sys

from models.crypto import crypto
from models.floats import floats
from models.integers import integers
from models.memory import memory
from models.sha import sha
from models.text import RUN
from models.vectors import vectors

PARTS = (integers, floats, vectors, crypto, memory, sha)


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    RUN.mkdir(exist_ok=True)
    files = [f for part in PARTS for f in part()]
    stale = [f.path.name for f in files if not f.write(check)]
    if stale:
        sys.exit("not what generate_run.py writes: " + ", ".join(stale))
    print(f"{len(files)} passed, 0 failed, 0 skipped" if check else f"{len(files)} files in {RUN}")


if __name__ == "__main__":
    main()
