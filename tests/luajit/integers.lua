-- Integers at the edge of 32 bits, where an AArch64 trace leaves them for numbers.
local function run(f, from, to, step) local s = 0; for i = from, to, step or 1 do s = s + f(i) % 65521 end return s end
print(run(function(i) return i + 2147483600 end, 1, 100), run(function(i) return i - 2147483600 end, -100, 0), run(function(i) return i * 65536 end, 32700, 32800), run(function(i) return i * i end, 46300, 46400))
print(run(function(i) return -i end, -2147483648, -2147483600), run(function(i) return 0 - i end, -50, 50))
local n = 0
for i = 1, 100 do local a, b = i * 21474837, -i * 21474837; n = n + a % 1000 + b % 1000 + (a + b) + (a - b) % 77; if a > 2147483647 then n = n + 1 end; if b < -2147483648 then n = n + 2 end end
print(n)
for i = 2147483600, 2147483647 do n = n + i % 10 end
for i = -2147483600, -2147483648, -1 do n = n + i % 10 end
print(n)
local k = 0
for i = 1, 200 do k = k + i; if k > 10000 then k = k - 20000 end; local q, r = math.floor(k / 7), k % 7; n = n + q * 7 + r - k; n = n + k % 16 + k % -16 + k % 1 end
print(n)
local x = 1
for i = 1, 80 do x = x * 2; n = n + (x > 1e9 and 1 or 0); if i % 40 == 0 then x = 1 end end
print(n)
local zero, one = 0, 1
for i = 1, 60 do n = n + (1 / (i * zero) > 0 and 1 or 0) + (1 / (-i * zero) < 0 and 1 or 0) + (1 / (zero * -i) < 0 and 1 or 0) + (one / i == 1 and 1 or 0) end
print(n)
local f = {}
for i = 1, 100 do f[i] = i % 2 == 0 and i or i + 0.5 end
for r = 1, 5 do for i = 1, 100 do local v = f[i]; n = n + v; if v == math.floor(v) then n = n + 1 end; if v < 50 then n = n - v end end end
print(n)
for i = 1, 100 do local a = i; a = a + 0.5; a = a - 0.5; n = n + (f[a] and 1 or 0); f[a] = i end
print(n)
