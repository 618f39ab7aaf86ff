-- Finalisers and a collector that is always at work, while cdata comes and goes.
local ffi = require("ffi")
collectgarbage("setpause", 1); collectgarbage("setstepmul", 1000)
local made, gone = 0, 0
local function free() gone = gone + 1 end
local function make(i) made = made + 1; return ffi.gc(ffi.new("int[8]", i), free) end
jit.off(make)
local keep = {}
for i = 1, 400 do local a = make(i); a[1] = i; if i % 40 == 0 then keep[#keep + 1] = a end end
local s = 0
for i = 1, #keep do s = s + keep[i][1] end
print(#keep, s)
keep = nil
collectgarbage(); collectgarbage()
print(made, gone)
local z = 0LL
for i = 1, 3000 do local t = {v = ffi.new("int64_t", i), s = "k" .. i % 50}; z = z + t.v + #t.s end
print(z)
local list
for i = 1, 2000 do list = {next = i % 100 ~= 0 and list or nil, box = ffi.cast("uint64_t", i)} end
local n = 0
while list do n = n + tonumber(list.box); list = list.next end
print(n)
