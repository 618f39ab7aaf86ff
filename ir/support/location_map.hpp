// LocationMap: where the values of a compiled function's frame states are, at each place that can leave
// it or stop in it (guards, trapping loads, patch points, safepoints), and where its native exits are.
//
// Invariants: plain data, without the function it was made from: the run time reads it long after the
// compiler went on. All places that name one frame state share its values. Offsets of code count from
// the function's start. A value's bits above its type's width are unspecified in its place; reading it
// clears them. Of a frame that asks for slot_from_def there are tracks: where each value of a frame state
// is over its whole life, for a compiler that goes on from an exit with the values where they are.
#ifndef JITKIT_IR_SUPPORT_LOCATION_MAP_HPP
#define JITKIT_IR_SUPPORT_LOCATION_MAP_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/form.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/status.hpp>

#include <cstdlib>
#include <cstring>
#include <type_traits>

namespace jitkit::inline JITKIT_ABI {

// Where a value is, or its half of 64 bits.
struct Location {
  enum class Kind : u8 {
    none,
    reg,       // in `reg`
    memory,    // at [reg + offset]
    address,   // the value is reg + offset, rounded down to a multiple of `align`
    symbol,    // the value is the address of the module's symbol `low`, plus offset
    constant,  // low, high
  };
  Kind kind = Kind::none;
  PReg reg;
  u16 align = 1;
  i32 offset = 0;
  u64 low = 0;
  u64 high = 0;

  friend constexpr bool operator==(const Location&, const Location&) = default;
};

// An entry of a frame state or a field of one of its virtual objects.
struct FrameValue {
  u64 key = 0;      // the consumer's name for it
  u16 bits = 0;     // of its type
  u8 type = 0;      // ir::Type
  u8 parts = 0;     // 1; 2: the halves of an i128; 0: virtual object `object`
  u32 object = 0;   // index among the state's objects
  u32 value = 0;    // ir::Value; 0 for an object
  Location part[2];

  bool is_object() const { return parts == 0; }
};

struct LocationMap {
  struct Object {
    u64 descriptor;
    u32 first_field;  // into values
    u32 fields;
  };
  struct State {
    u64 id;  // the consumer's: bytecode position, snapshot number
    u32 first_value;  // entries, in their order
    u32 entries;
    u32 first_object;
    u32 objects;
    u32 stub;  // offset of its exit stub; no_stub: nothing leaves through it
  };
  enum class SiteKind : u8 { guard, load, patch_point, safepoint };
  struct Site {
    u32 offset;  // of the branch (the first of two for floats on x86-64), the load, the patch area, the point
    u32 bytes;   // of the patch area; else 0
    u32 state;   // index into states
    SiteKind kind;
    // Of a patch point: what patched code gets and has to give; keys are their numbers.
    u32 first_value = 0;  // into values: operands, then results
    u32 operands = 0;
    u32 results = 0;
  };
  static constexpr u32 no_stub = ~u32{0};
  // A place where control leaves through a native exit.
  struct NativeExit {
    u32 offset;  // of the branch; of the code's end for an exit without a target
    u32 exit;    // ir::ExitRef
  };
  // A value that frame states name, or its half: its one place in memory (a slot stored at the definition,
  // an incoming slot; how it is made again; none: it never leaves its registers), and its registers.
  struct Track {
    u32 value;  // ir::Value
    u32 part;
    Location memory;
    u32 first_change;  // into changes
    u32 changes;
  };
  // From `offset` on the value is in `reg`, until the track's next change; invalid: in no register.
  struct RegisterChange {
    u32 offset;
    u32 site;  // the first site it is true of; index into sites
    PReg reg;
  };

  Span<const Site> sites;  // by offset
  Span<const State> states;
  Span<const Object> objects;
  Span<const FrameValue> values;
  Span<const NativeExit> exits;        // by offset
  Span<const Track> tracks;            // as states name their values first
  Span<const RegisterChange> changes;  // of a track: by offset

  bool empty() const { return sites.empty(); }
  Span<const FrameValue> operands(const Site& s) const { return values.subspan(s.first_value, s.operands); }
  Span<const FrameValue> results(const Site& s) const {
    return values.subspan(s.first_value + s.operands, s.results);
  }
  Span<const FrameValue> entries(const State& s) const { return values.subspan(s.first_value, s.entries); }
  Span<const Object> objects_of(const State& s) const { return objects.subspan(s.first_object, s.objects); }
  Span<const FrameValue> fields(const Object& o) const { return values.subspan(o.first_field, o.fields); }

  Span<const RegisterChange> changes_of(const Track& t) const { return changes.subspan(t.first_change, t.changes); }

  // The track of a value; null if no frame state names it or the frame asks for none.
  const Track* track_of(u32 value, u32 part = 0) const {
    for (const Track& t : tracks)
      if (t.value == value && t.part == part) return &t;
    return nullptr;
  }
  // The register a value is in at a site; invalid: in none.
  PReg register_at(const Track& t, u32 site) const {
    PReg r;
    for (const RegisterChange& c : changes_of(t))
      if (c.site <= site) r = c.reg;
    return r;
  }
  // The site at an offset; null if there is none.
  const Site* site_at(u32 offset) const {
    for (const Site& s : sites)
      if (s.offset == offset) return &s;
    return nullptr;
  }
  // The state whose exit stub is at an offset; null if there is none.
  const State* state_of_stub(u32 offset) const {
    for (const State& s : states)
      if (s.stub == offset) return &s;
    return nullptr;
  }
};

// A LocationMap with memory of its own.
class OwnedLocationMap {
 public:
  OwnedLocationMap() = default;
  OwnedLocationMap(const OwnedLocationMap&) = delete;
  OwnedLocationMap& operator=(const OwnedLocationMap&) = delete;
  ~OwnedLocationMap() { std::free(memory_); }

  const LocationMap& operator*() const { return map_; }
  const LocationMap* operator->() const { return &map_; }

  Status copy(const LocationMap& from) {
    std::free(memory_);
    memory_ = nullptr;
    map_ = {};
    const usize bytes = from.sites.size_bytes() + from.states.size_bytes() + from.objects.size_bytes() +
                        from.values.size_bytes() + from.exits.size_bytes() + from.tracks.size_bytes() +
                        from.changes.size_bytes() + 7 * alignof(FrameValue);
    memory_ = std::malloc(bytes);
    if (memory_ == nullptr) return {Error::out_of_memory, 0, bytes};
    u8* at = static_cast<u8*>(memory_);
    take(at, map_.values, from.values);
    take(at, map_.states, from.states);
    take(at, map_.objects, from.objects);
    take(at, map_.sites, from.sites);
    take(at, map_.exits, from.exits);
    take(at, map_.tracks, from.tracks);
    take(at, map_.changes, from.changes);
    return {};
  }

 private:
  template <class T>
  static void take(u8*& at, Span<const T>& to, Span<const T> from) {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) <= alignof(FrameValue));
    if (!from.empty()) std::memcpy(at, from.data(), from.size_bytes());
    to = {reinterpret_cast<const T*>(at), from.size()};
    at += (from.size_bytes() + alignof(FrameValue) - 1) & ~(alignof(FrameValue) - 1);
  }

  void* memory_ = nullptr;
  LocationMap map_;
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_IR_SUPPORT_LOCATION_MAP_HPP
