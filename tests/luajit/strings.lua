local s = ""
for i = 1, 100 do s = s .. i .. "," .. (i / 4) .. ";" end
print(#s, s:sub(1, 60))
local c = 0
for i = 1, #s do if s:byte(i) == 44 then c = c + 1 end end
print(c)
local t = {}
for i = 1, 100 do t[i] = string.char(65 + i % 26) .. string.upper("ab") .. string.rep("x", i % 4) end
print(table.concat(t))
local n = 0
for i = 1, 200 do n = n + tonumber(tostring(i)) + #tostring(i * 1.5) end
print(n)
local k = 0
for i = 1, 100 do if ("a" .. i) < ("b" .. i) then k = k + 1 end; if s:sub(i, i) == "1" then k = k + 2 end end
print(k)
for i = 1, 60 do local f = string.format("%d %5.2f %s %x", i, i / 7, "s" .. i, i * 3); if i % 20 == 0 then print(f) end end
