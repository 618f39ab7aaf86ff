#!/usr/bin/env python3
"""Writes tests/filetests/run/gen_*.jk: every op of ops.def on every legal type, at the edges.

The expected results come from the models in this file, which work on Python's integers and fractions and
share nothing with the interpreter: the filetests compare the two. Files without gen_ in their name are
written by hand.

Usage: generate_run.py [--check]   (--check: fails if a file is not what would be written)
"""

import math
import sys
from fractions import Fraction
from pathlib import Path

RUN = Path(__file__).resolve().parent / "run"
SMALL = ["i8", "i16", "i32", "i64"]
WIDE = ["i32", "i64"]
INTS = SMALL + ["i128"]
WIDTH = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "i128": 128, "ptr": 64, "ref": 64,
         "f16": 16, "f32": 32, "f64": 64, "v64": 64, "v128": 128}


# --- Numbers as text.

def integer(v, n):
    v &= (1 << n) - 1
    s = v - (1 << n) if n > 1 and v >> (n - 1) else v
    return str(s) if abs(s) < 1000000 else hex(v)


FORMAT = {"f16": (5, 10), "f32": (8, 23), "f64": (11, 52)}


def decode(bits, t):
    """The number a float's bits stand for: a Fraction, or inf, -inf, nan; the sign of zero is lost."""
    e_bits, f_bits = FORMAT[t]
    sign, e, f = bits >> (e_bits + f_bits), bits >> f_bits & ((1 << e_bits) - 1), bits & ((1 << f_bits) - 1)
    bias = (1 << (e_bits - 1)) - 1
    if e == (1 << e_bits) - 1:
        return "nan" if f else "-inf" if sign else "inf"
    v = Fraction(f, 1 << f_bits) + (1 if e else 0)
    v *= Fraction(2) ** ((e if e else 1) - bias)
    return -v if sign else v


def encode(v, t, negative_zero=False):
    """The bits of v rounded to nearest even; any NaN is `nan`."""
    e_bits, f_bits = FORMAT[t]
    bias = (1 << (e_bits - 1)) - 1
    sign_bit, inf = 1 << (e_bits + f_bits), ((1 << e_bits) - 1) << f_bits
    if v == "nan":
        return "nan"
    if v == "inf":
        return inf
    if v == "-inf":
        return sign_bit | inf
    sign = sign_bit if v < 0 or (v == 0 and negative_zero) else 0
    v = abs(v)
    e = 1 - bias  # of the least normal
    while v >= Fraction(2) ** (e + 1):
        e += 1
    unit = Fraction(2) ** (e - f_bits)
    whole = v / unit
    m = whole.numerator // whole.denominator
    rest = whole - m
    if rest > Fraction(1, 2) or (rest == Fraction(1, 2) and m & 1):
        m += 1
    bits = m + ((e + bias - 1) << f_bits)  # the leading bit, if there, counts in the exponent
    return sign | min(bits, inf)


def floating(bits, t):
    if bits == "nan":
        return "nan"
    v = decode(bits, t)
    e_bits, f_bits = FORMAT[t]
    if v == "nan":
        return "#" + hex(bits)
    if v in ("inf", "-inf"):
        return "+inf" if v == "inf" else v
    sign = "-" if bits >> (e_bits + f_bits) else ""
    v = abs(v)
    if v == 0:
        return sign + "0.0"
    if v.denominator <= 64 and v < 1000000:
        return sign + repr(float(v))
    m, e = v.numerator, 0  # v is m * 2^e
    d = v.denominator
    while d > 1:
        d //= 2
        e -= 1
    while m % 2 == 0:
        m //= 2
        e += 1
    return sign + hex(m) + "p" + ("+" if e >= 0 else "") + str(e)


def text(v, t):
    return floating(v, t) if t in FORMAT else integer(v, WIDTH[t])


# --- Files of functions and calls.

class File:
    def __init__(self, name, about):
        self.path = RUN / f"gen_{name}.jk"
        self.lines = ["; test: run", "; Written by generate_run.py. " + about]

    def function(self, name, params, results, body, calls):
        """params: [(name, type)]; results: [type]; body: lines; calls: [(arguments, results or 'trap')]."""
        outcome = results[0] if len(results) == 1 else "(" + ", ".join(results) + ")"
        arrow = f" -> {outcome}" if results else ""
        self.lines.append("")
        self.lines.append(f"func @{name}({', '.join(t for _, t in params)}){arrow} {{")
        self.lines.append("b1" + (f"({', '.join(f'{n}: {t}' for n, t in params)})" if params else "") + ":")
        self.lines += ["  " + line for line in body]
        self.lines.append("}")
        line = ""
        for arguments, result in calls:
            call = "(" + ", ".join(text(a, t) for a, (_, t) in zip(arguments, params)) + ") == "
            if result == "trap":
                call += "trap"
            elif len(results) == 1:
                call += text(result[0], results[0])
            else:
                call += "(" + ", ".join(text(r, t) for r, t in zip(result, results)) + ")"
            if line and len(line) + len(call) > 104:
                self.lines.append(line)
                line = ""
            line = line + ", " + call if line else f"; run: @{name}{call}"
        self.lines.append(line)

    def op(self, op, params, results, calls, name=None, operands=None):
        """A function that is one op on its parameters."""
        named = [("xyzw"[i], t) for i, t in enumerate(params)]
        outs = ["r", "s"][:len(results)]
        operands = operands or ", ".join(n for n, _ in named)
        self.function(name or op.replace(".", "_"), named, results,
                      [f"{', '.join(outs)} = {op} {operands}", "ret " + ", ".join(outs)], calls)

    def write(self, check):
        content = "\n".join(self.lines) + "\n"
        if check:
            return self.path.exists() and self.path.read_text() == content
        self.path.write_text(content)
        return True


# --- Integers.

def signed(v, n):
    v &= (1 << n) - 1
    return v - (1 << n) if v >> (n - 1) else v


def pattern(n):
    return 0x0123456789abcdeffedcba9876543210 & ((1 << n) - 1)


def values(n):
    return [0, 1, -1, 1 << (n - 1), (1 << (n - 1)) - 1, pattern(n)]


def pairs(n):
    low, high, p = 1 << (n - 1), (1 << (n - 1)) - 1, pattern(n)
    return [(0, 0), (1, -1), (-1, 1), (high, 1), (low, 1), (low, -1), (1, low), (low, low), (high, high),
            (-1, -1), (p, 0), (0, p), (p, 3), (p, ~p), (7, -2), (-7, 2), (high, low)]


def quotient(x, y):
    return 0 if y == 0 else abs(x) // abs(y) * (1 if (x < 0) == (y < 0) else -1)


def unsigned_model(f):
    return lambda x, y, n: f(x & ((1 << n) - 1), y & ((1 << n) - 1), n)


