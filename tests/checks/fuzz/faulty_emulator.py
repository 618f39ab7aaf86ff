#!/usr/bin/env python3
"""An AArch64 emulator with a fault: CRC32C gives what CRC32 gives. It is QEMU, and the fault is planted in
the code it gets: in the program's file, and in what `jitkit fuzz` sends to its guest (tools/fuzz/guest.h).
Or the code is as it was, and the fault is one of these:

--swap, --swap-safepoints, --swap-patch-points
             at each exit or point two places of the location map are swapped
--landings   a load that faults goes on at the instruction behind its exit
--fault      the guest itself faults

A program of x86-64 is run by this CPU.

usage: faulty_emulator.py [FAULT] PROGRAM [ARG]...
"""

import os
import re
import struct
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

PROTOCOL = (Path(__file__).resolve().parents[3] / "tools" / "fuzz" / "guest.h").read_text()


def constant(name: str) -> int:
    return int(re.search(rf"\b{name}\b(?: =)? (?:UINT64_C\()?(\w+)", PROTOCOL)[1], 0)


LOAD = constant("fuzz_load")
CALL, SLOT_BYTES = constant("fuzz_call"), constant("fuzz_slots") * constant("fuzz_slot_bytes")
EXIT, PLACE_BYTES = constant("fuzz_exit"), 8 * len(re.findall(r"^  u?int64_t", PROTOCOL.split("struct fuzz_place {")[1]
                                                              .split("}")[0], re.MULTILINE))
POINT, LANDING, GOES_ON = (constant(f"fuzz_{name}") for name in ("point", "landing", "goes_on"))
FAULTS = ("--swap", "--swap-safepoints", "--swap-patch-points", "--landings", "--fault")
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


def swapped(places: bytes) -> bytes:
    """The first two places to read that are not the same, each where the other was."""
    all_of_them = [places[n:n + PLACE_BYTES] for n in range(0, len(places), PLACE_BYTES)]
    read = [n for n, place in enumerate(all_of_them) if struct.unpack_from("<Q", place)[0] < GOES_ON]
    for n in read[1:]:
        if all_of_them[n] != all_of_them[read[0]]:
            all_of_them[read[0]], all_of_them[n] = all_of_them[n], all_of_them[read[0]]
            break
    return b"".join(all_of_them)


def is_patch_point(places: bytes) -> bool:
    return struct.unpack_from("<Q", places, 32)[0] != 0  # goes on behind an area


def faulty_request(request: bytes, fault: str) -> bytes:
    out, at = bytearray(request), 0
    while at < len(request):
        kind, address, size = struct.unpack_from("<QQQ", request, at)
        if kind == CALL:
            at += 16 + SLOT_BYTES
            continue
        at += 24
        item = request[at:at + size]
        if kind == EXIT and fault == "--swap":
            out[at:at + size] = swapped(item)
        elif kind == POINT and fault == ("--swap-patch-points" if is_patch_point(item) else "--swap-safepoints"):
            out[at:at + size] = swapped(item)
        elif kind == LANDING and fault == "--landings":
            out[at:at + size] = struct.pack("<Q", struct.unpack("<Q", item)[0] + 4)
        elif kind == LOAD and fault == "--fault":
            struct.pack_into("<Q", out, at - 16, 8)
        elif kind == LOAD and not fault and CODE <= address < CODE_END:
            out[at:at + size] = faulty(item)
        at += (size + 7) // 8 * 8
    return bytes(out)


def main() -> None:
    fault = sys.argv[1] if sys.argv[1] in FAULTS else ""
    words = sys.argv[2 if fault else 1:]
    program = words[0] if fault else faulty_program(words[0])
    with open(program, "rb") as f:
        here = f.read(20)[18:] == b"\x3e\0"  # x86-64
    fed = len(words) == 1  # a guest of `jitkit fuzz`, not a program of `jitkit run`
    child = subprocess.Popen([*([] if here else ["qemu-aarch64-static"]), program, *words[1:]],
                             stdin=subprocess.PIPE if fed else None)

    def ended() -> None:  # the fuzzer must hear of it, whoever waits for its next request here
        status = child.wait()
        if not fault:
            os.unlink(program)
        os._exit(status if status >= 0 else 1)

    if fed:
        threading.Thread(target=ended, daemon=True).start()
    while fed and (head := sys.stdin.buffer.read(8)):
        request = faulty_request(sys.stdin.buffer.read(struct.unpack("<Q", head)[0]), fault)
        child.stdin.write(head + request)
        child.stdin.flush()
    if fed:
        child.stdin.close()
        threading.Event().wait()  # for ended()
    ended()


if __name__ == "__main__":
    main()
