-- Shifts and rotations by constants and by variables, of numbers beyond 32 bits.
local bit = require("bit")
local shl, shr, sar, rol, ror, bor, band, bxor, bnot, swap, tobit = bit.lshift, bit.rshift, bit.arshift, bit.rol, bit.ror, bit.bor, bit.band, bit.bxor, bit.bnot, bit.bswap, bit.tobit
local h = 0
for i = -40, 120 do
  local x = i * 2654435761
  h = bxor(h, shl(x, i), shr(x, i), sar(x, i), rol(x, i), ror(x, i))
  h = bxor(rol(h, 7), shl(x, 0), shr(x, 31), sar(x, 33), rol(x, 32), ror(x, 1))
  h = bxor(h, bnot(x), swap(x), band(x, 0xffff0000), bor(x, 0x80000001))
end
print(h)
local n = 0
for i = 1, 100 do n = n + shl(1, i) + shr(-1, i) + sar(-2147483648, i) + rol(i, i) + ror(i, 32 - i) + tobit(2^31 + i) + tobit(-2^40 - i) end
print(n)
local t = {}
for i = 0, 31 do t[i] = shl(1, i) end
for r = 1, 5 do for i = 0, 31 do if band(n, t[i]) ~= 0 then h = h + i elseif t[i] < 0 then h = h - 1 end end end
print(h)
local function crc(s) local c = -1; for i = 1, #s do c = bxor(c, s:byte(i)); for k = 1, 8 do c = bxor(shr(c, 1), band(0xedb88320, -band(c, 1))) end end return bnot(c) end
for i = 1, 10 do h = bxor(h, crc("text to sum " .. i)) end
print(h, bit.tohex(crc("123456789")))
