local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
print(fib(18))
local function acc(n, a) if n == 0 then return a end return acc(n - 1, a + n) end
print(acc(500, 0))
local function va(...) local s = 0; for i = 1, select("#", ...) do s = s + (select(i, ...)) end return s, ... end
local q = 0
for i = 1, 100 do local a, b, c = va(i, 2, 3); q = q + a + b + c end
print(q)
local up = 0
local function inc(x) up = up + x; return up end
for i = 1, 200 do inc(i) end
print(up)
local fs = {}
for i = 1, 100 do fs[i] = function(y) return i * y end end
local z = 0
for i = 1, 100 do z = z + fs[i](i) end
print(z)
local mt = {__index = function(t, k) return k * 2 end, __add = function(a, b) return a.v + b.v end, __call = function(self, x) return x + 1 end}
local o, p = setmetatable({v = 3}, mt), setmetatable({v = 4}, mt)
local r = 0
for i = 1, 100 do r = r + o[i] + (o + p) + o(i) end
print(r)
local function thrower(i) if i % 50 == 49 then error("e" .. i) end return i end
local good, bad = 0, 0
for i = 1, 200 do local ok, v = pcall(thrower, i); if ok then good = good + v else bad = bad + #v end end
print(good, bad)
local co = coroutine.wrap(function() for i = 1, 100 do coroutine.yield(i) end return -1 end)
local cs = 0
for i = 1, 100 do cs = cs + co() end
print(cs)
