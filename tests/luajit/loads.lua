-- Code made at run time, environments, and globals that change under traces.
local n = 0
for i = 1, 40 do local f = assert(loadstring("local a, b = ...; local s = 0; for i = 1, 20 do s = s + a * i + b end return s + " .. i)); n = n + f(i, 2) end
print(n)
counter = 0
local function bump(k) counter = counter + k; return counter end
for i = 1, 200 do bump(i); if i == 100 then counter = "5" elseif i == 150 then counter = 1.5 end end
print(counter)
local env = setmetatable({x = 1}, {__index = _G})
local g = setfenv(loadstring("for i = 1, 50 do x = x + i end return x"), env)
for i = 1, 5 do n = n + g() end
print(n, env.x, rawget(_G, "x"))
function step() return 1 end
for i = 1, 200 do n = n + step(); if i == 80 then step = function() return 10 end elseif i == 140 then function step() return i end end end
print(n)
local k = {v = 1}
local function get() return k.v end
for i = 1, 200 do n = n + get(); if i == 70 then k = {v = 2} elseif i == 140 then k.v = "3" end end
print(n)
for i = 1, 100 do if i % 25 == 0 then jit.off(get); jit.on(get); jit.flush(get) end; n = n + get() end
print(n)
for i = 1, 4 do for k2 = 1, 60 do n = n + k2 * i end; jit.flush() end
print(n)
local goto_sum = 0
for i = 1, 100 do
  if i % 3 == 0 then goto continue end
  goto_sum = goto_sum + i
  ::continue::
end
print(goto_sum)
for i = 1, 100 do if getfenv(0) == _G then goto_sum = goto_sum + i end end
print(goto_sum)
