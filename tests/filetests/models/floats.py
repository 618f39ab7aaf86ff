"""Floating point: models on exact fractions, rounded once to nearest even."""

import math
from fractions import Fraction

from models.integers import signed, values
from models.text import FORMAT, WIDE, WIDTH, File, decode, encode


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
