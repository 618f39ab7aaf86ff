-- Errors thrown on traces and caught above them, with what the trace holds in registers.
local function risky(i) if i % 13 == 0 then error("bad " .. i) elseif i % 17 == 0 then error({n = i}) elseif i % 19 == 0 then error() end return i * 2 end
local good, text, object, none = 0, 0, 0, 0
for i = 1, 400 do
  local ok, e = pcall(risky, i)
  if ok then good = good + e elseif type(e) == "string" then text = text + #e elseif type(e) == "table" then object = object + e.n else none = none + 1 end
end
print(good, text, object, none)
local s = 0
for i = 1, 200 do
  local a, b, c = i, i * 0.5, "k" .. i
  local ok, e = pcall(function() local t = {a, b}; if i % 10 == 3 then return t.x.y elseif i % 10 == 5 then return a + t elseif i % 10 == 7 then return t < a elseif i % 10 == 9 then return c() end return t[1] + t[2] end)
  if ok then s = s + e else s = s + 1 end
  s = s + a + b + #c
end
print(s)
local depth = 0
local function nest(n) if n == 0 then error("deep", 0) end local ok, e = pcall(nest, n - 1); depth = depth + 1; if n % 3 == 0 then error(e .. n, 0) end return ok, e end
for i = 1, 40 do pcall(nest, i % 12) end
print(depth, pcall(nest, 5))
local handled = 0
for i = 1, 100 do local ok, e = xpcall(function() if i % 4 == 0 then error("x" .. i, 0) end return i end, function(m) handled = handled + 1; return #m end); s = s + e end
print(s, handled)
for i = 1, 100 do local ok, e = pcall(string.rep, "x", i % 9 == 0 and {} or 2); if not ok then s = s + 1 else s = s + #e end end
for i = 1, 100 do local ok, e = pcall(assert, i % 8 ~= 0, "failed"); if not ok then s = s + #e end end
for i = 1, 100 do local ok, e = pcall(tostring); if not ok then s = s + 1 end; ok, e = pcall(setmetatable, 1, {}); if not ok then s = s + 1 end end
print(s)
local function level(i) return i / (i % 5 == 0 and nil or 2) end
for i = 1, 60 do local ok, e = pcall(level, i); s = s + (ok and e or #tostring(e)) end
print(s)
print(select(2, pcall(error)), select(2, pcall(error, nil)), (select(2, pcall(function() local x; x.y = 1 end))))
