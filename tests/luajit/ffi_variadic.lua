-- Variadic calls, with arguments in every register and on the stack.
local ffi = require("ffi")
ffi.cdef[[int snprintf(char *buf, size_t size, const char *format, ...); int printf(const char *format, ...);]]
local C, b = ffi.C, ffi.new("char[400]")
local int = ffi.typeof("int")
local n, last = 0, ""
for i = 1, 100 do
  n = n + C.snprintf(b, 400, "%d %g %s", int(i), i / 4, "text")
  if i % 25 == 0 then print(ffi.string(b)) end
end
for i = 1, 100 do
  n = n + C.snprintf(b, 400, "%g %g %g %g %g %g %g %g %g %g %g", i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7, i / 8, i / 9, i / 10)
  if i % 25 == 0 then print(ffi.string(b)) end
end
for i = 1, 100 do
  n = n + C.snprintf(b, 400, "%d %lld %d %d %d %d %s %d %g %d", int(i), ffi.cast("int64_t", i) * 1000000007LL, int(-i), int(3), int(4), int(5), "six", int(7), i * 0.5, int(i * 2))
  if i % 25 == 0 then print(ffi.string(b)) end
end
for i = 1, 60 do
  n = n + C.snprintf(b, 400, "%d %g %d %g %d %g %d %g %d %g %d %g %d %g %d %g %d %g %d %g", int(1), 1.5, int(2), 2.5, int(3), 3.5, int(4), 4.5, int(5), 5.5, int(6), 6.5, int(7), 7.5, int(8), 8.5, int(9), 9.5, int(i), i + 0.5)
  if i % 20 == 0 then print(ffi.string(b)) end
end
print(n)
