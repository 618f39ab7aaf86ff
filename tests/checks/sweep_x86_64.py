"""The sweep of x86-64 (sweep.py): what its text can be turned into, and what the oracles get wrong."""

import random
import re

from sweep import Known, replace_one

PER_FORM = 24
FULL_ROUNDS = 60

BYTE = r"(?i).* ([abcd][lh]|[sb]pl|[sd]il|r\d+b|byte ptr [^,]*), "
WORD = r"(?i).* ([abcd]x|[sb]p|[sd]i|r\d+w|word ptr [^,]*), "


def both(pattern: str, reason: str) -> list[Known]:
    return [Known("llvm", pattern, reason), Known("gnu", pattern, reason)]


KNOWN = [
    Known("gnu", r"(?i)xchg \w+, \w+$", "GNU as puts the registers of xchg the other way round"),
    Known("llvm-decoder", r"xchg ax, ax$", "LLVM decodes it as nop"),
    Known("llvm-decoder", r"(rep\w* )?(movs|cmps|stos|lods|scas)[bwdq]$", "LLVM writes the operands of string instructions"),
    Known("gnu", r"(?i)(sldt|str) r\w+$", "GNU as writes the 32-bit form of a 64-bit destination"),
    Known("gnu", r"sysret$", "GNU as wants a suffix"),
    Known("llvm", r"(?i)mov (\wx|\wp|\wi|r\d+w), \ws$", "LLVM drops the prefix of 16-bit reads of segment registers"),
    Known("llvm", r"v(?!.*\{vex3\}).*mm\d, .mm(8|9|1\d)(, \d+)?$", "LLVM exchanges sources that commute for a shorter VEX prefix"),
    Known("gnu", r"(?i).*\b[ds]s:\[", "GNU as drops a segment that would be used anyway"),
    Known("llvm", r"(?i).*[ [-](0x[0-9a-f]{9,}|\d{10,})", "LLVM takes numbers modulo the field"),
    Known("gnu", r"(?i).*[ [-](0x[0-9a-f]{9,}|\d{10,})", "GNU as takes numbers modulo 2^32 or 2^64"),
    *both(BYTE + r"(-(129|1[3-9]\d|2\d\d|\d{4,})|25[6-9]|2[6-9]\d|[3-9]\d\d|\d{4,})$", "bytes are taken modulo 256"),
    *both(WORD + r"(-(3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[4-9]\d{4}|\d{6,})|\d{6,}|6553[6-9])$",
          "words are taken modulo 65536"),
    *both(r"(rep|repne) (bsf|bsr|nop|ret|movs|stos|lods)", "a repeat prefix that means nothing there"),
    Known("gnu", r"(?i)mov r\w+, \ws$", "GNU as reads a segment register into 64 bits by the 32-bit instruction"),
    Known("llvm", r"(?i)mov \ws, r?\w+$", "LLVM writes a size prefix for moves to segment registers"),
    Known("llvm", r"(?i)(push|pop) [c-gs]s:\[", "LLVM takes the segment for the operand of push and pop"),
    *both(r"(?i)movdir64b (e\w\w|r\d+d), ", "movdir64b with 32-bit addresses is not in the table"),
    Known("llvm", r"LOCK ", "LLVM refuses the prefix in capitals"),
]

WORDS = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
REGISTERS = (
    [f"{p}{w}" for p in ("", "e", "r") for w in WORDS] + [f"r{n}{s}" for n in range(8, 16) for s in ("", "d", "w", "b")]
    + ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "ah", "ch", "dh", "bh"]
    + ["es", "cs", "ss", "ds", "fs", "gs", "cr0", "cr2", "cr3", "cr4", "cr8", "dr0", "dr7"]
    + [f"{p}mm{n}" for p in "xy" for n in range(16)])
SIZES = ["byte", "word", "dword", "qword", "xmmword", "ymmword"]
REGISTER = re.compile(r"\b(" + "|".join(sorted(REGISTERS, key=len, reverse=True)) + r")\b")
NUMBER = re.compile(r"(?<![\w*])(-?)(\d+)\b(?!\*)")
SIZE = re.compile(r"\b(" + "|".join(SIZES) + r") ptr ")
LIMITS = [0, 1, 2, 3, 4, 127, 128, 129, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
          2**63 - 1, 2**63, 2**64 - 1]


def no_text(form: str) -> bool:
    """LLVM's Intel syntax has no direct branches by number."""
    return form.endswith(("_l", "_l8"))


def out_of_scope(code: str | None) -> bool:
    """EVEX: AVX-512 has no rows yet."""
    return code is not None and re.match(r"(2e|36|3e|26|64|65|67)*62", code) is not None


def vary(text: str, chance: random.Random) -> str:
    """Another way to write the same, or nearly."""
    kind = chance.randrange(5)
    if kind == 0:
        return SIZE.sub("", text)
    if kind == 1:
        return NUMBER.sub(lambda m: f"{m[1]}{hex(int(m[2]))}", text)
    if kind == 2:
        return re.sub(r"(\w+)\*(\d)", r"\2*\1", text)
    if kind == 3:
        return text.upper()
    return re.sub(r"\[(\w+) \+ (\w+\*\d)", r"[\2 + \1", text)


def damage(text: str, chance: random.Random) -> str:
    """Something that may well be nonsense."""
    kind = chance.randrange(8)
    if kind < 3:
        return replace_one(REGISTER, text, chance, lambda m: chance.choice(REGISTERS))
    if kind == 3:
        sign = chance.choice(["", "-"])
        return replace_one(NUMBER, text, chance, lambda m: sign + str(chance.choice(LIMITS)))
    if kind == 4:
        return replace_one(SIZE, text, chance, lambda m: f"{chance.choice(SIZES)} ptr ")
    if kind == 5:
        return re.sub(r"\*\d", lambda m: f"*{chance.choice([1, 2, 3, 4, 5, 8, 16])}", text)
    if kind == 6:
        mnemonic, _, operands = text.partition(" ")
        parts = operands.split(", ")
        chance.shuffle(parts)
        return f"{mnemonic} {', '.join(parts[:chance.randrange(1, len(parts) + 1)])}"
    return chance.choice(["lock ", "rep ", "repne "]) + text
