local function count(...) return select("#", ...) end
local function sum(...) local s = 0; for i = 1, select("#", ...) do local v = select(i, ...); s = s + v end return s end
local function last(...) return (select(-1, ...)) end
local function pass(...) return ... end
local function two(...) local a, b = ...; return b, a end
local function pack(...) return {n = select("#", ...), ...} end
local n = 0
for i = 1, 100 do n = n + count(i, i, i) + sum(i, 2, 3, 4) + last(1, 2, i) + count(pass(i, nil, i)) + count(pass()) end
print(n)
for i = 1, 100 do local a, b = two(i, i * 2, 3); n = n + a - b; local c, d = two(i); n = n + (c or 7) + d end
print(n)
for i = 1, 100 do local t = pack(i, "x", nil); n = n + t.n + t[1] + #t[2] end
print(n)
local t = {1, 2, 3, 4, 5}
for i = 1, 100 do local a, b, c = unpack(t, i % 4 + 1); n = n + a + (b or 0) + (c or 0); n = n + sum(unpack(t)) end
print(n)
local function f(a, ...) if a == 0 then return count(...) end return f(a - 1, a, ...) end
for i = 1, 40 do n = n + f(5) end
print(n)
local function mixed(...) local s = 0; for i = 1, select("#", ...) do local v = select(i, ...); if type(v) == "number" then s = s + v elseif type(v) == "string" then s = s + #v elseif v then s = s + 1 end end return s end
for i = 1, 100 do n = n + mixed(i, "abc", true, nil, i / 2, false, {}) end
print(n)
print(pcall(function(...) for i = 1, 60 do n = n + select(i % 3 + 1, ...) end return n end, 1, 2, 3))