def signed_model(f):
    return lambda x, y, n: f(signed(x, n), signed(y, n), n)


def rotate(x, by, n):
    x &= (1 << n) - 1
    by %= n
    return x << by | x >> (n - by)


UDIV = unsigned_model(lambda x, y, n: x // y if y else 0)
UREM = unsigned_model(lambda x, y, n: x % y if y else x)
SDIV = signed_model(lambda x, y, n: quotient(x, y))
SREM = signed_model(lambda x, y, n: x - quotient(x, y) * y)
BINARY = {
    "add": (INTS, lambda x, y, n: x + y), "sub": (INTS, lambda x, y, n: x - y),
    "mul": (INTS, lambda x, y, n: x * y),
    "smulhi": (WIDE, signed_model(lambda x, y, n: x * y >> n)),
    "umulhi": (WIDE, unsigned_model(lambda x, y, n: x * y >> n)),
    "smin": (SMALL, signed_model(lambda x, y, n: min(x, y))),
    "smax": (SMALL, signed_model(lambda x, y, n: max(x, y))),
    "umin": (SMALL, unsigned_model(lambda x, y, n: min(x, y))),
    "umax": (SMALL, unsigned_model(lambda x, y, n: max(x, y))),
}
DIVISION = {"udiv": UDIV, "urem": UREM, "sdiv": SDIV, "srem": SREM}
LOGIC = {"and": lambda x, y: x & y, "or": lambda x, y: x | y, "xor": lambda x, y: x ^ y}
SHIFTS = {
    "shl": (INTS, unsigned_model(lambda x, y, n: x << y % n)),
    "lshr": (INTS, unsigned_model(lambda x, y, n: x >> y % n)),
    "ashr": (INTS, lambda x, y, n: signed(x, n) >> y % n),
    "rotl": (SMALL, lambda x, y, n: rotate(x, y, n)),
    "rotr": (SMALL, lambda x, y, n: rotate(x, -y, n)),
}
UNARY = {
    "neg": (INTS, lambda x, n: -x), "iabs": (SMALL, lambda x, n: abs(signed(x, n))),
    "not": (INTS, lambda x, n: ~x),
    "clz": (SMALL, lambda x, n: n - (x & ((1 << n) - 1)).bit_length()),
    "ctz": (SMALL, lambda x, n: format(x & ((1 << n) - 1), f"0{n}b")[::-1].find("1") % (n + 1)),
    "popcnt": (SMALL, lambda x, n: bin(x & ((1 << n) - 1)).count("1")),
    "bswap": (INTS, lambda x, n: int.from_bytes((x & ((1 << n) - 1)).to_bytes(n // 8, "little"), "big")),
    "bitrev": (SMALL, lambda x, n: int(format(x & ((1 << n) - 1), f"0{n}b")[::-1], 2)),
}
OVERFLOW = {"add": lambda x, y: x + y, "sub": lambda x, y: x - y, "mul": lambda x, y: x * y}
ICONDS = {
    "eq": (False, lambda x, y: x == y), "ne": (False, lambda x, y: x != y),
    "slt": (True, lambda x, y: x < y), "sge": (True, lambda x, y: x >= y),
    "sgt": (True, lambda x, y: x > y), "sle": (True, lambda x, y: x <= y),
    "ult": (False, lambda x, y: x < y), "uge": (False, lambda x, y: x >= y),
    "ugt": (False, lambda x, y: x > y), "ule": (False, lambda x, y: x <= y),
}


def integers():
    f = File("int_arith", "Wrapping arithmetic, minimum and maximum.")
    for op, (kinds, model) in BINARY.items():
        for t in kinds:
            n = WIDTH[t]
            f.op(f"{op}.{t}", [t, t], [t], [((x, y), (model(x, y, n),)) for x, y in pairs(n)])
    for op in ("neg", "iabs"):
        for t in UNARY[op][0]:
            f.op(f"{op}.{t}", [t], [t], [((x,), (UNARY[op][1](x, WIDTH[t]),)) for x in values(WIDTH[t])])
    yield f

    f = File("int_division", "Division: x / 0 is 0 and x rem 0 is x, or a trap.")
    for op, model in DIVISION.items():
        for t in INTS:
            n = WIDTH[t]
            f.op(f"{op}.{t}", [t, t], [t], [((x, y), (model(x, y, n),)) for x, y in pairs(n)])
            stops = lambda x, y: y == 0 or (op == "sdiv" and signed(x, n) == -1 << (n - 1) and y == -1)
            f.op(f"{op}_trap.{t}", [t, t], [t],
                 [((x, y), "trap" if stops(x, y) else (model(x, y, n),)) for x, y in pairs(n)])
    yield f

    f = File("int_overflow", "Results with their overflow, carry or borrow.")
    for op, model in OVERFLOW.items():
        for t in SMALL:
            n = WIDTH[t]
            mask = (1 << n) - 1
            calls = []
            for x, y in pairs(n):
                exact = model(signed(x, n), signed(y, n))
                calls.append(((x, y), (exact, int(exact != signed(exact, n)))))
            f.op(f"s{op}_ov.{t}", [t, t], [t, "i1"], calls)
            calls = []
            for x, y in pairs(n):
                exact = model(x & mask, y & mask)
                calls.append(((x, y), (exact, int(exact != exact & mask))))
            f.op(f"u{op}_ov.{t}", [t, t], [t, "i1"], calls)
    for t in WIDE:
        n, mask = WIDTH[t], (1 << WIDTH[t]) - 1
        calls = [((x, y, c), ((x & mask) + (y & mask) + c, ((x & mask) + (y & mask) + c) >> n))
                 for x, y in pairs(n) for c in (0, 1)]
        f.op(f"add_carry.{t}", [t, t, "i1"], [t, "i1"], calls)
        calls = [((x, y, c), ((x & mask) - (y & mask) - c, int((x & mask) < (y & mask) + c)))
                 for x, y in pairs(n) for c in (0, 1)]
        f.op(f"sub_borrow.{t}", [t, t, "i1"], [t, "i1"], calls)
    yield f

    f = File("int_bits", "Logic, shifts by any count, counts and reversals.")
    for op, model in LOGIC.items():
        for t in INTS:
            f.op(f"{op}.{t}", [t, t], [t], [((x, y), (model(x, y),)) for x, y in pairs(WIDTH[t])])
        f.op(f"{op}.i1", ["i1", "i1"], ["i1"], [((x, y), (model(x, y),)) for x in (0, 1) for y in (0, 1)])
    f.op("not.i1", ["i1"], ["i1"], [((0,), (1,)), ((1,), (0,))])
    for op, (kinds, model) in UNARY.items():
        if op in ("neg", "iabs"):
            continue
        for t in kinds:
            points = values(WIDTH[t]) + [2, 0x10, 3 << (WIDTH[t] - 3)]
            f.op(f"{op}.{t}", [t], [t], [((x,), (model(x, WIDTH[t]),)) for x in points])
    for op, (kinds, model) in SHIFTS.items():
        for t in kinds:
            n = WIDTH[t]
            f.op(f"{op}.{t}", [t, t], [t],
                 [((x, y), (model(x, y, n),)) for x in (pattern(n), 1 << (n - 1), -1)
                  for y in (0, 1, n // 2, n - 1, n, n + 1, -1)])
    yield f

    f = File("icmp", "Every condition on every type.")
    for t in ["i1"] + INTS + ["ptr", "ref"]:
        n = WIDTH[t]
        mask = (1 << n) - 1
        points = [(x, y) for x in (0, 1) for y in (0, 1)] if t == "i1" else \
            [(0, 0), (0, 1), (1, 0), (-1, 0), (0, -1), (1 << (n - 1), (1 << (n - 1)) - 1),
             ((1 << (n - 1)) - 1, 1 << (n - 1)), (pattern(n), pattern(n))]
        for cond, (is_signed, model) in ICONDS.items():
            view = (lambda v: signed(v, n)) if is_signed else (lambda v: v & mask)
            f.op(f"icmp.{cond}.{t}", [t, t], ["i1"],
                 [((x, y), (int(model(view(x), view(y))),)) for x, y in points])
    yield f

    f = File("int_convert", "Extensions, truncations and bitcasts.")
    for s in ["i1"] + INTS:
        for t in ["i1"] + INTS:
            n, m = WIDTH[s], WIDTH[t]
            points = (0, 1) if s == "i1" else values(n) + [0xfe, 0x80]
            if n < m:
                f.op(f"zext.{t}", [s], [t], [((x,), (x & ((1 << n) - 1),)) for x in points], f"zext_{s}_{t}")
                f.op(f"sext.{t}", [s], [t], [((x,), (signed(x, n),)) for x in points], f"sext_{s}_{t}")
            elif n > m:
                f.op(f"trunc.{t}", [s], [t], [((x,), (x,)) for x in points], f"trunc_{s}_{t}")
    same = [["i16", "f16"], ["i32", "f32"], ["i64", "ptr", "ref", "f64", "v64"], ["i128", "v128"]]
    for group in same:
        for s in group:
            for t in group:
                if s == t:
                    continue
                # Through the integer of that size on both sides: floats are not all arguments.
                i, n = group[0], WIDTH[s]
                body = [f"a = bitcast.{s} x"] if s != i else []
                body.append(f"b = bitcast.{t} {'a' if s != i else 'x'}")
                body += [f"c = bitcast.{i} b", "ret c"] if t != i else ["ret b"]
                f.function(f"bitcast_{s}_{t}", [("x", i)], [i], body, [((x,), (x,)) for x in values(n)])
    yield f

    f = File("choice", "select and freeze on every type.")
    for t in ["i1"] + INTS + ["ptr", "ref", "f32", "f64", "v64", "v128"]:
        a, b = (1, 0) if t == "i1" else (pattern(WIDTH[t]), ~pattern(WIDTH[t]) & ((1 << WIDTH[t]) - 1))
        f.op(f"select.{t}", ["i1", t, t], [t], [((1, a, b), (a,)), ((0, a, b), (b,))])
        f.op(f"freeze.{t}", [t], [t], [((a,), (a,)), ((b,), (b,))])
    f.function("select_f16", [("x", "i1"), ("y", "i16"), ("z", "i16")], ["i16"],
               ["a = bitcast.f16 y", "b = bitcast.f16 z", "c = select.f16 x, a, b", "r = bitcast.i16 c", "ret r"],
               [((1, 0x7e01, 0xfc00), (0x7e01,)), ((0, 0x7e01, 0xfc00), (0xfc00,))])
    f.function("freeze_f16", [("x", "i16")], ["i16"],
               ["a = bitcast.f16 x", "b = freeze.f16 a", "r = bitcast.i16 b", "ret r"], [((0x7e01,), (0x7e01,))])
    yield f


# --- Floating point.

def is_nan(b, t):
    return decode(b, t) == "nan"


def is_negative(b, t):
    return bool(b >> (WIDTH[t] - 1))


def points_of(t):
    """Zeroes, ones, infinities, a NaN with payload, the least and largest of each kind."""
    e_bits, f_bits = FORMAT[t]
    sign = 1 << (e_bits + f_bits)
    inf = ((1 << e_bits) - 1) << f_bits
    one = ((1 << (e_bits - 1)) - 1) << f_bits
    return {"zero": 0, "-zero": sign, "one": one, "-1.5": sign | one | 1 << (f_bits - 1), "inf": inf,
            "-inf": sign | inf, "nan": inf | 1 << (f_bits - 1) | 5, "tiny": 1, "normal": 1 << f_bits,
            "-max": sign | (inf - 1), "max": inf - 1, "third": encode(Fraction(1, 3), t),
            "big": encode(Fraction(2) ** (f_bits + 1) + 1, t)}


def float_pairs(t):
    p = points_of(t)
    names = [("zero", "-zero"), ("-zero", "zero"), ("-zero", "-zero"), ("one", "-1.5"), ("third", "one"),
             ("third", "third"), ("inf", "-inf"), ("inf", "inf"), ("-inf", "one"), ("one", "inf"), ("inf", "zero"),
             ("zero", "zero"), ("-1.5", "zero"), ("nan", "one"), ("one", "nan"), ("nan", "nan"), ("max", "max"),
             ("max", "-max"), ("tiny", "one"), ("tiny", "tiny"), ("normal", "third"), ("big", "one"), ("one", "big"),
             ("max", "big")]
    return [(p[a], p[b]) for a, b in names]


def number_or_none(b, t):
    v = decode(b, t)
    return v if isinstance(v, Fraction) else None


def float_add(x, y, t, negate=False):
    if negate:
        y ^= 1 << (WIDTH[t] - 1)
    a, b = decode(x, t), decode(y, t)
    if "nan" in (a, b) or (a, b) in (("inf", "-inf"), ("-inf", "inf")):
        return "nan"
    for v in (a, b):
        if not isinstance(v, Fraction):
            return encode(v, t)
    return encode(a + b, t, a == b == 0 and is_negative(x, t) and is_negative(y, t))


def float_mul(x, y, t):
    a, b = decode(x, t), decode(y, t)
    negative = is_negative(x, t) != is_negative(y, t)
    if "nan" in (a, b) or (not isinstance(a, Fraction) and b == 0) or (not isinstance(b, Fraction) and a == 0):
        return "nan"
    if not isinstance(a, Fraction) or not isinstance(b, Fraction):
        return encode("-inf" if negative else "inf", t)
    return encode(a * b, t, negative)


def float_div(x, y, t):
    a, b = decode(x, t), decode(y, t)
    negative = is_negative(x, t) != is_negative(y, t)
    infinite = [not isinstance(v, Fraction) for v in (a, b)]
    if "nan" in (a, b) or all(infinite) or (a == 0 and b == 0):
        return "nan"
    if infinite[0] or (b == 0 and not infinite[1]):
        return encode("-inf" if negative else "inf", t)
    return encode(Fraction(0) if infinite[1] else a / b, t, negative)


def float_fma(x, y, z, t):
    """The exact product plus z, rounded once."""
    a, b, c = (decode(v, t) for v in (x, y, z))
    if all(isinstance(v, Fraction) for v in (a, b, c)):
        exact = a * b + c
        both = (is_negative(x, t) != is_negative(y, t)) and is_negative(z, t)
        return encode(exact, t, a * b == 0 and c == 0 and both)
    product = float_mul(x, y, t)
    if product == "nan":
        return "nan"
    if isinstance(a, Fraction) and isinstance(b, Fraction):
        return "nan" if c == "nan" else encode(c, t)
    return float_add(product, z, t)


def float_sqrt(x, t):
    v = decode(x, t)
    if v == 0:
        return x
    if v in ("nan", "-inf") or (isinstance(v, Fraction) and v < 0):
        return "nan"
    if v == "inf":
        return encode(v, t)
    # Scaled so that the integer root has more bits than needed, with a sticky bit below.
    shift = 600
    scaled = v * Fraction(4) ** shift
    whole = scaled.numerator // scaled.denominator
    root = math.isqrt(whole)
    sticky = 1 if root * root != scaled else 0
    return encode(Fraction(root * 2 + sticky, 2) / Fraction(2) ** shift, t)


def extremum(x, y, t, greater):
    a, b = decode(x, t), decode(y, t)
    if "nan" in (a, b):
        return "nan"
    order = {"-inf": Fraction(-10) ** 999, "inf": Fraction(10) ** 999}
    key = lambda v, bits: (order.get(v, v) if isinstance(v, str) else v, 0 if is_negative(bits, t) else 1)
    pick = max if greater else min
    return pick((key(a, x), x), (key(b, y), y))[1]


def rounded(x, t, how):
    v = decode(x, t)
    if v == "nan":
        return "nan"
    if not isinstance(v, Fraction):
        return x
    floor = v.numerator // v.denominator
    rest = v - floor
    whole = {"ffloor": floor, "fceil": floor + (rest > 0), "ftrunc": floor + (rest > 0 and v < 0),
             "fnearest": floor + (rest > Fraction(1, 2) or (rest == Fraction(1, 2) and floor % 2 == 1))}[how]
    return encode(Fraction(whole), t, is_negative(x, t))


FCONDS = {
    "oeq": lambda c: c == 0, "une": lambda c: c != 0, "olt": lambda c: c == -1, "uge": lambda c: c != -1,
    "ole": lambda c: c in (-1, 0), "ugt": lambda c: c not in (-1, 0), "ogt": lambda c: c == 1,
    "ule": lambda c: c != 1, "oge": lambda c: c in (0, 1), "ult": lambda c: c not in (0, 1),
    "one": lambda c: c in (-1, 1), "ueq": lambda c: c not in (-1, 1), "ord": lambda c: c is not None,
    "uno": lambda c: c is None,
}


def float_order(x, y, t):
    """-1, 0, 1, or None if unordered."""
    a, b = decode(x, t), decode(y, t)
    if "nan" in (a, b):
        return None
    big = Fraction(10) ** 999
    a, b = ({"inf": big, "-inf": -big}.get(v, v) if isinstance(v, str) else v for v in (a, b))
    return (a > b) - (a < b)


def to_integer(x, s, n, is_signed):
    v = decode(x, s)
    low, high = (-1 << (n - 1), (1 << (n - 1)) - 1) if is_signed else (0, (1 << n) - 1)
    if v == "nan":
        return 0
    if v in ("inf", "-inf"):
        return high if v == "inf" else low
    whole = abs(v).numerator // abs(v).denominator
    return min(max(-whole if v < 0 else whole, low), high)


def floats():
    f = File("fp_arith", "Arithmetic; expected results are exact ones rounded once.")
    for t in ("f32", "f64"):
        p = points_of(t)
        sign = 1 << (WIDTH[t] - 1)
        both = {"fadd": float_add, "fsub": lambda x, y, k: float_add(x, y, k, True), "fmul": float_mul,
                "fdiv": float_div, "fmin": lambda x, y, k: extremum(x, y, k, False),
                "fmax": lambda x, y, k: extremum(x, y, k, True),
                "fcopysign": lambda x, y, k: x & ~sign | y & sign}
        for op, model in both.items():
            f.op(f"{op}.{t}", [t, t], [t], [((x, y), (model(x, y, t),)) for x, y in float_pairs(t)])
        plain = [(x, y) for x, y in float_pairs(t)
                 if not is_nan(x, t) and not is_nan(y, t) and not decode(x, t) == decode(y, t) == 0]
        for op, greater in (("fmin_native", False), ("fmax_native", True)):
            f.op(f"{op}.{t}", [t, t], [t], [((x, y), (extremum(x, y, t, greater),)) for x, y in plain])
        f.op(f"fsqrt.{t}", [t], [t], [((x,), (float_sqrt(x, t),)) for x in p.values()])
        f.op(f"fneg.{t}", [t], [t], [((x,), (x ^ sign,)) for x in p.values()])
        f.op(f"fabs.{t}", [t], [t], [((x,), (x & ~sign,)) for x in p.values()])
        halves = [encode(Fraction(k, 4), t) for k in (1, 2, 3, 4, 5, 6, 10, -1, -2, -3, -6, -10)]
        halves += [encode(Fraction(2) ** FORMAT[t][1] + k, t) for k in (-1, 0, 1)]
        halves += [encode(Fraction(2) ** (FORMAT[t][1] - 1) + Fraction(k, 2), t) for k in (-1, 1, 3)]
        for op in ("ffloor", "fceil", "ftrunc", "fnearest"):
            f.op(f"{op}.{t}", [t], [t],
                 [((x,), (rounded(x, t, op),)) for x in list(p.values()) + [encode(Fraction(0), t, True)] + halves])
        e = lambda v: encode(Fraction(v), t)
        step = Fraction(2) ** -(FORMAT[t][1] // 2 + 2)
        triples = [(x, y, p[z]) for x, y in float_pairs(t) for z in ("one", "-zero")]
        triples += [(e(1 + step), e(1 + step), e(-1 - 2 * step)), (p["max"], e(2), p["-max"]),
                    (p["tiny"], p["third"], p["one"]), (p["one"], p["one"], p["-inf"]), (p["inf"], p["one"], p["-inf"]),
                    (p["one"], p["one"], p["nan"]), (e(3), e(7), e(-21)), (e(-3), e(7), e(21))]
        f.op(f"fma.{t}", [t, t, t], [t], [(a, (float_fma(*a, t),)) for a in triples])
    yield f

    f = File("fcmp", "Every condition; the ordered ones are false for NaN.")
    for t in ("f32", "f64"):
        p = points_of(t)
        points = [(p[a], p[b]) for a, b in (("zero", "-zero"), ("one", "-1.5"), ("-1.5", "one"), ("inf", "inf"),
                                            ("-inf", "max"), ("nan", "one"), ("one", "nan"), ("nan", "nan"),
                                            ("tiny", "zero"), ("third", "third"))]
        for cond, model in FCONDS.items():
            f.op(f"fcmp.{cond}.{t}", [t, t], ["i1"], [((x, y), (int(model(float_order(x, y, t))),)) for x, y in points])
    yield f

    f = File("fp_convert", "Conversions between floats, and to and from integers.")
    for s, t in (("f32", "f64"), ("f64", "f32")):
        points = list(points_of(s).values()) + [encode(Fraction(v), s) for v in
                                               (1 + Fraction(1, 1 << 24), 1 + Fraction(3, 1 << 24),
                                                Fraction(1, 1 << 149), Fraction(1, 1 << 126) - Fraction(1, 1 << 150),
                                                Fraction(2) ** 128 - Fraction(2) ** 103)]
        op = "fpext" if WIDTH[t] > WIDTH[s] else "fptrunc"
        f.op(f"{op}.{t}", [s], [t], [((x,), (encode(decode(x, s), t, is_negative(x, s)),)) for x in points],
             f"{op}_{s}_{t}")
    half = points_of("f16")
    for t in ("f32", "f64"):
        f.function(f"fpext_f16_{t}", [("x", "i16")], [t], ["h = bitcast.f16 x", f"r = fpext.{t} h", "ret r"],
                   [((x,), (encode(decode(x, "f16"), t, is_negative(x, "f16")),)) for x in
                    list(half.values()) + [0x3ff, 0x3c01, 0x7bff]])
        points = [p for p in points_of(t).values() if not is_nan(p, t)]
        points += [encode(v, t) for v in (Fraction(65504), Fraction(65519), Fraction(65520), Fraction(-65536),
                                          Fraction(1, 1 << 24), Fraction(1, 1 << 25), Fraction(3, 1 << 26),
                                          1 + Fraction(1, 1 << 11), 1 + Fraction(3, 1 << 11),
                                          1 + Fraction(1, 1 << 11) + Fraction(1, 1 << 23))]
        if t == "f64":  # rounded through f32 this would be a tie
            points.append(encode(1 + Fraction(1, 1 << 11) + Fraction(1, 1 << 40), t))
        f.function(f"fptrunc_{t}_f16", [("x", t)], ["i16"], ["h = fptrunc.f16 x", "r = bitcast.i16 h", "ret r"],
                   [((x,), (encode(decode(x, t), "f16", is_negative(x, t)),)) for x in points])
        f.function(f"fptrunc_{t}_f16_nan", [("x", t)], ["f32"],
                   ["h = fptrunc.f16 x", "r = fpext.f32 h", "ret r"], [((points_of(t)["nan"],), ("nan",))])
    for s in WIDE:
        n = WIDTH[s]
        for t in ("f32", "f64"):
            points = values(n) + [(1 << 24) + 1, (1 << 24) + 3, (1 << n) - 0x81]
            if n == 64:
                points += [(1 << 53) + 1, (1 << 53) + 3, (1 << 63) + (1 << 10), (1 << 63) + (1 << 10) + 1,
                           (1 << 63) + (1 << 39) + 1, (1 << 62) + (1 << 38) + 1]
            f.op(f"sitofp.{t}", [s], [t], [((x,), (encode(Fraction(signed(x, n)), t),)) for x in points],
                 f"sitofp_{s}_{t}")
            f.op(f"uitofp.{t}", [s], [t], [((x,), (encode(Fraction(x & ((1 << n) - 1)), t),)) for x in points],
                 f"uitofp_{s}_{t}")
    for s in ("f32", "f64"):
        for t in WIDE:
            n = WIDTH[t]
            edge = [v + d for v in (2 ** (n - 1), 2 ** n, -(2 ** (n - 1)), 0)
                    for d in (Fraction(-1), Fraction(-1, 2), Fraction(0), Fraction(1, 2), Fraction(1))]
            step = [Fraction(2) ** k - Fraction(2) ** (k - FORMAT[s][1] - 1) for k in (n - 1, n)]  # the float below
            points = list(points_of(s).values()) + [encode(Fraction(v), s) for v in edge + step]
            points = list(dict.fromkeys(points))
            for is_signed, op in ((True, "fptosi"), (False, "fptoui")):
                f.op(f"{op}_sat.{t}", [s], [t], [((x,), (to_integer(x, s, n, is_signed),)) for x in points],
                     f"{op}_sat_{s}_{t}")
                low, high = (-1 << (n - 1), 1 << (n - 1)) if is_signed else (0, 1 << n)
                inside = [x for x in points if (v := number_or_none(x, s)) is not None
                          and (low - 1 if s == "f64" and n == 32 else low - Fraction(1, 2)) < v < high
                          and (is_signed or v > -1)]
                f.op(f"{op}.{t}", [s], [t], [((x,), (to_integer(x, s, n, is_signed),)) for x in inside],
                     f"{op}_{s}_{t}")
    yield f


# --- Vectors.

LANES = {"i8": 8, "i16": 16, "i32": 32, "i64": 64, "f16": 16, "f32": 32, "f64": 64}


def split(v, n, total):
    return [v >> i & ((1 << n) - 1) for i in range(0, total, n)]


def join(lanes, n):
    return sum((v & ((1 << n) - 1)) << i * n for i, v in enumerate(lanes))


def vector_pairs(n, total):
    """Lanes that hit every edge of a lane of n bits, in turning order."""
    low, high, p = 1 << (n - 1), (1 << (n - 1)) - 1, pattern(n)
    xs = [low, high, -1, 0, 1, p, low, high, 7, -7, p, ~p, 1, -1, 0, low]
    ys = [low, high, -1, -1, low, p, 1, low, -2, 2, ~p, p, -1, 1, 1, -1]
    count = total // n
    for turn in range(0, 16, max(1, count)):
        yield tuple(join([v[(turn + i) % 16] for i in range(count)], n) for v in (xs, ys))


def vectors():
    f = File("vector_lanes", "Lane-wise integer operations in every lane shape.")
    ones = lambda n: (1 << n) - 1
    models = {
        "vadd": ("i8 i16 i32 i64", lambda x, y, n: x + y), "vsub": ("i8 i16 i32 i64", lambda x, y, n: x - y),
        "vmul": ("i16 i32", lambda x, y, n: x * y),
        "vsmin": ("i8 i16 i32", lambda x, y, n: min(signed(x, n), signed(y, n))),
        "vsmax": ("i8 i16 i32", lambda x, y, n: max(signed(x, n), signed(y, n))),
        "vumin": ("i8 i16 i32", lambda x, y, n: min(x, y)), "vumax": ("i8 i16 i32", lambda x, y, n: max(x, y)),
        "vcmpeq": ("i8 i16 i32 i64", lambda x, y, n: ones(n) if x == y else 0),
        "vcmpgt": ("i8 i16 i32 i64", lambda x, y, n: ones(n) if signed(x, n) > signed(y, n) else 0),
    }
    for t in ("v64", "v128"):
        total = WIDTH[t]
        for op, (shapes, model) in models.items():
            for lane in shapes.split():
                n = LANES[lane]
                calls = [((x, y), (join([model(a, b, n) for a, b in zip(split(x, n, total), split(y, n, total))], n),))
                         for x, y in vector_pairs(n, total)]
                f.op(f"{op}.{lane}.{t}", [t, t], [t], calls)
        for op, (shapes, model) in {
            "vshl_imm": ("i16 i32 i64", lambda x, c, n: x << c), "vlshr_imm": ("i16 i32 i64", lambda x, c, n: x >> c),
            "vashr_imm": ("i16 i32", lambda x, c, n: signed(x, n) >> c)}.items():
            for lane in shapes.split():
                n = LANES[lane]
                for count in (0, 1, n // 2, n - 1):
                    calls = [((x,), (join([model(a, count, n) for a in split(x, n, total)], n),))
                             for x, _ in vector_pairs(n, total)]
                    f.op(f"{op}.{lane}.{t}", [t], [t], calls, f"{op}_{lane}_{t}_by_{count}", f"x, {count}")
    yield f

    f = File("vector_float", "Lane-wise floating point, on lanes whose results are not NaN.")
    for t in ("v64", "v128"):
        total = WIDTH[t]
        for lane in ("f32", "f64"):
            n = LANES[lane]
            for op, model in {"vadd": float_add, "vsub": lambda x, y, k: float_add(x, y, k, True), "vmul": float_mul,
                              "vfdiv": float_div}.items():
                good = [(x, y) for x, y in float_pairs(lane) if model(x, y, lane) != "nan"]
                count = total // n
                good += good[:-len(good) % count]
                calls = []
                for i in range(0, len(good), count):
                    chunk = good[i:i + count]
                    calls.append(((join([x for x, _ in chunk], n), join([y for _, y in chunk], n)),
                                  (join([model(x, y, lane) for x, y in chunk], n),)))
                f.op(f"{op}.{lane}.{t}", [t, t], [t], calls)
    for lane in ("f32", "f64"):  # a NaN lane is some NaN
        i = "i32" if lane == "f32" else "i64"
        p = points_of(lane)
        f.function(f"nan_lane_{lane}", [("x", "v128"), ("y", "v128")], [lane],
                   [f"s = vsub.{lane}.v128 x, y", f"r = vextract.{lane}.v128 s, 1", "ret r"],
                   [((join([0, p["inf"]], LANES[lane]), join([0, p["inf"]], LANES[lane])), ("nan",)),
                    ((join([0, p["one"]], LANES[lane]), join([0, p["zero"]], LANES[lane])), (p["one"],))])
    yield f

    f = File("vector_moves", "Bitwise operations, single lanes, shuffles, tables.")
    for t in ("v64", "v128"):
        total = WIDTH[t]
        p = pattern(128) >> 4 & ((1 << total) - 1)
        logic = {"vand": lambda x, y: x & y, "vor": lambda x, y: x | y, "vxor": lambda x, y: x ^ y,
                 "vbic": lambda x, y: x & ~y}
        for op, model in logic.items():
            f.op(f"{op}.{t}", [t, t], [t], [((x, y), (model(x, y),)) for x, y in ((p, -1), (-1, p), (p, 0), (0, p), (p, p >> 3))])
        f.op(f"vnot.{t}", [t], [t], [((p,), (~p,)), ((0,), (-1,)), ((-1,), (0,))])
        for lane, n in LANES.items():
            i = lane if lane.startswith("i") or lane != "f16" else "i16"
            k = pattern(n) >> 1
            convert = ["h = bitcast.f16 x"] if lane == "f16" else []
            v = "h" if convert else "x"
            f.function(f"vsplat_{lane}_{t}", [("x", i)], [t], convert + [f"r = vsplat.{lane}.{t} {v}", "ret r"],
                       [((x,), (join([x] * (total // n), n),)) for x in (k, 0, 1 << (n - 1))])
            for at in sorted({0, 1, total // n - 1} & set(range(total // n))):
                back = [f"e = vextract.f16.{t} x, {at}", "r = bitcast.i16 e"] if lane == "f16" else \
                    [f"r = vextract.{lane}.{t} x, {at}"]
                f.function(f"vextract_{lane}_{t}_{at}", [("x", t)], [i], back + ["ret r"],
                           [((x,), (split(x & ((1 << total) - 1), n, total)[at],)) for x in (p, ~p)])
                convert = ["h = bitcast.f16 y"] if lane == "f16" else []
                v = "h" if convert else "y"
                calls = []
                for x in (p, ~p & ((1 << total) - 1)):
                    lanes = split(x, n, total)
                    lanes[at] = k
                    calls.append(((x, k), (join(lanes, n),)))
                f.function(f"vinsert_{lane}_{t}_{at}", [("x", t), ("y", i)], [t],
                           convert + [f"r = vinsert.{lane}.{t} x, {v}, {at}", "ret r"], calls)
        size = total // 8
        x, y = (int.from_bytes(bytes(range(b, b + size)), "little") for b in (0x10, 0xa0))
        masks = {
            "identity": range(size), "second": range(size, 2 * size), "reverse": range(size - 1, -1, -1),
            "zip_low": [i // 2 + (i % 2) * size for i in range(size)],
            "zip_high": [size // 2 + i // 2 + (i % 2) * size for i in range(size)],
            "even": [(2 * i) % (2 * size) for i in range(size)], "odd": [(2 * i + 1) % (2 * size) for i in range(size)],
            "rotate": [(i + 3) % size for i in range(size)], "concat": [i + 5 for i in range(size)],
            "splat": [size + 3] * size, "swap_words": [i ^ 4 for i in range(size)], "bytes_in_words": [i ^ 3 for i in range(size)],
            "mixed": [(i * 11 + 7) % (2 * size) for i in range(size)],
        }
        both = x.to_bytes(size, "little") + y.to_bytes(size, "little")
        for name, mask in masks.items():
            result = int.from_bytes(bytes(both[m] for m in mask), "little")
            f.op(f"vshuffle.{t}", [t, t], [t], [((x, y), (result,))], f"vshuffle_{t}_{name}",
                 f"x, y, [{', '.join(map(str, mask))}]")
        indices = [list(range(size)), [size] * size, [255, 128, 127, size - 1, 0, size + 1, 0x80, 1] * (size // 8),
                   list(range(size - 1, -1, -1))]
        calls = []
        for index in indices:
            data = x.to_bytes(size, "little")
            result = bytes(data[i] if i < size else 0 for i in index)
            calls.append(((x, int.from_bytes(bytes(index), "little")), (int.from_bytes(result, "little"),)))
        f.op(f"vtable.{t}", [t, t], [t], calls)
    yield f


# --- Crypto steps.

def gf(x, y):
    r = 0
    while y:
        if y & 1:
            r ^= x
        x = x << 1 ^ (0x11b if x & 0x80 else 0)
        y >>= 1
    return r


def aes_tables():
    box = []
    for x in range(256):
        inv = next((y for y in range(256) if gf(x, y) == 1), 0)
        bit = lambda i: (inv >> i ^ inv >> (i + 4) % 8 ^ inv >> (i + 5) % 8 ^ inv >> (i + 6) % 8 ^ inv >> (i + 7) % 8
                         ^ 0x63 >> i) & 1
        box.append(sum(bit(i) << i for i in range(8)))
    return box, [box.index(x) for x in range(256)]


def mix(s, row):
    out = []
    for c in range(4):
        column = s[4 * c:4 * c + 4]
        for r in range(4):
            v = 0
            for k in range(4):
                v ^= gf(column[k], row[(k - r) % 4])
            out.append(v)
    return out


def crypto():
    f = File("crypto", "AES rounds, carry-less products, CRC-32C; the published vectors are in crypto.jk.")
    box, inverse = aes_tables()
    forward_row, inverse_row = [2, 3, 1, 1], [14, 11, 13, 9]
    states = [0, -1, pattern(128), 0x2b7e151628aed2a6abf7158809cf4f3c]
    key = 0x000102030405060708090a0b0c0d0e0f

    def aes(state, key, invert, last):
        s = list((state & ((1 << 128) - 1)).to_bytes(16, "little"))
        if invert:
            s = [inverse[s[(i - 4 * (i % 4)) % 16]] for i in range(16)]
        else:
            s = [box[s[(i + 4 * (i % 4)) % 16]] for i in range(16)]
        if not last:
            s = mix(s, inverse_row if invert else forward_row)
        return int.from_bytes(bytes(s), "little") ^ key

    for op, invert, last in (("aes_enc", False, False), ("aes_enclast", False, True), ("aes_dec", True, False),
                             ("aes_declast", True, True)):
        f.op(f"{op}.v128", ["v128", "v128"], ["v128"], [((x, k), (aes(x, k, invert, last),)) for x in states for k in (0, key)])
    f.op("aes_imc.v128", ["v128"], ["v128"],
         [((x,), (int.from_bytes(bytes(mix(list((x & ((1 << 128) - 1)).to_bytes(16, "little")), inverse_row)), "little"),))
          for x in states])

    def carryless(x, y):
        r = 0
        for i in range(64):
            if y >> i & 1:
                r ^= x << i
        return r

    word = (1 << 64) - 1
    for imm in (0, 1, 16, 17):
        calls = [((x, y), (carryless(x >> 64 * (imm & 1) & word, y >> 64 * (imm >> 4) & word),))
                 for x, y in ((pattern(128), key), (-1, -1), (key, 0), (1 << 127 | 1, 1 << 127 | 1 << 63))]
        f.op("clmul.v128", ["v128", "v128"], ["v128"], calls, f"clmul_{imm}", f"x, y, {imm}")

    def crc(state, data, n):
        for i in range(n // 8):
            state ^= data >> 8 * i & 0xff
            for _ in range(8):
                state = state >> 1 ^ (0x82f63b78 if state & 1 else 0)
        return state

    for t in SMALL:
        n = WIDTH[t]
        f.op(f"crc32c.{t}", ["i32", t], ["i32"],
             [((s & 0xffffffff, d), (crc(s & 0xffffffff, d & ((1 << n) - 1), n),)) for s in (0, -1, 0x12345678) for d in values(n)])
    yield f


# --- Memory.

def memory():
    f = File("memory", "Loads and stores of every width and extension, at near and far offsets.")
    image = 0xf0e1d2c3b4a59687  # bytes 87 96 a5 ...

    def body(lines, size=32, align=16):
        return [f"s = slot {size} align {align}", "p = stack_addr s"] + lines

    for t in INTS + ["ptr", "ref", "f32", "f64", "v64", "v128"]:
        n = WIDTH[t]
        v = pattern(n)
        f.function(f"store_load_{t}", [("x", t)], [t],
                   body([f"store.{t} p + 8, x", f"r = load.{t} p + 8", "ret r"]), [((v,), (v,)), ((~v & ((1 << n) - 1),), (~v & ((1 << n) - 1),))])
        f.function(f"bytes_of_{t}", [("x", t)], ["i8", "i8"],
                   body([f"store.{t}.align8.volatile p + 8, x", "a = load.i8 p + 8", f"b = load.i8 p + {8 + n // 8 - 1}", "ret a, b"]),
                   [((v,), (v & 0xff, v >> (n - 8)))])
        f.function(f"neighbours_of_{t}", [("x", t)], ["i8", "i8"],
                   body(["store.i8 p, 0x5a", f"store.i8 p + {1 + n // 8}, 0x3c", f"store.{t} p + 1, x",
                         "a = load.i8 p", f"b = load.i8.volatile p + {1 + n // 8}", "ret a, b"]), [((v,), (0x5a, 0x3c))])
    f.function("store_load_f16", [("x", "i16")], ["i16"],
               body(["h = bitcast.f16 x", "store.f16 p + 2, h", "g = load.f16 p + 2", "r = bitcast.i16 g", "ret r"]),
               [((0x7e01,), (0x7e01,)), ((0x8000,), (0x8000,))])
    for width in (8, 16, 32):
        for t in SMALL:
            if WIDTH[t] <= width:
                continue
            for sign in "us":
                calls = []
                for v in (image, 0x7f6f5f4f3f2f1f0f, 0x0080008080808000):
                    part = v >> 8 & ((1 << width) - 1)
                    calls.append(((v,), (signed(part, width) if sign == "s" else part,)))
                f.function(f"{sign}load{width}_{t}", [("x", "i64")], [t],
                           body(["store.i64 p, x", f"r = {sign}load{width}.{t} p + 1", "ret r"]), calls)
            f.function(f"store{width}_{t}", [("x", t)], ["i64"],
                       body(["store.i64 p, -1", f"store{width}.{t} p + 2, x", "r = load.i64 p", "ret r"]),
                       [((v,), ((1 << 64) - 1 & ~(((1 << width) - 1) << 16) | (v & ((1 << width) - 1)) << 16,))
                        for v in (0, pattern(WIDTH[t]), 0x55)])
    # Offsets at and past what an instruction can hold on either target.
    offsets = [1, 127, 128, 255, 256, 257, 4095, 4096, 4097, 16380, 16384, 32760, 32768, 65520, 65528, 131072]
    for t, size in (("i8", 1), ("i32", 4), ("i64", 8), ("v128", 16)):
        for offset in offsets:
            v = pattern(WIDTH[t])
            f.function(f"at_{offset}_{t}", [("x", t)], [t],
                       body([f"store.{t} p + {offset}, x", f"q = ptr_add p, {offset}", f"r = load.{t} q", "ret r"], 131072 + 64),
                       [((v,), (v,))])
    for t in ("i8", "i32", "i64", "f64", "v128"):
        for offset in (1, 8, 16, 255, 256, 257, 4096):
            v = pattern(WIDTH[t])
            f.function(f"before_{offset}_{t}", [("x", t)], [t],
                       body([f"q = ptr_add p, 4352", f"store.{t} q - {offset}, x", f"r = load.{t} p + {4352 - offset}", "ret r"], 8192),
                       [((v,), (v,))])
    for t, size in (("i8", 1), ("i16", 2), ("i32", 4), ("i64", 8), ("f32", 4), ("f64", 8), ("v128", 16)):
        v = pattern(WIDTH[t])
        f.function(f"indexed_{t}", [("i", "i64"), ("x", t)], [t],
                   body([f"o = shl.i64 i, {size.bit_length() - 1}", "q = ptr_add p, o", f"store.{t} q, x",
                         f"r = load.{t} q", "ret r"], 256), [((k, v), (v,)) for k in (0, 1, 15)])
        f.function(f"indexed_i32_{t}", [("i", "i32"), ("x", t)], [t],
                   body(["m = ptr_add p, 128", "w = sext.i64 i", f"o = shl.i64 w, {size.bit_length() - 1}", "q = ptr_add m, o",
                         f"store.{t} q, x", f"r = load.{t} q", "ret r"], 256), [((k, v), (v,)) for k in (0, 7, -8)])
    f.op("ptr_add", ["ptr", "i64"], ["ptr"], [((x, y), (x + y,)) for x, y in ((0, 0), (0x1000, -1), (-1, 1), (pattern(64), 1 << 63))])
    f.op("ptr_add", ["ref", "i64"], ["ptr"], [((0x1000, 16), (0x1010,))], "ptr_add_ref")
    yield f

    f = File("atomics", "Every atomic op in every order, one after the other on the same memory.")
    rmw = {"atomic_add": lambda o, y, n: o + y, "atomic_sub": lambda o, y, n: o - y, "atomic_and": lambda o, y, n: o & y,
           "atomic_or": lambda o, y, n: o | y, "atomic_xor": lambda o, y, n: o ^ y,
           "atomic_smin": lambda o, y, n: min(signed(o, n), signed(y, n)), "atomic_smax": lambda o, y, n: max(signed(o, n), signed(y, n)),
           "atomic_umin": lambda o, y, n: min(o, y), "atomic_umax": lambda o, y, n: max(o, y)}
    orders = ["relaxed", "acquire", "release", "acq_rel", "seq_cst"]
    for op, model in rmw.items():
        for t in SMALL:
            n = WIDTH[t]
            mask = (1 << n) - 1
            # The sum of what each gave, times odd numbers so that no exchange goes unseen, and what stays.
            lines, calls = [f"store.{t} p, x"], []
            total = None
            for k, order in enumerate(orders):
                lines.append(f"o{k} = {op}.{t}.align{n // 8}.{order} p, y")
                lines.append(f"m{k} = mul.{t} o{k}, {2 * k + 3}")
                lines.append(f"t{k} = add.{t} {f't{k - 1}' if k else '0'}, m{k}")
            lines += [f"r = load.{t} p", f"ret t{len(orders) - 1}, r"]
            for x, y in pairs(n)[3:14]:
                at, total = x & mask, 0
                for k in range(len(orders)):
                    total += at * (2 * k + 3)
                    at = model(at, y & mask, n) & mask
                calls.append(((x, y), (total & mask, at)))
            f.function(f"{op}_{t}", [("x", t), ("y", t)], [t, t], body(lines), calls)
    for t in INTS + ["ptr", "ref"]:
        n = WIDTH[t]
        a = n // 8
        p, q = pattern(n), ~pattern(n) & ((1 << n) - 1)
        for order in orders:
            f.function(f"atomic_xchg_{t}_{order}", [("x", t), ("y", t)], [t, t],
                       body([f"store.{t} p + 16, x", f"o = atomic_xchg.{t}.align{a}.{order} p + 16, y", f"r = load.{t} p + 16", "ret o, r"]) ,
                       [((p, q), (p, q)), ((0, p), (0, p))])
            f.function(f"atomic_cas_{t}_{order}", [("x", t), ("y", t), ("z", t)], [t, t],
                       body([f"store.{t} p, x", f"o = atomic_cas.{t}.align{a}.{order} p, y, z", f"r = load.{t} p", "ret o, r"]),
                       [((p, p, q), (p, q)), ((p, q, q), (p, p)), ((p, p ^ 1 << (n - 1), q), (p, p)), ((p, p ^ 1, 0), (p, p))])
            if order not in ("release", "acq_rel"):
                f.function(f"atomic_load_{t}_{order}", [("x", t)], [t],
                           body([f"store.{t} p + 16, x", f"r = atomic_load.{t}.align{a}.{order} p + 16", "ret r"]), [((p,), (p,)), ((q,), (q,))])
            if order not in ("acquire", "acq_rel"):
                f.function(f"atomic_store_{t}_{order}", [("x", t), ("y", t)], [t],
                           body([f"store.{t} p, x", f"atomic_store.{t}.align{a}.{order} p, y", f"r = load.{t} p", "ret r"]), [((p, q), (q,))])
    for order in orders[1:]:
        f.function(f"fence_{order}", [("x", "i64")], ["i64"],
                   body(["store.i64 p, x", f"fence.{order}", "r = load.i64 p", "ret r"]), [((5,), (5,))])
    yield f


def main():
    check = sys.argv[1:] == ["--check"]
    if sys.argv[1:] and not check:
        sys.exit(__doc__)
    RUN.mkdir(exist_ok=True)
    stale = [f.path.name for part in (integers, floats, vectors, crypto, memory) for f in part() if not f.write(check)]
    if stale:
        sys.exit("not what generate_run.py writes: " + ", ".join(stale))


if __name__ == "__main__":
    main()
