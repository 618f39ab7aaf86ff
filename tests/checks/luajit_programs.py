"""Random Lua programs that end and whose output says what they computed: the same whoever runs them.

A program is a few kernels: functions with a hot loop over random statements, called several times with arguments of
different types, in protected calls. Invariants: variables have a type for good but for those named `any`; strings and
arrays stay short; nothing printed depends on addresses, on the order of string keys, on the sign of zero or of a NaN,
or on what LuaJIT leaves undefined (bit operations of fractions, where traces may round the terms of a sum that the
interpreter rounds as a whole, or beyond 2^51; numbers beyond a C type's range). So the interpreter prints the same each
time, and so do traces, whoever compiles them.
"""

import random

PRELUDE = """\
local bit, math, string, table, ffi = require("bit"), math, string, table, require("ffi")
local band, bor, bxor, bnot, lshift, rshift, arshift, rol, ror, bswap, tobit = bit.band, bit.bor, bit.bxor, bit.bnot,
  bit.lshift, bit.rshift, bit.arshift, bit.rol, bit.ror, bit.bswap, bit.tobit
local floor, ceil, abs, min, max, sqrt, fmod = math.floor, math.ceil, math.abs, math.min, math.max, math.sqrt, math.fmod
local out = {}
local function show(v)
  local k = type(v)
  if k == "number" then
    if v ~= v then return "nan" elseif v == 0 then return "0" else return string.format("%.14g", v) end
  elseif k == "table" then
    local s = {}
    for i = 1, math.min(#v, 12) do s[i] = type(v[i]) == "table" and "{}" or show(v[i]) end
    return "{" .. table.concat(s, ",") .. "}"
  elseif k == "function" or k == "userdata" or k == "thread" then
    return k
  end
  v = tostring(v)
  return k == "cdata" and v:find("^cdata") and k or v
end
local function say(...)
  local s = {}
  for i = 1, select("#", ...) do s[i] = show((select(i, ...))) end
  out[#out + 1] = table.concat(s, " ")
end
local function int(x) if x ~= x or x > 2147483647 or x < -2147483648 then return 77 end return floor(x) end
local function count(...) return select("#", ...) end
local function last(...) return (select(select("#", ...), ...)) end
local function sum(x, ...) if x == nil then return 0 end return x + sum(...) end
local function fib(n) if n < 2 then return n end return fib(n - 1) + fib(n - 2) end
local function down(n, x) if n <= 0 then return x end return down(n - 1, x + n) end
local V = {}
V.__index = V
V.__add = function(a, b) return setmetatable({x = a.x + b.x, y = a.y + b.y}, V) end
V.__mul = function(a, k) return setmetatable({x = a.x * k, y = a.y * k}, V) end
V.__unm = function(a) return setmetatable({x = -a.x, y = -a.y}, V) end
V.__eq = function(a, b) return a.x == b.x and a.y == b.y end
V.__lt = function(a, b) return a.x < b.x end
V.__le = function(a, b) return a.x <= b.x end
V.__call = function(a, k) return a.x + k end
V.__concat = function(a, b) return "V" .. (type(a) == "string" and a or type(b) == "string" and b or "") end
function V:len2() return self.x * self.x + self.y * self.y end
local function vec(x, y) return setmetatable({x = x, y = y}, V) end
local D = setmetatable({a = 1}, {__index = function(t, k) return type(k) == "number" and k * 2 or 5 end})
local N = setmetatable({}, {__newindex = function(t, k, v) rawset(t, k, v) end, __index = D})
ffi.cdef[[
typedef struct { int8_t b; uint8_t ub; int16_t h; uint16_t uh; int32_t i; uint32_t ui; int64_t l; uint64_t ul; float f; double d; } jitkit_s;
typedef struct { double x, y; } jitkit_p;
]]
local S, P, I64, U64 = ffi.typeof("jitkit_s"), ffi.typeof("jitkit_p"), ffi.typeof("int64_t"), ffi.typeof("uint64_t")
P = ffi.metatype(P, {__add = function(a, b) return P(a.x + b.x, a.y + b.y) end, __index = {n2 = function(p) return p.x * p.x + p.y * p.y end}})
"""
EPILOGUE = 'io.write(table.concat(out, "\\n"), "\\n")\n'

