"""How the models write a .jk file: numbers as text, functions and the calls that test them."""

from fractions import Fraction
from pathlib import Path

RUN = Path(__file__).resolve().parent.parent / "run"
SMALL = ["i8", "i16", "i32", "i64"]
WIDE = ["i32", "i64"]
INTS = SMALL + ["i128"]
WIDTH = {"i1": 1, "i8": 8, "i16": 16, "i32": 32, "i64": 64, "i128": 128, "ptr": 64, "ref": 64,
         "f16": 16, "f32": 32, "f64": 64, "v64": 64, "v128": 128}


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
