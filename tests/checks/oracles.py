"""Other people's assemblers and decoders, and the jitkit command, over batches of instructions.

Every function takes a target and a list and answers with a list of the same length; None stands where the
oracle refuses. Instructions are hexadecimal as `jitkit asm` prints it: x86-64 the bytes in order, arm64
the word. Assemblers take one instruction per line (x86-64 in Intel syntax); decoders answer
(length in bytes, text). Batches are cut into chunks that run on every core.

What the oracles get wrong is known to the checks that use them, not here.
"""

import ctypes
import functools
import os
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Target:
    llvm_mc: tuple[str, ...]  # options of llvm-mc
    triple: str
    features: str             # of LLVM's decoder
    gnu_as: tuple[str, ...]
    gnu_start: str            # stands before the first line
    objdump: tuple[str, ...]
    nm: str
    objcopy: str
    nop: bytes                # pads what objdump decodes


TARGETS = {
    "x86_64": Target(("-triple=x86_64", "-x86-asm-syntax=intel"), "x86_64-linux-gnu", "",
                     ("as", "--64"), ".intel_syntax noprefix; ",
                     ("objdump", "-m", "i386:x86-64", "-M", "intel"), "nm", "objcopy", b"\x90"),
    "arm64": Target(("-triple=aarch64", "-mattr=+all"), "aarch64-linux-gnu", "+all",
                    ("aarch64-linux-gnu-as", "-mcpu=all"), "",
                    ("aarch64-linux-gnu-objdump", "-m", "aarch64"), "aarch64-linux-gnu-nm",
                    "aarch64-linux-gnu-objcopy", b"\x1f\x20\x03\xd5"),
}
CHUNK = 20000
LLVM_MC = "llvm-mc-19"


def missing(target: str) -> list[str]:
    """The programs and libraries that the oracles of a target need and this machine lacks."""
    t = TARGETS[target]
    lacks = [p for p in (LLVM_MC, t.gnu_as[0], t.objdump[0], t.nm, t.objcopy) if shutil.which(p) is None]
    lacks += [name for name, library in (("libLLVM 19", _llvm), ("libcapstone", _capstone)) if library() is None]
    return lacks


def to_bytes(target: str, code: str) -> bytes:
    raw = bytes.fromhex(code)
    return raw[::-1] if target == "arm64" else raw


def to_hex(target: str, raw: bytes) -> str:
    return (raw[::-1] if target == "arm64" else raw).hex()


def _in_chunks(work, items: list, size: int = CHUNK) -> list:
    chunks = [items[i:i + size] for i in range(0, len(items), size)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [answer for part in pool.map(work, chunks) for answer in part]


def _run(command, **options) -> subprocess.CompletedProcess:
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)


# --- jitkit ------------------------------------------------------------------------------------------

def jitkit(command: Path, mode: str, target: str, lines: list[str]) -> list[str]:
    """What `jitkit MODE` prints for each line: exactly one line each, and the exit status that goes with it."""
    done = _run([command, mode, "--target", target], input="\n".join(lines) + "\n", text=True)
    answers = done.stdout.splitlines()
    if len(answers) != len(lines):
        raise SystemExit(f"jitkit {mode}: {len(answers)} lines for {len(lines)}: {done.stderr[-500:]}")
    refused = any(answer.startswith("error: ") for answer in answers)
    if done.returncode != int(refused):
        raise SystemExit(f"jitkit {mode}: exit status {done.returncode}: {done.stderr[-500:]}")
    return answers


def jitkit_assemble(command: Path, target: str, lines: list[str]) -> list[str | None]:
    def work(part):
        return [
            None if not a or a.startswith("error: ") else a.split()[0] for a in jitkit(command, "asm", target, part)
        ]
    return _in_chunks(work, lines)


