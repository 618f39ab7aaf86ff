-- The demo's request handler: an order of n articles, priced, sorted and written as JSON. The same number gives the
-- same answer.
local n = tonumber(ngx.var.arg_n) or 10
local names = { "bolt", "gear", "spring", "plate", "valve", "washer", "shaft" }

local seed = n
local function random(limit)
  seed = (seed * 16807) % 2147483647
  return seed % limit
end

local articles = {}
for i = 1, 40 do
  local name = names[random(#names) + 1] .. "-" .. random(1000)
  articles[i] = { name = name, count = random(20) + 1, price = (random(10000) + 1) / 100 }
end
table.sort(articles, function(a, b)
  local x, y = a.price * a.count, b.price * b.count
  if x ~= y then return x > y end
  return a.name < b.name
end)

local sum, lines = 0, {}
for i = 1, #articles do
  local a = articles[i]
  local total = a.price * a.count
  sum = sum + total
  lines[i] = string.format('{"name":"%s","count":%d,"price":%.2f,"total":%.2f}', a.name, a.count, a.price, total)
end
-- A checksum over the text, as a template engine or a signature would go over it.
local text = table.concat(lines, ",")
local check = 0
for i = 1, #text do
  check = (check * 31 + text:byte(i)) % 4294967296
end
ngx.header["Content-Type"] = "application/json"
ngx.print(string.format('{"order":%d,"articles":[%s],"sum":%.2f,"check":%d}\n', n, text, sum, check))
