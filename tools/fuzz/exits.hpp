// Frame states at the exits that calls leave through and at the safepoints and patch points they come to: what the
// interpreter has there, and what stands in the places that the compiled function's LocationMap names.
//
// Invariant: the two are compared as a consumer meets them, by the state's id, keys, types and virtual objects, not by
// numbers of the function, which the optimiser may have changed in between. States of points have ids of their own.
#ifndef JITKIT_TOOLS_FUZZ_EXITS_HPP
#define JITKIT_TOOLS_FUZZ_EXITS_HPP

#include <fmt/format.h>
#include <jitkit/ir/constant_text.hpp>
#include <jitkit/ir/float_format.hpp>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/support/location_map.hpp>

#include <bit>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "guest.h"

namespace jitkit::fuzz {

using ir::Datum;
using ir::Type;

// A value as text that reads back as the same bits.
inline std::string constant_text(Type t, const Datum& d) {
  std::string s;
  StringSink out(s);
  ir::print_constant(out, t, d.low);
  return s;
}
inline bool is_nan(Type t, const Datum& d) { return ir::is_float(t) && ir::format_of(t).is_nan(d.low.lo); }
// A NaN is as good as another.
inline bool same(Type t, const Datum& want, const Datum& got) { return is_nan(t, want) ? is_nan(t, got) : want == got; }

struct FrameAtExit {
  struct Entry {
    u64 key = 0;
    Type type = Type::none;  // none: the object
    u32 object = 0;
    Datum value = {};
  };
  struct Object {
    u64 descriptor = 0;
    usize first = 0, fields = 0;  // of values
    friend bool operator==(const Object&, const Object&) = default;
  };
  u64 id = 0;
  std::vector<Entry> values = {};  // the entries, then the objects' fields
  std::vector<Object> objects = {};

  // Where the interpreter's run of f ended.
  static FrameAtExit interpreted(ir::Interpreter& in, const ir::FunctionData& f, ir::FrameStateRef ref) {
    const ir::FrameState& s = f.frame_states[ref.id];
    FrameAtExit e;
    e.id = s.id;
    const auto add = [&](u32 first, u32 count) {
      for (const ir::FrameEntry& x : f.frame_entries.slice(first, count)) {
        Entry& to = e.values.emplace_back();
        to.key = x.key;
        if (x.kind == ir::FrameEntry::Kind::virtual_object) {
          to.object = x.index;
          continue;
        }
        const ir::Value v(x.index);
        to.type = f.type(v);
        to.value = f.is_constant(v) ? Datum{{f.constant(v).lo, f.constant(v).hi}} : in.value(v);
      }
    };
    add(s.first_entry, s.entries);
    for (const ir::VirtualObject& o : f.virtual_objects.slice(s.first_object, s.objects)) {
      e.objects.push_back({o.descriptor, e.values.size(), o.fields});
      add(o.first_field, o.fields);
    }
    return e;
  }

  bool matches(const FrameAtExit& got) const {
    if (id != got.id || objects != got.objects || values.size() != got.values.size()) return false;
    for (usize n = 0; n < values.size(); ++n) {
      const Entry &w = values[n], &g = got.values[n];
      if (w.key != g.key || w.type != g.type || w.object != g.object || !same(w.type, w.value, g.value)) return false;
    }
    return true;
  }

  std::string text(const char* what = "exit") const {
    std::string s = fmt::format("{} {} [", what, id);
    usize n = 0;
    const auto add = [&](usize end) {
      for (const char* between = ""; n < end; ++n, between = ", ")
        s += fmt::format("{}{}: {}", between, values[n].key,
                         values[n].type == Type::none ? fmt::format("object {}", values[n].object)
                                                      : constant_text(values[n].type, values[n].value));
    };
    add(objects.empty() ? values.size() : objects[0].first);
    for (const Object& o : objects) {
      s += fmt::format("; object of {}: ", o.descriptor);
      add(o.first + o.fields);
    }
    return s + "]";
  }
};

// What a patched patch point gives as its result k, the same for all executors.
inline u64 patch_result(u64 state, u32 k, Type t) {
  const u64 n = (state + 1) * 0x9e3779b97f4a7c15 + k;
  if (t == Type::f64) return std::bit_cast<u64>(static_cast<double>(n >> 40));
  return n & low_mask(ir::bits(t) < 64 ? ir::bits(t) : 64);
}
// A point a call came to.
struct Stop {
  bool safepoint = false;
  FrameAtExit frame = {};
  std::vector<FrameAtExit::Entry> operands = {};  // of a patch point

