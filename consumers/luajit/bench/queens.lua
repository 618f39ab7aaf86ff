-- How many ways n queens stand on a board of n by n: recursion over tables of flags.
local function place(n, row, columns, up, down)
  if row > n then return 1 end
  local ways = 0
  for c = 1, n do
    if not columns[c] and not up[row + c] and not down[row - c + n] then
      columns[c], up[row + c], down[row - c + n] = true, true, true
      ways = ways + place(n, row + 1, columns, up, down)
      columns[c], up[row + c], down[row - c + n] = false, false, false
    end
  end
  return ways
end
local n = tonumber(arg and arg[1]) or 8
local columns, up, down = {}, {}, {}
for i = 1, 2 * n do columns[i], up[i], down[i] = false, false, false end
print(place(n, 1, columns, up, down))
