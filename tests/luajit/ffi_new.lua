-- Allocation of cdata of every size and kind; boxes that never leave, and some that do.
local ffi = require("ffi")
local n = 0
for i = 1, 200 do local a = ffi.new("int[4]"); a[i % 4] = i; n = n + a[0] + a[1] + a[2] + a[3] end
print(n)
for i = 1, 150 do local a = ffi.new("int16_t[?]", i); a[i - 1] = i; n = n + a[i - 1] + a[0] end
print(n)
local keep
for i = 1, 150 do local b = ffi.cast("int64_t", i) * 3; if i % 30 == 0 then keep = b; print(b) end end
print(keep)
local sum = 0LL
for i = 1, 300 do local x, y = sum + i, sum - i; sum = x * 3 - y * 2; if sum % 7 == 0 then keep = x end end
print(sum, keep)
local aligned = ffi.typeof("struct { double d __attribute__((aligned(32))); char c; }")
for i = 1, 60 do local a = aligned(); a.d = i; n = n + a.d + tonumber(ffi.cast("uintptr_t", ffi.cast("void *", a))) % 32 end
print(n)
local c = ffi.typeof("complex")
local z = c(0, 0)
for i = 1, 100 do z = c(z.re + i, z.im - i / 2) end
print(z.re, z.im)
local ptr = ffi.typeof("int *")
local arr = ffi.new("int[100]")
for i = 1, 99 do local p = ptr(arr + i); p[0] = p[-1] + i; if p == arr + 50 then keep = p[0] end end
print(arr[99], keep)
local box = {}
for i = 1, 100 do box[i % 5] = ffi.new("double", i / 2) end
print(tonumber(box[0]) + tonumber(box[4]))
for i = 1, 100 do local u = ffi.new("uint32_t", i * 40000000); box[i % 3] = u; n = n + tonumber(u) end
print(n, tonumber(box[2]))
local triple = ffi.typeof("struct { int a, b, c; } [?]")
for i = 1, 100 do local k = i % 9 + 1; local v = ffi.new(triple, k); v[k - 1].b = i; n = n + v[k - 1].b + v[0].a end
print(n)