  static Stop interpreted(ir::Interpreter& in, const ir::FunctionData& f, ir::Inst at) {
    Stop s{f[at].op == ir::Opcode::safepoint, FrameAtExit::interpreted(in, f, ir::FrameStateRef(f[at].aux)), {}};
    for (const u32 n : f.operands(at)) {
      const ir::Value v(n);
      s.operands.push_back({s.operands.size(), f.type(v), 0,
                            f.is_constant(v) ? Datum{{f.constant(v).lo, f.constant(v).hi}} : in.value(v)});
    }
    return s;
  }
  bool matches(const Stop& got) const {
    if (safepoint != got.safepoint || !frame.matches(got.frame) || operands.size() != got.operands.size()) return false;
    for (usize n = 0; n < operands.size(); ++n)
      if (operands[n].type != got.operands[n].type || !same(operands[n].type, operands[n].value, got.operands[n].value))
        return false;
    return true;
  }
  std::string text() const {
    std::string s = frame.text(safepoint ? "safepoint" : "patch point");
    for (usize n = 0; n < operands.size(); ++n)
      s += (n == 0 ? " of " : ", ") + constant_text(operands[n].type, operands[n].value);
    return s;
  }
};

// The points a call came to, in their order.
//
// Of a safepoint that comes again before any other point only the first time counts: the process that runs the code
// cannot stop there again. Neither do those count that an executor does not stop at.
struct Stops {
  static constexpr usize most = 512;  // of the interpreter's

  std::vector<Stop> list = {};
  bool cut = false;                                          // there may have been more
  std::shared_ptr<const std::set<u64>> unwatched = nullptr;  // by the executor: ids of states

  void add(Stop s) {
    cut = cut || list.size() == most;
    if (!cut) list.push_back(std::move(s));
  }
  // How `got` differs from these, the interpreter's; nothing if it does not.
  std::string difference(const Stops& got) const {
    const std::vector<const Stop*> w = counted(got), g = got.counted(got);
    for (usize n = 0; n < w.size() || n < g.size(); ++n) {
      if ((n >= w.size() && cut) || (n >= g.size() && got.cut)) return {};
      if (n < w.size() && n < g.size() && w[n]->matches(*g[n])) continue;
      const auto text = [n](const std::vector<const Stop*>& s) {
        return n < s.size() ? s[n]->text() : "no other point";
      };
      return fmt::format("stop {}: {}, not {}", n + 1, text(g), text(w));
    }
    return {};
  }

 private:
  std::vector<const Stop*> counted(const Stops& by) const {
    std::vector<const Stop*> c;
    for (const Stop& s : list) {
      if (by.unwatched != nullptr && by.unwatched->contains(s.frame.id)) continue;
      if (!s.safepoint || c.empty() || c.back()->frame.id != s.frame.id) c.push_back(&s);
    }
    return c;
  }
};

// The exits and points of compiled functions in a request, and what they were seen to hold.
class ExitPlaces {
 public:
  struct Seen {
    u64 exits = 0, safepoints = 0, patch_points = 0, registers = 0, memory = 0, constants = 0, objects = 0;
    u64 watched = 0, unwatched = 0;  // safepoints in the code

    void add(const Seen& s) {
      exits += s.exits;
      safepoints += s.safepoints;
      patch_points += s.patch_points;
      watched += s.watched;
      unwatched += s.unwatched;
      registers += s.registers;
      memory += s.memory;
      constants += s.constants;
      objects += s.objects;
    }
  };

  void clear() {
    exits_.clear();
    points_.clear();
  }

