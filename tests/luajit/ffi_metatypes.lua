local ffi = require("ffi")
ffi.cdef[[typedef struct { double x, y; } point2;]]
local P
local mt = {
  __add = function(a, b) return P(a.x + b.x, a.y + b.y) end, __mul = function(a, k) return P(a.x * k, a.y * k) end,
  __unm = function(a) return P(-a.x, -a.y) end, __eq = function(a, b) return a.x == b.x and a.y == b.y end,
  __lt = function(a, b) return a.x < b.x end, __le = function(a, b) return a.x <= b.x end, __len = function() return 2 end,
  __call = function(a, k) return a.x * k + a.y end, __concat = function(a, b) return "p" end, __tostring = function(a) return "(" .. a.x .. ", " .. a.y .. ")" end,
  __index = {norm = function(a) return a.x * a.x + a.y * a.y end, swap = function(a) return P(a.y, a.x) end},
}
P = ffi.metatype("point2", mt)
local p, q = P(1, 2), P(0.5, -0.25)
local n = 0
for i = 1, 200 do
  p = p + q * 2; if i % 50 == 0 then p = -p; print(tostring(p)) end
  if p == q then n = n + 1 end; if p < q then n = n + 2 end; if p <= q then n = n + 3 end
  n = n + #p + p(3) + p:norm() % 7 + p:swap().x
end
print(string.format("%.9f", n))
for i = 1, 60 do if (p .. q) == "p" then n = n + 1 end end
print(string.format("%.9f", n))
local gone = 0
do local t = ffi.metatype("struct { int v; }", {__gc = function(o) gone = gone + 1 end}); for i = 1, 100 do local o = t(i); n = n + o.v end end
collectgarbage(); collectgarbage()
print(gone, string.format("%.9f", n))
