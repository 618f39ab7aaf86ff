-- Primes up to 5000 by a table of booleans, n times.
local function sieve(flags, size)
  local count = 0
  for i = 2, size do flags[i] = true end
  for i = 2, size do
    if flags[i] then
      count = count + 1
      for k = i + i, size, i do flags[k] = false end
    end
  end
  return count
end
local total, flags = 0, {}
for _ = 1, tonumber(arg and arg[1]) or 20 do total = total + sieve(flags, 5000) end
print(total)
