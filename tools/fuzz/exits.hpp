// Frame states at the exits that calls leave through: what the interpreter has there, and what stands in the places
// that the compiled function's LocationMap names.
//
// Invariant: the two are compared as a consumer meets them, by the state's id, keys, types and virtual objects, not by
// numbers of the function, which the optimiser may have changed in between.
#ifndef JITKIT_TOOLS_FUZZ_EXITS_HPP
#define JITKIT_TOOLS_FUZZ_EXITS_HPP

#include <fmt/format.h>
#include <jitkit/ir/constant_text.hpp>
#include <jitkit/ir/float_format.hpp>
#include <jitkit/ir/interpreter.hpp>
#include <jitkit/ir/support/location_map.hpp>

#include <cstring>
#include <map>
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
inline bool same(Type t, const Datum& want, const Datum& got) {
  return is_nan(t, want) ? is_nan(t, got) : want == got;
}

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

  std::string text() const {
    std::string s = fmt::format("exit {} [", id);
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

// The exits of compiled functions in a request, and what they were seen to hold.
class ExitPlaces {
 public:
  struct Seen {
    u64 exits = 0, registers = 0, memory = 0, constants = 0, objects = 0;

    void add(const Seen& s) {
      exits += s.exits;
      registers += s.registers;
      memory += s.memory;
      constants += s.constants;
      objects += s.objects;
    }
  };

  void clear() { exits_.clear(); }

  // put(address, places) for each place of code at `base` that may leave; what is wrong with the map, or nothing.
  template <class Put>
  std::string add(const LocationMap& map, u64 base, Put put) {
    for (const LocationMap::State& s : map.states)
      if (s.stub != LocationMap::no_stub)
        if (const std::string wrong = add(map, s, base + s.stub, put); !wrong.empty()) return wrong;
    for (const LocationMap::Site& site : map.sites)
      if (site.kind == LocationMap::SiteKind::load)
        if (const std::string wrong = add(map, map.states[site.state], base + site.offset, put); !wrong.empty())
          return wrong;
    return {};
  }

  FrameAtExit read(const fuzz_answer& a, Seen& seen) const {
    const Exit& e = exits_.at(a.at);
    FrameAtExit f = e.frame;
    ++seen.exits;
    seen.objects += f.objects.size();
    usize slot = 0;
    for (usize n = 0; n < f.values.size(); ++n)
      for (u32 k = 0; k < e.where[n].parts; ++k) {
        const Location& l = e.where[n].part[k];
        Bits b{l.low, l.high};
        if (l.kind != Location::Kind::constant) std::memcpy(&b, a.slots[slot++], sizeof b);
        if (l.kind == Location::Kind::constant) ++seen.constants;
        if (l.kind == Location::Kind::reg) ++seen.registers;
        if (l.kind == Location::Kind::memory) ++seen.memory;
        Bits& to = f.values[n].value.low;
        if (e.where[n].parts == 2)
          (k == 0 ? to.lo : to.hi) = b.lo;
        else if (const u32 bits = e.where[n].bits; bits <= 64)
          to = {b.lo & low_mask(bits), 0};
        else
          to = b;
      }
    return f;
  }

 private:
  struct Exit {
    FrameAtExit frame;  // but the values
    std::vector<FrameValue> where;
  };

  template <class Put>
  std::string add(const LocationMap& map, const LocationMap::State& s, u64 address, Put put) {
    Exit e;
    e.frame.id = s.id;
    std::vector<fuzz_place> places;
    std::string wrong;
    const auto take = [&](std::span<const FrameValue> values) {
      for (const FrameValue& v : values) {
        e.where.push_back(v);
        e.frame.values.push_back({v.key, v.is_object() ? Type::none : static_cast<Type>(v.type), v.object, {}});
        for (u32 k = 0; k < v.parts; ++k)
          if (v.part[k].kind != Location::Kind::constant && !add(v, v.part[k], places))
            wrong = fmt::format("the map gives no place for {} of the frame state {}", v.key, s.id);
      }
    };
    take(map.entries(s));
    for (const LocationMap::Object& o : map.objects_of(s)) {
      e.frame.objects.push_back({o.descriptor, e.frame.values.size(), o.fields});
      take(map.fields(o));
    }
    if (places.size() > fuzz_slots) wrong = fmt::format("the frame state {} has too many values", s.id);
    put(address, std::span<const fuzz_place>(places));
    exits_[address] = std::move(e);
    return wrong;
  }
  // False: nowhere, or where no value of a random program is.
  static bool add(const FrameValue& v, const Location& l, std::vector<fuzz_place>& places) {
    fuzz_place p{0, l.reg.id, l.offset, l.align, v.parts == 2 ? 8U : (v.bits + 7U) / 8};
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
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_EXITS_HPP
