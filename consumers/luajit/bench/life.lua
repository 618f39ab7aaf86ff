-- Conway's life on a torus of 64 by 64, n generations from a glider and a random corner.
local size = 64
local function empty()
  local g = {}
  for y = 1, size do
    g[y] = {}
    for x = 1, size do g[y][x] = 0 end
  end
  return g
end
local now, next_one = empty(), empty()
local seed = 7
for y = 1, 24 do
  for x = 1, 24 do
    seed = (seed * 16807) % 2147483647
    now[y][x] = seed % 3 == 0 and 1 or 0
  end
end
for _, p in ipairs({{40, 41}, {41, 42}, {42, 40}, {42, 41}, {42, 42}}) do now[p[1]][p[2]] = 1 end
for _ = 1, tonumber(arg and arg[1]) or 20 do
  for y = 1, size do
    local above, row, below, out = now[y == 1 and size or y - 1], now[y], now[y == size and 1 or y + 1], next_one[y]
    for x = 1, size do
      local l, r = x == 1 and size or x - 1, x == size and 1 or x + 1
      local around = above[l] + above[x] + above[r] + row[l] + row[r] + below[l] + below[x] + below[r]
      out[x] = (around == 3 or (around == 2 and row[x] == 1)) and 1 or 0
    end
  end
  now, next_one = next_one, now
end
local alive, sum = 0, 0
for y = 1, size do
  for x = 1, size do
    alive = alive + now[y][x]
    sum = (sum * 2 + now[y][x]) % 65521
  end
end
print(alive, sum)
