-- Functions that are not compiled, in loops that are: traces end there and go on behind.
local s, n = 0, 0
for i = 1, 100 do s = s + #string.format("%q", "a" .. i) + #os.date("%Y", 0) end
print(s)
for i = 1, 100 do local r, k = string.gsub("one two three", "t", "T" .. i % 3); n = n + k + #r end
print(n)
for i = 1, 60 do local t = {}; for w in string.gmatch("alpha beta gamma", "%a+") do t[#t + 1] = w end; n = n + #table.concat(t, ",") + #t end
print(n)
for i = 1, 80 do local t = {3, 1, 2, i % 4}; table.sort(t); n = n + t[1] * 1000 + t[4] end
print(n)
for i = 1, 80 do local a, b, c = string.find("key=" .. i, "(%w+)=(%d+)"); n = n + a + b + #c; local m = string.match("v" .. i, "%d+"); n = n + tonumber(m) end
print(n)
for i = 1, 60 do local f = loadstring("return " .. i .. " * 2"); n = n + f() end
print(n)
local t = setmetatable({}, {__index = function(_, k) return string.reverse(k) end})
for i = 1, 60 do n = n + #t["abc" .. i] + #string.gsub("x", "x", function(c) return c .. i end) end
print(n)
for i = 1, 60 do local x, y = math.modf(i / 4); local m, e = math.frexp(i); n = n + x + y + m + e; n = n + select("#", string.byte("hello", 1, -1)) end
print(n)
local function deep(i) local r = {string.byte("xyz", 1, 3)}; return r[1] + i, r[3] end
for i = 1, 60 do local a, b = deep(i); n = n + a - b; for k = 1, 3 do n = n + (os.getenv("NOT_SET_" .. i) == nil and 1 or 0) end end
print(n)
