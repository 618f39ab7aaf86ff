-- A bank with customers in queues: objects with inheritance, closures as events, a wheel of times; n ticks.
local Entity = {}
Entity.__index = Entity
function Entity:init(world, name)
  self.world, self.name, self.handled = world, name, 0
  return self
end
function Entity:note(amount) self.handled = self.handled + amount end
local Clerk = setmetatable({}, {__index = Entity})
Clerk.__index = Clerk
function Clerk.new(world, name, speed)
  local c = Entity.init(setmetatable({}, Clerk), world, name)
  c.speed, c.first, c.last, c.queue, c.busy = speed, 1, 0, {}, false
  return c
end
function Clerk:length() return self.last - self.first + 1 end
function Clerk:take(customer)
  self.last = self.last + 1
  self.queue[self.last] = customer
  if not self.busy then self:serve() end
end
function Clerk:serve()
  if self:length() == 0 then
    self.busy = false
    return
  end
  self.busy = true
  local customer = self.queue[self.first]
  self.queue[self.first] = false
  self.first = self.first + 1
  self.world:after(customer.work * self.speed, function()
    self:note(customer.work)
    customer:leave()
    self:serve()
  end)
end
local Customer = setmetatable({}, {__index = Entity})
Customer.__index = Customer
function Customer.new(world, name, work)
  local c = Entity.init(setmetatable({}, Customer), world, name)
  c.work, c.since = work, world.time
  return c
end
function Customer:leave()
  local w = self.world
  w.served, w.waited = w.served + 1, w.waited + w.time - self.since
end
local World = {}
World.__index = World
local slots = 64
function World.new()
  local w = setmetatable({time = 0, served = 0, waited = 0, wheel = {}, clerks = {}, seed = 5}, World)
  for i = 1, slots do w.wheel[i] = {n = 0} end
  return w
end
function World:random(n)
  self.seed = (self.seed * 16807) % 2147483647
  return self.seed % n
end
function World:after(delay, event)
  local slot = self.wheel[(self.time + delay) % slots + 1]
  slot.n = slot.n + 1
  slot[slot.n] = event
end
function World:tick()
  local slot = self.wheel[self.time % slots + 1]
  local n = slot.n
  for i = 1, n do
    local event = slot[i]
    slot[i] = false
    event()
  end
  slot.n = 0
  local best = self.clerks[1]
  for i = 2, #self.clerks do
    local c = self.clerks[i]
    if c:length() < best:length() then best = c end
  end
  if self:random(3) ~= 0 then best:take(Customer.new(self, "customer", 1 + self:random(7))) end
  self.time = self.time + 1
end
local world = World.new()
for i = 1, 4 do world.clerks[i] = Clerk.new(world, "clerk" .. i, 1 + i % 3) end
for _ = 1, tonumber(arg and arg[1]) or 20000 do world:tick() end
local all = {}
for i, c in ipairs(world.clerks) do all[i] = c.handled end
print(world.served, world.waited, table.concat(all, " "))
