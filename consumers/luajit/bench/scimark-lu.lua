-- Factors a 100 by 100 matrix into L and U with pivots, n times.
local size = 100
local seed = 101
local function random()
  seed = (seed * 16807) % 2147483647
  return seed / 2147483647
end
local function factor(a, pivots)
  for j = 1, size do
    local p, largest = j, math.abs(a[j][j])
    for i = j + 1, size do
      local here = math.abs(a[i][j])
      if here > largest then p, largest = i, here end
    end
    pivots[j] = p
    a[p], a[j] = a[j], a[p]
    local row = a[j]
    local scale = 1 / row[j]
    for i = j + 1, size do a[i][j] = a[i][j] * scale end
    for i = j + 1, size do
      local lower = a[i]
      local by = lower[j]
      for k = j + 1, size do lower[k] = lower[k] - by * row[k] end
    end
  end
end
local original = {}
for i = 1, size do
  original[i] = {}
  for j = 1, size do original[i][j] = random() end
end
local n = tonumber(arg and arg[1]) or 2
local a, pivots = {}, {}
for _ = 1, n do
  for i = 1, size do
    a[i] = {}
    for j = 1, size do a[i][j] = original[i][j] end
  end
  factor(a, pivots)
end
local sum = 0
for i = 1, size do sum = sum + a[i][i] * pivots[i] end
print(("%.6f"):format(sum))
