-- Hash chains that are long, broken and rebuilt while traces walk them.
local t, n = {}, 0
for round = 1, 12 do
  for i = 1, 60 do t["r" .. round .. "_" .. i] = i end
  for i = 1, 60, 2 do t["r" .. round .. "_" .. i] = nil end
  for i = 1, 60 do local v = t["r" .. round .. "_" .. i]; if v ~= nil then n = n + v else n = n - 1 end end
end
print(n)
local nums = {}
for i = 1, 400 do nums[i * 1048576.5] = i end
for i = 1, 400 do n = n + nums[i * 1048576.5] + (nums[i * 1048576.25] or 0) end
print(n)
local keys = {}
for i = 1, 150 do keys[i] = {i} end
local by = {}
for i = 1, 150 do by[keys[i]] = i end
for r = 1, 5 do for i = 1, 150 do n = n + by[keys[i]] end; for i = r, 150, 10 do by[keys[i]] = nil; by[keys[i]] = i * 2 end end
print(n)
local set, uniq = {}, 0
for i = 1, 1000 do local k = "v" .. (i * 7919 % 257); if not set[k] then set[k] = true; uniq = uniq + 1 end end
print(uniq)
local graph = {}
for i = 1, 50 do graph["n" .. i] = {"n" .. (i * 3 % 50 + 1), "n" .. (i * 7 % 50 + 1)} end
local visited, queue = {n1 = 0}, {"n1"}
local at = 1
while queue[at] do local v = queue[at]; at = at + 1; for _, w in ipairs(graph[v]) do if visited[w] == nil then visited[w] = visited[v] + 1; queue[#queue + 1] = w end end end
local sum = 0
for i = 1, 50 do sum = sum + (visited["n" .. i] or 100) end
print(#queue, sum)
local small = {a = 1}
for i = 1, 100 do local k = i % 2 == 0 and "a" or "b"; n = n + (small[k] or 5); if i == 70 then small.b = 9 end end
print(n)
