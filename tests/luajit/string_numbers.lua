-- Strings where numbers are wanted.
local list = {"1", "2.5", "-3e2", "0x10", "  7  ", "1e400", "nan", "", "12abc", "0x", "1_0"}
local s, bad = 0, 0
for r = 1, 30 do for i = 1, #list do local v = tonumber(list[i]); if v and v < 1e300 then s = s + v elseif not v then bad = bad + 1 end end end
print(s, bad)
for i = 1, 100 do local d = tostring(i); s = s + d * 2 + ("1" .. d) / 4 - d % 3 + -d; if d + 0 == i then s = s + 1 end end
print(s)
for i = 1, 60 do for b = 2, 36, 7 do s = s + (tonumber("101", b) or 0) end; s = s + (tonumber("zz", 36) or 0) end
print(s)
local t = {}
for i = 1, 100 do t[tostring(i % 10)] = i; t[i % 10] = -i end
for i = 0, 9 do s = s + t[tostring(i)] * 3 + t[i] end
print(s)
for i = 1, 100 do s = s + #("v" .. i * 1.5) + #(i .. "") + #(i .. "," .. i / 2 .. ";" .. -i) end
print(s)
local x = "10"
for i = 1, 60 do x = x + 1; x = x .. ""; end
print(x, type(x))
