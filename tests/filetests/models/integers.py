"""Integer ops: models on Python's integers, at the edges of every width."""

from models.text import INTS, SMALL, WIDE, WIDTH, File


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
