// Frame states of compiled code against the interpreter's: random functions run to each of their
// failing guards; the handler rebuilds the state's values from registers, stack and constants.
#include <doctest/doctest.h>

#include "../support/speculation.hpp"

#include <random>
#include <string>

using namespace jitkit;
using ir::FrameEntry;
using ir::Type;
using ir::Value;
using speculation::Compiled;

namespace {

u64 callee(u64 x) { return x * 7 + 1; }

struct Random {
  std::mt19937 engine;
  explicit Random(u32 seed) : engine(seed) {}
  u32 operator()() { return static_cast<u32>(engine()); }
};

struct RandomFunction {
  ir::Module module;
  ir::Function<host::Isa> f;
  std::vector<Value> values;  // that a state may name
  u32 guards = 0;

  explicit RandomFunction(u32 seed, ir::CallConv conv = ir::CallConv::c) : random(seed) {
    f.module = &module;
    f.signature = module.add_signature({Type::i64, Type::i64, Type::i64, Type::f64}, {Type::i64}, conv);
    ir::Builder b(f);
    const ir::Block entry = b.entry();
    which = b.param(entry, 0);
    words = {b.param(entry, 1), b.param(entry, 2)};
    values = {b.param(entry, 1), b.param(entry, 2), b.param(entry, 3)};
    const u32 steps = 10 + random() % 60;
    for (u32 n = 0; n < steps; ++n) step(b);
    place_guards(b);
    Value sum = b.i64(0);
    for (const Value v : words) sum = b.add(sum, v);
    b.ret({sum});
  }

 private:
  Value word() { return words[random() % words.size()]; }

  void step(ir::Builder& b) {
    const auto keep = [&](Value v, bool is_word) {
      values.push_back(v);
      if (is_word) words.push_back(v);
    };
    switch (random() % 12) {
      case 0:
      case 1: return keep(b.add(word(), word()), true);
      case 2: return keep(b.mul(word(), b.i64(static_cast<i64>(random()))), true);
      case 3: return keep(b.trunc(Type::i32, word()), false);
      case 4: return keep(b.trunc(Type::i8, word()), false);
      case 5: return keep(b.icmp(ir::ICond::slt, word(), word()), false);
      case 6: return keep(b.sitofp(Type::f64, word()), false);
      case 7: return keep(b.sitofp(Type::f32, word()), false);
      case 8: return keep(b.mul(b.zext(Type::i128, word()), b.zext(Type::i128, word())), false);
      case 9: return keep(b.vsplat(Type::v128, ir::Lane::i64, word()), false);
      case 10:
        return keep(b.result(b.call_indirect(module.add_signature({Type::i64}, {Type::i64}),
                                             b.ptr(reinterpret_cast<u64>(&callee)), {word()})),
                    true);
      default: return place_guards(b);
    }
  }

  // One guard, or two in a row that name the same state.
  void place_guards(ir::Builder& b) {
    const ir::FrameStateRef s = state(b);
    for (u32 n = random() % 3 == 0 ? 2 : 1; n > 0; --n) {
      b.guard(b.icmp(ir::ICond::ne, which, b.i64(++guards)), s);
      if (n == 2) words.push_back(b.xor_(word(), word()));
    }
  }

  FrameEntry entry(ir::Builder& b, u32 objects) {
    FrameEntry e;
    e.key = random();
    if (objects != 0 && random() % 4 == 0) {
      e.kind = FrameEntry::Kind::virtual_object;
      e.index = random() % objects;
    } else if (random() % 6 == 0) {
      e.index = (random() % 2 != 0 ? b.i64(static_cast<i64>(random())) : b.f64(random() * 0.5)).id;
    } else {
      e.index = values[random() % values.size()].id;
    }
    return e;
  }
  ir::FrameStateRef state(ir::Builder& b) {
    std::vector<std::vector<FrameEntry>> fields(random() % 3);
    std::vector<ir::ObjectSpec> objects;
    for (std::vector<FrameEntry>& list : fields) {
      for (u32 n = random() % 4; n > 0; --n) list.push_back(entry(b, static_cast<u32>(objects.size())));
      objects.push_back({random(), list});
    }
    std::vector<FrameEntry> entries;
    for (u32 n = 1 + random() % 12; n > 0; --n) entries.push_back(entry(b, static_cast<u32>(objects.size())));
    return b.frame_state(random(), entries, objects);
  }

