local text = "The quick brown fox jumps over the lazy dog"
local n = 0
for i = -50, 50 do
  n = n + #text:sub(i) + #text:sub(i, i + 5) + #text:sub(3, i) + #text:sub(i, -i) + (text:byte(i) or 0) + #text:sub(5, 4)
  if text:sub(i, i) == "o" then n = n + 100 end
end
print(n)
for i = 1, 100 do local a, b, c = text:byte(i % 40 + 1, i % 40 + 3); n = n + a + b * 2 + c * 3; n = n + select("#", text:byte(10, 9)) end
print(n)
for i = 1, 100 do
  local p = text:find("o", i % 40 + 1, true); n = n + (p or -1)
  p = text:find("the lazy", 1, true); n = n + p
  p = text:find("zork", 1, true); if p == nil then n = n + 1 end
end
print(n)
for i = 1, 100 do local s = text:sub(i % 10 + 1, i % 10 + 8); n = n + #s:upper() + #s:lower():rep(i % 4) + (s:reverse():byte(1) or 0) + #s:rep(2, "-"); if s:upper() ~= s then n = n + 1 end end
print(n)
local words, counts = {}, {}
for i = 1, 300 do local w = text:sub(i % 37 + 1, i % 37 + 1 + i % 3); counts[w] = (counts[w] or 0) + 1; words[#words + 1] = w end
local sum = 0
for _, w in ipairs(words) do sum = sum + counts[w] end
print(sum)
local s, parts = "", {}
for i = 1, 200 do s = s .. string.char(97 + i % 26); parts[#parts + 1] = s:sub(-3) end
print(#s, #table.concat(parts), table.concat(parts, "-", 10, 14))
local h = 5381
for r = 1, 10 do for i = 1, #s do h = (h * 33 + s:byte(i)) % 4294967296 end end
print(h)
local long = ("0123456789"):rep(20)
for i = 1, 150 do if long:sub(i, i + 3) < long:sub(i + 1, i + 4) then n = n + 1 end; if long:sub(i, i) == long:sub(i + 10, i + 10) then n = n + 1 end; n = n + #(long .. i) end
print(n, s == long)
