-- Classes, inheritance, dispatch on several receivers: a small event simulation.
local function class(base) local c = {}; c.__index = c; if base then setmetatable(c, base) end; c.new = function(...) local o = setmetatable({}, c); o:init(...); return o end; return c end
local Task = class()
function Task:init(name, priority) self.name, self.priority, self.count = name, priority, 0 end
function Task:run(w) self.count = self.count + 1; return self:step(w) end
function Task:step(w) return 1 end
local Worker = class(Task)
function Worker:init(name, p, k) Task.init(self, name, p); self.k = k end
function Worker:step(w) w.work = w.work + self.k; return self.k end
local Sleeper = class(Task)
function Sleeper:step(w) if self.count % 3 == 0 then return 0 end; w.naps = w.naps + 1; return 2 end
local Chain = class(Worker)
function Chain:step(w) local a = Worker.step(self, w); if self.next then return a + self.next:run(w) end return a end
local w = {work = 0, naps = 0}
local tasks = {}
for i = 1, 12 do tasks[i] = i % 4 == 0 and Sleeper.new("s" .. i, i) or i % 4 == 1 and Chain.new("c" .. i, i, i) or i % 4 == 2 and Worker.new("w" .. i, i, 3) or Task.new("t" .. i, i) end
for i = 1, 11 do if tasks[i].step == Chain.step then tasks[i].next = tasks[i + 1] end end
local total = 0
for r = 1, 60 do for i = 1, 12 do total = total + tasks[i]:run(w) end end
print(total, w.work, w.naps)
for i = 1, 12 do io.write(tasks[i].name, ":", tasks[i].count, " ") end
print()
local Stack = class()
function Stack:init() self.n = 0 end
function Stack:push(v) self.n = self.n + 1; self[self.n] = v; return self end
function Stack:pop() local v = self[self.n]; self[self.n] = nil; self.n = self.n - 1; return v end
local s = Stack.new()
local ops = {["+"] = function(a, b) return a + b end, ["-"] = function(a, b) return a - b end, ["*"] = function(a, b) return a * b end, ["/"] = function(a, b) return a / b end}
for r = 1, 40 do for _, tok in ipairs{3, 4, "+", 2, "*", 7, "/", r, "-"} do if ops[tok] then local b, a = s:pop(), s:pop(); s:push(ops[tok](a, b)) else s:push(tok) end end; total = total + s:pop() end
print(string.format("%.9g", total))
