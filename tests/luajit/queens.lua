local N, count = 7, 0
local function place(a, n)
  if n > N then count = count + 1 return end
  for c = 1, N do
    local good = true
    for i = 1, n - 1 do if a[i] == c or a[i] - i == c - n or a[i] + i == c + n then good = false break end end
    if good then a[n] = c; place(a, n + 1) end
  end
end
place({}, 1)
print(count)
local bit = require("bit")
local band, bor, bnot, shl, shr = bit.band, bit.bor, bit.bnot, bit.lshift, bit.rshift
local all, found = shl(1, 8) - 1, 0
local function try(cols, left, right)
  if cols == all then found = found + 1 return end
  local free = band(all, bnot(bor(cols, left, right)))
  while free ~= 0 do
    local q = band(free, -free)
    free = free - q
    try(bor(cols, q), shl(bor(left, q), 1), shr(bor(right, q), 1))
  end
end
try(0, 0, 0)
print(found)
