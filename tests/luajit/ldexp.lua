local s, k = 0, {}
for i = 1, 200 do s = s + math.ldexp(i, i % 20 - 10) end
print(string.format("%.17g", s))
for _, x in ipairs{1, -1.5, 0, -0.0, 1/0, -1/0, 2^-1074, 1.7e308, 3e-308} do
  for e = -80, 80, 7 do local y = math.ldexp(x, e * 14); k[#k + 1] = string.format("%.17g", y) end
end
print(#k, table.concat(k, " "))
local nan = 0
for i = 1, 60 do local y = math.ldexp(0/0, i); if y ~= y then nan = nan + 1 end end
print(nan)
local m, e, t = 0, 0, 0
for i = 1, 100 do m, e = math.frexp(i * 1.7); t = t + math.ldexp(m, e); local a, b = math.modf(i * 1.3); t = t + a + b end
print(string.format("%.12g", t))
