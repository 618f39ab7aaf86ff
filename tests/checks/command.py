#!/usr/bin/env python3
"""The jitkit command as a user meets it: check, compile, run and features with every option, what they
print, what they write, and how they end. (asm and disasm: golden.py.)

Exit status 0 good; 1 bad input, said as FILE:LINE:COL: error: ... on standard error; 2 usage.
"""

import os
import platform
import re
import shutil
import subprocess
import tempfile
from pathlib import Path
from xml.etree import ElementTree

import tree
from report import Report

COMMAND = tree.ROOT / "build" / "jitkit"
FILES = Path(__file__).resolve().parent / "command"
HOST = {"x86_64": "x86_64", "aarch64": "arm64"}[platform.machine()]
TARGETS = ("x86_64", "arm64")
TOOLS = {"x86_64": ("x86_64-linux-gnu-gcc", "objdump", "readelf"),
         "arm64": ("aarch64-linux-gnu-gcc", "aarch64-linux-gnu-objdump", "aarch64-linux-gnu-readelf")}
GOOD, BAD_INPUT, USAGE = 0, 1, 2
report = Report()
scratch = Path(tempfile.mkdtemp(prefix="jitkit-command-"))


def jitkit(*words, env=None, prefix=(), text=True):
    return subprocess.run([*prefix, str(COMMAND), *map(str, words)], cwd=scratch, env={**os.environ, **(env or {})},
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=text,
                          timeout=120)


def expect(name, words, status, out=None, err=None, **options):
    """Runs the command. `out` is all of its standard output; `err` a pattern that its errors match as a
    whole, '' for none."""
    done = jitkit(*words, **options)
    why = []
    if done.returncode != status:
        why.append(f"exit status {done.returncode}, not {status}")
    if out is not None and done.stdout != out:
        why.append(f"printed {done.stdout!r}, not {out!r}")
    if err is not None and not re.fullmatch(err, done.stderr, re.DOTALL):
        why.append(f"said {done.stderr!r}, not {err!r}")
    report.check(name, not why, "; ".join(why) + ("" if err is not None else f" {done.stderr!r}"))
    return done


def write(name: str, text: str) -> Path:
    path = scratch / name
    path.write_text(text)
    return path


CALLS = FILES / "calls.jk"
# function and arguments, standard output; '' of some: no results
RESULTS = [
    ("sum 100", "5050\n"),
    ("@sum 100", "5050\n"),
    ("fact 20", "2432902008176640000\n"),
    ("fact 21", "-4249290049419214848\n"),
    ("peek @counter", "5\n"),
    ("poke @counter", ""),
    ("count", "6\n"),
    ("divide -7 2", "-3\n-1\n"),
    ("divide 0x10 +3", "5\n1\n"),
    ("half -1.5 3", "-0.75\n1.5\n"),
    ("half -- -inf #0x7f800000", "-inf\n+inf\n"),
    ("narrow 127", "-128\n"),
    ("narrow 255", "0\n"),
    ("wide 0x123456789abcdef00000000000000001", "0x123456789abcdef00000000000000002\n"),
]
# ..., line and column, message
FAULTS = [
    ("peek 8", "peek", r"memory fault at address 0x8.*"),
    ("poke @hello", "poke", r"memory fault at address 0x[0-9a-f]+.*"),
    ("divide 1 0", "divide", "trap"),
    ("die", "die", "trap"),
    ("forever 1", "forever", ".+"),
]
OUTSIDE = [("hi", "hello, world\n5\n"), ("env", "1\n")]  # what the C library has


def check_run() -> None:
    for target in ("interp", *TARGETS):
        if target in TARGETS and target != HOST and (lacks := missing(target)):
            report.skip(f"run on {target}", lacks)
            continue
        for call, out in RESULTS:
            expect(f"run on {target}: {call}", ["run", CALLS, "--target", target, *call.split()], GOOD, out, "")
        for call, function, message in FAULTS:
            expect(f"run on {target}: {call}", ["run", CALLS, "--target", target, *call.split()], BAD_INPUT, "",
                   rf"{re.escape(str(CALLS))}:\d+:\d+: error: @{function}: {message}\n")
        for call, out in OUTSIDE if target != "interp" else []:
            expect(f"run on {target}: {call}", ["run", CALLS, "--target", target, *call.split()], GOOD, out, "")
        if target != "interp":
            expect(f"run on {target}: exit", ["run", CALLS, "--target", target, "leave", "3"], BAD_INPUT, "",
                   r".*: error: ended the process with exit status 3\n")
            expect(f"run on {target}: abort", ["run", CALLS, "--target", target, "give_up"], BAD_INPUT, "",
                   r".*: error: .*abort.*\n")
    expect("run: a fault's position", ["run", CALLS, "--target", HOST, "peek", "8"], BAD_INPUT, "",
           rf".*:{line_of(CALLS, 'v = load.i64 p')}:3: error: .*")
    expect("run interp: outside", ["run", CALLS, "--target", "interp", "hi"], BAD_INPUT, "",
           rf".*:{line_of(CALLS, 'r = call @puts')}:3: error: @hi: .*leads out of the module.*\n")
    expect("run: the host is the default", ["run", CALLS, "hi"], GOOD, "hello, world\n5\n", "")
    expect("run: the host's code under a command", ["run", CALLS, "--target", HOST, "--emulator", "env", "sum", "100"],
           GOOD, "5050\n", "")