  Random random;
  Value which;
  std::vector<Value> words;
};

bool call_outside(void*, const ir::OutsideCall& call, std::span<ir::Datum> results) {
  results[0] = {{callee(call.arguments[0].low.lo), 0}};
  return call.address == reinterpret_cast<u64>(&callee);
}

struct Totals {
  u32 exits = 0, registers = 0, memory = 0, constants = 0, objects = 0, pairs = 0, shared = 0;
};

void count(const FrameValue& v, Totals& t) {
  t.objects += v.is_object() ? 1 : 0;
  t.pairs += v.parts == 2 ? 1 : 0;
  if (v.is_object()) return;
  t.registers += v.part[0].kind == Location::Kind::reg ? 1 : 0;
  t.memory += v.part[0].kind == Location::Kind::memory ? 1 : 0;
  t.constants += v.part[0].kind == Location::Kind::constant ? 1 : 0;
}

// The list of entries or fields that starts at `first` in the function and at `at` in the map.
void compare(const RandomFunction& r, ir::Interpreter& in, const Compiled& c, u32 first, u32 at, u32 entries,
             Totals& totals) {
  for (u32 n = 0; n < entries; ++n) {
    const FrameEntry& e = r.f.frame_entries[first + n];
    const FrameValue& v = c.map->values[at + n];
    count(v, totals);
    CHECK(v.key == e.key);
    REQUIRE(v.is_object() == (e.kind == FrameEntry::Kind::virtual_object));
    if (v.is_object()) {
      CHECK(v.object == e.index);
      continue;
    }
    const Value value(e.index);
    const bool constant = r.f.is_constant(value);
    const Bits expected = constant ? Bits{r.f.constant(value).lo, r.f.constant(value).hi} : in.value(value).low;
    CHECK(v.bits == ir::bits(r.f.type(value)));
    CHECK(c.values[at + n] == expected);
  }
}

void run_to_guards(u32 seed, Totals& totals) {
  RandomFunction r(seed);
  REQUIRE(r.f.status().ok());
  Compiled c;
  REQUIRE(c.compile(r.f));
  ir::Interpreter in;
  in.hooks.call = call_outside;
  const ir::FunctionData* functions[] = {&r.f};
  REQUIRE(in.load(r.module, functions).ok());
  u32 guard_sites = 0;
  for (const LocationMap::Site& s : c.map->sites) guard_sites += s.kind == LocationMap::SiteKind::guard ? 1 : 0;
  totals.shared += guard_sites - static_cast<u32>(c.map->states.size());
  for (u32 which = 0; which <= r.guards; ++which) {
    const u64 x = seed * 0x9e3779b97f4a7c15 + which, y = x ^ 0x123456789;
    const double z = 1.5 * seed;
    u64 z_bits;
    std::memcpy(&z_bits, &z, 8);
    const ir::Datum arguments[] = {{{which, 0}}, {{x, 0}}, {{y, 0}}, {{z_bits, 0}}};
    const ir::Run run = in.run(r.f, arguments);
    c.exits = 0;
    const u64 result = c.block.as<u64(u64, u64, u64, double)>()(which, x, y, z);
    if (run.returned()) {
      CHECK(c.exits == 0);
      CHECK(result == run.values[0].low.lo);
      continue;
    }
    REQUIRE(run.end == ir::RunEnd::guard_failed);
    REQUIRE(c.exits == 1);
    CHECK(result == c.returns);
    ++totals.exits;
    const ir::FrameState& s = r.f.frame_states[static_cast<u32>(run.detail)];
    const LocationMap::State& m = *c.state();
    CHECK(m.id == s.id);
    REQUIRE(m.entries == s.entries);
    REQUIRE(m.objects == s.objects);
    compare(r, in, c, s.first_entry, m.first_value, s.entries, totals);
    for (u32 n = 0; n < s.objects; ++n) {
      const ir::VirtualObject& o = r.f.virtual_objects[s.first_object + n];
      const LocationMap::Object& mo = c.map->objects_of(m)[n];
      CHECK(mo.descriptor == o.descriptor);
      REQUIRE(mo.fields == o.fields);
      compare(r, in, c, o.first_field, mo.first_field, o.fields, totals);
    }
  }
}

}  // namespace

TEST_CASE("frame states: registers, slots and constants hold what the interpreter has") {
  Totals totals;
  for (u32 seed = 1; seed <= 60; ++seed) {
    INFO("seed ", seed);
    run_to_guards(seed, totals);
  }
  MESSAGE("exits ", totals.exits, ", values in registers ", totals.registers, ", in memory ", totals.memory,
          ", constant ", totals.constants, ", objects ", totals.objects, ", pairs ", totals.pairs,
          ", guards that share a state ", totals.shared);
  CHECK(totals.exits > 200);
  CHECK(totals.registers > 200);
  CHECK(totals.memory > 200);
  CHECK(totals.constants > 50);
  CHECK(totals.objects > 50);
  CHECK(totals.pairs > 20);
  CHECK(totals.shared > 20);
}

