-- A writer and a reader of nested data, with all kinds of values.
local function write(v, out)
  local t = type(v)
  if t == "number" then out[#out + 1] = string.format("%.14g", v)
  elseif t == "boolean" then out[#out + 1] = v and "true" or "false"
  elseif t == "string" then out[#out + 1] = '"' .. v .. '"'
  elseif #v > 0 then out[#out + 1] = "["; for i = 1, #v do if i > 1 then out[#out + 1] = "," end; write(v[i], out) end; out[#out + 1] = "]"
  else
    local keys = {}
    for k in pairs(v) do keys[#keys + 1] = k end
    table.sort(keys)
    out[#out + 1] = "{"
    for i, k in ipairs(keys) do if i > 1 then out[#out + 1] = "," end; out[#out + 1] = '"' .. k .. '":'; write(v[k], out) end
    out[#out + 1] = "}"
  end
  return out
end
local function read(s, i)
  local c = s:byte(i)
  if c == 91 then
    local t = {}; i = i + 1
    while s:byte(i) ~= 93 do t[#t + 1], i = read(s, i); if s:byte(i) == 44 then i = i + 1 end end
    return t, i + 1
  elseif c == 123 then
    local t = {}; i = i + 1
    while s:byte(i) ~= 125 do local k; k, i = read(s, i); t[k], i = read(s, i + 1); if s:byte(i) == 44 then i = i + 1 end end
    return t, i + 1
  elseif c == 34 then local j = i + 1; while s:byte(j) ~= 34 do j = j + 1 end; return s:sub(i + 1, j - 1), j + 1
  elseif c == 116 then return true, i + 4
  elseif c == 102 then return false, i + 5
  end
  local j = i
  while true do local d = s:byte(j); if d and (d >= 48 and d <= 57 or d == 45 or d == 46 or d == 101 or d == 43) then j = j + 1 else break end end
  return tonumber(s:sub(i, j - 1)), j
end
local data = {}
for i = 1, 25 do data[i] = {id = i, ratio = i / 7, name = "item" .. i, tags = {"a", "b" .. i, {i, -i}}, even = i % 2 == 0, sub = {deep = {deeper = i * 1e10}}} end
local text = table.concat(write(data, {}))
print(#text)
for r = 1, 4 do local back = read(text, 1); local again = table.concat(write(back, {})); print(again == text, #back, back[r].tags[3][2]) end
print(text:sub(1, 160))
