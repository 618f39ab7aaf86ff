-- Reads a JSON text and writes it again, n times: strings by byte, recursion, tables of both kinds.
local byte, sub, find, concat, format = string.byte, string.sub, string.find, table.concat, string.format
local value

local function space(s, i)
  local c = byte(s, i)
  while c == 32 or c == 10 or c == 13 or c == 9 do
    i = i + 1
    c = byte(s, i)
  end
  return i, c
end
local function text(s, i)
  local start = i + 1
  i = start
  while true do
    local c = byte(s, i)
    if c == 34 then return sub(s, start, i - 1), i + 1 end
    if c == 92 then i = i + 1 end
    i = i + 1
  end
end
local function number(s, i)
  local start, negative, n = i, false, 0
  if byte(s, i) == 45 then
    negative = true
    i = i + 1
  end
  local c = byte(s, i)
  while c and c >= 48 and c <= 57 do
    n = n * 10 + (c - 48)
    i = i + 1
    c = byte(s, i)
  end
  if c == 46 then
    local scale = 0.1
    i = i + 1
    c = byte(s, i)
    while c and c >= 48 and c <= 57 do
      n = n + (c - 48) * scale
      scale = scale * 0.1
      i = i + 1
      c = byte(s, i)
    end
  end
  assert(i > start)
  return negative and -n or n, i
end
function value(s, i)
  local c
  i, c = space(s, i)
  if c == 123 then
    local t = {}
    i, c = space(s, i + 1)
    while c ~= 125 do
      local key, v
      key, i = text(s, i)
      i = space(s, i)
      v, i = value(s, i + 1)
      t[key] = v
      i, c = space(s, i)
      if c == 44 then i, c = space(s, i + 1) end
    end
    return t, i + 1
  elseif c == 91 then
    local t, n = {}, 0
    i, c = space(s, i + 1)
    while c ~= 93 do
      local v
      v, i = value(s, i)
      n = n + 1
      t[n] = v
      i, c = space(s, i)
      if c == 44 then i, c = space(s, i + 1) end
    end
    return t, i + 1
  elseif c == 34 then
    return text(s, i)
  elseif c == 116 then
    return true, i + 4
  elseif c == 102 then
    return false, i + 5
  end
  return number(s, i)
end

local names = {"id", "name", "tags", "at", "open", "size"}
local function write(v, out)
  local kind = type(v)
  if kind == "string" then
    out[#out + 1] = '"' .. v .. '"'
  elseif kind == "number" then
    out[#out + 1] = format("%.6g", v)
  elseif kind == "boolean" then
    out[#out + 1] = v and "true" or "false"
  elseif v[1] ~= nil then
    out[#out + 1] = "["
    for i = 1, #v do
      if i > 1 then out[#out + 1] = ", " end
      write(v[i], out)
    end
    out[#out + 1] = "]"
  else
    out[#out + 1] = "{"
    local some = false
    for i = 1, #names do
      local field = v[names[i]]
      if field ~= nil then
        out[#out + 1] = (some and ', "' or '"') .. names[i] .. '": '
        write(field, out)
        some = true
      end
    end
    out[#out + 1] = "}"
  end
end

local parts = {}
for i = 1, 60 do
  parts[i] = format('  {"id": %d, "name": "entry number %d", "tags": ["a%d", "b", "long tag %d"], "at": {"size": -%d.5, "id": %d}, "open": %s}', i, i, i % 7, i * 3, i, i * i,
                    i % 3 == 0 and "true" or "false")
end
local source = "[\n" .. concat(parts, ",\n") .. "\n]"
local result
for _ = 1, tonumber(arg and arg[1]) or 20 do
  local out = {}
  write(value(source, 1), out)
  result = concat(out)
end
local sum = 0
for i = 1, #result do sum = (sum * 31 + byte(result, i)) % 1000003 end
print(#result, sum, find(result, "entry number 60", 1, true) ~= nil)
