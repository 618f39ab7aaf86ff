local out = {}
for i = 1, 60 do
  local x = i * 1234.5678 - 20000
  out[#out + 1] = string.format("%d|%5d|%-5d|%05d|%+d|%i|%u|%x|%X|%o|%c", x - x % 1, i, i, i, i, i, i, i * 255, i * 255, i, 64 + i)
  out[#out + 1] = string.format("%f|%.2f|%10.3f|%e|%.3E|%g|%G|%.14g|%a", x, x, x, x, x, x, x / 1e10, x, i / 8)
  out[#out + 1] = string.format("%s|%10s|%-10s|%.3s|%%|%q", "s" .. i, "r", "l", "truncated", "q\n\"" .. i)
  out[#out + 1] = string.format("%s %s %s %s", i, i / 3, i % 2 == 0, nil)
end
local h = 0
for i = 1, #out do for k = 1, #out[i] do h = (h * 31 + out[i]:byte(k)) % 4294967291 end end
print(#out, h, out[57], out[58], out[59], out[60])
local s = 0
for i = 1, 200 do s = s + #tostring(i) + #tostring(i / 7) + #tostring(-i * 1e15) + #tostring(i % 2 == 0) + #tostring(nil) + #("" .. i .. i / 3) end
print(s)
for _, v in ipairs{0, -0.0, 1/0, -1/0, 1e15, 1e16, 123456789012, 0.1, 1e-5, 2^53, -2^31, 5e-324} do
  local t = ""
  for i = 1, 30 do t = tostring(v) .. "," .. v end
  print(t)
end
local c = {}
for i = 1, 200 do c[i] = string.char(32 + i % 90, 33 + i % 80) .. string.char(48 + i % 10) end
print(table.concat(c))