namespace {

struct TrackTotals {
  u32 registers = 0, slots = 0, moved = 0;
};

// What the tracks of the values of a state say at its only site, against what the state says.
void compare_tracks(Compiled& c, const MachineState& s, void* context) {
  TrackTotals& totals = *static_cast<TrackTotals*>(context);
  const u32 state = static_cast<u32>(c.exited - c.map->states.data());
  u32 site = 0, sites = 0;
  for (u32 n = 0; n < c.map->sites.size(); ++n)
    if (c.map->sites[n].state == state) site = n, ++sites;
  if (sites != 1) return;
  for (u32 n = c.exited->first_value; n < c.exited->first_value + c.exited->entries; ++n) {
    const FrameValue& v = c.map->values[n];
    if (v.is_object() || v.part[0].kind == Location::Kind::constant) continue;
    for (u32 part = 0; part < v.parts; ++part) {
      const LocationMap::Track* t = c.map->track_of(v.value, part);
      REQUIRE(t != nullptr);
      FrameValue one;
      one.bits = v.parts == 2 ? 64 : v.bits;
      one.type = v.type;
      one.parts = 1;
      const Bits expected =
          part == 0 ? Bits{c.values[n].lo, v.parts == 2 ? 0 : c.values[n].hi} : Bits{c.values[n].hi, 0};
      if (const PReg r = c.map->register_at(*t, site); r.valid()) {
        one.part[0].kind = Location::Kind::reg;
        one.part[0].reg = r;
        CHECK(read_value(one, s) == expected);
        ++totals.registers;
      }
      if (t->memory.kind == Location::Kind::memory) {
        CHECK(v.part[part] == t->memory);
        ++totals.slots;
      } else {
        CHECK(v.part[part].reg == c.map->register_at(*t, site));
      }
      u32 in_register = 0;
      for (const LocationMap::RegisterChange& change : c.map->changes_of(*t)) in_register += change.reg.valid() ? 1 : 0;
      totals.moved += in_register > 1 ? 1 : 0;
    }
  }
}

}  // namespace

TEST_CASE("slot_from_def: a value with a slot is always reported there; the changes of registers are listed") {
  TrackTotals tracked;
  for (u32 seed = 1; seed <= 40; ++seed) {
    INFO("seed ", seed);
    RandomFunction r(seed, ir::CallConv::custom0);
    Compiled c;
    REQUIRE(c.compile(r.f));
    c.on_values = compare_tracks;
    c.values_context = &tracked;
    for (u32 which = 1; which <= r.guards; ++which)
      c.block.as<u64(u64, u64, u64, double)>()(which, seed, ~u64{seed}, 0.5 * seed);
  }
  MESSAGE("in registers ", tracked.registers, ", in slots ", tracked.slots, ", moved ", tracked.moved);
  CHECK(tracked.registers > 150);
  CHECK(tracked.slots > 50);
  CHECK(tracked.moved > 50);
}

TEST_CASE("frame states: the address of a stack slot, and a stack argument where the caller put it") {
  const Type i = Type::i64;
  speculation::Subject of({i, i, i, i, i, i, i, i, i, i}, {i});
  ir::Builder& b = of.b;
  const Value address = b.stack_addr(b.new_slot(24, 8));
  const FrameEntry entries[] = {{FrameEntry::Kind::value, address.id, 1}, {FrameEntry::Kind::value, of.param(9).id, 2}};
  const ir::FrameStateRef s = b.frame_state(5, entries);
  b.store(address, of.param(0));
  b.guard(b.icmp(ir::ICond::ult, of.param(1), b.i64(10)), s);
  b.ret({b.add(b.load(i, address), of.param(9))});
  Compiled c;
  REQUIRE(c.compile(of.f));
  // The slot is read while the frame is there.
  c.on_exit = [](Compiled& self, MachineState&) {
    std::memcpy(&self.returns, reinterpret_cast<const void*>(self.values[self.exited->first_value].lo), 8);
    return false;
  };
  using Ten = u64(u64, u64, u64, u64, u64, u64, u64, u64, u64, u64);
  CHECK(c.block.as<Ten>()(77, 9, 0, 0, 0, 0, 0, 0, 0, 1000) == 1077);
  CHECK(c.exits == 0);
  CHECK(c.block.as<Ten>()(77, 10, 0, 0, 0, 0, 0, 0, 0, 1000) == 77);
  CHECK(c.exits == 1);
  CHECK(c.state()->id == 5);
  CHECK(c.values[c.state()->first_value + 1].lo == 1000);
}

