-- C calls back into Lua: the callee is compiled, its caller is not (LuaJIT refuses a callback from a trace).
local ffi = require("ffi")
ffi.cdef[[void qsort(void *base, size_t n, size_t size, int (*compare)(const int32_t *, const int32_t *));]]
local calls = 0
local function order(a, b) calls = calls + 1; local x, y = a[0], b[0]; if x < y then return -1 elseif x > y then return 1 end return 0 end
local cb = ffi.cast("int (*)(const int32_t *, const int32_t *)", order)
local a = ffi.new("int32_t[200]")
local function sort() ffi.C.qsort(a, 200, 4, cb) end
jit.off(sort)
local function fill(seed) for i = 0, 199 do seed = (seed * 1103515245 + 12345) % 2147483648; a[i] = seed % 1000 end end
for r = 1, 3 do
  fill(r); sort()
  local good, sum = true, 0
  for i = 1, 199 do good = good and a[i - 1] <= a[i]; sum = sum + a[i] * i end
  print(good, sum, calls > 0)
end
local twice = ffi.cast("double (*)(double, int)", function(x, n) local s = 0; for i = 1, n do s = s + x * i end return s end)
local function use(x, n) return twice(x, n) end
jit.off(use)
local t = 0
for i = 1, 60 do t = t + use(i / 2, i) end
print(t)
cb:free(); twice:free()
