"""The sweep of AArch64 (sweep.py): what its text can be turned into, and what the oracles get wrong."""

import random
import re

from sweep import Known, replace_one

PER_FORM = 8
FULL_ROUNDS = 100

KNOWN = [  # words: what LLVM's decoder gets wrong of words that no text of the sweep has (words.py)
    Known("gnu", r"adrp ", "GNU as takes the number for an absolute address"),
    Known("gnu", r"(?i)(f?cm|fac)(le|lt|ls|lo) v", "GNU as lacks the aliases with exchanged sources"),
    Known("gnu", r"(?i)(ldapu?r|stlu?r|ldiapp|stilp|ldap1|stl1)\b", "GNU as 2.40 lacks FEAT_LRCPC3"),
    Known("gnu", r"(?i)(ldclrp|ldsetp|swpp)", "GNU as 2.40 lacks FEAT_LSE128"),
    Known("gnu", r"(?i)(clrbhb|prfu?m p..slc|cosp|(at|dc|tlbi|mrs|msr) )", "GNU as 2.40 lacks newer names"),
    Known("gnu", r"(?i)(ld|st)\w* .*\[\s*\w+\s*(\], |.*\]!)",
          "GNU as only warns of writeback to a register that is transferred"),
    Known("gnu", r"(?i)ldn?p(sw)? (\w+)\s*,\s*\2\s*,", "GNU as only warns of a pair loaded into one register"),
    Known("llvm", r"(?i)ldn?p(sw)? (\w+)\s*,\s*\2\s*,",
          "LLVM refuses a pair loaded into one register only without writeback"),
    Known("gnu", r"(?i)stl?x[rp][bh]? ", "GNU as only warns of a status register that is also another operand"),
    Known("llvm", r"(?i)ldpsw .*(\]\s*,|\]\s*!)", "LLVM takes ldpsw with writeback to a register that is loaded"),
    Known("llvm", r"(?i)(ldclrp|ldsetp|swpp)\w* (\w+)\s*,\s*\2\s*,", "LLVM takes one register for both"),
    Known("llvm", r"(?i)(ldapr|stlr|ldiapp|stilp) .*(\]\s*,|\]\s*!)",
          "LLVM takes rcpc3's writeback to a register that is transferred"),
    Known("llvm-decoder", r"[ls]dtr|[ls]ttr", "LLVM checks unprivileged accesses for the writeback they have not"),
    Known("llvm-decoder", r"stgp .*(\]!|\], #)", "LLVM refuses a tagged pair that holds its base"),
    Known("llvm-decoder", r"prfm #(2[4-9]|3[01]), \[\w+, \w+", "LLVM takes these for rprfm, which has no row"),
    Known("llvm", r"(?i)(adds|subs|cmp|cmn) (x\w+\s*,\s*)?sp\s*,\s*w\w+\s*,\s*lsl",
          "LLVM takes lsl of a w register for uxtw; Arm ARM C6.2.10: lsl is uxtx there"),
    Known("gnu", r"(?i)(adds|subs|cmp|cmn) (x\w+\s*,\s*)?sp\s*,\s*w\w+\s*,\s*lsl",
          "GNU as takes lsl of a w register for uxtw; Arm ARM C6.2.10: lsl is uxtx there"),
    Known("llvm-decoder", r"hint #(19|39|40)$|sysl? .*#3, c7, c7, #[0-3]|sys #0, c7, c7, #[456]$"
          "|sys #1, c7, c2, #[45]$|sys #3, c7, c2, #7",
          "LLVM names what Armv9 adds: FEAT_GCS, FEAT_BRBE, FEAT_ITE, FEAT_PAuth_LR, FEAT_CHK, which have no row"),
    Known("words", r"(cpy|set)\w+ .*xzr!",
          "LLVM takes the zero register for the number of bytes; Arm ARM C6.2, CPYP: unpredictable"),
    Known("words", r"msr s0_", "LLVM reads immediates of pstate fields that its assembler refuses, and SME's"),
    Known("llvm-decoder", r"lda?xp (\w+), \1,", "LLVM decodes no exclusive pair into one register"),
]

