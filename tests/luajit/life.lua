local W, H = 24, 16
local function grid() local g = {}; for y = 0, H + 1 do g[y] = {}; for x = 0, W + 1 do g[y][x] = 0 end end return g end
local g = grid()
for _, c in ipairs{{2, 2}, {3, 3}, {3, 4}, {2, 4}, {1, 4}, {10, 8}, {11, 8}, {12, 8}, {15, 3}, {16, 3}, {15, 4}, {16, 4}} do g[c[2]][c[1]] = 1 end
for r = 1, 30 do
  local n = grid()
  for y = 1, H do
    local up, row, down = g[y - 1], g[y], g[y + 1]
    for x = 1, W do
      local s = up[x - 1] + up[x] + up[x + 1] + row[x - 1] + row[x + 1] + down[x - 1] + down[x] + down[x + 1]
      n[y][x] = (s == 3 or s == 2 and row[x] == 1) and 1 or 0
    end
  end
  g = n
end
for y = 1, H do local l = {}; for x = 1, W do l[x] = g[y][x] == 1 and "#" or "." end; print(table.concat(l)) end
