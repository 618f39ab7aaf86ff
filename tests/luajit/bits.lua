local bit = require("bit")
local band, bor, bxor, bnot, shl, shr, sar, rol, ror, swap, tobit = bit.band, bit.bor, bit.bxor, bit.bnot, bit.lshift, bit.rshift, bit.arshift, bit.rol, bit.ror, bit.bswap, bit.tobit
local x, y = 0x12345678, 0
for i = 1, 300 do
  x = bxor(x, shl(x, 13)); x = bxor(x, shr(x, 17)); x = bxor(x, shl(x, 5))
  y = tobit(y + band(x, 0xff) + sar(x, i) + bnot(i)); y = bor(ror(rol(y, i), 3), 1); y = bxor(y, swap(x))
end
print(x, y)
local z = 0
for i = 1, 200 do z = z + band(i * 1.0 + 2^32, 255) + bor(-1, i) end
print(z)