REGISTERS = (
    [f"{p}{n}" for p in "wx" for n in range(31)] + [f"{p}{n}" for p in "bhsdq" for n in range(32)]
    + ["wzr", "xzr", "wsp", "sp"]
    + [f"v{n}.{a}" for n in range(32) for a in ("8b", "16b", "4h", "8h", "2s", "4s", "1d", "2d")])
REGISTER = re.compile(r"\b([wxbhsdq]\d+|[wx]zr|w?sp|v\d+\.\d+[bhsdq])\b")
NUMBER = re.compile(r"#(-?)(0x[0-9a-f]+|\d+)\b(?!\.)")
SHIFT = re.compile(r"\b(lsl|lsr|asr|ror|msl|[us]xt[bhwx])\b")
LIMITS = [
    0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 511, 512, 1008, 4095, 4096, 4097,
    16380, 32760, 32768, 65535, 65536, 0xfff000, 0x1000000, 2**31, 2**32 - 1, 2**32, 2**63 - 1
]


def no_text(form: str) -> bool:
    return False


def out_of_scope(code: str | None) -> bool:
    """SVE (bits 28:25 are 0010) and SME (0000 below bit 31)."""
    return code is not None and (int(code, 16) >> 25 & 15 == 2 or int(code, 16) >> 25 & 0x4f == 0x40)


def vary(text: str, chance: random.Random) -> str:
    """Another way to write the same, or nearly."""
    if text.startswith("b.") and chance.randrange(2) == 0:
        return text.replace(".", "", 1)
    if text.endswith("#0.0") and chance.randrange(2) == 0:
        return text.removesuffix(".0")
    if (m := re.fullmatch(r"(and|ands|orr|eor) (\w+, \w+), #(\w+)", text)) and chance.randrange(2) == 0:
        by = ~int(m[3], 0) & (2**32 - 1 if m[2][0] == "w" and chance.randrange(2) else 2**64 - 1)
        return f"{ {'and': 'bic', 'ands': 'bics', 'orr': 'orn', 'eor': 'eon'}[m[1]]} {m[2]}, #{by:#x}"
    kind = chance.randrange(7)
    if kind == 0:
        return text.upper()
    if kind == 1:
        return text.replace("#", "")
    if kind == 2:
        return NUMBER.sub(lambda m: f"#{m[1]}{hex(int(m[2], 0))}", text)
    if kind == 3:  # a shift that does nothing
        return text + chance.choice([", lsl #0", ", lsl #12", ", uxtw #0", ", uxtx", ", sxtw"])
    if kind == 4:  # an offset that does nothing
        return re.sub(r"\[(\w+)\]$", r"[\1, #0]", text)
    if kind == 5:
        return re.sub(r"\{ (v\d+\.\w+), .*?(v\d+\.\w+) \}", r"{ \1 - \2 }", text)
    return re.sub(r"(\{|\}|\[|\]|,)", r" \1 ", text)


def damage(text: str, chance: random.Random) -> str:
    """Something that may well be nonsense."""
    kind = chance.randrange(8)
    if kind < 3:
        return replace_one(REGISTER, text, chance, lambda m: chance.choice(REGISTERS))
    if kind < 5:
        sign = chance.choice(["", "", "-"])
        return replace_one(NUMBER, text, chance, lambda m: f"#{sign}{chance.choice(LIMITS)}")
    if kind == 5:
        return replace_one(SHIFT, text, chance, lambda m: chance.choice(
            ["lsl", "lsr", "asr", "ror", "msl", "uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"]))
    if kind == 6:
        return replace_one(re.compile(r"\[(\d+)\]"), text, chance, lambda m: f"[{chance.randrange(17)}]")
    mnemonic, _, operands = text.partition(" ")
    parts = operands.split(", ")
    chance.shuffle(parts)
    return f"{mnemonic} {', '.join(parts[:chance.randrange(1, len(parts) + 1)])}"
