local ok, buffer = pcall(require, "string.buffer")
if not ok then print("no string.buffer") return end
local b, n = buffer.new(), 0
for i = 1, 200 do b:put("k", i, "=", i / 4, ";") end
print(#b, tostring(b):sub(1, 40))
for i = 1, 100 do n = n + #b:get(3) end
print(n, #b)
for i = 1, 100 do b:reset(); b:put("abc"):put(i); b:putf("%d-%s-%5.2f", i, "x", i / 3); n = n + #b:tostring() end
print(n, b:tostring())
for i = 1, 100 do b:set("fixed string " .. i); n = n + #b:get(5) + #b:get() end
print(n)
for i = 1, 100 do b:reset(); b:putcdata(require("ffi").cast("const char *", "raw bytes"), 5); b:skip(1); n = n + #b end
print(n)
local t = {}
for i = 1, 100 do local e = buffer.encode(i * 2); t[i] = buffer.decode(e); n = n + #e end
for i = 1, 100 do n = n + t[i] end
print(n)
for i = 1, 60 do local e = buffer.encode({i, "s" .. i, i / 2}); local d = buffer.decode(e); n = n + d[1] + #d[2] + d[3] end
print(n)
local s = buffer.new()
for i = 1, 60 do s:encode(i); s:encode("v" .. i) end
for i = 1, 60 do n = n + s:decode() + #s:decode() end
print(n)
local r = buffer.new()
for i = 1, 60 do local p, len = r:reserve(10); p[0] = 65 + i % 26; p[1] = 66; r:commit(2) end
print(tostring(r), #r)
local c = ""
for i = 1, 60 do local x = buffer.new(); x:put(c:sub(1, 10), i); c = tostring(x) end
print(c)
