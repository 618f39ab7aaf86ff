-- Structures in structures, arrays, pointers, unions, bit fields.
local ffi = require("ffi")
ffi.cdef[[
typedef struct { float x, y, z; } vec;
typedef struct body { vec at, speed; double mass; struct body *next; int16_t ids[6]; struct { uint8_t a, b; } in; } body;
typedef union { double d; int64_t i; uint32_t w[2]; uint8_t c[8]; } bits;
typedef struct { int a : 5; unsigned b : 7; unsigned c : 1; int64_t wide; } fields;
typedef enum { RED, GREEN = 5, BLUE } colour;
typedef struct { colour c; bool on; } pixel;
]]
local list = ffi.new("body[8]")
for i = 0, 7 do list[i].mass = i + 1; list[i].at.x = i; list[i].next = list + (i + 1) % 8 end
local p = list + 0
for i = 1, 400 do
  p.speed.x = p.speed.x + 0.125 * i; p.at.x = p.at.x + p.speed.x; p.at.y = p.at.y - p.mass; p.ids[i % 6] = p.ids[i % 6] + i; p["in"].a = p["in"].a + i; p["in"].b = p["in"].a * 3
  p = p.next
end
local s = 0
for i = 0, 7 do local q = list[i]; s = s + q.at.x + q.at.y + q.speed.x + q.ids[3] + q["in"].a + q["in"].b end
print(s)
local u = ffi.new("bits")
local h = 0
for i = 1, 200 do u.d = i / 3; h = bit.bxor(bit.rol(h, 5), tonumber(u.w[0]), u.c[7]); u.w[1] = i; h = h + u.c[4]; u.i = u.i + 1 end
print(h, u.i)
local f = ffi.new("fields")
for i = 1, 100 do f.a = i % 16; f.b = i; f.c = i % 2; f.wide = f.wide + f.a + f.b + f.c end
print(f.a, f.b, f.c, f.wide)
local px = ffi.new("pixel[4]")
local n = 0
for i = 1, 120 do local q = px[i % 4]; q.c = i % 3 == 0 and "GREEN" or "BLUE"; q.on = i % 2 == 0; if q.c == "GREEN" then n = n + 1 end; if q.on then n = n + tonumber(q.c) end end
print(n)
local v = ffi.typeof("vec")
local acc = v()
for i = 1, 200 do local w = v(i, -i, 0.5); acc.x = acc.x + w.x; acc.y = acc.y + w.y * w.z; acc.z = acc.z + w.z end
print(acc.x, acc.y, acc.z)
local copy = ffi.new("body")
for i = 1, 50 do copy.at = list[i % 8].at; s = s + copy.at.x end
print(s)
