// Benchmarks to begin with. Each ends soon without traces too, so that it can be counted under QEMU.
export const programs = [
  { name: "Sieve of Eratosthenes", text: `-- Primes below n, by striking out.
local n, count = 60000, 0
local struck = {}
for i = 2, n do struck[i] = false end
for i = 2, n do
  if not struck[i] then
    count = count + 1
    for j = i + i, n, i do struck[j] = true end
  end
end
print(count)
` },
  { name: "Mandelbrot set", text: `-- Points of a picture that stay within the circle.
local size, inside = 64, 0
for y = 0, size - 1 do
  for x = 0, size - 1 do
    local cr, ci = 3 * x / size - 2, 2 * y / size - 1
    local r, i, n = 0, 0, 0
    while n < 60 and r * r + i * i < 4 do
      r, i = r * r - i * i + cr, 2 * r * i + ci
      n = n + 1
    end
    if n == 60 then inside = inside + 1 end
  end
end
print(inside)
` },
  { name: "Bodies under gravity", text: `-- Three bodies, a step at a time; their energy must stay.
local bodies = {
  { x = 0, y = 0, vx = 0, vy = 0, m = 40 },
  { x = 5, y = 0, vx = 0, vy = 2.7, m = 1 },
  { x = 0, y = 8, vx = -2.2, vy = 0, m = 2 },
}
local function step(dt)
  for i = 1, #bodies do
    local a = bodies[i]
    for j = i + 1, #bodies do
      local b = bodies[j]
      local dx, dy = a.x - b.x, a.y - b.y
      local d = dx * dx + dy * dy
      local f = dt / (d * math.sqrt(d))
      a.vx, a.vy = a.vx - dx * b.m * f, a.vy - dy * b.m * f
      b.vx, b.vy = b.vx + dx * a.m * f, b.vy + dy * a.m * f
    end
  end
  for _, a in ipairs(bodies) do
    a.x, a.y = a.x + dt * a.vx, a.y + dt * a.vy
  end
end
for _ = 1, 8000 do step(0.001) end
print(string.format("%.6f %.6f", bodies[2].x, bodies[2].y))
` },
  { name: "Recursion", text: `local function fib(n)
  if n < 2 then return n end
  return fib(n - 1) + fib(n - 2)
end
print(fib(23))
` },
  { name: "Words and strings", text: `-- Counts words, and puts them together again.
local text = ("a rose is a rose is a rose "):rep(400)
local count, all = {}, {}
for word in text:gmatch("%a+") do
  count[word] = (count[word] or 0) + 1
  all[#all + 1] = word:upper()
end
print(count.rose, #table.concat(all, "-"))
` },
  { name: "Product of matrices", text: `local n = 40
local function matrix(f)
  local m = {}
  for i = 1, n do
    m[i] = {}
    for j = 1, n do m[i][j] = f(i, j) end
  end
  return m
end
local a, b = matrix(function(i, j) return i + j end), matrix(function(i, j) return i - j end)
local c = matrix(function(i, j)
  local sum, row = 0, a[i]
  for k = 1, n do sum = sum + row[k] * b[k][j] end
  return sum
end)
print(c[1][1], c[n][n], c[7][11])
` },
];
