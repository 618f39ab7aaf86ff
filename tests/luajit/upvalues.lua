-- Upvalues that are open while loops run, and closed ones that change, with objects of every age.
local a, b, c = 0, {}, "s"
local function step(i) a = a + i; b = {i, b[1]}; c = c .. (i % 10); if #c > 20 then c = "s" end return a end
local s = 0
for i = 1, 200 do s = s + step(i) end
print(a, b[1], b[2], c, s)
local function counter() local n, t = 0, {}; return function(k) n = n + k; t = {n, t[1]}; return n end, function() return n, t[1], t[2] end end
local inc, get = counter()
for i = 1, 200 do inc(i) end
print(get())
do
  local open = 0
  local function add(x) open = open + x end
  local function take() local v = open; open = 0; return v end
  for i = 1, 150 do add(i); if i % 10 == 0 then s = s + take() end; open = open + 1 end
  print(open, s)
end
local fs = {}
for i = 1, 20 do local v = i; fs[i] = function(k) v = v + k; return v end end
for r = 1, 10 do for i = 1, 20 do s = s + fs[i](r) end end
print(s)
local function outer(n) local x = n; local function inner() x = x + 1; if x < 50 then return inner() end return x end; return inner() end
for i = 1, 60 do s = s + outer(i) end
print(s)
collectgarbage("setpause", 10)
local last
local function remember(v) last = v end
for i = 1, 3000 do remember({i}) ; if i % 1000 == 0 then print(last[1]) end end
local co = coroutine.wrap(function() local k = 0; local function bump() k = k + 1 end; while true do bump(); coroutine.yield(k) end end)
for i = 1, 100 do s = s + co() end
print(s)
