-- Primes by a sieve of bits in words of 32, three sizes of it.
local band, bxor, lshift, rshift = bit.band, bit.bxor, bit.lshift, bit.rshift
local function sieve(words, last)
  local count = 0
  for i = 0, rshift(last, 5) do words[i] = -1 end
  for i = 2, last do
    if band(words[rshift(i, 5)], lshift(1, i)) ~= 0 then
      count = count + 1
      for j = i + i, last, i do
        local word = words[rshift(j, 5)]
        if band(word, lshift(1, j)) ~= 0 then words[rshift(j, 5)] = bxor(word, lshift(1, j)) end
      end
    end
  end
  return count
end
local n = tonumber(arg and arg[1]) or 1
local words = {}
for i = 0, 2 do
  local last = math.floor(2 ^ (n - i) * 10000 * 4)
  print(("Primes up to %8d %8d"):format(last, sieve(words, last)))
end
