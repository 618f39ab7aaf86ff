-- RFC 1321 on texts of growing length, n rounds.
local band, bor, bxor, bnot, rol, bswap, tobit, tohex = bit.band, bit.bor, bit.bxor, bit.bnot, bit.rol, bit.bswap, bit.tobit, bit.tohex
local byte, char, floor, rep = string.byte, string.char, math.floor, string.rep
local sines = {}
for i = 1, 64 do sines[i] = tobit(floor(math.abs(math.sin(i)) * 2 ^ 32)) end
local turns = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}}

local function f(a, b, c, d, x, s, k) return tobit(rol(tobit(a + bxor(d, band(b, bxor(c, d))) + k + x), s) + b) end
local function g(a, b, c, d, x, s, k) return tobit(rol(tobit(a + bxor(c, band(d, bxor(b, c))) + k + x), s) + b) end
local function h(a, b, c, d, x, s, k) return tobit(rol(tobit(a + bxor(b, c, d) + k + x), s) + b) end
local function i_(a, b, c, d, x, s, k) return tobit(rol(tobit(a + bxor(c, bor(b, bnot(d))) + k + x), s) + b) end

local function block(x, a1, b1, c1, d1)
  local a, b, c, d = a1, b1, c1, d1
  for i = 0, 15 do
    a, b, c, d = d, f(a, b, c, d, x[i], turns[1][i % 4 + 1], sines[i + 1]), b, c
  end
  for i = 0, 15 do
    a, b, c, d = d, g(a, b, c, d, x[(5 * i + 1) % 16], turns[2][i % 4 + 1], sines[i + 17]), b, c
  end
  for i = 0, 15 do
    a, b, c, d = d, h(a, b, c, d, x[(3 * i + 5) % 16], turns[3][i % 4 + 1], sines[i + 33]), b, c
  end
  for i = 0, 15 do
    a, b, c, d = d, i_(a, b, c, d, x[7 * i % 16], turns[4][i % 4 + 1], sines[i + 49]), b, c
  end
  return tobit(a + a1), tobit(b + b1), tobit(c + c1), tobit(d + d1)
end

local x = {}
local function md5(text)
  local length = #text
  text = text .. "\128" .. rep("\0", (55 - length) % 64) .. char(band(length * 8, 255), band(floor(length / 32), 255), band(floor(length / 8192), 255), 0, 0, 0, 0, 0)
  local a, b, c, d = 0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476
  a, b, c, d = tobit(a), tobit(b), tobit(c), tobit(d)
  for at = 1, #text, 64 do
    for i = 0, 15 do
      local b0, b1, b2, b3 = byte(text, at + 4 * i, at + 4 * i + 3)
      x[i] = bor(b0, bit.lshift(b1, 8), bit.lshift(b2, 16), bit.lshift(b3, 24))
    end
    a, b, c, d = block(x, a, b, c, d)
  end
  return tohex(bswap(a)) .. tohex(bswap(b)) .. tohex(bswap(c)) .. tohex(bswap(d))
end

assert(md5("") == "d41d8cd98f00b204e9800998ecf8427e")
assert(md5("message digest") == "f96b697d7cb7938d525a2f31aaf161d0")
local n, all = tonumber(arg and arg[1]) or 10, ""
for round = 1, n do
  for length = 0, 2000, 40 do all = md5(all .. rep("abcde", length / 5 + round % 3)) end
end
print(all)
