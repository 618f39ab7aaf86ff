-- Calls down and up: frames added and returned from on trace.
local function ack(m, n) if m == 0 then return n + 1 elseif n == 0 then return ack(m - 1, 1) else return ack(m - 1, ack(m, n - 1)) end end
print(ack(2, 6))
local function tak(x, y, z) if y >= x then return z end return tak(tak(x - 1, y, z), tak(y - 1, z, x), tak(z - 1, x, y)) end
print(tak(10, 6, 2))
local moves = 0
local function hanoi(n, a, b, c) if n > 0 then hanoi(n - 1, a, c, b); moves = moves + 1; hanoi(n - 1, c, b, a) end end
hanoi(9, 1, 2, 3)
print(moves)
local function depth(n) if n == 0 then return 0 end return 1 + depth(n - 1) end
for i = 1, 30 do moves = moves + depth(i * 3) end
print(moves)
local even, odd
function even(n) if n == 0 then return true end return odd(n - 1) end
function odd(n) if n == 0 then return false end return even(n - 1) end
local c = 0
for i = 1, 60 do if even(i) then c = c + 1 end end
print(c)
local function sum(t, i) if not t[i] then return 0 end return t[i] + sum(t, i + 1) end
local l = {}
for i = 1, 60 do l[i] = i end
for i = 1, 20 do c = c + sum(l, i) end
print(c)
local function build(d) if d == 0 then return {} end return {build(d - 1), build(d - 1)} end
local function check(t) if t[1] then return 1 + check(t[1]) + check(t[2]) end return 1 end
for d = 1, 8 do c = c + check(build(d)) end
print(c)
local function f(a, b, c2, d, e) if a == 0 then return b, c2, d, e end return f(a - 1, e, b, c2, d) end
for i = 1, 40 do local w, x, y, z = f(i, 1, 2, 3, 4); c = c + w * 1000 + x * 100 + y * 10 + z end
print(c)
local function multi(n) if n <= 0 then return 1, 2, 3 end local a, b, d = multi(n - 1); return b, d, a + n end
for i = 1, 40 do local a, b, d = multi(i % 15); c = c + a + b * 2 + d * 3 end
print(c)
local function Y(g) return (function(x) return x(x) end)(function(x) return g(function(v) return x(x)(v) end) end) end
local fact = Y(function(self) return function(n) if n < 2 then return 1 end return n * self(n - 1) end end)
for i = 1, 30 do c = c + fact(i % 10) end
print(c)
print(pcall(function() local function loop(n) return 1 + loop(n + 1) end return loop(1) end) == false)