def check_run_usage() -> None:
    cases = [("no function", ["nope"], "FUNCTION: .* defines no function @nope\n.*"),
             ("too few", ["narrow"], "ARG: @narrow takes 1 argument, not 0\n.*"),
             ("too many", ["hi", "1"], "ARG: @hi takes 0 arguments, not 1\n.*"),
             ("out of range", ["narrow", "256"], "ARG: 256 for argument 1 of @narrow, i8: out of range.*"),
             ("below range", ["narrow", "-129"], "ARG: -129 for argument 1 of @narrow, i8: out of range.*"),
             ("no number", ["divide", "1", "x"], "ARG: x for argument 2 of @divide, i32: .*"),
             ("no float", ["half", "1..5", "1"], "ARG: 1..5 for argument 1 of @half, f64: .*"),
             ("no symbol", ["peek", "@nowhere"],
              "ARG: @nowhere for argument 1 of @peek, ptr: there is no such symbol\n.*"),
             ("an address as a number", ["sum", "@counter"], "ARG: @counter for argument 1 of @sum, i64: an address.*"),
             ("target", ["--target", "mips", "hi"], ".*mips.*"),
             ("feature", ["--features", "+warp", "hi"], ".*'warp'.*"),
             ("option", ["--fast", "hi"], ".*--fast.*"), ("nothing", [], ".*FUNCTION.*")]
    for name, words, err in cases:
        expect(f"run usage: {name}", ["run", CALLS, *words], USAGE, "", err)


def check_native_ops() -> None:
    for target in TARGETS:
        file = FILES / f"sha_{target}.jk"
        schedule = "0xafc765048de94b2e9a72d8baa8fe6645\n"  # FIPS 180-4's sigma0 by hand: see check_schedule
        expect(f"compile native ops of {target}", ["compile", file, "--target", target, "-o", f"{target}.o"], GOOD, "",
               "")
        expect(f"compile without the feature: {target}",
               ["compile", file, "--target", target, "-o", "none.o", "--features", "-sha1,-sha2"], BAD_INPUT, "",
               r".*:\d+:3: error: @\w+: the CPU feature is not enabled: sha.*\n")
        report.check(f"compile without the feature: {target}: nothing written", not (scratch / "none.o").exists())
        other = TARGETS[1 - TARGETS.index(target)]
        expect(f"native ops of {target} on {other}", ["compile", file, "--target", other], BAD_INPUT, "",
               rf".*:3:6: error: @\w+ is for {target}, not for {other}\n.*")
        if target == HOST and not has_feature("sha" if target == "x86_64" else "sha2"):
            report.skip(f"run native ops of {target}", "no SHA instructions in this CPU")
            continue
        if target != HOST and (lacks := missing(target)):
            report.skip(f"run native ops of {target}", lacks)
            continue
        report.check("the schedule step", schedule == check_schedule(0x0102030405060708090a0b0c0d0e0f10, 0x11121314))
        expect(f"run native ops of {target}",
               ["run", file, "schedule", "0x0102030405060708090a0b0c0d0e0f10", "0x11121314"], GOOD, schedule, "")
        expect(f"interpret native ops of {target}", ["run", file, "--target", "interp", "schedule", "1", "2"],
               BAD_INPUT, "", r".*:\d+:3: error: @schedule: unsupported: a native op .*\n")
    if HOST == "x86_64" and has_feature("sha"):
        file = FILES / "sha_x86_64.jk"
        expect("run next", ["run", file, "next", "0x40000000000000000000000000000000", "5"], GOOD,
               "0x10000000000000000000000000000005\n", "")
        expect("JITKIT_CPU takes away", ["run", file, "next", "1", "2"], BAD_INPUT, "",
               r".*:5:3: error: @next: the CPU feature is not enabled: sha\n.*", env={"JITKIT_CPU": "-sha1,-sha2"})
        expect("--features takes away", ["run", file, "--features", "-sha", "next", "1", "2"], BAD_INPUT, "",
               r".*: the CPU feature is not enabled: sha\n.*")
        expect("--features names what the CPU lacks", ["run", CALLS, "--features", "+sha", "hi"], USAGE, "",
               r".*lacks sha.*", env={"JITKIT_CPU": "-sha"})


