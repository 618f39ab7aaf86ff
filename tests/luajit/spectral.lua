local function A(i, j) local ij = i + j - 1; return 1 / (ij * (ij - 1) * 0.5 + i) end
local function Av(x, y, n) for i = 1, n do local a = 0; for j = 1, n do a = a + x[j] * A(i, j) end; y[i] = a end end
local function Atv(x, y, n) for i = 1, n do local a = 0; for j = 1, n do a = a + x[j] * A(j, i) end; y[i] = a end end
local n = 30
local u, v, t = {}, {}, {}
for i = 1, n do u[i] = 1 end
for i = 1, 5 do Av(u, t, n); Atv(t, v, n); Av(v, t, n); Atv(t, u, n) end
local vBv, vv = 0, 0
for i = 1, n do local ui, vi = u[i], v[i]; vBv = vBv + ui * vi; vv = vv + vi * vi end
print(string.format("%.9f", math.sqrt(vBv / vv)))
local function lu(a, m)
  for k = 1, m do for i = k + 1, m do a[i][k] = a[i][k] / a[k][k]; for j = k + 1, m do a[i][j] = a[i][j] - a[i][k] * a[k][j] end end end
  local d = 1
  for k = 1, m do d = d * a[k][k] end
  return d
end
for m = 2, 14 do local a = {}; for i = 1, m do a[i] = {}; for j = 1, m do a[i][j] = i == j and m + 1.5 or 1 / (i + j) end end; print(string.format("%.10g", lu(a, m))) end
