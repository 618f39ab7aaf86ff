-- LZW and a run-length code over bytes, there and back.
local function lzw(s)
  local dict, n = {}, 256
  for i = 0, 255 do dict[string.char(i)] = i end
  local w, out = "", {}
  for i = 1, #s do local c = s:sub(i, i); local wc = w .. c; if dict[wc] then w = wc else out[#out + 1] = dict[w]; dict[wc] = n; n = n + 1; w = c end end
  if w ~= "" then out[#out + 1] = dict[w] end
  return out
end
local function unlzw(codes)
  local dict, n = {}, 256
  for i = 0, 255 do dict[i] = string.char(i) end
  local w = dict[codes[1]]; local out = {w}
  for i = 2, #codes do local k = codes[i]; local e = dict[k] or w .. w:sub(1, 1); out[#out + 1] = e; dict[n] = w .. e:sub(1, 1); n = n + 1; w = e end
  return table.concat(out)
end
local parts = {}
for i = 1, 60 do parts[i] = "to be or not to be " .. i % 7 .. ("ab"):rep(i % 5) end
local text = table.concat(parts)
local codes = lzw(text)
print(#text, #codes, unlzw(codes) == text)
local function rle(t) local out, i = {}, 1; while i <= #t do local v, k = t[i], 1; while t[i + k] == v do k = k + 1 end; out[#out + 1] = v; out[#out + 1] = k; i = i + k end return out end
local bits = {}
for i = 1, 800 do bits[i] = math.floor(i / (i % 9 + 1)) % 2 end
local r = rle(bits)
local sum = 0
for i = 1, #r, 2 do sum = (sum * 7 + r[i] * r[i + 1]) % 99991 end
print(#r, sum)
local move, order = {}, {}
for i = 0, 255 do order[i + 1] = i end
for i = 1, 400 do local b = text:byte(i); local k = 1; while order[k] ~= b do k = k + 1 end; move[i] = k; for j = k, 2, -1 do order[j] = order[j - 1] end; order[1] = b end
local h = 0
for i = 1, 400 do h = (h * 31 + move[i]) % 1000003 end
print(h)
