-- MD5 of messages of several lengths, in plain Lua.
local bit = require("bit")
local tobit, bxor, band, bor, bnot, rol = bit.tobit, bit.bxor, bit.band, bit.bor, bit.bnot, bit.rol
local K, S = {}, {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}
for i = 1, 64 do K[i] = tobit(math.floor(math.abs(math.sin(i)) * 4294967296)) end
local function block(h, x)
  local a, b, c, d = h[1], h[2], h[3], h[4]
  for i = 0, 63 do
    local f, g
    if i < 16 then f, g = bxor(d, band(b, bxor(c, d))), i
    elseif i < 32 then f, g = bxor(c, band(d, bxor(b, c))), (5 * i + 1) % 16
    elseif i < 48 then f, g = bxor(b, c, d), (3 * i + 5) % 16
    else f, g = bxor(c, bor(b, bnot(d))), 7 * i % 16 end
    a, d, c, b = d, c, b, tobit(b + rol(tobit(a + f + K[i + 1] + x[g + 1]), S[(i - i % 16) / 16 + 1][i % 4 + 1]))
  end
  h[1], h[2], h[3], h[4] = tobit(h[1] + a), tobit(h[2] + b), tobit(h[3] + c), tobit(h[4] + d)
end
local function md5(s)
  local h = {0x67452301, tobit(0xefcdab89), tobit(0x98badcfe), 0x10325476}
  local m = s .. "\128" .. ("\0"):rep((55 - #s) % 64)
  local length = #s * 8
  for i = 0, 7 do m = m .. string.char(math.floor(length / 256 ^ i) % 256) end
  for at = 1, #m, 64 do
    local x = {}
    for k = 0, 15 do local p = at + 4 * k; local b1, b2, b3, b4 = m:byte(p, p + 3); x[k + 1] = tobit(b1 + b2 * 256 + b3 * 65536 + b4 * 16777216) end
    block(h, x)
  end
  local out = {}
  for i = 1, 4 do out[i] = bit.tohex(bit.bswap(h[i])) end
  return table.concat(out)
end
print(md5(""), md5("abc"), md5("message digest"))
for i = 50, 70, 5 do print(md5(("x"):rep(i))) end
assert(md5("abc") == "900150983cd24fb0d6963f7d28e17f72")
