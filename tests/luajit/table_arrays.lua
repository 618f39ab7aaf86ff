local n = 0
local t = {}
for i = 1, 300 do t[i] = i end
for i = 2, 299 do n = n + t[i - 1] * t[i + 1] - t[i] end
print(n, #t)
for i = 1, 300 do t[#t] = nil; if #t == 100 then break end end
print(#t, t[100], t[101])
for i = 1, 200 do t[#t + 1] = i * 2; n = n + #t end
print(n)
local z = {[0] = 5}
for i = 0, 100 do z[i] = (z[i - 1] or 1) + 1 end
print(z[0], z[100], #z)
local sparse = {}
for i = 1, 1000, 50 do sparse[i] = i end
for i = 1, 1000 do if sparse[i] then n = n + sparse[i] end end
print(n)
for i = -20, 20 do sparse[i] = i; n = n + sparse[i] end
print(n)
local m = {}
for i = 1, 20 do m[i] = {}; for j = 1, 20 do m[i][j] = i * j end end
for r = 1, 5 do for i = 2, 19 do local a, b, c = m[i - 1], m[i], m[i + 1]; for j = 2, 19 do b[j] = (a[j] + c[j] + b[j - 1] + b[j + 1]) % 97 end end end
for i = 1, 20 do for j = 1, 20 do n = n + m[i][j] end end
print(n)
local mixed = {1, "a", true, 2.5, nil, {}, false}
for r = 1, 40 do for i = 1, 7 do local v = mixed[i]; if type(v) == "number" then n = n + v elseif type(v) == "boolean" then n = n + (v and 1 or 2) elseif v == nil then n = n + 3 elseif type(v) == "table" then v[1] = r; n = n + #v end end end
print(n)
local s = {}
for i = 1, 50 do s[i] = i % 7 end
for i = 1, #s do local k = i; while k > 1 and s[k - 1] > s[k] do s[k - 1], s[k] = s[k], s[k - 1]; k = k - 1 end end
print(table.concat(s, ""))
for i = 1, 100 do local a = {i, i + 1, i + 2}; a[2] = nil; a[4] = 1; n = n + (a[2] or 0) + #a % 2 * 0 + a[4] end
print(n)
for i = 1.0, 50.0 do t[i] = i / 2 end
for i = 1, 50 do n = n + t[i] end
print(n)
