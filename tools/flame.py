"""Flame graphs (SVG) of what `perf script` prints: kernel, libraries, Java, interpreter and stubs in one picture.

A frame's width is the part of the samples in which it was on the stack; what it calls stands on it. Inspired by the
picture of B. Gregg, "The Flame Graph", CACM 59(6), 2016; the code is our own.
"""

import html
import re
from collections.abc import Iterable

WIDTH, ROW, LEAST = 1200, 17, 0.4  # pixels; narrower frames are left out
COLOURS = {"kernel": "#c9703d", "library": "#8f9aa3", "Java": "#6aa84f", "interpreter": "#b6c96a",
           "HotSpot's stub": "#8e7cc3", "jitkit's stub": "#2a6f97", "other": "#c9c9c9"}
FRAME = re.compile(r"^\s+([0-9a-f]+) (.+) \((.*)\)$")

Frame = tuple[str, str]  # name, kind


def kind_of(name: str, object_file: str) -> str:
    if object_file.startswith("[kernel") or object_file.endswith(".ko") or object_file == "[vdso]":
        return "kernel"
    if "/libjitkit_hotspot" in object_file or name.startswith("jitkit_"):
        return "jitkit's stub"
    if re.search(r"/jitted-\d+-\d+\.so$", object_file):
        # A method is named with its class; stubs and the interpreter's parts are not.
        if re.match(r"(Interpreter|interpreter|.*bytecode|.*entry point|.*kind =)", name):
            return "interpreter"
        return "Java" if re.match(r"[\w$.]+\.[\w$<>]+$", name) else "HotSpot's stub"
    return "library" if object_file.startswith("/") else "other"


def fold(text: str) -> dict[tuple[Frame, ...], int]:
    """How many samples have which stack, outermost frame first."""
    stacks: dict[tuple[Frame, ...], int] = {}
    for sample in text.split("\n\n"):
        lines = sample.strip("\n").splitlines()
        found = [m for m in map(FRAME.match, lines[1:]) if m]
        names = [re.sub(r"\+0x[0-9a-f]+$", "", m[2]) for m in found]
        frames = [(name, kind_of(name, m[3])) for name, m in zip(names, found)]
        # What has no name ends a stack: a caller that keeps no frame pointer leaves rubbish there.
        known = next((n for n, (name, _) in enumerate(frames) if name == "[unknown]"), len(frames))
        stack = tuple(reversed(frames[:max(known, 1)]))
        if stack:
            stacks[stack] = stacks.get(stack, 0) + 1
    return stacks


def tree_of(stacks: dict[tuple[Frame, ...], int]) -> dict:
    root = {"samples": 0, "calls": {}}
    for stack, samples in stacks.items():
        at = root
        at["samples"] += samples
        for frame in stack:
            at = at["calls"].setdefault(frame, {"samples": 0, "calls": {}})
            at["samples"] += samples
    return root


def frames_of(node: dict, x: float, depth: int, unit: float) -> Iterable[tuple[Frame, float, int, int]]:
    """Frame, left edge, depth and samples, of all that is wide enough."""
    for frame, child in sorted(node["calls"].items()):
        width = child["samples"] * unit
        if width >= LEAST:
            yield frame, x, depth, child["samples"]
            yield from frames_of(child, x, depth + 1, unit)
        x += width


def svg(title: str, stacks: dict[tuple[Frame, ...], int]) -> str:
    root = tree_of(stacks)
    unit = WIDTH / max(root["samples"], 1)
    frames = list(frames_of(root, 0, 0, unit))
    height = ROW * (max((depth for _, _, depth, _ in frames), default=0) + 4)
    parts = [f'<text x="4" y="{ROW - 4}" font-weight="bold">{html.escape(title)}: {root["samples"]} samples</text>']
    x = 4
    for kind, colour in COLOURS.items():
        parts.append(f'<circle cx="{x + 5}" cy="{ROW + 6}" r="5" fill="{colour}"/>'
                     f'<text x="{x + 14}" y="{ROW + 10}">{kind}</text>')
        x += 30 + 7 * len(kind)
    for (name, kind), left, depth, samples in frames:
        y, width = height - ROW * (depth + 1), samples * unit
        fits = int(width / 7)
        shown = name if len(name) <= fits else name[:fits - 2] + ".." if fits > 4 else ""
        share = f"{100 * samples / root['samples']:.1f} %"
        parts.append(f'<g><title>{html.escape(name)} ({kind}): {samples} samples, {share}</title>'
                     f'<rect x="{left:.2f}" y="{y}" width="{width:.2f}" height="{ROW - 1}" fill="{COLOURS[kind]}"/>'
                     f'<text x="{left + 3:.2f}" y="{y + 12}">{html.escape(shown)}</text></g>')
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" font-family="monospace" '
            f'font-size="11">{"".join(parts)}</svg>\n')
