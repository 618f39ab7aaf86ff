local w = {"", "a", "aa", "ab", "b", "B", "\0", "a\0b", "a\0c", "zz", "10", "9"}
local n, e = 0, 0
for r = 1, 8 do
  for i = 1, #w do
    for j = 1, #w do
      local x, y = w[i], w[j]
      if x < y then n = n + 1 end
      if x <= y then n = n + 3 end
      if x > y then n = n + 7 end
      if x >= y then n = n + 11 end
      if x == y then e = e + 1 elseif x ~= "a" then e = e + 2 end
    end
  end
end
print(n, e)
local any = {1, "1", true, false, {}, print, 1.0, "x"}
local c = 0
for r = 1, 20 do for i = 1, #any do for j = 1, #any do if any[i] == any[j] then c = c + 1 end; if any[i] ~= "x" then c = c + 1 end; if any[j] == true then c = c + 1 end end end end
print(c)
local f, g = function() end, function() end
local d = 0
for i = 1, 100 do local h = i % 3 == 0 and f or g; if h == f then d = d + 1 end; if h ~= g then d = d + 10 end end
print(d)
