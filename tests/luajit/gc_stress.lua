-- The collector at work in every step, with weak tables, finalisers, barriers and threads.
collectgarbage("setpause", 0); collectgarbage("setstepmul", 2000)
local old = {list = {}, map = {}}
collectgarbage(); collectgarbage()
for i = 1, 1500 do
  old.list[i % 50 + 1] = {i, tostring(i)}; old.map["k" .. i % 40] = {v = i, up = old.list[i % 50 + 1]}; old["n" .. i % 10] = "s" .. i
  if i % 300 == 0 then local s = 0; for k = 1, #old.list do s = s + old.list[k][1] + #old.list[k][2] end; print(s) end
end
local weak = setmetatable({}, {__mode = "kv"})
for i = 1, 500 do local k = {}; weak[k] = {i}; weak[i % 20] = k end
collectgarbage()
local left = 0
for _ in pairs(weak) do left = left + 1 end
print(left <= 1)
local s = 0
for i = 1, 800 do local f = function(x) return x + i end; s = s + f(1); local t = setmetatable({}, {__index = function(_, k) return k end}); s = s + t[i] end
print(s)
for i = 1, 300 do local co = coroutine.wrap(function(a) local t = {a}; coroutine.yield(t[1]); return #t end); s = s + co(i) + co() end
print(s)
local gone = 0
for i = 1, 100 do local u = newproxy(true); getmetatable(u).__gc = function() gone = gone + 1 end end
collectgarbage(); collectgarbage()
print(gone)
local text = {}
for i = 1, 1000 do text[#text + 1] = ("x"):rep(i % 30) .. i; if #text > 40 then text = {table.concat(text):sub(-50)} end end
print(#table.concat(text))
local ring = {}
for i = 1, 10 do ring[i] = {} end
for i = 1, 10 do ring[i].next = ring[i % 10 + 1] end
local at = ring[1]
for i = 1, 2000 do at.data = {i, at.data and at.data[1]}; at = at.next end
for i = 1, 10 do s = s + ring[i].data[1] + ring[i].data[2] end
print(s)
for i = 1, 400 do collectgarbage("step"); local t = {i}; s = s + t[1] end
print(s, collectgarbage("count") > 0)
