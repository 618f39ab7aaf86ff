local m, s = math, 0
for i = 1, 200 do
  local x = i / 10 - 8
  s = s + m.floor(x) + m.ceil(x) + m.abs(x) + m.sqrt(i) + m.exp(x / 10) + m.log(i) + m.log10(i) + m.sin(x) + m.cos(x) + m.tan(x / 10)
  s = s + m.asin(x / 100) + m.acos(x / 100) + m.atan(x) + m.atan2(x, i) + m.sinh(x / 10) + m.cosh(x / 10) + m.tanh(x) + m.pow(i, 0.3) + m.deg(x) + m.rad(x) + m.fmod(x, 3) + x ^ 2 + 2 ^ x + (-x) ^ 3
end
print(string.format("%.9g", s))
local e = {0/0, 1/0, -1/0, 0, -0.0, 0.5, -0.5, 1.5, 2.5, -2.5, 2^52 + 0.5, 2^53, -2^53, 1e300, 5e-324, 2^31, -2^31 - 1}
local out = {}
for i = 1, #e do
  local x, r = e[i]
  for k = 1, 20 do r = {m.floor(x), m.ceil(x), m.abs(x), m.sqrt(x), m.min(x, 1), m.max(x, 1), m.min(1, x), m.max(-1, x), x % 3, x % -3, -x, x ^ 0.5, m.fmod(x, 3)} end
  for k = 1, #r do out[#out + 1] = r[k] ~= r[k] and "nan" or string.format("%.17g", r[k]) end
end
print(table.concat(out, " "))
local n = 0
for i = 1, 100 do n = n + m.min(i, 50, 100 - i) + m.max(i, 3.5, -i) + m.min(i) + m.max(i % 7, i % 5, i % 3, i % 2) end
print(n)
math.randomseed(42)
for i = 1, 200 do n = n + m.random(10) + m.random(-5, 5) + m.floor(m.random() * 100) end
print(n)
for i = 1, 100 do n = n + i % 7 + -i % 7 + i % -7 + i % 2.5 + m.floor(-i / 3) + (i - i % 4) / 4; local a, b = m.modf(i / 3); n = n + a end
print(string.format("%.12g", n))
for i = 1, 60 do n = n + i ^ 2 + i ^ -1 + i ^ 0.5 + 0.5 ^ i + (i % 3) ^ (i % 4) + m.log(i, 2) + m.log(i + 1, 10) end
print(string.format("%.9g", n))