def check_schedule(a: int, b: int) -> str:
    """Words w[0..3] of a, w[4] of b: w[t] + sigma0(w[t + 1])."""
    w = [(a >> (32 * n)) & 0xffffffff for n in range(4)] + [b & 0xffffffff]
    rotate = lambda x, n: (x >> n | x << (32 - n)) & 0xffffffff
    sigma = lambda x: rotate(x, 7) ^ rotate(x, 18) ^ x >> 3
    return hex(sum(((w[t] + sigma(w[t + 1])) & 0xffffffff) << (32 * t) for t in range(4))) + "\n"


def has_feature(name: str) -> bool:
    return re.search(rf"^\S+ +{re.escape(name)} +yes$", jitkit("features").stdout, re.MULTILINE) is not None


def missing(target: str) -> str:
    needs = [TOOLS[target][0], {"arm64": "qemu-aarch64-static", "x86_64": "qemu-x86_64-static"}[target]]
    return ", ".join(f"no {tool} on PATH" for tool in needs if shutil.which(tool) is None)


def line_of(path: Path, text: str) -> int:
    return next(n for n, line in enumerate(path.read_text().splitlines(), 1) if text in line)


def check_compile() -> None:
    for target in TARGETS:
        gcc, objdump, readelf = TOOLS[target]
        common = ["compile", CALLS, "--target", target]
        expect(f"compile {target}: obj is the default", common, GOOD, "", "")
        first = (scratch / "calls.o").read_bytes()
        expect(f"compile {target}: -o", [*common, "--emit", "obj", "-o", "other.o"], GOOD, "", "")
        report.check(f"compile {target}: same input, same bytes", first == (scratch / "other.o").read_bytes())
        done = jitkit(*common, "-o", "-", text=False)
        report.check(f"compile {target}: -o -", done.returncode == GOOD and done.stdout == first)

        expect(f"compile {target}: ir", [*common, "--emit", "ir", "-o", "again.jk"], GOOD, "", "")
        expect(f"compile {target}: ir again", ["compile", "again.jk", "--target", target, "--emit", "ir"], GOOD,
               (scratch / "again.jk").read_text(), "")
        check_listing(target)
        check_image(target)
        check_optimised(target)
        check_graphs(target)
        if shutil.which(gcc) is None or shutil.which(objdump) is None:
            report.skip(f"objects of {target}", f"no {gcc} on PATH")
            continue
        check_object(target)
        check_landing_pads(target)


def check_optimised(target: str) -> None:
    """Levels and lists of passes do what they say: the square of a slot's content is 49, or stays as it is."""
    file = write(
        "slot.jk", "func @f() -> i64 {\n  s1 = slot 8\nb1:\n  p = stack_addr s1\n  store.i64 p, 7\n  x = load.i64 p\n"
        "  y = mul.i64 x, x\n  ret y\n}\n")
    for options, folded in (([], False), (["--opt", "none"], False), (["--opt", "fast"], True),
                            (["--opt", "full"], True), (["--passes", "mem2reg,gvn"], True),
                            (["--passes", "dce,gvn"], False), (["--opt", "fast", "--passes=-mem2reg,-dce"], False)):
        name = " ".join([target, *options])
        text = expect(f"compile {name}", ["compile", file, "--target", target, "--emit", "ir", *options], GOOD, None,
                      "").stdout
        report.check(f"compile {name}: folded", ("ret 49" in text) == folded, text)
        expect(f"run {name}", ["run", file, *options, "f"], GOOD, "49\n", "")


GRAPH = r"""func @"a<b>&\"c"(i64) -> i64 {
b1(x: i64):
  c = icmp.ult.i64 x, 7
  brif c, b2(x), b3
b2(y: i64):
  z = add.i64 y, 3
  br b2(z)
b3:
  w = mul.i64 x, x
  ret w
}
func @other() {
b1:
  ret
}
"""


