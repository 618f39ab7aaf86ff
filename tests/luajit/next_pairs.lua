-- Iteration of every kind, left in the middle, changed on the way, and started again from a key.
local function sum(t) local s, k = 0, 0; for _, v in pairs(t) do s = s + v; k = k + 1 end return s, k end
local t = {10, 20, 30, x = 1, y = 2, [1.5] = 4, [true] = 8}
local n = 0
for i = 1, 60 do local s, k = sum(t); n = n + s * k end
print(n)
for i = 1, 60 do for k, v in next, t do n = n + v; if v == 30 then break end end end
print(n)
local u = {}
for i = 1, 50 do u[i] = i; u["k" .. i] = -i end
for r = 1, 20 do for k, v in pairs(u) do if type(k) == "number" then u[k] = v + 1 elseif r == 10 and v % 3 == 0 then u[k] = nil end end end
local a, b = 0, 0
for k, v in pairs(u) do if type(k) == "number" then a = a + v else b = b + v end end
print(a, b)
for i = 1, 40 do local k, v = next(t); while k do n = n + v; k, v = next(t, k) end end
print(n)
for i = 1, 100 do if next({}) == nil then n = n + 1 end; for k in pairs({}) do n = n + 100 end; for i2 in ipairs({}) do n = n + 100 end end
print(n)
local nested = {a = {1, 2, b = {3, c = {4}}}, d = {5}}
local function deep(x) local s = 0; for k, v in pairs(x) do if type(v) == "table" then s = s + deep(v) else s = s + v end end return s end
for i = 1, 60 do n = n + deep(nested) end
print(n)
for i = 1, 60 do for j, v in ipairs({1, 2, nil, 4}) do n = n + j * v end end
print(n)
local function every(t2, k) return function(_, i) i = i + k; if t2[i] then return i, t2[i] end end, nil, 0 end
for i = 1, 60 do for _, v in every({1, 2, 3, 4, 5, 6}, 2) do n = n + v end end
print(n)
for i = 1, 40 do local c = 0; for k, v in pairs({10, 20, 30, 40, 50, 60, 70}) do c = c + 1; if c == i % 7 then local f = function() return k, v end; local kk, vv = f(); n = n + vv end end end
print(n)
local big = {}
for i = 1, 200 do big[i * 3] = i end
for r = 1, 5 do for k, v in pairs(big) do n = n + k - v end end
print(n)