  // What the code at an address is to the process that runs it.
  struct Place {
    enum class Kind : u8 { exit, safepoint, patch_point, landing };
    Kind kind;
    bool puts;        // a patch point with results: never left as it is
    u64 address, to;  // landing: where to; patch point: its exit
    std::vector<fuzz_place> places;
  };

  // put(Place) for each place of code at `base` that may leave or be stopped at; what is wrong with the map, or
  // nothing. `blocks`: where the code of blocks begins and ends. A safepoint is no code: one where a block begins or
  // ends, or another point is, cannot be told from what else comes to that address; it goes to `unwatched`.
  template <class Put>
  std::string add(const LocationMap& map, Span<const u32> blocks, u64 base, std::set<u64>& unwatched, Seen& seen,
                  Put put) {
    for (const LocationMap::State& s : map.states)
      if (s.stub != LocationMap::no_stub)
        if (const std::string wrong = add(map, s, base + s.stub, put); !wrong.empty()) return wrong;
    const auto is_point = [](const LocationMap::Site& s) {
      return s.kind == LocationMap::SiteKind::safepoint || s.kind == LocationMap::SiteKind::patch_point;
    };
    for (u32 n = 0; n < map.sites.size(); ++n) {
      const LocationMap::Site& site = map.sites[n];
      const LocationMap::State& state = map.states[site.state];
      const u64 address = base + site.offset, stub = base + state.stub;
      if (site.kind == LocationMap::SiteKind::load) put(Place{Place::Kind::landing, false, address, stub, {}});
      if (!is_point(site)) continue;
      bool alone = true;
      if (site.kind == LocationMap::SiteKind::safepoint) {
        for (const u32 b : blocks) alone = alone && b != site.offset;
        for (u32 k = n + 1; k < map.sites.size() && map.sites[k].offset == site.offset; ++k)
          alone = alone && !is_point(map.sites[k]);
        ++(alone ? seen.watched : seen.unwatched);
      }
      if (!alone)
        unwatched.insert(state.id);
      else if (const std::string wrong = add(map, site, address, stub, put); !wrong.empty())
        return wrong;
    }
    return {};
  }

  FrameAtExit read(const fuzz_answer& a, Seen& seen) const {
    const Exit& e = exits_.at(a.at);
    FrameAtExit f = e.frame;
    const u8* from = &a.slots[0][0];
    ++seen.exits;
    seen.objects += f.objects.size();
    read(f.values, e.where, from, seen);
    return f;
  }

  // The stop that was told from `from` on, of which there are `left` bytes; false: it makes no sense.
  bool read_stop(const u8*& from, usize left, Stop& s, Seen& seen) const {
    u64 address = 0;
    if (left < sizeof address) return false;
    std::memcpy(&address, from, sizeof address);
    from += sizeof address;
    const auto found = points_.find(address);
    if (found == points_.end() || left - sizeof address < found->second.slots * fuzz_slot_bytes) return false;
    const Point& p = found->second;
    s = p.stop;
    ++(s.safepoint ? seen.safepoints : seen.patch_points);
    seen.objects += s.frame.objects.size();
    read(s.frame.values, p.where, from, seen);
    read(s.operands, p.operands, from, seen);
    return true;
  }

 private:
  struct Exit {
    FrameAtExit frame;  // but the values
    std::vector<FrameValue> where;
  };
  struct Point {
    Stop stop;  // but the values
    std::vector<FrameValue> where, operands;
    usize slots = 0;
  };

  static void read(std::vector<FrameAtExit::Entry>& values, const std::vector<FrameValue>& where, const u8*& from,
                   Seen& seen) {
    for (usize n = 0; n < values.size(); ++n)
      for (u32 k = 0; k < where[n].parts; ++k) {
        const Location& l = where[n].part[k];
        Bits b{l.low, l.high};
        if (l.kind != Location::Kind::constant) {
          std::memcpy(&b, from, sizeof b);
          from += fuzz_slot_bytes;
        }
        if (l.kind == Location::Kind::constant) ++seen.constants;
        if (l.kind == Location::Kind::reg) ++seen.registers;
        if (l.kind == Location::Kind::memory) ++seen.memory;
        Bits& to = values[n].value.low;
        if (where[n].parts == 2)
          (k == 0 ? to.lo : to.hi) = b.lo;
        else if (const u32 bits = where[n].bits; bits <= 64)
          to = {b.lo & low_mask(bits), 0};
        else
          to = b;
      }
  }

