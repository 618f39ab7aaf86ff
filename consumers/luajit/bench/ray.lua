-- A sphere of spheres, n by n pixels, with shadows: vectors as tables, closures, recursion.
local sqrt, huge = math.sqrt, math.huge
local function vector(x, y, z) return {x = x, y = y, z = z} end
local function add(a, b) return vector(a.x + b.x, a.y + b.y, a.z + b.z) end
local function subtract(a, b) return vector(a.x - b.x, a.y - b.y, a.z - b.z) end
local function scale(a, k) return vector(a.x * k, a.y * k, a.z * k) end
local function dot(a, b) return a.x * b.x + a.y * b.y + a.z * b.z end
local function unit(a) return scale(a, 1 / sqrt(dot(a, a))) end

local delta = 1.5e-8
local function sphere_hit(o, origin, direction)
  local v = subtract(o.center, origin)
  local b = dot(v, direction)
  local d = b * b - dot(v, v) + o.radius * o.radius
  if d < 0 then return huge end
  d = sqrt(d)
  local near, far = b - d, b + d
  return far > 0 and (near > 0 and near or far) or huge
end
local function hit(o, origin, direction, best, normal)
  local l = sphere_hit(o, origin, direction)
  if l >= best then return best, normal end
  if not o.parts then
    return l, unit(add(origin, subtract(scale(direction, l), o.center)))
  end
  for i = 1, #o.parts do best, normal = hit(o.parts[i], origin, direction, best, normal) end
  return best, normal
end
local light = unit(vector(-1, -3, 2))
local function trace(scene, origin, direction)
  local l, normal = hit(scene, origin, direction, huge, nil)
  if l == huge then return 0 end
  local g = -dot(normal, light)
  if g <= 0 then return 0 end
  local p = add(add(origin, scale(direction, l)), scale(normal, delta))
  local shadow = hit(scene, p, scale(light, -1), huge, nil)
  return shadow == huge and g or 0
end
local function create(level, center, radius)
  local ball = {center = center, radius = radius}
  if level == 1 then return ball end
  local parts = {ball}
  local step = 3 * radius / sqrt(12)
  for dz = -1, 1, 2 do
    for dx = -1, 1, 2 do parts[#parts + 1] = create(level - 1, add(center, vector(dx * step, step, dz * step)), radius * 0.5) end
  end
  return {center = center, radius = 3 * radius, parts = parts}
end
local n = tonumber(arg and arg[1]) or 32
local scene = create(4, vector(0, -1, 0), 1)
local sum, lit = 0, 0
for y = n, 1, -1 do
  for x = 1, n do
    local g = 0
    for dx = 0, 1 do
      for dy = 0, 1 do
        local direction = unit(vector(x + dx * 0.5 - n * 0.5, y + dy * 0.5 - n * 0.5, n))
        g = g + trace(scene, vector(0, 0, -4), direction)
      end
    end
    sum = sum + math.floor(0.5 + 255 * g / 4)
    if g > 0 then lit = lit + 1 end
  end
end
print(lit, sum)
