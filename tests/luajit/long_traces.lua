-- Traces at the limits: many snapshots, exits beyond what one short branch reaches, long bodies.
jit.opt.start("maxsnap=3000", "maxrecord=12000", "maxirconst=3000", "maxside=300")
local parts = {"local t, n, s = ..., 0, 0\nfor i = 1, 60 do\n"}
for k = 1, 700 do parts[#parts + 1] = string.format("if t[%d] ~= nil then n = n + 1 else s = s + %d end\n", k, k) end
parts[#parts + 1] = "end\nreturn n, s"
local f = assert(loadstring(table.concat(parts)))
local t = {}
for i = 1, 700 do t[i] = i end
print(f(t))
for i = 1, 700, 90 do t[i] = nil; print(f(t)) end
local g = {"local x, y = ..., 1\nfor i = 1, 50 do\n"}
for k = 1, 400 do g[#g + 1] = string.format("x = x * 1.0001 + %d; y = (y + x) %% %d\n", k, 1000 + k) end
g[#g + 1] = "end return x, y"
local x, y = assert(loadstring(table.concat(g)))(1)
print(string.format("%.12g %.12g", x, y))
local function unrolled(v) local s = 0; for i = 1, 10 do for j = 1, 10 do for k = 1, 3 do s = s + v[(i + j + k) % 7 + 1] end end end return s end
local r = 0
for i = 1, 20 do r = r + unrolled({1, 2, 3, 4, 5, 6, i}) end
print(r)