  template <class Put>
  std::string add(const LocationMap& map, const LocationMap::State& s, u64 address, Put put) {
    Exit e;
    Place place{Place::Kind::exit, false, address, 0, {}};
    const std::string wrong = add(map, s, e.frame, e.where, place.places);
    if (wrong.empty() && place.places.size() > fuzz_slots)
      return fmt::format("the frame state {} has too many values", s.id);
    put(place);
    exits_[address] = std::move(e);
    return wrong;
  }
  template <class Put>
  std::string add(const LocationMap& map, const LocationMap::Site& site, u64 address, u64 stub, Put put) {
    const LocationMap::State& state = map.states[site.state];
    Point p;
    p.stop.safepoint = site.kind == LocationMap::SiteKind::safepoint;
    Place place{
        p.stop.safepoint ? Place::Kind::safepoint : Place::Kind::patch_point, site.results != 0, address, stub, {}};
    std::string wrong = add(map, state, p.stop.frame, p.where, place.places);
    for (const FrameValue& v : map.operands(site)) {
      p.operands.push_back(v);
      p.stop.operands.push_back({v.key, static_cast<Type>(v.type), 0, {}});
      for (u32 k = 0; k < v.parts; ++k)
        if (v.part[k].kind != Location::Kind::constant && !add(v, v.part[k], place.places))
          wrong = fmt::format("the map gives no place for operand {} of the patch point {}", v.key, state.id);
    }
    p.slots = place.places.size();
    for (const FrameValue& v : map.results(site)) {
      const usize before = place.places.size();
      fuzz_place* to = v.parts == 1 && add(v, v.part[0], place.places) ? &place.places[before] : nullptr;
      if (to == nullptr || to->kind == fuzz_address)
        return fmt::format("the map gives no place for result {} of the patch point {}", v.key, state.id);
      to->kind = to->kind == fuzz_in_register ? fuzz_put_register : fuzz_put_memory;
      to->value = patch_result(state.id, static_cast<u32>(v.key), static_cast<Type>(v.type));
    }
    place.places.insert(place.places.begin(), {fuzz_goes_on, 0, 0, 1, site.bytes, 0});
    put(place);
    points_[address] = std::move(p);
    return wrong;
  }
  static std::string add(const LocationMap& map, const LocationMap::State& s, FrameAtExit& frame,
                         std::vector<FrameValue>& where, std::vector<fuzz_place>& places) {
    frame.id = s.id;
    std::string wrong;
    const auto take = [&](std::span<const FrameValue> values) {
      for (const FrameValue& v : values) {
        where.push_back(v);
        frame.values.push_back({v.key, v.is_object() ? Type::none : static_cast<Type>(v.type), v.object, {}});
        for (u32 k = 0; k < v.parts; ++k)
          if (v.part[k].kind != Location::Kind::constant && !add(v, v.part[k], places))
            wrong = fmt::format("the map gives no place for {} of the frame state {}", v.key, s.id);
      }
    };
    take(map.entries(s));
    for (const LocationMap::Object& o : map.objects_of(s)) {
      frame.objects.push_back({o.descriptor, frame.values.size(), o.fields});
      take(map.fields(o));
    }
    return wrong;
  }
  // False: nowhere, or where no value of a random program is.
  static bool add(const FrameValue& v, const Location& l, std::vector<fuzz_place>& places) {
    fuzz_place p{0, l.reg.id, l.offset, l.align, v.parts == 2 ? 8U : (v.bits + 7U) / 8, 0};
    switch (l.kind) {
      case Location::Kind::reg: p.kind = fuzz_in_register; break;
      case Location::Kind::memory: p.kind = fuzz_in_memory; break;
      case Location::Kind::address: p.kind = fuzz_address; break;
      default: return false;
    }
    places.push_back(p);
    return p.bytes <= fuzz_slot_bytes;
  }

  std::map<u64, Exit> exits_;
  std::map<u64, Point> points_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_EXITS_HPP
