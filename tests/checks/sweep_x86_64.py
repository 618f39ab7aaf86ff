"""The sweep of x86-64 (sweep.py): what its text can be turned into, and what the oracles get wrong."""

import random
import re

from sweep import Known, replace_one

PER_FORM = 24
FULL_ROUNDS = 60
RANDOM_CODES = 40000

BYTE = r"(?i).* ([abcd][lh]|[sb]pl|[sd]il|r\d+b|byte ptr [^,]*), "
WORD = r"(?i).* ([abcd]x|[sb]p|[sd]i|r\d+w|word ptr [^,]*), "


def both(pattern: str, reason: str) -> list[Known]:
    return [Known("llvm", pattern, reason), Known("gnu", pattern, reason)]


KNOWN = [
    Known("gnu", r"(?i)xchg \w+, \w+$", "GNU as puts the registers of xchg the other way round"),
    Known("llvm-decoder", r"xchg ax, ax$", "LLVM decodes it as nop"),
    Known("llvm-decoder", r"(rep\w* )?(movs|cmps|stos|lods|scas)[bwdq]$",
          "LLVM writes the operands of string instructions"),
    Known("gnu", r"(?i)(sldt|str) r\w+$", "GNU as writes the 32-bit form of a 64-bit destination"),
    Known("gnu", r"sysret$", "GNU as wants a suffix"),
    Known("llvm", r"(?i)mov (\wx|\wp|\wi|r\d+w), \ws$", "LLVM drops the prefix of 16-bit reads of segment registers"),
    Known("llvm", r"v(?!.*\{vex3\}).*mm\d, .mm(8|9|1\d)(, \d+)?$",
          "LLVM exchanges sources that commute for a shorter VEX prefix"),
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
    Known("llvm", r"LOCK |\{evex\} [A-Z]", "LLVM refuses the prefix in capitals, and capitals behind {evex}"),
    Known("gnu", r"(?i).*\[-?(0x)?[0-9a-f]+\]\{", "GNU as takes no broadcast or mask behind an absolute address"),
    Known("random bytes", r"(lock|repe?|repne) ", "prefixes that mean nothing"),
    Known("random bytes", r"mov [d-gs]s, r\w+$", "REX.W that means nothing"),
    Known("random bytes", r"mov [d-gs]s, (\wx|\wp|\wi|r\d+w)$", "a size prefix that means nothing"),
    Known("random bytes", r".*\bmm[0-7]\b", "MMX"),
    Known("random bytes", r"mov cs, ", "no processor does"),
    Known("random bytes", r"\{vex\} ", "AVX-VNNI and AVX-IFMA"),
    Known("random bytes", r"(\{nf\}|.*\{dfv=|\{evex\} kmov)", "APX"),
    Known("random bytes", r"(push|pop) [fg]s$", "not in the table"),
    Known("random bytes", r".*\br(1[6-9]|2\d|3[01])[dwb]?\b", "APX"),
    Known("random bytes", r"(movs|cmps|stos|lods|scas)[bwdq] ", "string instructions with a segment"),
    Known("llvm-decoder", r"vpcmp[bwdq] .*, 0$", "LLVM prints the name of another instruction"),
    Known("capstone", r"(\{evex\} )?v.*\[(e..|r\d+d) \+ ",
          "capstone loses the SIB byte of EVEX instructions with 32-bit addresses"),
    Known("llvm", r"(?i)(\{evex\} )?vgf2p8affine(inv)?qb .*\{1to\d\}", "LLVM does not compress displacements there"),
    Known("llvm-decoder", r"(\{evex\} )?vgf2p8affine(inv)?qb .*\{1to\d\}",
          "LLVM does not compress displacements there"),
]

WORDS = ["ax", "cx", "dx", "bx", "sp", "bp", "si", "di"]
REGISTERS = (
    [f"{p}{w}" for p in ("", "e", "r") for w in WORDS] + [f"r{n}{s}" for n in range(8, 16) for s in ("", "d", "w", "b")]
    + ["al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil", "ah", "ch", "dh", "bh"]
    + ["es", "cs", "ss", "ds", "fs", "gs", "cr0", "cr2", "cr3", "cr4", "cr8", "dr0", "dr7"]
    + [f"{p}mm{n}" for p in "xyz" for n in range(32)] + [f"k{n}" for n in range(8)])
SIZES = ["byte", "word", "dword", "qword", "xmmword", "ymmword", "zmmword"]
DECORATIONS = ["{k1}", "{k1}{z}", "{z}", "{k0}", "{1to2}", "{1to4}", "{1to8}", "{1to16}", ", {rn-sae}", ", {sae}"]
REGISTER = re.compile(r"\b(" + "|".join(sorted(REGISTERS, key=len, reverse=True)) + r")\b")
NUMBER = re.compile(r"(?<![\w*])(-?)(\d+)\b(?!\*)")
SIZE = re.compile(r"\b(" + "|".join(SIZES) + r") ptr ")
LIMITS = [0, 1, 2, 3, 4, 127, 128, 129, 255, 256, 32767, 32768, 65535, 65536, 2**31 - 1, 2**31, 2**32 - 1, 2**32,
          2**63 - 1, 2**63, 2**64 - 1]


def no_text(form: str) -> bool:
    """LLVM's Intel syntax has no direct branches by number."""
    return form.endswith(("_l", "_l8"))


def out_of_scope(code: str | None) -> bool:
    """EVEX in the maps of FP16 and APX."""
    m = code and re.match(r"(?:2e|36|3e|26|64|65|67)*62(..)", code)
    return bool(m) and int(m[1], 16) & 7 not in (1, 2, 3)


def random_codes(chance: random.Random) -> list[str]:
    """Strings of 15 bytes that start as instructions do: most with a VEX or EVEX prefix."""
    codes = []
    for _ in range(RANDOM_CODES):
        raw = bytearray(chance.randbytes(15))
        kind = chance.randrange(8)
        if kind < 5:
            raw[:2] = 0x62, raw[1] & 0xf0 | chance.choice([1, 1, 2, 2, 3])
            raw[2] |= 4
            if chance.randrange(2):
                raw[2] |= 0x78  # no third register
                raw[3] |= 8
        elif kind < 7:
            raw[:2] = 0xc4, raw[1] & 0xe0 | chance.randrange(1, 4)
        elif chance.randrange(2):  # the opcodes of two bytes and more
            prefix = chance.choice([b"", b"\x66", b"\xf2", b"\xf3", b"\x48"])
            raw[:len(prefix) + 1] = prefix + b"\x0f"
        codes.append(raw.hex())
    return codes


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
        return re.sub(r"\{[^}]*\}", lambda m: m[0].lower(), text.upper())
    return re.sub(r"\[(\w+) \+ (\w+\*\d)", r"[\2 + \1", text)


def damage(text: str, chance: random.Random) -> str:
    """Something that may well be nonsense."""
    kind = chance.randrange(9 if text.startswith(("v", "{evex}")) else 8)
    if kind == 8:
        found = re.search(r"\{[^}]*\}", text.replace("{evex}", "_evex_"))
        if found and chance.randrange(2):
            return text.replace(found[0], chance.choice(DECORATIONS).strip(", "), 1)
        parts = text.split(", ")
        at = chance.randrange(len(parts))
        parts[at] += chance.choice(DECORATIONS)
        return ", ".join(parts)
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
