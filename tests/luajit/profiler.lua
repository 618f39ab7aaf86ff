-- Traces with the profiler on ask for it at every call or line.
local profile = require("jit.profile")
local function f(x) local y = x * 2
  y = y + 1
  return y
end
for _, mode in ipairs{"fi100", "li100", "vi100"} do
  profile.start(mode, function(th, samples, state) end)
  local s = 0
  for i = 1, 300 do
    s = s + f(i)
    if i % 100 == 0 then s = s - 1 end
  end
  profile.stop()
  print(mode, s)
end
