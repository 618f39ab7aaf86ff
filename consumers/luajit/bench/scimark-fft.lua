-- A complex transform of 1024 points there and back, n times; prints the error.
local size = 1024
local pi, sin = math.pi, math.sin
local function reverse_bits(data, n)
  local j = 0
  for i = 0, n - 2 do
    local ii, jj, k = i + i, j + j, n / 2
    if i < j then
      data[ii], data[jj] = data[jj], data[ii]
      data[ii + 1], data[jj + 1] = data[jj + 1], data[ii + 1]
    end
    while k <= j do
      j, k = j - k, k / 2
    end
    j = j + k
  end
end
local function transform(data, n, direction)
  reverse_bits(data, n)
  local dual = 1
  while dual < n do
    local theta = direction * pi / dual
    local s, half = sin(theta), sin(theta / 2)
    local s2 = 2 * half * half
    for b = 0, n - 1, 2 * dual do
      local i, j = 2 * b, 2 * (b + dual)
      local dr, di = data[j], data[j + 1]
      data[j], data[j + 1] = data[i] - dr, data[i + 1] - di
      data[i], data[i + 1] = data[i] + dr, data[i + 1] + di
    end
    local wr, wi = 1, 0
    for a = 1, dual - 1 do
      wr, wi = wr - s * wi - s2 * wr, wi + s * wr - s2 * wi
      for b = 0, n - 1, 2 * dual do
        local i, j = 2 * (b + a), 2 * (b + a + dual)
        local zr, zi = data[j], data[j + 1]
        local dr, di = wr * zr - wi * zi, wr * zi + wi * zr
        data[j], data[j + 1] = data[i] - dr, data[i + 1] - di
        data[i], data[i + 1] = data[i] + dr, data[i + 1] + di
      end
    end
    dual = dual * 2
  end
end
local seed = 101
local data, copy = {}, {}
for i = 0, 2 * size - 1 do
  seed = (seed * 16807) % 2147483647
  data[i] = seed / 2147483647
  copy[i] = data[i]
end
for _ = 1, tonumber(arg and arg[1]) or 10 do
  transform(data, size, -1)
  transform(data, size, 1)
  for i = 0, 2 * size - 1 do data[i] = data[i] / size end
end
local worst = 0
for i = 0, 2 * size - 1 do worst = math.max(worst, math.abs(data[i] - copy[i])) end
print(worst < 1e-10)
