-- Counts the words of a generated text, n times, and sorts them: strings as keys, byte by byte and by substrings.
local byte, sub, char = string.byte, string.sub, string.char
local seed = 11
local function random(n)
  seed = (seed * 16807) % 2147483647
  return seed % n
end
local parts = {}
for i = 1, 600 do
  local word = ""
  for _ = 1, 1 + random(3) do word = word .. char(97 + random(5)) .. char(97 + random(5)) end
  parts[i] = word
end
local text = table.concat(parts, " ") .. " "
local function count(source)
  local counts, order, start = {}, {}, 1
  for i = 1, #source do
    if byte(source, i) == 32 then
      local word = sub(source, start, i - 1)
      local n = counts[word]
      if n then
        counts[word] = n + 1
      else
        counts[word] = 1
        order[#order + 1] = word
      end
      start = i + 1
    end
  end
  return counts, order
end
local counts, order
for _ = 1, tonumber(arg and arg[1]) or 20 do counts, order = count(text) end
table.sort(order, function(a, b)
  if counts[a] ~= counts[b] then return counts[a] > counts[b] end
  return a < b
end)
local lines = {}
for i = 1, 5 do lines[i] = order[i] .. " " .. counts[order[i]] end
print(#order, table.concat(lines, ", "))
