-- Allocations that leave a trace only through its exits, nested and of every kind, and the traces from there.
local ffi = require("ffi")
local function point(x, y) return {x = x, y = y} end
local p = point(0, 0)
for i = 1, 300 do
  local q = point(p.x + i, p.y - 1); local r = {q, point(i, i)}
  if i % 60 == 0 then p = r[2] elseif i % 45 == 0 then print(r[1].x, r[2].y) end
  p = point(q.x % 1000, q.y)
end
print(p.x, p.y)
local box = {v = 1}
for i = 1, 200 do box = {v = box.v + i, old = i % 50 == 0 and box or nil} end
print(box.v, box.old == nil)
local a = {1, 2, 3}
for i = 1, 200 do a = {a[2], a[3], a[1] + i}; if i % 70 == 0 then print(a[1], a[2], a[3]) end end
print(a[1], a[2], a[3])
local x = 1LL
for i = 1, 200 do local y = x * 3; local z = y - i; if i % 60 == 0 then print(z) end; x = z % 1000003LL end
print(x)
local c = ffi.typeof("struct { double a; int b; }")
local s = c(1, 2)
for i = 1, 200 do local t = c(s.a + 0.5, s.b + i); if i % 90 == 0 then print(t.a, t.b) end; s = c(t.b, t.a) end
print(s.a, s.b)
local out = {}
for i = 1, 200 do local t = {i, tag = "t"}; local u = {t, t}; if i % 40 == 0 then out[#out + 1] = u end end
for _, u in ipairs(out) do io.write(u[1][1], " ", u[2].tag, " ", tostring(u[1] == u[2]), ";") end
print()
local function minmax(l) local lo, hi = l[1], l[1]; for i = 1, #l do if l[i] < lo then lo = l[i] end; if l[i] > hi then hi = l[i] end end return {lo = lo, hi = hi} end
local n = 0
for i = 1, 100 do local m = minmax({i, i * 2 % 17, 5, -i}); n = n + m.hi - m.lo end
print(n)
local function pair(k) local t = {}; t.a = k; t.b = {k + 1}; return t end
for i = 1, 150 do local q = pair(i); if i % 20 == 0 then for j = 1, 3 do n = n + q.b[1] * j end end; n = n + q.a end
print(n)