def check_graphs(target: str) -> None:
    """Graphviz's text and the Ideal Graph Visualizer's XML, read back: what they name is there, and names cannot break
    them."""
    common = ["compile", write("graph.jk", GRAPH), "--target", target]
    text = expect(f"graphs {target}: dot", [*common, "--emit", "dot"], GOOD, None, "").stdout
    first, _, second = text.partition("\n}\n")
    boxes = dict(re.findall(r'^  (b\d+) \[label="((?:[^"\\]|\\.)*)"\];$', first, re.MULTILINE))
    arrows = re.findall(r"^  (b\d+) -> (b\d+)(?: \[label=\d+\])?;$", first, re.MULTILINE)
    report.check(f"graphs {target}: boxes", len(boxes) == 3 and len(first.splitlines()) == 2 + 3 + 3
                 and "add.i64" in "".join(boxes.values()) and first.startswith(r'digraph "a<b>&\"c" {' + "\n"), text)
    report.check(f"graphs {target}: arrows", len(arrows) == 3 and {b for arrow in arrows for b in arrow} <= set(boxes),
                 text)
    report.check(f"graphs {target}: one each", second.startswith('digraph "other" {\n'), text)

    file, passes = scratch / "graphs.xml", ["simplify-cfg", "gvn"]
    expect(f"graphs {target}: JITKIT_IGV", [*common, "--passes", ",".join(passes), "-o", "g.o"], GOOD, "", "",
           env={"JITKIT_IGV": str(file)})
    root = ElementTree.parse(file).getroot()
    groups = {g.find("properties/p").text: g.findall("graph") for g in root.findall("group")}
    report.check(f"graphs {target}: groups", list(groups) == ['a<b>&"c', "other"], str(groups))
    for phases in groups.values():
        names = [graph.get("name") for graph in phases]
        report.check(f"graphs {target}: a phase each", names == ["read", *passes], str(names))
    for graph in groups.get('a<b>&"c', []):
        nodes = {n.get("id"): n.find("properties/p[@name='name']").text for n in graph.findall("nodes/node")}
        ends = {e.get(end) for e in graph.findall("edges/edge") for end in ("from", "to")}
        blocks = {b.get("name"): [n.get("id") for n in b.findall("nodes/node")]
                  for b in graph.findall("controlFlow/block")}
        following = {s.get("name") for s in graph.findall("controlFlow/block/successors/successor")}
        placed = {n for b in blocks.values() for n in b}
        good = (ends <= set(nodes) and following <= set(blocks) and len(blocks) == 3
                and {"icmp", "add", "parameter", "constant"} <= set(nodes.values())
                and placed == {n for n in nodes if nodes[n] != "constant"})
        report.check(f"graphs {target}: {graph.get('name')}", good, f"{nodes} {ends} {blocks} {following}")
    expect(f"graphs {target}: a file that can't be written", [*common, "-o", "g.o"], BAD_INPUT, "",
           r"/nowhere/g\.xml: .*No such file.*", env={"JITKIT_IGV": "/nowhere/g.xml"})


def check_object(target: str) -> None:
    gcc, objdump, readelf = TOOLS[target]
    main = write("main.c", '#include <stdint.h>\nint64_t sum(int64_t), count(void); int hi(void);\n'
                           'extern int64_t counter;\nint main(void) { return sum(100) == 5050 && hi() == 5 && '
                           'count() == 6 && counter == 6 ? 0 : 1; }\n')
    program = scratch / f"main_{target}"
    jitkit("compile", CALLS, "--target", target, "-o", "calls.o")
    built = subprocess.run(
        [gcc, "-static", str(main), "calls.o", "-o", str(program)], cwd=scratch, capture_output=True, text=True)
    if report.check(f"object {target}: links without a warning", built.returncode == 0 and not built.stderr,
                    built.stderr):
        runner = [] if target == HOST else ["qemu-aarch64-static" if target == "arm64" else "qemu-x86_64-static"]
        ran = subprocess.run([*runner, str(program)], capture_output=True, text=True)
        report.check(f"object {target}: runs", ran.returncode == 0 and ran.stdout == "hello, world\n",
                     f"status {ran.returncode}")
    lines = subprocess.run([objdump, "--dwarf=decodedline", "calls.o"], cwd=scratch, capture_output=True,
                           text=True).stdout
    report.check(f"object {target}: lines of the .jk",
                 re.search(rf"calls\.jk\s+{line_of(CALLS, 'v = load.i64 p')}\s", lines) is not None, lines[:400])
    frames = subprocess.run([readelf, "--debug-dump=frames", "calls.o"], cwd=scratch, capture_output=True,
                            text=True).stdout
    functions = CALLS.read_text().count("\nfunc ")
    report.check(f"object {target}: unwind rows",
                 frames.count(" FDE ") == functions, f"{frames.count(' FDE ')} of {functions}")


