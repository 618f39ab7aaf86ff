-- Lookups by keys of every kind, known and unknown, there and not.
local objects = {{}, print, function() end, coroutine.create(print), io.stdout, "str", 1.5, true, false, 1e300, -7.25, 2^40}
local t, n = {}, 0
for i, k in ipairs(objects) do t[k] = i end
for r = 1, 30 do for i = 1, #objects do local v = t[objects[i]]; if v then n = n + v end; if t[r + 0.125] == nil then n = n + 1 end end end
print(n)
for i = 1, 100 do n = n + t[objects[1]] + t[print] + t[true] + t[false] + t.str + t[1.5] + t[-7.25] + (t[{}] or 1) + (t["none" .. i] or 2) + (t[i * 0.3] or 3) end
print(n)
local names, h = {}, {}
for i = 1, 100 do names[i] = "key" .. i; h[names[i]] = i end
for r = 1, 20 do for i = 1, 100 do n = n + h[names[i]]; if h[names[i] .. "x"] then n = n + 1000 end end; h[names[r]] = nil; h[names[r]] = r end
print(n)
local z = {[0] = "zero", [1.0] = "one", [2^31] = "big"}
local mz = -0.0
for i = 1, 60 do n = n + #z[mz] + #z[i - i] + #z[i / i] + #z[2^31] + (z[0/0] == nil and 1 or 0) end
print(n)
local d = {}
for i = 1, 200 do d[i * 0.5] = i; d[-i] = i end
for i = 1, 200 do n = n + d[i * 0.5] + d[-i]; if d[i * 0.5 + 0.25] ~= nil then n = n + 1 end end
print(n)
for i = 1, 200 do d[i * 0.5] = nil end
local left = 0
for k, v in pairs(d) do left = left + v end
print(left)
local e = {}
for i = 1, 80 do if e.x == nil and not e[i] and e[names[1]] == nil then n = n + 1 end end
print(n)
local seen = {}
for i = 1, 300 do local o = objects[i % 5 + 1]; if not seen[o] then seen[o] = {} end; seen[o][#seen[o] + 1] = i end
for i = 1, 5 do n = n + #seen[objects[i]] end
print(n)
print(pcall(function() local x = {}; for i = 1, 60 do x[i < 50 and i or 0/0] = i end end))
print(pcall(function() local x = {}; for i = 1, 60 do local k; if i < 50 then k = "a" .. i end; x[k] = i end end))
