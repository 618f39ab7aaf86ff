-- Allocations that a trace only makes when it is left.
local function add(a, b) return {x = a.x + b.x, y = a.y + b.y} end
local p = {x = 0, y = 1}
for i = 1, 200 do p = add(p, {x = i, y = 0.5}); if i % 37 == 0 then print(p.x, p.y) end end
local q = {0, 0}
for i = 1, 200 do local t = {q[1] + i, q[2] - i}; if i % 41 == 0 then q = t end end
print(q[1], q[2])
local z
for i = 1, 100 do z = {n = i, s = "v" .. (i % 3), t = {i}}; if z.n % 30 == 0 then print(z.s, z.t[1]) end end
print(z.n, z.s, z.t[1])
