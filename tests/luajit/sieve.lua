local N = 4000
local f, count = {}, 0
for i = 2, N do f[i] = true end
for i = 2, N do if f[i] then for k = i + i, N, i do f[k] = false end count = count + 1 end end
print(count)
local function perm(a, n, f) if n == 0 then f(a) else for i = 1, n do a[n], a[i] = a[i], a[n]; perm(a, n - 1, f); a[n], a[i] = a[i], a[n] end end end
local h = 0
perm({1, 2, 3, 4, 5, 6}, 6, function(a) h = (h * 31 + a[1] * 7 + a[6]) % 1000003 end)
print(h)
