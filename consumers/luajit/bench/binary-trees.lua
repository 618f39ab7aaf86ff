-- Makes and counts binary trees of growing depth: allocation and collection.
local function make(depth)
  if depth == 0 then return {} end
  return {make(depth - 1), make(depth - 1)}
end
local function count(tree)
  if tree[1] then return 1 + count(tree[1]) + count(tree[2]) end
  return 1
end
local n = tonumber(arg and arg[1]) or 10
local long = make(n)
for depth = 4, n, 2 do
  local trees, nodes = 2 ^ (n - depth + 4), 0
  for _ = 1, trees do nodes = nodes + count(make(depth)) end
  print(trees, depth, nodes)
end
print(count(long))
