-- Shortest ways through a maze of weights by Dijkstra's algorithm with a heap of tables, n sources.
local size = 40
local seed = 3
local weights = {}
for i = 1, size * size do
  seed = (seed * 16807) % 2147483647
  weights[i] = 1 + seed % 9
end
local Heap = {}
Heap.__index = Heap
function Heap:push(item)
  local n = self.n + 1
  self.n = n
  while n > 1 do
    local up = math.floor(n / 2)
    if self[up].cost <= item.cost then break end
    self[n] = self[up]
    n = up
  end
  self[n] = item
end
function Heap:pop()
  local top, item, n, at = self[1], self[self.n], self.n - 1, 1
  self.n = n
  while at * 2 <= n do
    local below = at * 2
    if below < n and self[below + 1].cost < self[below].cost then below = below + 1 end
    if item.cost <= self[below].cost then break end
    self[at] = self[below]
    at = below
  end
  self[at] = item
  return top
end
local function search(from)
  local cost, done, heap = {}, {}, setmetatable({n = 0}, Heap)
  for i = 1, size * size do cost[i], done[i] = math.huge, false end
  cost[from] = 0
  heap:push({node = from, cost = 0})
  while heap.n > 0 do
    local item = heap:pop()
    local node = item.node
    if not done[node] then
      done[node] = true
      local x = (node - 1) % size
      for d = 1, 4 do
        local to = d == 1 and node - size or d == 2 and node + size or d == 3 and node - 1 or node + 1
        if to >= 1 and to <= size * size and (d ~= 3 or x > 0) and (d ~= 4 or x < size - 1) then
          local c = item.cost + weights[to]
          if c < cost[to] then
            cost[to] = c
            heap:push({node = to, cost = c})
          end
        end
      end
    end
  end
  local sum = 0
  for i = 1, size * size do sum = sum + cost[i] end
  return sum
end
local total = 0
for i = 1, tonumber(arg and arg[1]) or 3 do total = total + search(i * 37 % (size * size) + 1) end
print(total)
