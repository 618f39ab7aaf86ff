local n = 16
local function make(f) local m = {}; for i = 1, n do m[i] = {}; for j = 1, n do m[i][j] = f(i, j) end end return m end
local a, b = make(function(i, j) return i + j / 7 end), make(function(i, j) return i - j * 0.3 end)
local function mul(x, y) return make(function(i, j) local s = 0; for k = 1, n do s = s + x[i][k] * y[k][j] end return s end) end
local c = mul(a, b)
for r = 1, 3 do c = mul(c, a); for i = 1, n do for j = 1, n do c[i][j] = c[i][j] % 1000 end end end
local s = 0
for i = 1, n do s = s + c[i][i] end
print(string.format("%.6f", s))
local x, y, m = 0.1, 0, 0
for i = 1, 500 do x, y = x * x - y * y + 0.3, 2 * x * y + 0.4; if x * x + y * y > 4 then m = m + 1; x, y = 0.1, 0 end end
print(m, x, y)
print(string.format("%.9f", math.sin(1) + math.cos(2) + math.exp(0.5) + math.log(3) + 2 ^ 0.5))
local t = 0
for i = 1, 100 do t = t + math.sin(i) * math.exp(-i / 50) + math.log(i) + math.fmod(i, 7) + i % 3.5 + math.atan2(i, 3) + math.ldexp(i, 3) end
print(string.format("%.9f", t))
