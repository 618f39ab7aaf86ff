-- Constructors: empty, copied, nested, with keys of every kind; new keys in tables of every age.
local n = 0
for i = 1, 200 do
  local a, b, c, d = {}, {1, 2, 3}, {x = 1, y = {i}}, {i, i + 1, n = i, [i] = 1, [i + 0.5] = 2, [i % 2 == 0] = 3}
  a[1] = i; a.k = b; b.extra = c; c[i] = d; c["s" .. i] = i; c[a] = b; c[i / 3 + 0.1] = 1; c[true] = i
  n = n + a[1] + #a.k + b.extra.x + c[i].n + c["s" .. i] + #c[a] + d[i + 0.5] + c[true] + c.y[1]
  if i % 50 == 0 then print(n) end
end
local keep = {}
for i = 1, 300 do local t = {id = i}; t["f" .. i % 3] = i; t[#t + 1] = "a"; t[#t + 1] = "b"; keep[i % 20 + 1] = t end
for i = 1, 20 do n = n + keep[i].id + #keep[i] end
print(n)
local function list(k) local l; for i = 1, k do l = {next = l, value = i} end return l end
for r = 1, 20 do local l = list(20); while l do n = n + l.value; l = l.next end end
print(n)
local cache = {}
for i = 1, 300 do local k = i % 13; local e = cache[k]; if not e then e = {hits = 0, tag = "t" .. k, sub = {a = {b = {c = k}}}}; cache[k] = e end; e.hits = e.hits + 1; n = n + e.sub.a.b.c end
print(n, cache[5].hits, cache[12].tag)
local o = {}
for i = 1, 100 do o["p" .. i % 30] = {i}; if o["p" .. (i - 1) % 30] then n = n + o["p" .. (i - 1) % 30][1] end end
print(n)
for i = 1, 100 do local t = {nil, 2, nil, 4}; n = n + t[2] + t[4] + (t[1] or 1); local u = {f = nil, g = false, h = 0}; if not u.f and not u.g and u.h then n = n + 1 end end
print(n)
