local s, t = 0, 1
for i = 1, 300 do s = s + i * 2 - i / 3; t = (t * 7 + i) % 1000 end
print(s, t)
local x = 0
for i = 1, 200 do x = x + math.floor(i / 3) + math.ceil(i / 7) + math.sqrt(i) + math.abs(-i) + math.max(i, 50) - math.min(i, 60) end
print(x)
for _, v in ipairs{0/0, 1/0, -1/0, -0.0, 2^53, 2^31, -2^31} do
  local a, b, c = 0, 0, 0
  for i = 1, 100 do
    if v < i then a = a + 1 elseif v >= i then b = b + 1 else c = c + 1 end
    if v == i or v ~= v then c = c + 1 end
    a = a + math.max(v, i) * 0 + (math.min(v, -i) == v and 1 or 0)
  end
  print(v, a, b, c)
end
local p = 1
for i = 1, 100 do p = p * 1.01 ^ (i % 3); p = -(-p) end
print(p)