def jitkit_disassemble(command: Path, target: str, codes: list[str]) -> list[tuple[int, str] | None]:
    """None for what is printed as data (x86-64: anything but exactly one instruction)."""
    def work(part):
        answers = [a.split(None, 1) for a in jitkit(command, "disasm", target, part)]
        return [None if text.startswith((".byte", ".inst")) else (len(code) // 2, text) for code, text in answers]
    return _in_chunks(work, codes)


# --- Assemblers --------------------------------------------------------------------------------------

def llvm_assemble(target: str, lines: list[str]) -> list[str | None]:
    """An error may take LLVM to the next line's end (a brace that nothing closes): such lines are asked about again."""
    t = TARGETS[target]

    def work(part):
        text = "".join(f"j{i}: {line}\n" for i, line in enumerate(part))
        output = _run([LLVM_MC, *t.llvm_mc, "-show-encoding"], input=text, text=True).stdout
        answers = [None] * len(part)
        read = [False] * len(part)
        at = 0
        for label, encoding in re.findall(r"^j(\d+):|encoding: \[([^\]]*)\]", output, re.MULTILINE):
            if label:
                at = int(label)
                read[at] = True
            elif re.fullmatch(r"(0x[0-9a-f]{2},?)+", encoding):  # otherwise a fixup: no plain number
                piece = to_hex(target, bytes(int(byte, 16) for byte in encoding.split(",")))
                answers[at] = (answers[at] or "") + piece
        lost = [i for i, done in enumerate(read) if not done]
        for i, answer in zip(lost, work([part[i] for i in lost]) if 0 < len(lost) < len(part) else []):
            answers[i] = answer
        return answers
    return _in_chunks(work, lines)


def gnu_assemble(target: str, lines: list[str]) -> list[str | None]:
    """A number that GNU as only warns of shortening counts as refused."""
    t = TARGETS[target]

    def work(part):
        with tempfile.TemporaryDirectory() as directory:
            return _gnu_assemble(target, t, part, Path(directory))
    return _in_chunks(work, lines)


def _gnu_assemble(target: str, t: Target, lines: list[str], place: Path) -> list[str | None]:
    refused = set()
    while True:  # some errors are reported only when there are no others
        text = "".join(f"j{i}: {'' if i in refused else line}\n" for i, line in enumerate(lines))
        done = _run([*t.gnu_as, "-", "-o", place / "o"], input=t.gnu_start + text + "jend:\n", text=True)
        found = {
            int(n) - 1
            for n in re.findall(
                r"^\{standard input\}:(\d+): (?:Error|Fatal error|Internal error|Warning: .* shortened to)",
                done.stderr, re.MULTILINE)
        }
        if not found - refused:
            break
        refused |= found
    if done.returncode != 0:
        raise SystemExit(f"{t.gnu_as[0]}: {done.stderr[-500:]}")
    _run([t.objcopy, "-O", "binary", "-j", ".text", place / "o", place / "bin"], check=True)
    code = (place / "bin").read_bytes() if (place / "bin").exists() else b""
    starts = {name: int(value, 16) for value, name in
              re.findall(r"^(\w+) t (j\w+)$", _run([t.nm, place / "o"], text=True).stdout, re.MULTILINE)}
    ends = [starts[f"j{i}"] for i in range(1, len(lines))] + [starts["jend"]]
    return [None if i in refused or starts[f"j{i}"] == end else to_hex(target, code[starts[f"j{i}"]:end])
            for i, end in enumerate(ends)]


# --- Decoders ----------------------------------------------------------------------------------------

@functools.cache
def _llvm():
    for name in ("libLLVM.so.19.1", "libLLVM-19.so", "libLLVM-19.so.1"):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        for arch in ("X86", "AArch64"):
            for part in ("TargetInfo", "TargetMC", "Disassembler"):
                getattr(library, f"LLVMInitialize{arch}{part}")()
        library.LLVMCreateDisasmCPUFeatures.restype = ctypes.c_void_p
        library.LLVMCreateDisasmCPUFeatures.argtypes = [ctypes.c_char_p] * 3 + [
            ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]
        library.LLVMSetDisasmOptions.argtypes = [ctypes.c_void_p, ctypes.c_uint64]
        library.LLVMDisasmInstruction.restype = ctypes.c_size_t
        library.LLVMDisasmInstruction.argtypes = [
            ctypes.c_void_p, ctypes.c_char_p, ctypes.c_uint64, ctypes.c_uint64, ctypes.c_char_p, ctypes.c_size_t]
        return library
    return None


def llvm_disassemble(target: str, codes: list[str]) -> list[tuple[int, str] | None]:
    """Through libLLVM: nothing behind the first instruction matters."""
    library, t = _llvm(), TARGETS[target]
    decoder = library.LLVMCreateDisasmCPUFeatures(t.triple.encode(), b"", t.features.encode(), None, 0, None, None)
    if target == "x86_64":
        library.LLVMSetDisasmOptions(decoder, 4)  # the second printer variant: Intel
    buffer = ctypes.create_string_buffer(256)

    def decode(raw):
        length = library.LLVMDisasmInstruction(decoder, raw, len(raw), 0, buffer, len(buffer))
        if not length:
            return None
        text = " ".join(buffer.value.decode().split())
        if text in ("lock", "rep", "repne"):  # some prefixes are instructions to LLVM
            rest = decode(raw[length:])
            return rest and (length + rest[0], f"{text} {rest[1]}")
        return length, text
    return [decode(to_bytes(target, code)) for code in codes]


def gnu_disassemble(target: str, codes: list[str]) -> list[tuple[int, str] | None]:
    """Through objdump; x86-64: lengths beyond the bytes given are None."""
    t = TARGETS[target]
    stride = 48 if target == "x86_64" else 4  # behind any instruction there are nops to fall in step again

    def work(part):
        with tempfile.TemporaryDirectory() as directory:
            image = Path(directory) / "bin"
            raw = [to_bytes(target, code) for code in part]
            image.write_bytes(b"".join(r + t.nop * ((stride - len(r)) // len(t.nop)) for r in raw))
            output = _run([*t.objdump, "-D", "-z", "-b", "binary", "--insn-width=16", image], text=True).stdout
        answers = [None] * len(part)
        for at, octets, text in re.findall(r"^ *([0-9a-f]+):\t([0-9a-f ]+)\t([^\n]*)", output, re.MULTILINE):
            index, rest = divmod(int(at, 16), stride)
            length = len(octets.replace(" ", "")) // 2
            if rest == 0 and index < len(part) and length <= len(raw[index]) and "(bad)" not in text \
                    and not text.startswith((".inst", ".byte")):
                answers[index] = (length, " ".join(text.split()))
        return answers
    return _in_chunks(work, codes, 5000)


@functools.cache
def _capstone():
    try:
        library = ctypes.CDLL("libcapstone.so.4")
    except OSError:
        return None
    library.cs_disasm.restype = ctypes.c_size_t
    library.cs_disasm.argtypes = [ctypes.c_size_t, ctypes.c_char_p, ctypes.c_size_t, ctypes.c_uint64,
                                  ctypes.c_size_t, ctypes.POINTER(ctypes.POINTER(_CapstoneInstruction))]
    library.cs_free.argtypes = [ctypes.POINTER(_CapstoneInstruction), ctypes.c_size_t]
    return library


class _CapstoneInstruction(ctypes.Structure):  # cs_insn of capstone 4
    _fields_ = [("id", ctypes.c_uint), ("address", ctypes.c_uint64), ("size", ctypes.c_uint16),
                ("bytes", ctypes.c_uint8 * 16), ("mnemonic", ctypes.c_char * 32), ("operands", ctypes.c_char * 160),
                ("detail", ctypes.c_void_p)]


def capstone_disassemble(target: str, codes: list[str]) -> list[tuple[int, str] | None]:
    library = _capstone()
    handle = ctypes.c_size_t()
    arch, mode = (3, 8) if target == "x86_64" else (1, 0)  # CS_ARCH_X86, CS_MODE_64; CS_ARCH_ARM64, little endian
    if library.cs_open(arch, mode, ctypes.byref(handle)) != 0:
        raise SystemExit("capstone: cs_open failed")
    answers = []
    found = ctypes.POINTER(_CapstoneInstruction)()
    for code in codes:
        raw = to_bytes(target, code)
        if library.cs_disasm(handle, raw, len(raw), 0, 1, ctypes.byref(found)) == 0:
            answers.append(None)
            continue
        answers.append((found[0].size, f"{found[0].mnemonic.decode()} {found[0].operands.decode()}".strip()))
        library.cs_free(found, 1)
    library.cs_close(ctypes.byref(handle))
    return answers
