local ffi = require("ffi")
ffi.cdef[[typedef struct { double x, y; int n; uint8_t b; int16_t h; float f; } point;]]
local p = ffi.new("point")
for i = 1, 200 do p.x = p.x + i; p.y = p.y - p.x * 0.5; p.n = p.n + i; p.b = p.b + 3; p.h = p.h - 7; p.f = p.f + 0.25 end
print(p.x, p.y, p.n, p.b, p.h, p.f)
local a = ffi.new("int32_t[100]")
for i = 0, 99 do a[i] = i * i - 50 end
local s = 0
for r = 1, 5 do for i = 0, 99 do s = s + a[i] end end
print(s)
local k = 0LL
for i = 1, 100 do k = k * 3 + i; if i % 5 == 0 then k = k / 7 end end
print(k)
local u = 1ULL
for i = 1, 200 do u = u * 6364136223846793005ULL + 1442695040888963407ULL end
print(u)
local d = ffi.new("double[?]", 50)
for i = 0, 49 do d[i] = i / 3 end
local q = ffi.cast("double *", d)
local z = 0
for i = 1, 100 do z = z + q[i % 50] + (q + 3)[0] end
print(z)
