local ffi = require("ffi")
local n = 16
local T = ffi.typeof("double[$]", n * n)
local function make(f) local m = T(); for i = 0, n - 1 do for j = 0, n - 1 do m[i * n + j] = f(i, j) end end return m end
local function mul(a, b) local c = T(); for i = 0, n - 1 do for j = 0, n - 1 do local s = 0; for k = 0, n - 1 do s = s + a[i * n + k] * b[k * n + j] end; c[i * n + j] = s end end return c end
local a, b = make(function(i, j) return (i + 1) / (j + 2) end), make(function(i, j) return i - j end)
local c = mul(mul(a, b), a)
local s = 0
for i = 0, n - 1 do s = s + c[i * n + i] end
print(string.format("%.10g", s))
local rows = ffi.new("float[8][8]")
for r = 1, 10 do for i = 0, 7 do for j = 0, 7 do rows[i][j] = rows[i][j] + i * j / r end end end
local t = 0
for i = 0, 7 do local p = rows[i]; for j = 0, 7 do t = t + p[j] end end
print(string.format("%.6g", t))
local img = ffi.new("struct { uint8_t r, g, b, a; } [?]", 64)
for f = 1, 10 do for i = 0, 63 do local p = img[i]; p.r = p.r + i; p.g = p.r / 2; p.b = 255 - p.g; p.a = f * 20 end end
local h = 0
for i = 0, 63 do h = (h * 31 + img[i].r + img[i].g * 3 + img[i].b * 7 + img[i].a) % 1000003 end
print(h)
local ring = ffi.new("struct { int32_t head, tail; int64_t v[16]; }")
local sum = 0LL
for i = 1, 300 do ring.v[ring.head % 16] = i * 1000003LL; ring.head = ring.head + 1; if ring.head - ring.tail > 10 then sum = sum + ring.v[ring.tail % 16]; ring.tail = ring.tail + 1 end end
print(sum)
