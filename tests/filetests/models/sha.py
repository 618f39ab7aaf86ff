"""The SHA-1 and SHA-256 instructions of both targets as native ops. What each does follows from the rounds
and the schedule of FIPS 180-4 (sections 4.1, 6.1.2, 6.2.2) and from which lanes hold what (Arm ARM C7.2;
Intel SDM vol. 2B)."""

import random

from models.text import File

MASK = (1 << 32) - 1
K1 = [0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6]


def rotl(x, n):
    return (x << n | x >> (32 - n)) & MASK


def sigma(x, r1, r2, shift=None, r3=None):
    last = x >> shift if shift is not None else rotl(x, 32 - r3)
    return rotl(x, 32 - r1) ^ rotl(x, 32 - r2) ^ last


def small0(x):
    return sigma(x, 7, 18, 3)


def small1(x):
    return sigma(x, 17, 19, 10)


CHOOSE = lambda x, y, z: (x & y) ^ (~x & z & MASK)
PARITY = lambda x, y, z: x ^ y ^ z
MAJORITY = lambda x, y, z: (x & y) ^ (x & z) ^ (y & z)


def rounds1(f, state, words):
    """SHA-1 rounds on (a, b, c, d, e); the words hold the constants already."""
    a, b, c, d, e = state
    for w in words:
        a, b, c, d, e = (rotl(a, 5) + f(b, c, d) + e + w) & MASK, a, rotl(b, 30), c, d
    return a, b, c, d, e


def rounds256(state, words):
    a, b, c, d, e, f, g, h = state
    for w in words:
        t = (h + sigma(e, 6, 11, r3=25) + CHOOSE(e, f, g) + w) & MASK
        a, b, c, d, e, f, g, h = (t + sigma(a, 2, 13, r3=22) + MAJORITY(a, b, c)) & MASK, a, b, c, (d + t) & MASK, e, f, g
    return a, b, c, d, e, f, g, h


def schedule1(w):
    """Words 16 to 19 of a schedule from the 16 before."""
    w = list(w)
    for t in range(16, 20):
        w.append(rotl(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1))
    return w[16:]


# Lanes, from the lowest up, of a 128-bit number, and back.
def lanes(v):
    return [v >> 32 * n & MASK for n in range(4)]


def number(words):
    return sum((w & MASK) << 32 * n for n, w in enumerate(words))


def arm_su1(vd, vn):
    """sha1su1 ends words 16 to 19: their parts from words 0 to 13, and words 12 to 15."""
    w = [d ^ n for d, n in zip(vd, vn[1:] + [0])]
    out = [rotl(x, 1) for x in w]
    out[3] ^= rotl(out[0], 1)
    return out


def arm_256su1(vd, vn, vm):
    t = vn[1:] + vm[:1]
    out = []
    for n in range(4):
        out.append((vd[n] + t[n] + small1(vm[n + 2] if n < 2 else out[n - 2])) & MASK)
    return out


def message256(x, y):
    return [(a + small0(b)) & MASK for a, b in zip(x, x[1:] + y[:1])]


def arm64(random_lanes, f):
    three = {
        "sha1su0": lambda x, y, z: [a ^ b ^ c for a, b, c in zip(x, x[2:] + y[:2], z)],
        "sha256h": lambda x, y, z: rounds256(x + y, z)[:4],
        "sha256h2": lambda x, y, z: rounds256(y + x, z)[4:],
        "sha256su1": arm_256su1,
    }
    two = {"sha1su1": arm_su1, "sha256su0": message256}
    for name, model in three.items():
        native(f, "arm64", name, ["x", "y", "z"], model, random_lanes)
    for name, model in two.items():
        native(f, "arm64", name, ["x", "y"], model, random_lanes)
    for name, function in (("sha1c", CHOOSE), ("sha1p", PARITY), ("sha1m", MAJORITY)):
        calls = []
        for _ in range(3):
            x, z, e = random_lanes(), random_lanes(), random_lanes()[0]
            calls.append(((number(x), e, number(z)), (number(rounds1(function, x + [e], z)[:4]),)))
        f.function(name, [("x", "v128"), ("y", "i32"), ("z", "v128")], ["v128"],
                   ["e = bitcast.f32 y", f"r = arm64.{name} x, e, z", "ret r"], calls)
    f.function("sha1h", [("x", "i32")], ["i32"], ["a = bitcast.f32 x", "b = arm64.sha1h a", "r = bitcast.i32 b", "ret r"],
               [((e,), (rotl(e, 30),)) for e in random_lanes()])


def x86_64(random_lanes, f):
    down = lambda words: list(words)[::-1]  # first word in the highest lane
    two = {
        "sha1nexte": lambda x, y: y[:3] + [y[3] + rotl(x[3], 30)],
        "sha1msg1": lambda x, y: down(a ^ b for a, b in zip(down(x), down(x)[2:] + down(y)[:2])),
        "sha1msg2": x86_msg2,
        "sha256msg1": message256,
        "sha256msg2": lambda x, y: arm_256su1(x, [0] * 4, [0, 0] + y[2:]),
    }
    for name, model in two.items():
        native(f, "x86_64", name + "_rr", ["x", "y"], model, random_lanes)
    for n, function in enumerate((CHOOSE, PARITY, MAJORITY, PARITY)):
        model = lambda x, y: down(rounds1(function, down(x) + [0], [w + K1[n] for w in down(y)])[:4])
        native(f, "x86_64", "sha1rnds4_rri", ["x", "y"], model, random_lanes, f", {n}", f"_{n}")

    def rounds2(x, y, z):
        (h, g, d, c), (F, e, b, a) = x, y
        a, b, c, d, e, F, g, h = rounds256((a, b, c, d, e, F, g, h), z[:2])
        return [F, e, b, a]
    native(f, "x86_64", "sha256rnds2_rrx", ["x", "y", "z"], rounds2, random_lanes)


def x86_msg2(x, y):
    w = x[::-1]  # the parts of words 16 to 19
    earlier = y[::-1][1:]  # words 13 to 15
    out = []
    for n in range(4):
        out.append(rotl(w[n] ^ (earlier[n] if n < 3 else out[0]), 1))
    return out[::-1]


def native(f, target, form, operands, model, random_lanes, rest="", suffix=""):
    """The op, and its first operand again afterwards: the result may have taken its register."""
    calls = []
    for _ in range(3):
        values = [random_lanes() for _ in operands]
        result = number(model(*values))
        calls.append((tuple(number(v) for v in values), (result, result ^ number(values[0]))))
    f.function(form + suffix, [(n, "v128") for n in operands], ["v128", "v128"],
               [f"r = {target}.{form} {', '.join(operands)}{rest}", "s = vxor.v128 r, x", "ret r, s"], calls)


def sha():
    for target, only, make in (("arm64", "arm64", arm64), ("x86_64", "x86_64+sha", x86_64)):
        f = File(f"sha_{target}", "SHA instructions as native ops.")
        f.lines.insert(1, f"; only: {only}")
        f.lines += ["", f"target {target}"]
        generator = random.Random(1)
        make(lambda: [generator.getrandbits(32) for _ in range(4)], f)
        yield f
