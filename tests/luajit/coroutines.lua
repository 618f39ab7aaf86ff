local function range(n) return coroutine.wrap(function() for i = 1, n do coroutine.yield(i) end end) end
local s = 0
for i in range(200) do s = s + i end
print(s)
local function tree(d) if d == 0 then return nil end return {l = tree(d - 1), v = d, r = tree(d - 1)} end
local function walk(t) if t then walk(t.l); coroutine.yield(t.v); walk(t.r) end end
for r = 1, 4 do for v in coroutine.wrap(function() walk(tree(6)) end) do s = s + v end end
print(s)
local co = coroutine.create(function(a, b) while true do a, b = coroutine.yield(a + b, a - b) end end)
for i = 1, 100 do local ok, x, y = coroutine.resume(co, i, 3); s = s + x * y end
print(s, coroutine.status(co))
local bad = coroutine.create(function() for i = 1, 100 do if i == 77 then error({code = i}) end; coroutine.yield() end end)
local n = 0
while true do local ok, e = coroutine.resume(bad); if not ok then print(e.code, coroutine.status(bad)); break end; n = n + 1 end
print(n)
local function worker(id) return coroutine.create(function() local t = 0; for i = 1, 50 do t = t + i * id; if i % 5 == 0 then coroutine.yield(t) end end return t end) end
local all = {}
for i = 1, 8 do all[i] = worker(i) end
local live = 8
while live > 0 do
  for i = 1, 8 do
    if all[i] then local ok, v = coroutine.resume(all[i]); s = s + v; if coroutine.status(all[i]) == "dead" then all[i] = false; live = live - 1 end end
  end
end
print(s)
local p = coroutine.wrap(function() for i = 1, 60 do local ok, e = pcall(function() if i % 7 == 0 then error("seven") end; coroutine.yield(i); return i end); if not ok then coroutine.yield(-1) end end return 0 end)
for i = 1, 60 do s = s + p() end
print(s, coroutine.running() == nil)
