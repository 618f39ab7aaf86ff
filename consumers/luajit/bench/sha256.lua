-- FIPS 180-4's SHA-256 of n times 4 KiB, words in FFI arrays.
local ffi = require("ffi")
local band, bxor, bnot, ror, rshift, tobit, tohex = bit.band, bit.bxor, bit.bnot, bit.ror, bit.rshift, bit.tobit, bit.tohex
local k = ffi.new("int32_t[64]")
local w = ffi.new("int32_t[64]")
local h = ffi.new("int32_t[8]")
local primes = {}
local candidate = 2
while #primes < 64 do
  local prime = true
  for i = 1, #primes do
    if candidate % primes[i] == 0 then
      prime = false
      break
    end
  end
  if prime then primes[#primes + 1] = candidate end
  candidate = candidate + 1
end
local function fraction(x) return tobit(math.floor((x % 1) * 4294967296)) end
for i = 0, 63 do k[i] = fraction(primes[i + 1] ^ (1 / 3)) end

local function compress(data, at)
  for i = 0, 15 do
    local p = at + 4 * i
    w[i] = bit.bor(bit.lshift(data[p], 24), bit.lshift(data[p + 1], 16), bit.lshift(data[p + 2], 8), data[p + 3])
  end
  for i = 16, 63 do
    local x, y = w[i - 15], w[i - 2]
    w[i] = tobit(w[i - 16] + bxor(ror(x, 7), ror(x, 18), rshift(x, 3)) + w[i - 7] + bxor(ror(y, 17), ror(y, 19), rshift(y, 10)))
  end
  local a, b, c, d, e, f, g, hh = h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7]
  for i = 0, 63 do
    local t1 = tobit(hh + bxor(ror(e, 6), ror(e, 11), ror(e, 25)) + bxor(band(e, f), band(bnot(e), g)) + k[i] + w[i])
    local t2 = tobit(bxor(ror(a, 2), ror(a, 13), ror(a, 22)) + bxor(band(a, b), band(a, c), band(b, c)))
    hh, g, f, e, d, c, b, a = g, f, e, tobit(d + t1), c, b, a, tobit(t1 + t2)
  end
  h[0], h[1], h[2], h[3] = tobit(h[0] + a), tobit(h[1] + b), tobit(h[2] + c), tobit(h[3] + d)
  h[4], h[5], h[6], h[7] = tobit(h[4] + e), tobit(h[5] + f), tobit(h[6] + g), tobit(h[7] + hh)
end
local function sha256(data, length)
  for i = 0, 7 do h[i] = fraction(primes[i + 1] ^ 0.5) end
  local at = 0
  while at + 64 <= length do
    compress(data, at)
    at = at + 64
  end
  local rest = ffi.new("uint8_t[128]")
  ffi.copy(rest, data + at, length - at)
  rest[length - at] = 128
  local blocks = length - at < 56 and 1 or 2
  local bits = length * 8
  for i = 1, 6 do
    rest[64 * blocks - i] = bits % 256
    bits = math.floor(bits / 256)
  end
  for i = 0, blocks - 1 do compress(rest, 64 * i) end
  local text = ""
  for i = 0, 7 do text = text .. tohex(h[i]) end
  return text
end
assert(sha256(ffi.new("uint8_t[4]", {97, 98, 99}), 3) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
local data = ffi.new("uint8_t[4096]")
for i = 0, 4095 do data[i] = (i * i) % 251 end
local result
for round = 1, tonumber(arg and arg[1]) or 3 do
  data[0] = round
  result = sha256(data, 4096)
end
print(result)
