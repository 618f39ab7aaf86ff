-- Numbers to every C type and back.
local ffi = require("ffi")
ffi.cdef[[typedef struct { int8_t i8; uint8_t u8; int16_t i16; uint16_t u16; int32_t i32; uint32_t u32; int64_t i64; uint64_t u64; float f; double d; bool b; } all_types;]]
local s = ffi.new("all_types")
local t, xs = 0, {}
for i = 1, 200 do xs[i] = i * 37.75 - 3000 end
for i = 1, 200 do
  local x = xs[i]
  s.i8 = i; s.u8 = i; s.i16 = i * 300; s.u16 = i * 300; s.i32 = x; s.u32 = i * 20000000; s.i64 = x; s.u64 = i * 2^40; s.f = x; s.d = x; s.b = i % 2 == 0
  t = t + s.i8 + s.u8 + s.i16 + s.u16 + s.i32 + s.u32 + tonumber(s.i64) + tonumber(s.u64) + s.f + s.d + (s.b and 1 or 0)
end
print(string.format("%.17g", t))
local u, sum = ffi.new("uint64_t[1]"), 0ULL
for _, x in ipairs{0, 1.9, -1.9, 2^31, 2^32 + 0.5, 2^53, 2^62, 2^63, 2^63 + 2^20, 2^64 - 2^11, -2^31, -2^53, -2^63} do
  for i = 1, 30 do u[0] = x; sum = sum * 3 + u[0] end
  print(u[0], sum)
end
local f = ffi.new("float[4]")
for i = 1, 100 do f[i % 4] = i / 3; u[0] = f[i % 4]; sum = sum + u[0]; s.f = f[(i + 1) % 4]; s.u32 = s.f; sum = sum + s.u32 end
print(sum, f[0], f[1], f[2], f[3])
local z = 0LL
for i = 1, 100 do z = z + ffi.cast("int64_t", xs[i]) - ffi.cast("int32_t", xs[i + 50]) + ffi.cast("uint8_t", i * 5) + ffi.cast("int8_t", i * 5) + ffi.cast("int16_t", i * 5000) + ffi.cast("uint16_t", i * 5000) end
print(z)
local w = 0
for i = 1, 100 do w = w + tonumber(ffi.cast("float", i / 7)) + tonumber(ffi.cast("uint32_t", -i)) + tonumber(ffi.cast("uint64_t", i * 2^55)) + tonumber(ffi.cast("int64_t", -i * 2^50)) end
print(string.format("%.17g", w))
local fl, fi = ffi.new("float[2]"), ffi.new("int64_t[2]")
for i = 1, 100 do fi[0] = i * 12345678901LL; fl[0] = fi[0]; fl[1] = ffi.cast("uint64_t", fi[0]); w = w + fl[0] - fl[1]; fl[0] = ffi.cast("uint32_t", i * 40000000); w = w + fl[0]; fl[1] = i; w = w + fl[1] end
print(string.format("%.17g", w))
-- Constants beyond the type's range: at low optimisation they reach the backend as they are.
local c1, c2, c3, c4
for i = 1, 100 do
  c1 = ffi.cast("uint64_t", 1e19); c2 = ffi.cast("uint64_t", 0 / 0); c3 = ffi.cast("int64_t", 1e19); c4 = ffi.cast("int64_t", 2^63) / -1LL
end
print(c1, c2, c3, c4)
