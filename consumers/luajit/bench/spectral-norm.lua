-- The spectral norm of an infinite matrix's upper left n by n, by the power method.
-- row, column: 1, 0 for the matrix; 0, 1 for its transpose.
local function element(i, j, row, column)
  local ij = i + j - 1
  return 1 / (ij * (ij - 1) * 0.5 + row * i + column * j)
end
local function times(x, y, n, row, column)
  for i = 1, n do
    local a = 0
    for j = 1, n do a = a + x[j] * element(i, j, row, column) end
    y[i] = a
  end
end
local n = tonumber(arg and arg[1]) or 50
local u, v, t = {}, {}, {}
for i = 1, n do u[i] = 1 end
for _ = 1, 10 do
  times(u, t, n, 1, 0)
  times(t, v, n, 0, 1)
  times(v, t, n, 1, 0)
  times(t, u, n, 0, 1)
end
local vBv, vv = 0, 0
for i = 1, n do
  vBv, vv = vBv + u[i] * v[i], vv + v[i] * v[i]
end
print(("%.9f"):format(math.sqrt(vBv / vv)))
