local sqrt, PI = math.sqrt, 3.141592653589793
local M, D = 4 * PI * PI, 365.24
local bodies = {
  {x = 0, y = 0, z = 0, vx = 0, vy = 0, vz = 0, mass = M},
  {x = 4.84143144246472090, y = -1.16032004402742839, z = -0.103622044471123109, vx = 0.00166007664274403694 * D, vy = 0.00769901118419740425 * D, vz = -0.0000690460016972063023 * D, mass = 0.000954791938424326609 * M},
  {x = 8.34336671824457987, y = 4.12479856412430479, z = -0.403523417114321381, vx = -0.00276742510726411021 * D, vy = 0.00499852801234917238 * D, vz = 0.0000230417297573763929 * D, mass = 0.000285885980666130812 * M},
}
local function advance(b, n, dt)
  for i = 1, n do
    local bi = b[i]
    local x, y, z, m = bi.x, bi.y, bi.z, bi.mass
    local vx, vy, vz = bi.vx, bi.vy, bi.vz
    for j = i + 1, n do
      local bj = b[j]
      local dx, dy, dz = x - bj.x, y - bj.y, z - bj.z
      local d = dx * dx + dy * dy + dz * dz
      local mag = dt / (d * sqrt(d))
      local mj = bj.mass * mag
      vx = vx - dx * mj; vy = vy - dy * mj; vz = vz - dz * mj
      mj = m * mag
      bj.vx = bj.vx + dx * mj; bj.vy = bj.vy + dy * mj; bj.vz = bj.vz + dz * mj
    end
    bi.vx, bi.vy, bi.vz = vx, vy, vz
    bi.x = x + dt * vx; bi.y = y + dt * vy; bi.z = z + dt * vz
  end
end
for i = 1, 300 do advance(bodies, 3, 0.01) end
for i = 1, 3 do print(string.format("%.14g %.14g %.14g", bodies[i].x, bodies[i].vy, bodies[i].z)) end
