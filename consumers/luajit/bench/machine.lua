-- A small machine of closures by operation that counts the steps of Collatz' sequences up to n.
local function program(limit)
  return {
    {"set", 1, 1}, {"set", 7, 0},                                        -- r1: start, r7: longest
    {"move", 2, 1}, {"set", 3, 0},                                       -- r2: value, r3: steps
    {"equal", 2, 1, 14},                                                 -- 5
    {"half", 4, 2, 10},                                                  -- 6: even? r4 = r2 / 2, on to 10
    {"times", 2, 2, 3}, {"add", 2, 2, 1}, {"jump", 11},
    {"move", 2, 4},                                                      -- 10
    {"add", 3, 3, 1}, {"jump", 5}, {"stop"},
    {"less", 3, 7, 17}, {"move", 7, 3}, {"move", 8, 1},                   -- 14
    {"add", 1, 1, 1}, {"equal", 1, limit, 13}, {"jump", 3},
  }
end
local operations = {
  set = function(r, i) r[i[2]] = i[3] end,
  move = function(r, i) r[i[2]] = r[i[3]] end,
  add = function(r, i) r[i[2]] = r[i[3]] + i[4] end,
  times = function(r, i) r[i[2]] = r[i[3]] * i[4] end,
  jump = function(_, i) return i[2] end,
  equal = function(r, i) if r[i[2]] == i[3] then return i[4] end end,
  less = function(r, i) if r[i[2]] <= r[i[3]] then return i[4] end end,
  half = function(r, i)
    local v = r[i[3]]
    if v % 2 == 0 then
      r[i[2]] = v / 2
      return i[4]
    end
  end,
}
local n = tonumber(arg and arg[1]) or 300
local code, registers, at, steps = program(n), {0, 0, 0, 0, 0, 0, 0, 0}, 1, 0
for _, i in ipairs(code) do i[5] = operations[i[1]] or false end
while true do
  local i = code[at]
  local run = i[5]
  if not run then break end
  steps = steps + 1
  at = run(registers, i) or at + 1
end
print(registers[7], registers[8], steps)
