local n, t = 0, {}
for i = 1, 200 do table.insert(t, i); if i % 5 == 0 then table.insert(t, 1, -i) end; if i % 7 == 0 then n = n + table.remove(t) end; if i % 11 == 0 then n = n + table.remove(t, 1) end end
print(n, #t, t[1], t[#t])
for i = 1, 60 do local s = {}; for k = 1, 10 do s[k] = (k * i * 7) % 11 end; table.sort(s); n = n + s[1] * 3 + s[10]; table.sort(s, function(a, b) return a > b end); n = n + s[1] end
print(n)
for i = 1, 100 do n = n + #table.concat({i, "x", i * 2}) + #table.concat({"a", "b", "c"}, ", ") + #table.concat({1, 2, 3, 4}, "-", 2, 3) end
print(n)
for i = 1, 100 do n = n + #{unpack({1, 2, 3})} + select("#", unpack({1, nil, 3}, 1, 3)) + table.maxn({1, 2, [10] = 3}) end
print(n)
local words = {"pear", "apple", "fig", "date", "elder", "cherry", "banana"}
for i = 1, 30 do local c = {unpack(words)}; table.sort(c, function(a, b) if #a ~= #b then return #a < #b end return a < b end); n = n + #c[1] * 2 + #c[7]; if i == 30 then print(table.concat(c, " ")) end end
for i = 1, 60 do local q = {}; for k = 1, 8 do q[#q + 1] = k end; while #q > 0 do n = n + table.remove(q, 1) end; n = n + (table.remove(q) or 1) end
print(n)
local new, clear = require("table.new"), require("table.clear")
for i = 1, 60 do local a = new(i, 4); for k = 1, i do a[k] = k end; a.x = i; n = n + #a + a.x; clear(a); n = n + #a + (a.x or 2) end
print(n)
if table.move then for i = 1, 60 do local a = table.move({1, 2, 3}, 1, 3, 2, {i}); n = n + #a + a[1] + a[4] end end
print(n)
for i = 1, 60 do local s = 0; table.foreachi({1, 2, 3}, function(k, v) s = s + k * v end); n = n + s + table.getn({1, 2}) end
print(n)
