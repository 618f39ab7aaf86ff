"""Loads, stores and atomics: what the bytes of a stack slot are afterwards."""

from models.integers import pairs, pattern, signed
from models.text import INTS, SMALL, WIDTH, File


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
