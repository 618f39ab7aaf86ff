-- 64-bit integers: arithmetic, comparisons, and the bit library.
local bit = require("bit")
local a, u = 0x123456789abcdefLL, 0xfedcba9876543210ULL
local s = 0LL
for i = 1, 200 do
  a = a * 6364136223846793005LL + 1442695040888963407LL
  s = s + a / (i * 1000003LL) - a % (i + 17LL) + (-a) / 3
  if a < s then s = s + 1 end; if a <= 0 then s = s + 2 end; if a > i then s = s + 3 end; if a == s then s = 0LL end; if a ~= 5 then s = s + 4 end
end
print(a, s)
local t = 1ULL
for i = 1, 200 do
  u = u * 0x9e3779b97f4a7c15ULL + i
  t = t + u / (i * 7ULL) + u % 1000003ULL
  if u < t then t = t + 1 end; if u <= t then t = t + 2 end; if u > t then t = t + 3 end; if u >= t then t = t + 4 end
end
print(u, t)
local x = 0x0123456789abcdefLL
for i = 1, 200 do
  x = bit.bxor(x, bit.lshift(x, 13)); x = bit.bxor(x, bit.rshift(x, 7)); x = bit.bxor(x, bit.arshift(x, i)); x = bit.bor(x, bit.band(bit.bnot(x), i * 3LL))
  x = bit.bxor(bit.rol(x, i), bit.ror(x, 3), bit.bswap(x)); x = bit.lshift(x, i % 5); x = x + bit.tobit(i)
end
print(x, bit.tohex(x))
local p = 3LL
for i = 1, 60 do p = p ^ (i % 4) % 1000000007LL + 2; u = u ^ 3; x = -x end
print(p, u, x)
local m = 0
for i = 1, 100 do m = m + tonumber(x % 1000) + tonumber(bit.band(u, 0xffULL)); x = x + i; u = u - i end
print(m)
local k = {}
for i = 1, 60 do k[i % 3] = x + i end
print(k[0], k[1], k[2])
