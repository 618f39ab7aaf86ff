-- Sorts n random numbers by a heap, and again by a quicksort with a comparison that is a closure.
local seed = 42
local function random()
  seed = (seed * 3877 + 29573) % 139968
  return seed / 139968
end
local function heapsort(a, n)
  local l, r = math.floor(n / 2) + 1, n
  while true do
    local x
    if l > 1 then
      l = l - 1
      x = a[l]
    else
      x = a[r]
      a[r] = a[1]
      r = r - 1
      if r == 1 then
        a[1] = x
        return
      end
    end
    local i, j = l, l * 2
    while j <= r do
      if j < r and a[j] < a[j + 1] then j = j + 1 end
      if x < a[j] then
        a[i] = a[j]
        i, j = j, j * 2
      else
        j = r + 1
      end
    end
    a[i] = x
  end
end
local function quicksort(a, from, to, before)
  while from < to do
    local pivot, i, j = a[math.floor((from + to) / 2)], from, to
    while i <= j do
      while before(a[i], pivot) do i = i + 1 end
      while before(pivot, a[j]) do j = j - 1 end
      if i <= j then
        a[i], a[j] = a[j], a[i]
        i, j = i + 1, j - 1
      end
    end
    quicksort(a, from, j, before)
    from = i
  end
end
local n = tonumber(arg and arg[1]) or 10000
local a = {}
for i = 1, n do a[i] = random() end
heapsort(a, n)
for i = 2, n do assert(a[i - 1] <= a[i]) end
print(("%.6f %.6f"):format(a[1], a[n]))
for i = 1, n do a[i] = random() end
local scale = -1
quicksort(a, 1, n, function(x, y) return x * scale < y * scale end)
for i = 2, n do assert(a[i - 1] >= a[i]) end
print(("%.6f %.6f"):format(a[1], a[n]))