def check_landing_pads(target: str) -> None:
    gcc, objdump, readelf = TOOLS[target]
    note, pad = {"x86_64": ("IBT, SHSTK", "endbr64"), "arm64": ("BTI", "bti")}[target]
    for option in ([], ["--landing-pads"]):
        name = "landing pads" if option else "no landing pads"
        expect(name, ["compile", CALLS, "--target", target, *option, "-o", "pads.o"], GOOD)
        notes = subprocess.run([readelf, "-n", "pads.o"], cwd=scratch, capture_output=True, text=True).stdout
        code = subprocess.run([objdump, "-d", "pads.o"], cwd=scratch, capture_output=True, text=True).stdout
        report.check(f"{target}: {name}: note", (note in notes) == bool(option), notes)
        report.check(f"{target}: {name}: code", (pad in code) == bool(option))
    # Signed return addresses are AArch64's; the note says so exactly if the code signs.
    signing = jitkit("compile", CALLS, "--target", target, "--return-signing", "-o", "signed.o")
    if target != "arm64":
        report.check(f"{target}: return signing is refused", signing.returncode == USAGE, signing.stderr)
        return
    notes = subprocess.run([readelf, "-n", "signed.o"], cwd=scratch, capture_output=True, text=True).stdout
    code = subprocess.run([objdump, "-d", "signed.o"], cwd=scratch, capture_output=True, text=True).stdout
    report.check(f"{target}: return signing: note", "PAC" in notes and "BTI" not in notes, notes)
    report.check(f"{target}: return signing: code", 0 < code.count("paciasp") <= code.count("autiasp"), code[:400])


