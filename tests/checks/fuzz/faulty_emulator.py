#!/usr/bin/env python3
"""An AArch64 emulator with a fault: CRC32C gives what CRC32 gives. It is QEMU, and the fault is planted in
the code it gets: in the program's file, and in what `jitkit fuzz` sends to its guest (tools/fuzz/guest.h).

usage: faulty_emulator.py PROGRAM [ARG]...
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

PROTOCOL = (Path(__file__).resolve().parents[3] / "tools" / "fuzz" / "guest.h").read_text()


def constant(name: str) -> int:
    return int(re.search(rf"\b{name}\b(?: =)? (?:UINT64_C\()?(\w+)", PROTOCOL)[1], 0)


CALL, SLOT_BYTES = constant("fuzz_call"), constant("fuzz_slots") * constant("fuzz_slot_bytes")
CODE, CODE_END = constant("FUZZ_CODE"), constant("FUZZ_CODE") + constant("FUZZ_CODE_BYTES")


def faulty(code: bytes) -> bytes:
    whole = len(code) // 4 * 4
    words = struct.unpack(f"<{whole // 4}I", code[:whole])
    return struct.pack(f"<{whole // 4}I", *(w & ~0x1000 if w & 0x7fe0f000 == 0x1ac05000 else w
                                            for w in words)) + code[whole:]


def faulty_program(path: str) -> str:
    """A copy of the ELF file with the fault in its .text."""
    elf = bytearray(open(path, "rb").read())
    table, size, count = *struct.unpack_from("<Q", elf, 0x28), *struct.unpack_from("<HH", elf, 0x3a)
    sections = [struct.unpack_from("<IIQQQQ", elf, table + n * size) for n in range(count)]
    names = sections[struct.unpack_from("<H", elf, 0x3e)[0]][4]
    for name, _, _, _, start, length in sections:
        if elf[names + name:].startswith(b".text\0"):
            elf[start:start + length] = faulty(bytes(elf[start:start + length]))
    handle, copy = tempfile.mkstemp(prefix="jitkit-faulty-")
    os.write(handle, elf)
    os.close(handle)
    os.chmod(copy, 0o700)
    return copy


def faulty_request(request: bytes) -> bytes:
    out, at = bytearray(request), 0
    while at < len(request):
        kind, address, size = struct.unpack_from("<QQQ", request, at)
        if kind == CALL:
            at += 16 + SLOT_BYTES
            continue
        at += 24
        if CODE <= address < CODE_END:
            out[at:at + size] = faulty(request[at:at + size])
        at += (size + 7) // 8 * 8
    return bytes(out)


def main() -> None:
    program = faulty_program(sys.argv[1])
    fed = len(sys.argv) == 2  # a guest of `jitkit fuzz`, not a program of `jitkit run`
    child = subprocess.Popen(["qemu-aarch64-static", program, *sys.argv[2:]], stdin=subprocess.PIPE if fed else None)
    while fed and (head := sys.stdin.buffer.read(8)):
        request = faulty_request(sys.stdin.buffer.read(struct.unpack("<Q", head)[0]))
        child.stdin.write(head + request)
        child.stdin.flush()
    if fed:
        child.stdin.close()
    status = child.wait()
    os.unlink(program)
    sys.exit(status if status >= 0 else 1)


if __name__ == "__main__":
    main()
