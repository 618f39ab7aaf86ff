collectgarbage("setpause", 10); collectgarbage("setstepmul", 400)
local keep = {}
for i = 1, 3000 do
  local t = {i, {i + 1}, name = "n" .. i}
  if i % 50 == 0 then keep[#keep + 1] = t end
  if i % 97 == 0 then t[2].x = {} end
end
local s = 0
for _, t in ipairs(keep) do s = s + t[1] + t[2][1] + #t.name end
print(#keep, s)
local u
local function set(v) u = v end
for i = 1, 2000 do set({i}) ; if i % 500 == 0 then print(u[1]) end end
local cache = setmetatable({}, {__mode = "v"})
for i = 1, 1000 do cache[i % 10] = {i}; s = s + (cache[i % 10][1]) end
print(s)
