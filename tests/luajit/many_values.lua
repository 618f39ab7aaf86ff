-- More live values than registers: numbers, integers and objects at once, over calls and exits.
local a, b, c, d, e, f, g, h, i2, j, k, l, m, n, o, p = 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
local A, B, C, D, E, F, G, H = 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, 8.5
local t, u, v, w = {1}, {2}, {3}, {4}
for i = 1, 300 do
  a = a + b; b = (b + c) % 1000; c = c - d % 7; d = d + i; e = (e * 3 + f) % 10007; f = f + g; g = (g + h) % 333; h = h + 1; i2 = i2 + j; j = (j * 5 + k) % 77; k = k + l % 9; l = l + 2; m = m + n; n = (n + o) % 500; o = o + p % 3; p = p + 1
  A = A + B * 0.5; B = B - C * 0.01; C = C + D / 3; D = D * 0.99 + E; E = E - F * 0.1; F = F * 0.5 + G; G = G - H * 0.125; H = H * 0.75 + i
  t[1] = t[1] + u[1]; u[1] = (u[1] + v[1]) % 99; v[1] = v[1] + w[1]; w[1] = (w[1] + i) % 13
  if i % 37 == 0 then t, u, v, w = u, v, w, t elseif i % 41 == 0 then a, c = c, a elseif i % 43 == 0 then A, H = H, A end
  if i % 60 == 0 then io.write(a, " ", e, " ", string.format("%.6g", A), " ", t[1], "\n") end
end
print(a, b, c, d, e, f, g, h, i2, j, k, l, m, n, o, p)
print(string.format("%.9g %.9g %.9g %.9g %.9g %.9g %.9g %.9g", A, B, C, D, E, F, G, H), t[1], u[1], v[1], w[1])
local x = {}
for i = 1, 40 do x[i] = i end
local function wide(x) local s = 0; for r = 1, 50 do
  local a1, a2, a3, a4, a5, a6, a7, a8, a9, a10 = x[1], x[2], x[3], x[4], x[5], x[6], x[7], x[8], x[9], x[10]
  local b1, b2, b3, b4, b5, b6, b7, b8, b9, b10 = x[11], x[12], x[13], x[14], x[15], x[16], x[17], x[18], x[19], x[20]
  local c1, c2, c3, c4, c5, c6, c7, c8, c9, c10 = x[21], x[22], x[23], x[24], x[25], x[26], x[27], x[28], x[29], x[30]
  local y = math.sin(r) * 0 + r
  for i = 1, 30 do x[i] = (x[31 - i] + i) % 101 end
  s = s + a1 * b1 - c1 + a2 * b2 - c2 + a3 * b3 - c3 + a4 * b4 - c4 + a5 * b5 - c5 + a6 * b6 - c6 + a7 * b7 - c7 + a8 * b8 - c8 + a9 * b9 - c9 + a10 * b10 - c10 + y
  if s > 1e7 then s = s % 1000 end
end return s end
print(wide(x))
