-- ffi.copy, fill, string, and pointers: differences, comparisons, casts.
local ffi = require("ffi")
local a, b = ffi.new("uint8_t[256]"), ffi.new("uint8_t[256]")
local n = 0
for i = 1, 150 do ffi.fill(a, 256, i); ffi.copy(b, a, i); n = n + b[i - 1] + b[i] end
print(n)
for i = 1, 100 do ffi.copy(a, "text " .. i); local s = ffi.string(a); n = n + #s; n = n + #ffi.string(a, 4) end
print(n, ffi.string(a))
local w = ffi.cast("uint16_t *", a)
for i = 0, 99 do w[i] = i * 600 end
for i = 1, 100 do local p = w + i; local q = p - 1; n = n + (p - w) + (q < p and 1 or 0) + (q == w and 2 or 0) + q[0] + (p > w and 1 or 0) + (p >= q and 1 or 0) + (p <= q and 1 or 0) end
print(n)
local d = ffi.cast("double *", ffi.cast("void *", b))
for i = 0, 31 do d[i] = i / 4 end
local at = d
for i = 1, 31 do at = at + 1; n = n + at[0] + at[-1] end
print(n, at - d)
local address = ffi.cast("uintptr_t", d)
local p64 = 0
for i = 0, 31 do p64 = p64 + ffi.cast("double *", address + i * 8)[0] end
print(p64)
local null = ffi.new("int *")
for i = 1, 60 do local p = i % 2 == 0 and null or ffi.cast("int *", a); if p == nil then n = n + 1 elseif p ~= null then n = n + 2 end end
print(n)
local s = ffi.new("const char *[3]", {"ab", "cde", "f"})
for i = 1, 90 do n = n + #ffi.string(s[i % 3]) end
print(n)
local i8, f = ffi.cast("int8_t *", a), ffi.cast("float *", b)
for i = 0, 60 do i8[i] = -i; f[i] = i * 1.5; n = n + i8[i] + f[i] end
print(n)
