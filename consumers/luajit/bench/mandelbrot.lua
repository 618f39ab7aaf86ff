-- The Mandelbrot set, n by n points, 50 steps each; prints how many are in it and a sum of the rows' bits.
local n = tonumber(arg and arg[1]) or 60
local inside, sum = 0, 0
for y = 0, n - 1 do
  local ci, row = 2 * y / n - 1, 0
  for x = 0, n - 1 do
    local cr = 2 * x / n - 1.5
    local zr, zi, rr, ii, member = 0, 0, 0, 0, 1
    for _ = 1, 50 do
      zi = 2 * zr * zi + ci
      zr = rr - ii + cr
      rr, ii = zr * zr, zi * zi
      if rr + ii > 4 then
        member = 0
        break
      end
    end
    inside = inside + member
    row = (row * 2 + member) % 65521
  end
  sum = (sum * 3 + row) % 65521
end
print(inside, sum)
