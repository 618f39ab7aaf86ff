"""The crypto steps, from their definitions: FIPS 197, carry-less products, CRC-32C bit by bit."""

from models.integers import pattern, values
from models.text import SMALL, WIDTH, File


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
