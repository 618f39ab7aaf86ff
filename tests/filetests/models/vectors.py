"""Vector ops: the lane models of integers and floats, applied lane by lane."""

from models.floats import float_add, float_div, float_mul, float_pairs, points_of
from models.integers import pattern, signed
from models.text import WIDTH, File


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
            "wrapped": [(i + size + 3) % (2 * size) for i in range(size)],
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

    f = File("vector_shuffles", "Shuffles that are one instruction of some target; of the operands exchanged and of one alone; and all but one.")
    for t in ("v64", "v128"):
        size = WIDTH[t] // 8
        x, y = (int.from_bytes(bytes(range(b, b + size)), "little") for b in (0x10, 0xa0))
        for name, lanes in lane_shuffles(size):
            width = size // len(lanes)
            mask = [lane * width + n for lane in lanes for n in range(width)]
            body, results = [], []
            for r, operands, m in (("a", (x, y), mask), ("b", (x, y), [n ^ size for n in mask]), ("c", (x, x), mask),
                                   ("d", (x, y), mask[:-1] + [mask[-1] ^ 1])):
                names = "x, x" if operands == (x, x) else "x, y"
                body.append(f"{r} = vshuffle.{t} {names}, [{', '.join(map(str, m))}]")
                both = b"".join(o.to_bytes(size, "little") for o in operands)
                results.append(int.from_bytes(bytes(both[n] for n in m), "little"))
            f.function(f"{name}_{8 * width}_{t}", [("x", t), ("y", t)], [t] * 4, body + ["ret a, b, c, d"],
                       [((x, y), tuple(results))])
    yield f


def lane_shuffles(size):
    """(name, for each lane of the result the one it is of the two operands), of every width with more than one lane."""
    for width in (1, 2, 4, 8):
        n = size // width
        if n < 2:
            continue
        for at in (0, n - 1):
            yield f"dup{at}", [at] * n
        for group in (2, 4, 8):
            if width < group:
                yield f"rev{8 * group}", [k ^ (group // width - 1) for k in range(n)]
        for odd in (0, 1):
            yield f"uzp{odd + 1}", [2 * k + odd for k in range(n)]
            yield f"trn{odd + 1}", [k % 2 * n + (k & ~1) + odd for k in range(n)]
            yield f"zip{odd + 1}", [k % 2 * n + (k + odd * n) // 2 for k in range(n)]
