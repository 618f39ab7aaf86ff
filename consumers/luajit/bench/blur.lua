-- A picture of FFI structures blurred n times and reduced to eight levels.
local ffi = require("ffi")
ffi.cdef[[ typedef struct { uint8_t r, g, b, a; } blur_pixel; ]]
local width, height = 96, 64
local image, other = ffi.new("blur_pixel[?]", width * height), ffi.new("blur_pixel[?]", width * height)
for y = 0, height - 1 do
  for x = 0, width - 1 do
    local p = image[y * width + x]
    p.r, p.g, p.b, p.a = (x * 5 + y) % 256, (x * y) % 256, (x + y * 3) % 256, 255
  end
end
for _ = 1, tonumber(arg and arg[1]) or 8 do
  for y = 1, height - 2 do
    for x = 1, width - 2 do
      local r, g, b = 0, 0, 0
      for dy = -1, 1 do
        local at = (y + dy) * width + x
        local p, q, s = image[at - 1], image[at], image[at + 1]
        r, g, b = r + p.r + 2 * q.r + s.r, g + p.g + 2 * q.g + s.g, b + p.b + 2 * q.b + s.b
      end
      local o = other[y * width + x]
      o.r, o.g, o.b, o.a = r / 12, g / 12, b / 12, 255
    end
  end
  image, other = other, image
end
local levels, sum = {0, 0, 0, 0, 0, 0, 0, 0}, 0
for i = 0, width * height - 1 do
  local p = image[i]
  local grey = 0.3 * p.r + 0.59 * p.g + 0.11 * p.b
  local level = math.floor(grey / 32) + 1
  levels[level] = levels[level] + 1
  sum = (sum * 7 + p.r + p.g * 3 + p.b * 5) % 1000003
end
print(sum, table.concat(levels, " "))
