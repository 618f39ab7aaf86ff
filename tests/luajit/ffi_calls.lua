-- C functions: by name, by pointer, with many arguments; results of every kind.
local ffi = require("ffi")
ffi.cdef[[
int abs(int); long labs(long); double sqrt(double); double pow(double, double); float fabsf(float); double fmod(double, double); int toupper(int);
size_t strlen(const char *); int strcmp(const char *, const char *); void *memcpy(void *, const void *, size_t); void *memset(void *, int, size_t);
int snprintf(char *, size_t, const char *, ...); long strtol(const char *, char **, int); char *strchr(const char *, int);
]]
local C = ffi.C
local s = 0
for i = 1, 200 do s = s + C.abs(-i) + tonumber(C.labs(i - 100)) + C.sqrt(i) + C.pow(i, 0.25) + C.fabsf(-i / 8) + C.fmod(i, 7) + C.toupper(97 + i % 26) end
print(string.format("%.12g", s))
local fs = ffi.new("double (*[3])(double)", {C.sqrt, ffi.cast("double (*)(double)", C.sqrt), C.sqrt})
for i = 1, 150 do s = s + fs[i % 3](i) end
print(string.format("%.12g", s))
local abs = {ffi.cast("int (*)(int)", C.abs), ffi.cast("int (*)(int)", C.toupper)}
local n = 0
for i = 1, 150 do n = n + abs[i % 2 + 1](i) end
print(n)
local many = ffi.cast("int (*)(char *, size_t, const char *, int, int, int, int, int, int, int, int, int, int64_t, const char *)", C.snprintf)
local b = ffi.new("char[200]")
for i = 1, 100 do n = n + many(b, 200, "%d %d %d %d %d %d %d %d %d %lld %s", i, i + 1, i + 2, i + 3, i + 4, i + 5, i + 6, i + 7, i + 8, i * 1000003LL, "end"); if i % 40 == 0 then print(ffi.string(b)) end end
print(n)
local words = {"one", "three", "", "seventeen"}
for i = 1, 120 do local w = words[i % 4 + 1]; n = n + tonumber(C.strlen(w)) + (C.strcmp(w, "one") == 0 and 1 or 0); if C.strchr(w, 101) ~= nil then n = n + 5 end end
print(n)
local from, to = ffi.new("uint8_t[64]"), ffi.new("uint8_t[64]")
for i = 1, 100 do C.memset(from, i, 64); C.memcpy(to, from, i % 64 + 1); n = n + to[0] + to[63] end
print(n)
for i = 1, 100 do n = n + tonumber(C.strtol(tostring(i * 3), nil, 10)) end
print(n)
