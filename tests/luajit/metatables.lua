local log = 0
local A = {}; A.__index = A
function A.get(o) return o.v end
function A.set(o, v) o.v = v; return o end
local B = setmetatable({}, A); B.__index = B
function B.twice(o) return o:get() * 2 end
local mt = {
  __index = function(t, k) log = log + 1; return k .. "?" end, __newindex = function(t, k, v) rawset(t, k, v + 1) end,
  __add = function(a, b) return 1 end, __sub = function(a, b) return 2 end, __mul = function(a, b) return 3 end, __div = function(a, b) return 4 end,
  __mod = function(a, b) return 5 end, __pow = function(a, b) return 6 end, __unm = function(a) return 7 end, __concat = function(a, b) return "c" end,
  __len = function(a) return 9 end, __eq = function(a, b) return true end, __lt = function(a, b) return true end, __le = function(a, b) return false end,
  __call = function(f, x, y) return x + y end, __tostring = function() return "me" end,
}
local n = 0
local o = setmetatable({v = 3}, B)
for i = 1, 150 do n = n + o:twice() + o:set(i % 10):get() end
print(n)
local x, y = setmetatable({}, mt), setmetatable({}, mt)
for i = 1, 100 do
  n = n + (x + 1) + (1 - x) + x * y + x / 2 + x % 3 + 2 ^ x - -x + #(x .. 1) + #(1 .. y) + x(i, 2)
  if x == y then n = n + 1 end; if x < y then n = n + 1 end; if x <= y then n = n + 100 end; if x > y then n = n + 3 end; if x ~= y then n = n + 100 end
  n = n + #x.field + #x["k" .. i % 5]
end
print(n, log)
for i = 1, 60 do local t = setmetatable({}, mt); t.a = i; t.a = t.a + 1; n = n + t.a end
print(n, tostring(x))
local proxy = setmetatable({}, {__index = setmetatable({deep = 5}, {__index = {deeper = 6}}), __newindex = B})
for i = 1, 100 do n = n + proxy.deep + proxy.deeper; proxy.new = i end
print(n, rawget(proxy, "new"), B.new)
local strict = setmetatable({}, {__index = function(_, k) error("no " .. k, 2) end})
local bad = 0
for i = 1, 60 do local ok, e = pcall(function() return strict.zork end); if not ok and e:find("no zork", 1, true) then bad = bad + 1 end end
print(bad, #setmetatable({1, 2}, mt), rawlen and rawlen({1}) or 1)
for i = 1, 100 do local s = ("x"):rep(i % 3); n = n + s:len() + #s:upper() end
local weak = setmetatable({}, {__mode = "k"})
for i = 1, 100 do weak[{}] = i; if getmetatable(weak).__mode == "k" then n = n + 1 end; if getmetatable("").__index == string then n = n + 1 end end
print(n, rawequal(x, y))