TEST_CASE("frame states: a frame whose return address is signed is left, and returns by itself") {
  speculation::Subject of({Type::i64}, {Type::i64});
  ir::Builder& b = of.b;
  const Value x = of.param(0);
  const ir::SigRef word = of.module.add_signature({Type::i64}, {Type::i64});
  const Value y = b.result(b.call_indirect(word, b.ptr(reinterpret_cast<u64>(&callee)), {x}));
  const FrameEntry entries[] = {{FrameEntry::Kind::value, y.id, 0}};
  b.guard(b.icmp(ir::ICond::ult, x, b.i64(10)), b.frame_state(1, entries));
  b.ret({b.result(b.call_indirect(word, b.ptr(reinterpret_cast<u64>(&callee)), {y}))});
  for (const bool sign : {false, true}) {
    Compiled c;
    c.return_signing = sign;
    REQUIRE(c.compile(of.f));
    u32 signed_rows = 0;
    for (const CfiRow& r : c.cfi) signed_rows += r.op == CfiOp::negate_ra_state ? 1 : 0;
    CHECK(signed_rows == (sign && host_machine == Machine::arm64 ? 2 : 0));
    CHECK(c.block.as<u64(u64)>()(5) == callee(callee(5)));
    CHECK(c.exits == 0);
    CHECK(c.block.as<u64(u64)>()(11) == c.returns);
    CHECK(c.exits == 1);
    CHECK(c.values[c.state()->first_value].lo == callee(11));
  }
}

TEST_CASE("exit thunk: a handler changes registers and goes on behind the guard") {
  speculation::Subject of({Type::i64, Type::i64}, {Type::i64});
  ir::Builder& b = of.b;
  const Value x = of.param(0), y = of.param(1);
  const FrameEntry entries[] = {{FrameEntry::Kind::value, y.id, 0}};
  b.guard(b.icmp(ir::ICond::ult, x, b.i64(10)), b.frame_state(1, entries));
  b.ret({b.add(y, b.i64(1))});
  Compiled c;
  REQUIRE(c.compile(of.f));
  c.on_exit = [](Compiled& self, MachineState& s) {
    const Location& l = self.map->entries(*self.exited)[0].part[0];
    if (l.kind != Location::Kind::reg) return false;
    s[l.reg] += 100;
    const LocationMap::Site& site = self.map->sites[0];
    // The branch is 2 or 6 bytes long on x86-64 (jcc), 4 on AArch64.
    const u8* code = reinterpret_cast<const u8*>(self.block.run + site.offset);
    const u32 length = host_machine == Machine::arm64 ? 4 : code[0] == 0x0f ? 6 : 2;
    s.pc = self.block.run + site.offset + length;
    return true;
  };
  CHECK(c.block.as<u64(u64, u64)>()(9, 5) == 6);
  CHECK(c.block.as<u64(u64, u64)>()(10, 5) == 106);
}

TEST_CASE("location map: a safepoint lists its references and has no exit") {
  speculation::Subject of({Type::ref, Type::i64}, {Type::ref});
  ir::Builder& b = of.b;
  const FrameEntry entries[] = {{FrameEntry::Kind::value, of.param(0).id, 11},
                                {FrameEntry::Kind::value, of.param(1).id, 12},
                                {FrameEntry::Kind::value, b.null_ref().id, 13}};
  b.safepoint(b.frame_state(4, entries));
  b.ret({of.param(0)});
  Compiled c;
  REQUIRE(c.compile(of.f));
  REQUIRE(c.map->sites.size() == 1);
  CHECK(c.map->sites[0].kind == LocationMap::SiteKind::safepoint);
  CHECK(c.map->site_at(c.map->sites[0].offset) == &c.map->sites[0]);
  const LocationMap::State& state = c.map->states[0];
  CHECK(state.stub == LocationMap::no_stub);
  CHECK(state.id == 4);
  u32 references = 0;
  for (const FrameValue& v : c.map->entries(state))
    if (v.type == static_cast<u8>(Type::ref)) ++references;
  CHECK(references == 2);
  CHECK(c.map->entries(state)[0].part[0].kind == Location::Kind::reg);
  CHECK(c.map->entries(state)[0].part[0].reg != c.map->entries(state)[1].part[0].reg);
  CHECK(c.map->entries(state)[2].part[0].kind == Location::Kind::constant);
}

TEST_CASE("location map: a copy outlives the compiler, places without frame states make none") {
  OwnedLocationMap map;
  CHECK(map.copy({}).ok());
  CHECK(map->empty());
  CHECK(map->site_at(0) == nullptr);
  CHECK(map->state_of_stub(0) == nullptr);
}