def check_listing(target: str) -> None:
    """All positions, all IR and all code stand in it; as input of `jitkit asm` it gives the code again."""
    text = expect(f"listing {target}", ["compile", CALLS, "--target", target, "--emit", "asm"], GOOD, None, "").stdout
    ir = [line.strip() for line in jitkit("compile", CALLS, "--target", target, "--emit", "ir").stdout.splitlines()
          if line.startswith("  ") and not re.match(r"  ([0-9a-f]{2}( |$)|\d+:)", line)]
    shown = re.findall(r"^//\s+(\d+):  (.*)$", text, re.MULTILINE)
    # One instruction whose code is in two places is shown twice.
    unique = [row for n, row in enumerate(shown) if row not in shown[:n]]
    report.check(f"listing {target}: every instruction", sorted(ir) == sorted(row for _, row in unique),
                 f"{len(unique)} shown, {len(ir)} there")
    source = CALLS.read_text().splitlines()
    wrong = [row for row in shown if row[1].split(" = ")[-1].split()[0].split(".")[0] not in source[int(row[0]) - 1]]
    report.check(f"listing {target}: their lines", not wrong, str(wrong[:3]))
    code = "".join(re.findall(r"// [0-9a-f]{4}  ([0-9a-f]+)", text))
    sizes = [int(n) for n in re.findall(r", (\d+) bytes$", text, re.MULTILINE)]
    data = sum(len(row.split()) for row in re.findall(r"  data ((?:[0-9a-f]{2} ?)+)", text))
    report.check(f"listing {target}: every byte",
                 len(code) // 2 + data == sum(sizes), f"{len(code) // 2} + {data} of {sum(sizes)}")
    write("listing.s", text)
    again = jitkit("asm", "--target", target, "listing.s")
    shown = re.findall(r"^  (\w+)[^\n]*// [0-9a-f]{4}  ([0-9a-f]+)", text, re.MULTILINE)
    words = [line.split()[0] for line in again.stdout.splitlines() if line]
    # asm takes the shortest form of a branch, the compiler may have had to take a longer one.
    wrong = [(mnemonic, code, word) for (mnemonic, code), word in zip(shown, words)
             if code != word and not (target == "x86_64" and mnemonic.startswith("j"))]
    report.check(f"listing {target}: assembles to the same code", again.returncode == GOOD and len(words) == len(shown)
                 and not wrong,
                 str(wrong[:3]) + next((line for line in again.stdout.splitlines() if line.startswith("error")), ""))


def check_image(target: str) -> None:
    """Functions that need nothing from elsewhere, as bytes; jitkit run is not involved."""
    file = write(
        "image.jk",
        "rodata @table size 16 align 8 { 2a }\nfunc @first() -> i64 {\nb1:\n  r = call @second(1)\n  ret r\n}\n"
        "func @second(i64) -> i64 {\nb1(x: i64):\n  p = symbol_addr @table\n  v = load.i64 p\n"
        "  r = add.i64 v, x\n  ret r\n}\n")
    expect(f"image {target}", ["compile", file, "--target", target, "--emit", "bin"], GOOD, "", "")
    image = (scratch / "image.bin").read_bytes()
    report.check(f"image {target}: ends with the table", image[-16:] == bytes([42]) + bytes(15), image[-16:].hex())
    if shutil.which(TOOLS[target][0]) is None:
        return
    words = ",".join(f"0x{b:02x}" for b in image)
    main = write(
        "image.c", "__attribute__((section(\".text.image\"), aligned(4096))) static const unsigned char image[] = "
        f"{{{words}}};\nint main(void) {{ return (int)((long (*)(void))(void*)image)() == 43 ? 0 : 1; }}\n")
    program = scratch / f"image_{target}"
    built = subprocess.run([TOOLS[target][0], "-w", "-static", str(main), "-o", str(program)],
                           capture_output=True, text=True)
    runner = [] if target == HOST else ["qemu-aarch64-static" if target == "arm64" else "qemu-x86_64-static"]
    status = subprocess.run([*runner, str(program)]).returncode if built.returncode == 0 else built.stderr
    report.check(f"image {target}: runs", status == 0, str(status))
    expect(f"image {target}: no linker", ["compile", CALLS, "--target", target, "--emit", "bin", "-o", "no.bin"],
           BAD_INPUT, "", r".*: error: @pointer holds addresses: --emit bin does not link\n")
    report.check(f"image {target}: nothing written", not (scratch / "no.bin").exists())


def check_bad_input() -> None:
    bad = write(
        "bad.jk",
        "func @a() {\nb1:\n  x = add.i64 1, nope\n  frob 3\n  ret\n}\nfunc @b( {\n}\n"
        "func @c() -> i99 {\nb1:\n  ret\n}\n")
    unsound = write("unsound.jk", "func @a(i64) -> i64 {\nb1(x: i64):\n  y = add.i32 x, 1\n  ret\n}\n"
                                  "func @b() -> i32 {\nb1:\n  ret 1:i64\n}\n")
    for command in (["check"], ["compile", "--target", "arm64", "-o", "bad.o"], ["run", "--target", "interp"]):
        tail = ["a"] if command[0] == "run" else []
        name = command[0]
        done = expect(f"{name}: malformed", [*command[:1], bad, *command[1:], *tail], BAD_INPUT, "")
        lines = [int(m) for m in re.findall(rf"^{re.escape(str(bad))}:(\d+):\d+: error: ", done.stderr, re.MULTILINE)]
        report.check(f"{name}: malformed: all errors", {3, 4, 7, 9} <= set(lines), done.stderr)
        done = expect(f"{name}: unsound", [*command[:1], unsound, *command[1:], *tail], BAD_INPUT, "")
        report.check(f"{name}: unsound: all errors",
                     len(re.findall(r"^.*:(3|4|8):\d+: error: IR\d+: ", done.stderr, re.MULTILINE)) >= 3, done.stderr)
        expect(f"{name}: no such file", [*command[:1], "nowhere.jk", *command[1:], *tail], BAD_INPUT, "",
               "nowhere.jk: error: No such file or directory\n")
        expect(f"{name}: a directory", [*command[:1], ".", *command[1:], *tail], BAD_INPUT, "",
               r"\.: error: Is a directory\n")
    report.check("compile: nothing written", not (scratch / "bad.o").exists())
    expect("check: good", ["check", CALLS], GOOD, "", "")
    for file in ("sha_arm64.jk", "sha_x86_64.jk"):
        expect(f"check: {file}", ["check", FILES / file], GOOD, "", "")
    expect("compile: no such directory", ["compile", CALLS, "--target", "arm64", "-o", "nowhere/x.o"], BAD_INPUT, "",
           "nowhere/x.o: error: No such file or directory\n")
    expect("compile: full device", ["compile", CALLS, "--target", "arm64", "-o", "/dev/full"], BAD_INPUT, "",
           "/dev/full: error: No space left on device\n")
    expect("compile: unknown convention",
           ["compile", write("conv.jk", "func @f() conv custom3 {\nb1:\n  ret\n}\n"), "--target", "arm64"], BAD_INPUT,
           "", r".*:1:6: error: @f: .*custom3\n")
    placed = write("placed.jk", "func @f(i64 in reg(0), i64 in reg(7), f64) -> v256 {\nb1(a: i64, b: i64, c: f64):\n"
                                "  x = load.v256.volatile 8\n  ret x\n}\n"
                                "func @g(i64, i64 in reg(0), i64 in reg(7)) {\nb1(a: i64, b: i64, c: i64):\n  ret\n}\n")
    for target, types, taken, options in (("arm64", r"placed.jk:4:3: .*values of type v256 in ret", 2, []),
                                          ("x86_64", r"placed.jk:4:3: .*avx", 3, ["--features=-avx"])):
        done = expect(f"compile {target}: what a signature cannot have",
                      ["compile", placed, "--target", target, *options], BAD_INPUT, "")
        why = f"@g: a fixed place of a signature cannot be used: value {taken}: another value is there\n"
        report.check(f"compile {target}: both errors",
                     f"placed.jk:6:6: error: {why}" in done.stderr and re.search(types, done.stderr) is not None,
                     done.stderr)
    expect("run: nothing of that name", ["run", write("outside.jk", "declare @no_such_function()\nfunc @f() {\nb1:\n"
                                                      "  call @no_such_function()\n  ret\n}\n"), "f"], BAD_INPUT, "",
           r".*outside.jk: error: @f: nothing in this process is called @no_such_function\n")


def check_out_of_memory() -> None:
    big = write("big.jk", "bss @huge size 0x4000000000 align 8\nfunc @f() -> i64 {\nb1:\n  p = symbol_addr @huge\n"
                          "  v = load.i64 p\n  ret v\n}\n")
    limit = ["sh", "-c", 'ulimit -v 4000000; exec "$@"', "sh"]
    expect("run: out of memory", ["run", big, "--target", HOST, "f"], BAD_INPUT, "",
           r".*big.jk: error: out of memory: 27\d{10} bytes were needed for globals\n", prefix=limit)
    expect("run interp: out of memory", ["run", big, "--target", "interp", "f"], BAD_INPUT, "",
           r".*big.jk: error: out of memory: 27\d{10} bytes were needed\n", prefix=limit)
    # A bss takes no room in an object, whatever its size; an image holds it.
    for target in TARGETS:
        name = f"compile {target}: a bss of 256 GiB"
        expect(name, ["compile", big, "--target", target, "-o", "big.o"], GOOD, "", "")
        sizes = subprocess.run([TOOLS[target][2], "-SW", "big.o"], cwd=scratch, capture_output=True, text=True).stdout
        report.check(f"{name}: its size", re.search(r"\.bss +NOBITS +\S+ \S+ 0*4000000000 ", sizes) is not None, sizes)
        expect(f"{name} in an image", ["compile", big, "--target", target, "--emit", "bin", "-o", "big.bin"], BAD_INPUT,
               "", r".*big.jk: error: out of code space: 27\d{10} bytes are needed\n")
    frame = write("frame.jk", "func @f() -> i64 {\n  s1 = slot 0xffffffff\n  s2 = slot 0xffffffff\nb1:\n"
                              "  p = stack_addr s1\n  q = stack_addr s2\n  store.i64 p, 3\n  store.i64 q, 5\n"
                              "  v = load.i64 p\n  ret v\n}\n")
    for target in TARGETS:  # 7 GiB over the limit of 1 GiB, in slots of 8 bytes
        expect(f"compile {target}: a frame of 8 GiB", ["compile", frame, "--target", target, "-o", "frame.o"],
               BAD_INPUT, "", r".*frame.jk:1:6: error: @f: not enough spill slots: 9395240\d\d missing\n")
    body = "".join(f"  x{n + 1} = add.i64 x{n}, {n + 1000}\n" for n in range(60000))
    long = write("long.jk", f"func @f(i64) -> i64 {{\nb1(x0: i64):\n{body}  ret x60000\n}}\n")
    done = expect("compile: out of memory", ["compile", long, "--target", "arm64"], BAD_INPUT, "",
                  r".*out of memory.*", prefix=["sh", "-c", 'ulimit -v 26000; exec "$@"', "sh"])
    report.check("compile: out of memory: nothing written", not (scratch / "long.o").exists(), done.stderr)
    refused = 0
    amount = r"(.*: )?error: (@f: |IR\d+: )?out of memory: \d+ bytes were needed\n"
    for kilobytes in range(12000, 52000, 4000):  # from the first lines to all of it
        done = jitkit("compile", long, "--target", "arm64", "-o", "long.o",
                      prefix=["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh"])
        if done.returncode == GOOD or "out of memory" not in done.stderr:
            continue
        report.check(f"compile in {kilobytes} KiB: one error with the amount",
                     done.returncode == BAD_INPUT and re.fullmatch(amount, done.stderr) is not None, done.stderr[-300:])
        refused += 1
    report.check("compile: out of memory: met while parsing", refused >= 2, str(refused))


def check_usage() -> None:
    expect("no subcommand", [], USAGE, "")
    expect("unknown subcommand", ["frobnicate"], USAGE, "")
    expect("version", ["--version"], GOOD, None, "")
    arm64 = ["compile", CALLS, "--target", "arm64"]
    for words, err in ((["compile", CALLS], r".*--target.*"), (["compile", CALLS, "--target", "mips"], r".*mips.*"),
                       ([*arm64, "--emit", "exe"], r".*exe.*"), ([*arm64, "-o", ""], r".*-o.*the name is empty.*"),
                       (["fuzz", "--target", "arm64", "-o", "", "--print"], r".*-o.*the name is empty.*"),
                       (["compile", "--target", "arm64"], r".*FILE.*"),
                       (["check"], r".*FILE.*"), (["run"], r".*FILE.*"),
                       ([*arm64, "--features", "+warp"], r".*arm64 has no feature 'warp'.*\n"),
                       ([*arm64, "--passes", "gvn,warp"], r".*no pass 'warp'.*"),
                       (["run", CALLS, "--opt", "most", "hi"], r".*most.*"),
                       (["features", "--target", "mips"], r".*mips.*"), (["features", "more"], r".*more.*")):
        expect("usage: " + " ".join(map(str, words)).replace(str(FILES), "."), words, USAGE, "", err)
    for command in ("asm", "disasm", "check", "compile", "run", "features", "forms"):
        done = expect(f"{command} --help", [command, "--help"], GOOD, None, "")
        report.check(f"{command} --help: usage", f"Usage: jitkit {command}" in done.stdout, done.stdout[:200])
        if command in ("compile", "run"):
            examples = re.findall(rf"jitkit {command} \S+\.jk .*", done.stdout.split("Examples:")[-1])
            report.check(f"{command} --help: examples", len(examples) >= 2, done.stdout)


def check_features() -> None:
    lines = expect("forms", ["forms", "--target", "arm64", "add"], GOOD, None, "").stdout.splitlines()
    report.check("forms: eight columns", any(line.startswith("add_imm_x\tadd\tbase\t100100010.") for line in lines)
                 and all(line.count("\t") == 7 for line in lines), "\n".join(lines))
    expect("forms: unknown mnemonic", ["forms", "--target", "x86_64", "frob"], BAD_INPUT, "",
           "x86_64 has no instruction 'frob'\n")
    both = expect("features", ["features"], GOOD, None, "").stdout.splitlines()
    rows = [line.split() for line in both]
    report.check("features: three words", all(len(row) == 3 and row[2] in ("yes", "no", "-") for row in rows))
    report.check("features: the other CPU's are unknown", all((row[2] == "-") == (row[0] != HOST) for row in rows))
    for target in TARGETS:
        alone = expect(f"features --target {target}", ["features", "--target", target], GOOD, None,
                       "").stdout.splitlines()
        report.check(f"features --target {target}: its rows",
                     alone == [line for line in both if line.split()[0] == target])
        names = [line.split()[1] for line in alone]
        report.check(f"features --target {target}: names once", len(set(names)) == len(names) > 40)
        text = "".join(f"func @f() -> i64 {{\nb1:\n  ret 1\n}}\n")
        file = write("one.jk", text)
        all_of_them = ",".join(n for n in names if n != "base")
        expect(f"features --target {target}: names are accepted",
               ["compile", file, "--target", target, "--features", all_of_them, "-o", "one.o"], GOOD, "", "")
    on = [row[1] for row in rows if row[2] == "yes" and row[1] not in ("base", "fp", "asimd")]
    if not report.check("features: this machine has some", bool(on)):
        return
    without = expect(f"JITKIT_CPU=-{on[-1]}", ["features", "--target", HOST], GOOD, None, "",
                     env={"JITKIT_CPU": f"-{on[-1]}"}).stdout
    report.check("JITKIT_CPU: gone",
                 re.search(rf"^\S+ +{re.escape(on[-1])} +no$", without, re.MULTILINE) is not None, without)
    expect("JITKIT_CPU: unknown", ["features"], GOOD, None, r"JITKIT_CPU: unknown feature '-warp'\n",
           env={"JITKIT_CPU": "-warp"})


def main() -> None:
    try:
        check_run()
        check_run_usage()
        check_native_ops()
        check_compile()
        check_bad_input()
        check_out_of_memory()
        check_usage()
        check_features()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    report.finish()


if __name__ == "__main__":
    main()
