local t = {10, 20, 30, a = 1, b = 2, c = 3}
local s, n = 0, 0
for i = 1, 60 do for k, v in pairs(t) do s = s + v; n = n + 1 end end
print(s, n)
for i = 1, 60 do for k, v in ipairs(t) do s = s + k * v end end
print(s)
for i = 1, 40 do local k, v = next(t); s = s + v; if next({}) == nil then s = s + 1 end end
print(s)
local u = {}
for i = 1, 50 do u[i] = i end
for i = 1, 30 do for k in pairs(u) do s = s + k end; table.insert(u, i); table.remove(u, 1) end
print(s, #u)
for w in ("one two three four five six seven"):gmatch("%a+") do s = s + #w end
print(s)
