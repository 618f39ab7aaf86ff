-- Binary search trees and a heap, of tables.
local function insert(t, k) if not t then return {k = k, n = 1} end if k < t.k then t.l = insert(t.l, k) elseif k > t.k then t.r = insert(t.r, k) else t.n = t.n + 1 end return t end
local function size(t) return t and size(t.l) + t.n + size(t.r) or 0 end
local function height(t) return t and 1 + math.max(height(t.l), height(t.r)) or 0 end
local t
for i = 1, 500 do t = insert(t, i * 7919 % 331) end
print(size(t), height(t))
local function each(t, f) if t then each(t.l, f); f(t.k, t.n); each(t.r, f) end end
local s, last, sorted = 0, -1, true
each(t, function(k, n) s = s + k * n; sorted = sorted and k > last; last = k end)
print(s, sorted)
local heap, n = {}, 0
local function push(v) n = n + 1; heap[n] = v; local i = n; while i > 1 do local p = (i - i % 2) / 2; if heap[p] <= heap[i] then break end; heap[p], heap[i] = heap[i], heap[p]; i = p end end
local function pop() local v = heap[1]; heap[1] = heap[n]; heap[n] = nil; n = n - 1; local i = 1; while true do local c = i * 2; if c > n then break end; if c < n and heap[c + 1] < heap[c] then c = c + 1 end; if heap[i] <= heap[c] then break end; heap[i], heap[c] = heap[c], heap[i]; i = c end return v end
for i = 1, 300 do push(i * 17 % 101 + i / 1000) end
local prev, good = -1, true
while n > 0 do local v = pop(); good = good and v >= prev; prev = v; s = s + v end
print(good, string.format("%.6f", s))
local function bottomup(d) if d == 0 then return {false, false} end return {bottomup(d - 1), bottomup(d - 1)} end
local function count(x) return x[1] and 1 + count(x[1]) + count(x[2]) or 1 end
for d = 2, 9 do print(d, count(bottomup(d))) end
local a = {}
for i = 1, 200 do a[i] = i * 7919 % 1009 end
local function quick(l, h) if l < h then local p, i = a[h], l - 1; for j = l, h - 1 do if a[j] <= p then i = i + 1; a[i], a[j] = a[j], a[i] end end; a[i + 1], a[h] = a[h], a[i + 1]; quick(l, i); quick(i + 2, h) end end
quick(1, 200)
print(a[1], a[100], a[200])
