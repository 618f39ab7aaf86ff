local x = 2147483600
for i = 1, 100 do x = x + 1 end
print(x)
local y = -2147483600
for i = 1, 100 do y = y - 1 end
print(y)
local z, m = 1, 0
for i = 1, 60 do z = z * 3; m = m + z % 7 end
print(z, m)
local f = 0
for i = 1, 60 do f = f + (z / i) % 0.1 + (-z / i) % 1e9 end
print(string.format("%.17g", f))
for _, n in ipairs{1, 2.5, 1e10, -0.0, "5", "x"} do
  local s = 0
  for i = 1, 30 do local v = tonumber(n); if v then s = s + v * i else s = s - 1 end end
  print(n, s)
end
local idx = {}
for i = 1, 60 do idx[i * 1.0] = i; idx[i + 0.5] = -i end
local q = 0
for i = 1, 60 do q = q + idx[i] + idx[i + 0.5] end
print(q)
for i = 2147483640, 2147483647 do q = q + i end
print(q)
for i = 1, 40 do local a = i - 20; q = q + (a < 0 and -a or a) + (a % 7) + (a - a % 3) / 3 end
print(q)
