-- io and userdata on trace.
local n = 0
for i = 1, 120 do io.write(i % 10); if i % 40 == 0 then io.write("\n") end end
for i = 1, 60 do io.stdout:write("<", i, ">", i / 2, "\n") end
local objects = {newproxy(), newproxy(true), io.stdout, io.stdin}
local names = {}
for i, o in ipairs(objects) do names[o] = i end
for i = 1, 200 do local o = objects[i % 4 + 1]; n = n + names[o]; if o == io.stdout then n = n + 100 end; if o ~= objects[1] then n = n + 1 end; if type(o) == "userdata" then n = n + 1 end; if io.type(o) == "file" then n = n + 2 end end
print(n)
local u = newproxy(true)
local mt = getmetatable(u)
mt.__index = function(_, k) return #k end; mt.__len = function() return 5 end; mt.__call = function(_, a) return a + 1 end; mt.__add = function(a, b) return 7 end
for i = 1, 100 do n = n + u.abc + #u + u(i) + (u + 1) end
print(n)
mt.__index = {field = 3, f = function(self) return self.field end}
for i = 1, 100 do n = n + u.field + u:f() end
print(n)
local t = {}
for i = 1, 100 do t[objects[i % 4 + 1]] = i; n = n + t[objects[i % 4 + 1]] end
print(n)
io.stdout:flush()
