local n, rows = 48, {}
for y = 0, n - 1 do
  local ci, row = 2 * y / n - 1, {}
  for x = 0, n - 1 do
    local cr, zr, zi, k = 2 * x / n - 1.5, 0, 0, 0
    while k < 40 and zr * zr + zi * zi <= 4 do zr, zi = zr * zr - zi * zi + cr, 2 * zr * zi + ci; k = k + 1 end
    row[#row + 1] = k == 40 and "#" or k > 8 and "+" or " "
  end
  rows[#rows + 1] = table.concat(row)
end
print(table.concat(rows, "\n"))
