local t = {}
for i = 1, 200 do t[i] = i * i end
local s = 0
for i = 1, #t do s = s + t[i] end
print(s, #t)
local h = {a = 1, b = 2, c = 3}
for i = 1, 200 do h.a = h.a + h.b; h.c = h.a - h.c end
print(h.a, h.b, h.c)
local n = 0
for i = 1, 200 do local o = {x = i, y = {i}}; n = n + o.x + o.y[1] end
print(n)
local keys = {}
for i = 1, 300 do keys["k" .. (i % 17)] = (keys["k" .. (i % 17)] or 0) + i end
local sum = 0
for i = 0, 16 do sum = sum + keys["k" .. i] * i end
print(sum)
local d = {}
for i = 1, 200 do d[i * 0.5] = i; d[i % 3 == 0] = i end
local q = 0
for i = 1, 200 do q = q + d[i * 0.5] end
print(q, d[true], d[false])
local m = {}
for i = 1, 150 do m[#m + 1] = i; if i % 3 == 0 then m[#m] = nil end end
print(#m)
for i = 1, 100 do if rawget(h, "zz") == nil then n = n + 1 end end
print(n)