EDGES = ["0", "1", "-1", "2", "3", "7", "0.5", "-0.5", "1.5", "10", "100", "255", "65536", "2147483647", "-2147483648", "2147483648",
         "4294967295", "4294967296", "9007199254740992", "9007199254740993", "1e15", "1e300", "-1e300", "1e-300", "5e-324", "1/0", "-1/0", "0/0",
         "-0", "0.1", "1e16", "-7", "3.999", "1e9"]
INTS = ["0", "1", "-1", "2", "3", "5", "8", "16", "31", "32", "33", "63", "64", "127", "128", "255", "256", "65535", "-32768", "2147483647",
        "-2147483648", "123456789", "-987654"]
WORDS = ['""', '"a"', '"lua"', '"10"', '"0x1f"', '" 7 "', '"1e2"', '"hello world"', '"\\0z"', '"abcabcabc"', '"-3.5"', '"ABC"', '"nan"']
TEXT = '"12"'  # an argument that arithmetic converts
KEYS = ["a", "b", "c", "dd", "len"]


class Program:
    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.indent = 0
        self.names = 9
        self.loops: list[str] = []  # names of loop variables, all integers
        self.nums: list[str] = []
        self.ints: list[str] = []
        self.strs: list[str] = []
        self.anys: list[str] = []
        self.in_coroutine = False
        self.breakable = False
        self.depth = 0

    # Choices.
    def one(self, things):
        return self.random.choice(things)

    def chance(self, p: float) -> bool:
        return self.random.random() < p

    def name(self, prefix: str) -> str:
        self.names += 1
        return f"{prefix}{self.names}"

    def put(self, line: str) -> None:
        self.lines.append("  " * self.indent + line)

    # Expressions: `d` is how deep they may still get.
    def num(self, d: int = 3) -> str:
        if d <= 0:
            return self.one([self.one(self.nums), self.one(self.nums), self.one(self.ints), self.one(EDGES), self.one(self.loops or ["4"])])
        n, i, s, r = lambda: self.num(d - 1), lambda: self.int(d - 1), lambda: self.str(d - 1), self.random
        forms = [
            lambda: f"({n()} {self.one(['+', '-', '*', '+', '-', '*', '/', '%'])} {n()})", lambda: f"({n()} {self.one(['+', '-', '*'])} {n()})",
            lambda: f"(- {n()})", lambda: f"{self.one(['floor', 'ceil', 'abs', 'sqrt', 'math.sin', 'math.exp', 'math.log'])}({n()})",
            lambda: f"{self.one(['min', 'max', 'fmod', 'math.atan2'])}({n()}, {n()})", lambda: f"({n()} ^ {self.one(['2', '3', '0.5', '-1', '0', '1'])})",
            lambda: f"(t[{self.index(d - 1)}] or {n()})", lambda: f"r.{self.one(KEYS)}", lambda: f"#{s()}", lambda: "#t", i,
            lambda: f"(h[{self.key(d - 1)}] or {n()})", lambda: f"(tonumber({s()}) or {n()})", lambda: f"({self.bool(d - 1)} and {n()} or {n()})",
            lambda: f"f({n()})", lambda: f"g({n()}, {n()})", lambda: f"sum({n()}, {n()}, {n()})", lambda: f"fib({r.randrange(2, 6)})",
            lambda: f"down({r.randrange(0, 9)}, {n()})", lambda: f"count({n()}, {n()})", lambda: f"last({s()}, {n()})",
            lambda: f"({s()}:byte({r.randrange(1, 4)}) or {n()})", lambda: f"vec({n()}, {n()}):len2()", lambda: f"v.{self.one('xy')}", lambda: f"v({n()})",
            lambda: f"(vec({n()}, {n()}) + v).{self.one('xy')}", lambda: f"D[{i()}]", lambda: f"(N.{self.one(KEYS)} or 0)",
            lambda: f"c.{self.one(['b', 'ub', 'h', 'uh', 'i', 'ui', 'f', 'd'])}", lambda: f"P({n()}, {n()}):n2()", lambda: f"(p + P({n()}, {n()})).x",
            lambda: f"q[{i()} % 8]", lambda: f"tonumber(l % {r.randrange(3, 99)})", lambda: f"tonumber(u / {r.randrange(3, 99)}ULL)",
            lambda: f"({s()}:find({s()}, 1, true) or {n()})", lambda: f"select(2, pcall(f, {n()}))", lambda: f"math.ldexp({n()}, {r.randrange(-5, 6)})",
            lambda: f"(type({self.one(self.anys)}) == 'number' and {self.one(self.anys)} or {n()})", lambda: f"m[{self.index(d - 1)}][{r.randrange(1, 4)}]",
        ]
        return self.one(forms)()

    def int(self, d: int = 2) -> str:
        if d <= 0:
            return self.one([self.one(self.ints), self.one(self.loops or ["3"]), self.one(INTS)])
        i = lambda: self.int(d - 1)
        forms = [
            lambda: f"{self.one(['band', 'bor', 'bxor'])}({i()}, {i()})", lambda: f"{self.one(['lshift', 'rshift', 'arshift', 'rol', 'ror'])}({i()}, {i()})",
            lambda: f"{self.one(['bnot', 'bswap', 'tobit'])}({i()})", lambda: f"tobit({i()} {self.one('+-')} {i()})", lambda: f"tobit({i()} * band({i()}, 1023))",
            lambda: f"band({i()}, {self.one(['1', '7', '255', '65535', '-1'])})", lambda: f"int({self.num(d - 1)})", lambda: f"{self.one(['min', 'max'])}({i()}, {i()})",
            lambda: f"({i()} % {self.random.randrange(2, 20)})", lambda: self.one(self.loops or ["3"]), lambda: "c.i",
        ]
        return self.one(forms)()

    def str(self, d: int = 2) -> str:
        if d <= 0:
            return self.one([self.one(self.strs), f"({self.one(WORDS)})"])
        s, i = lambda: self.str(d - 1), lambda: self.int(d - 1)
        forms = [
            lambda: f"({s()} .. {s()}):sub(1, 30)", lambda: f"({s()} .. {i()} .. {s()}):sub(1, 30)", lambda: f"tostring({i()})", lambda: f"show({self.num(d - 1)})",
            lambda: f"{s()}:sub({self.random.randrange(-4, 5)}, {self.random.randrange(-4, 9)})", lambda: f"{s()}:{self.one(['upper', 'lower', 'reverse'])}()",
            lambda: f"string.char(65 + {i()} % 26)", lambda: f"string.format('{self.one(['%d', '%5d', '%x', '%s', '%q'])}', {i()})",
            lambda: f"{s()}:rep({self.random.randrange(0, 4)}):sub(1, 30)", lambda: f"({self.bool(d - 1)} and {s()} or {s()})", lambda: self.one(self.strs),
            lambda: f"table.concat({{{s()}, {i()}, {s()}}}, ','):sub(1, 30)", lambda: f"(v .. {s()}):sub(1, 30)", lambda: f"{s()}:gsub('b', 'X', 1)",
        ]
        chosen = self.one(forms)()
        return f"({chosen})" if "gsub" in chosen else chosen

    def bool(self, d: int = 2) -> str:
        compare = self.one(["<", "<=", ">", ">=", "==", "~="])
        if d <= 0:
            return f"({self.one(self.nums)} {compare} {self.num(0)})"
        forms = [
            lambda: f"({self.num(d - 1)} {compare} {self.num(d - 1)})", lambda: f"({self.int(d - 1)} {compare} {self.int(d - 1)})",
            lambda: f"({self.str(d - 1)} {compare} {self.str(d - 1)})", lambda: f"(not {self.bool(d - 1)})",
            lambda: f"({self.bool(d - 1)} {self.one(['and', 'or'])} {self.bool(d - 1)})", lambda: f"(t[{self.index(d - 1)} + {self.random.randrange(0, 5)}] == nil)",
            lambda: f"({self.one(self.loops or ['5'])} % {self.random.randrange(2, 6)} == {self.random.randrange(0, 3)})",
            lambda: f"(vec({self.num(d - 1)}, 1) {compare} v)", lambda: f"(l {compare} {self.i64(d - 1)})", lambda: f"(u {compare} U64({self.random.randrange(0, 999)}))",
            lambda: f"(type({self.one(self.anys)}) == '{self.one(['number', 'string', 'nil', 'table'])}')", lambda: f"({self.one(self.anys)} == {self.any(0)})",
        ]
        return self.one(forms)()

    def i64(self, d: int = 2) -> str:
        if d <= 0:
            return self.one(["l", "c.l", f"I64({self.one(self.ints)})", f"{self.random.randrange(-2**63, 2**63)}LL", f"{self.random.randrange(-99, 99)}LL"])
        forms = [
            lambda: f"({self.i64(d - 1)} {self.one(['+', '-', '*', '/', '%'])} {self.i64(0)})" if self.chance(0.6) else
                    f"({self.i64(d - 1)} {self.one(['/', '%'])} {self.one(['-1LL', '3LL', '7LL', '-10LL', '1024LL'])})",
            lambda: f"{self.one(['band', 'bor', 'bxor'])}({self.i64(d - 1)}, {self.i64(d - 1)})", lambda: f"(- {self.i64(d - 1)})",
            lambda: f"{self.one(['lshift', 'rshift', 'arshift', 'rol', 'ror'])}({self.i64(d - 1)}, {self.int(d - 1)})", lambda: f"(l + {self.int(d - 1)})",
            lambda: f"{self.one(['bnot', 'bswap'])}({self.i64(d - 1)})",
        ]
        return self.one(forms)()

    def any(self, d: int = 1) -> str:
        return self.one([lambda: self.num(d), lambda: self.str(d), lambda: "nil", lambda: self.one(["true", "false"]), lambda: self.one(self.anys), lambda: "t",
                         lambda: self.int(d)])()

    def index(self, d: int = 1) -> str:
        return self.one([lambda: f"({self.int(d)} % 8 + 1)", lambda: f"(band({self.int(d)}, 7) + 1)", lambda: str(self.random.randrange(1, 9)), lambda: str(self.random.randrange(1, 9))])()

    def key(self, d: int = 1) -> str:
        return self.one([lambda: f"'{self.one(KEYS)}'", lambda: f"({self.int(d)} % 20)", lambda: f"({self.int(d)} % 9 / 2)", lambda: f"(-{self.random.randrange(0, 5)})",
                         lambda: f"({self.str(0)} .. 'k')", lambda: self.one(["true", "false", "2^40", "t", "-0.5"]), lambda: f"({self.loops[-1] if self.loops else 3} * {self.one(['3', '1000', '0.25', '-1'])})"])()

    # Statements.
    def block(self, count: int) -> None:
        self.indent += 1
        kept = [list(names) for names in (self.nums, self.ints, self.strs, self.anys, self.loops)]
        for _ in range(count):
            self.statement()
        self.nums, self.ints, self.strs, self.anys, self.loops = kept
        self.indent -= 1

    def statement(self) -> None:
        simple = [
            lambda: self.put(f"{self.one(self.nums)} = {self.num()}"), lambda: self.put(f"{self.one(self.nums)} = {self.num()}"),
            lambda: self.put(f"{self.one(self.ints)} = {self.int(3)}"), lambda: self.put(f"{self.one(self.strs)} = {self.str()}"),
            lambda: self.put(f"{self.one(self.anys)} = {self.any(2)}"), lambda: self.put(f"t[{self.index()}] = {self.num()}"),
            lambda: self.put(f"r.{self.one(KEYS)} = {self.num()}"), lambda: self.put(f"h[{self.key()}] = {self.one([self.num(1), 'nil', self.num(2)])}"),
            lambda: self.put(f"m[{self.index()}] = {{{self.num(1)}, {self.num(1)}, {self.num(1)}}}"), lambda: self.put(f"m[{self.index()}][{self.random.randrange(1, 4)}] = {self.num()}"),
            lambda: self.put(f"v = {self.one([f'v + vec({self.num(1)}, 1)', f'v * {self.num(1)}', '-v', f'vec({self.num(1)}, {self.num(1)})'])}"),
            lambda: self.put(f"c.{self.one(['b', 'ub', 'h', 'uh', 'i'])} = {self.int()} % 100"), lambda: self.put(f"c.{self.one(['f', 'd'])} = {self.num()}"),
            lambda: self.put(f"c.i = {self.int()}"), lambda: self.put(f"c.l = {self.i64()}"), lambda: self.put(f"l = {self.i64()}"),
            lambda: self.put(f"u = u {self.one(['+', '*', '-', '/'])} {self.random.randrange(1, 2**40)}ULL"), lambda: self.put(f"p = {self.one([f'p + P({self.num(1)}, 1)', f'P({self.num(1)}, p.x)'])}"),
            lambda: self.put(f"q[{self.int(1)} % 8] = {self.num()}"), lambda: self.put(f"N.{self.one(KEYS)} = {self.num(1)}"), lambda: self.put(f"up = up + {self.num(1)}"),
            lambda: self.put(f"t[#t + 1] = {self.num(1)}; if #t > 40 then t = {{1, 2, 3, 4, 5, 6, 7, -8}} end"), lambda: self.put(f"if #t > 8 then {self.one(self.nums)} = table.remove(t) end"),
            lambda: self.local(), lambda: self.put(f"say({self.num()}, {self.str()})") if self.chance(0.3) else self.local(),
            lambda: self.put(f"bag[#bag + 1] = {self.one([self.num(1), self.str(1), 'vec(1, 2)', '{}', 'function() return ' + self.num(1) + ' end'])}; if #bag > 50 then bag = {{}} end"),
        ]
        compound = [self.branch, self.branch, self.branch, self.loop, self.loop, self.each, self.protect, self.closure, self.repeats, self.generator, self.leave, self.sunk]
        if self.depth < 3 and self.chance(0.35):
            self.depth += 1
            self.one(compound)()
            self.depth -= 1
        else:
            self.one(simple)()

    def local(self) -> None:
        kind = self.random.randrange(3)
        name, value = self.name("nis"[kind]), [self.num, self.int, self.str][kind]()
        self.put(f"local {name} = {value}")
        [self.nums, self.ints, self.strs][kind].append(name)

    def branch(self) -> None:
        self.put(f"if {self.bool()} then")
        self.block(self.random.randrange(1, 3))
        if self.chance(0.3):
            self.put(f"elseif {self.bool()} then")
            self.block(1)
        if self.chance(0.5):
            self.put("else")
            self.block(self.random.randrange(1, 3))
        self.put("end")

    def body(self, variable: str, count: int) -> None:
        self.loops.append(variable)
        outer, self.breakable = self.breakable, True
        self.block(count)
        self.breakable = outer
        self.loops.pop()

    def loop(self) -> None:
        name = self.name("i")
        head = self.one([f"1, {self.random.randrange(2, 7)}", f"{self.random.randrange(2, 6)}, 1, -1", "1, #t", f"band({self.int(0)}, 3), 5", "-3, 6, 3", f"1, {self.int(1)} % 5"])
        self.put(f"for {name} = {head} do")
        self.body(name, self.random.randrange(1, 4))
        self.put("end")

    def each(self) -> None:
        # A sum of its own is exact in whatever order the keys come; one that begins with a large number is not.
        key, value, part, total = self.name("i"), self.name("n"), self.name("n"), self.one(self.nums)
        kind = self.random.randrange(4)
        if kind == 0:
            self.put(f"for {key}, {value} in ipairs(t) do")
            self.nums.append(value)
            self.body(key, self.random.randrange(1, 3))
            self.nums.remove(value)
            self.put("end")
        elif kind == 1:
            table = self.one(["h", "r", "t"])
            self.put(f"local {part} = 0; for {key}, {value} in pairs({table}) do")
            self.put(f"  if type({value}) == 'number' and abs({value}) < 1e9 then {part} = {part} + floor({value}) end")
            self.put(f"end; x = x + {part}")
        elif kind == 2:
            self.put(f"local {part} = 0; for {key}, {value} in next, r do {part} = {part} + #{key} end; {total} = {total} + {part}")
        else:
            self.put(f"for {key} in ({self.str(1)}):gmatch('%w') do {total} = {total} + #{key} end")

    def repeats(self) -> None:
        name = self.name("i")
        self.put(f"local {name} = 0")
        self.put(self.one([f"while {name} < {self.random.randrange(1, 6)} and {self.bool()} do", "repeat"]))
        repeat = self.lines[-1].strip() == "repeat"
        self.indent += 1
        self.put(f"{name} = {name} + 1")
        self.indent -= 1
        self.body(name, self.random.randrange(1, 3))
        self.put(f"until {name} >= {self.random.randrange(1, 6)} or {self.bool(1)}" if repeat else "end")

    def protect(self) -> None:
        self.put(self.one(["pcall(function()", "pcall(function()", "say(pcall(function()", "xpcall(function()"]))
        opened = self.lines[-1].strip()
        outer, self.breakable = self.breakable, False
        self.block(self.random.randrange(1, 3))
        self.breakable = outer
        fault = self.one(["error('e' .. floor(i1))", "error({1})", "x = x + nil", "x = t.a.b", "error()", "x = ({}) < 1", "return x", "assert(x == x, 'nan')", "x = #nil_value"])
        self.put(f"  if {self.bool(1)} then {fault} end")
        self.put({"pcall(": "end)", "say(pc": "end))", "xpcall": "end, function(e) up = up + 1; return 1 end)"}[opened[:6]])

    def closure(self) -> None:
        name, inner = self.name("f"), self.name("n")
        self.put(f"local {name} = function({inner})")
        outer, self.breakable = self.breakable, False
        self.nums.append(inner)
        self.block(self.random.randrange(1, 3))
        self.put(f"  up = up + 1; return {self.num(2)}")
        self.nums.remove(inner)
        self.breakable = outer
        self.put("end")
        self.put(f"{self.one(self.nums)} = {name}({self.num(1)}) + {name}({self.num(0)})")
        if self.chance(0.3):
            self.put("f = function(w) up = up - 1; return w + 2 end")

    def generator(self) -> None:
        name, value = self.name("w"), self.name("n")
        self.put(f"local {name} = coroutine.wrap(function({value})")
        outer, self.breakable = self.breakable, False
        self.nums.append(value)
        self.put(f"  for {self.name('i')} = 1, 4 do")
        self.indent += 1
        self.block(1)
        self.put(f"  {value} = coroutine.yield({self.num(1)}) or 1")
        self.indent -= 1
        self.put("  end")
        self.put(f"  return {self.num(1)}")
        self.nums.remove(value)
        self.breakable = outer
        self.put("end)")
        self.put(f"for _ = 1, {self.random.randrange(1, 6)} do {self.one(self.nums)} = {name}({self.num(1)}) end")

    def leave(self) -> None:
        if self.breakable and self.chance(0.5):
            self.put(f"if {self.bool(1)} then break end")
        else:
            self.put(f"if {self.bool(1)} then return x, y, s end")

    def sunk(self) -> None:
        """Objects that a trace need not make unless it is left."""
        name = self.name("o")
        made = self.one([f"{{{self.num(1)}, {self.num(1)}}}", f"{{a = {self.num(1)}, b = {self.str(1)}}}", f"vec({self.num(1)}, {self.num(1)})", f"P({self.num(1)}, {self.num(1)})",
                         f"I64({self.int(1)})", f"{{x = {{{self.num(0)}}}, a = {self.num(1)}}}", f"U64({self.int(1)} % 1000)"])
        self.put(f"local {name} = {made}")
        self.put(f"if {self.bool()} then {self.one(['any1', 'bag[#bag + 1]', 'any2'])} = {name} end")
        if made.startswith("{a"):
            self.put(f"{self.one(self.nums)} = {self.one(self.nums)} + {name}.a")
        elif made.startswith(("vec", "P")):
            self.put(f"{self.one(self.nums)} = {name}.x - {name}.y")
        elif made.startswith("I64"):
            self.put(f"l = l + {name}")

    def kernel(self) -> None:
        name = self.name("k")
        self.nums, self.ints, self.strs, self.anys, self.loops = ["x", "y", "z", "b"], ["i1", "i2"], ["s", "s0"], ["any1", "any2"], []
        self.put(f"local function {name}(n, a, b)")
        self.put(f"  local x, y, z, i1, i2, s, s0, any1, any2 = a + 0, {self.one(EDGES)}, {self.one(EDGES)}, {self.one(INTS)}, {self.one(INTS)}, {self.one(WORDS)}, {self.one(WORDS)}, 1, nil")
        self.put("  local t, r, h, m, bag = {1, 2.5, 3, -4, 5, 6, 7e9, 8}, {a = 1, b = 2, c = 3.5, dd = -1, len = 0}, {}, {}, {}")
        self.put("  for i = 1, 8 do m[i] = {i, i * 0.5, -i} end")
        self.put("  local v, c, p, q, l, u, up = vec(1, 2), S(), P(3, 4), ffi.new('double[8]'), 1LL, 1ULL, 0")
        self.put(f"  local f = function(w) up = up + 1; return {self.one(['w + 1', 'w * 0.5', '-w', 'w - up', 'w'])} end")
        self.put(f"  local function g(w, o) if w {self.one(['<', '>=', '=='])} o then return f(w) end return o, w end")
        step = self.one(["", "", ", 2", ", 0.5"])
        if step == ", 0.5":
            self.put("  for half = 1, n, 0.5 do local i = floor(half)")
            self.nums.append("half")
        else:
            self.put(f"  for i = 1, n{step} do")
        self.depth = 0
        self.indent += 1
        self.body("i", self.random.randrange(4, 10))
        self.indent -= 1
        self.put("  end")
        self.put("  local kept = 0; for k, o in pairs(h) do if type(o) == 'number' and o == o and abs(o) < 1e9 then kept = kept + floor(o) end end")
        self.put("  say(x, y, z, i1, i2, s, type(any1), type(any2), t, r.a, r.b, r.c, r.dd, r.len, kept, v.x, v.y, up)")
        self.put("  say(c.b, c.ub, c.h, c.uh, c.i, c.f, c.d, c.l, p.x, p.y, l, u, q[0], q[3], #bag, m[1], m[5])")
        self.put("  return x, y, s")
        self.put("end")
        for _ in range(self.random.randrange(2, 4)):
            self.put(f"say(pcall({name}, {self.random.randrange(15, 40)}, {self.one([*EDGES, TEXT])}, {self.one(EDGES)}))")

    def text(self) -> str:
        if self.chance(0.4):
            self.put(f"collectgarbage('setpause', {self.one([1, 10, 50])}); collectgarbage('setstepmul', {self.one([1, 100, 200])})")
        for _ in range(self.random.randrange(2, 4)):
            self.kernel()
        return PRELUDE + "\n".join(self.lines) + "\n" + EPILOGUE


def program(seed: int) -> str:
    return Program(seed).text()
