-- Ordered and unordered comparisons of numbers, taken and not, with NaN and zeroes of both signs.
local v = {0/0, 1/0, -1/0, 0, -0.0, 1, 1.5, -1.5, 2^31, -2^31, 2^53, 1e308}
local n = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0}
for r = 1, 6 do
  for i = 1, #v do
    for j = 1, #v do
      local x, y = v[i], v[j]
      if x < y then n[1] = n[1] + 1 end
      if x <= y then n[2] = n[2] + 1 end
      if x > y then n[3] = n[3] + 1 end
      if x >= y then n[4] = n[4] + 1 end
      if not (x < y) then n[5] = n[5] + 1 end
      if not (x <= y) then n[6] = n[6] + 1 end
      if not (x > y) then n[7] = n[7] + 1 end
      if not (x >= y) then n[8] = n[8] + 1 end
      if x == y then n[9] = n[9] + 1 end
      if x ~= y then n[10] = n[10] + 1 end
    end
  end
end
print(unpack(n))
local a = 0
for i = 1, 100 do local x = i * 0.5; while not (x >= 20) do x = x + 3.25; a = a + 1 end; while not (x <= 10) do x = x - 4.5; a = a + x end end
print(a)
for i = -50, 50 do if i < 0 == (1 / (i + 0.5) < 0) then a = a + 1 end; if i <= 3 and i >= -3 then a = a - i end end
print(a)
