-- The operating system kernel of Martin Richards' benchmark: six tasks, queues of packets, a scheduler; n runs.
local bxor, band, rshift = bit.bxor, bit.band, bit.rshift
local IDLE, WORKER, HANDLER_A, HANDLER_B, DEVICE_A, DEVICE_B = 1, 2, 3, 4, 5, 6
local KIND_DEVICE, KIND_WORK = 1, 2

local function packet(link, identity, kind)
  return {link = link, identity = identity, kind = kind, datum = 1, data = {0, 0, 0, 0}}
end
local function append(p, queue)
  p.link = nil
  if not queue then return p end
  local last = queue
  while last.link do last = last.link end
  last.link = p
  return queue
end

local Scheduler = {}
Scheduler.__index = Scheduler
local Task = {}
Task.__index = Task

function Scheduler:add(identity, priority, queue, waiting, run, state)
  local t = setmetatable({identity = identity, priority = priority, input = queue, pending = queue ~= nil, waiting = waiting, holding = false,
                          run = run, state = state, link = self.list, scheduler = self}, Task)
  self.list = t
  self.tasks[identity] = t
end
function Scheduler:schedule()
  local t = self.list
  while t do
    if t.holding or (not t.pending and t.waiting) then
      t = t.link
    else
      local message
      if t.pending and t.waiting then
        message = t.input
        t.input = message.link
        t.waiting = false
        t.pending = t.input ~= nil
      end
      t = t.run(t, message, t.state)
    end
  end
end
function Task:wait()
  self.waiting = true
  return self
end
function Task:hold()
  self.scheduler.held = self.scheduler.held + 1
  self.holding = true
  return self.link
end
function Task:release(identity)
  local t = self.scheduler.tasks[identity]
  t.holding = false
  if t.priority > self.priority then return t end
  return self
end
function Task:take(p)  -- a packet by another task's
  if self.input then
    append(p, self.input)
  else
    self.input = p
    self.pending = true
  end
end
function Task:send(p)
  local t = self.scheduler.tasks[p.identity]
  self.scheduler.queued = self.scheduler.queued + 1
  p.link = nil
  p.identity = self.identity
  local was_empty = t.input == nil
  t:take(p)
  if was_empty and t.priority > self.priority then return t end
  return self
end

local function idle(task, _, s)
  s.count = s.count - 1
  if s.count == 0 then return task:hold() end
  if band(s.control, 1) == 0 then
    s.control = rshift(s.control, 1)
    return task:release(DEVICE_A)
  end
  s.control = bxor(rshift(s.control, 1), 0xd008)
  return task:release(DEVICE_B)
end
local function worker(task, message, s)
  if not message then return task:wait() end
  s.destination = s.destination == HANDLER_A and HANDLER_B or HANDLER_A
  message.identity = s.destination
  message.datum = 1
  for i = 1, 4 do
    s.count = s.count + 1
    if s.count > 26 then s.count = 1 end
    message.data[i] = 64 + s.count
  end
  return task:send(message)
end
local function handler(task, message, s)
  if message then
    if message.kind == KIND_WORK then s.work = append(message, s.work) else s.device = append(message, s.device) end
  end
  local work = s.work
  if work then
    local at = work.datum
    if at > 4 then
      s.work = work.link
      return task:send(work)
    end
    local device = s.device
    if device then
      s.device = device.link
      device.datum = work.data[at]
      work.datum = at + 1
      return task:send(device)
    end
  end
  return task:wait()
end
local function device(task, message, s)
  if not message then
    local p = s.pending
    if not p then return task:wait() end
    s.pending = nil
    return task:send(p)
  end
  s.pending = message
  return task:hold()
end

local function run()
  local s = setmetatable({list = nil, tasks = {}, held = 0, queued = 0}, Scheduler)
  s:add(IDLE, 0, nil, false, idle, {control = 1, count = 10000})
  s:add(WORKER, 1000, packet(packet(nil, WORKER, KIND_WORK), WORKER, KIND_WORK), true, worker, {destination = HANDLER_A, count = 0})
  local function devices(identity) return packet(packet(packet(nil, identity, KIND_DEVICE), identity, KIND_DEVICE), identity, KIND_DEVICE) end
  s:add(HANDLER_A, 2000, devices(DEVICE_A), true, handler, {})
  s:add(HANDLER_B, 3000, devices(DEVICE_B), true, handler, {})
  s:add(DEVICE_A, 4000, nil, true, device, {})
  s:add(DEVICE_B, 5000, nil, true, device, {})
  s:schedule()
  return s.queued, s.held
end
local queued, held = 0, 0
for _ = 1, (tonumber(arg and arg[1]) or 1) * 10 do
  local q, h = run()
  queued, held = queued + q, held + h
end
print(queued, held)
