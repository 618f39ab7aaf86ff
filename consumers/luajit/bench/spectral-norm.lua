-- The spectral norm of an infinite matrix's upper left n by n, by the power method.
local function element(i, j)
  local ij = i + j - 1
  return 1 / (ij * (ij - 1) * 0.5 + i)
end
local function times(x, y, n)
  for i = 1, n do
    local a = 0
    for j = 1, n do a = a + x[j] * element(i, j) end
    y[i] = a
  end
end
local function times_transposed(x, y, n)
  for i = 1, n do
    local a = 0
    for j = 1, n do a = a + x[j] * element(j, i) end
    y[i] = a
  end
end
local n = tonumber(arg and arg[1]) or 50
local u, v, t = {}, {}, {}
for i = 1, n do u[i] = 1 end
for _ = 1, 10 do
  times(u, t, n)
  times_transposed(t, v, n)
  times(v, t, n)
  times_transposed(t, u, n)
end
local vBv, vv = 0, 0
for i = 1, n do
  vBv, vv = vBv + u[i] * v[i], vv + v[i] * v[i]
end
print(("%.9f"):format(math.sqrt(vBv / vv)))
