// Exits of a function while it is emitted: which places refer to frame states, the stubs they branch to,
// and in the end the LocationMap of them all.
//
// Invariants: one stub per frame state that something can leave through (guards, trapping loads, patch
// points); number 0 is that of ops that trap. The values of all places with one frame state are in one
// place each: the allocator sees to it and its checker proves it, so the first place speaks for all.
// Changes are noted in program order, as the emitter reaches the instructions they begin with.
#ifndef JITKIT_IR_EXITS_HPP
#define JITKIT_IR_EXITS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/frame_state.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/location_map.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// A place that refers to a frame state: a guard's branch, a load that may fault, a safepoint or a patch
// point. `inst` is its MachInst, whose last operands hold the values' places.
struct ExitSite {
  u32 offset;  // bytes from the start of the function
  u32 inst;
  FrameStateRef state;
};

template <class Label>
class Exits {
 public:
  struct Stub {
    Label label;
    u32 state;   // FrameStateRef; 0: a trap of an op
    u32 offset;  // from the start of the function, once it is emitted
  };

  Exits(const FunctionData& fn, const MachFunction& mf, Arena& arena)
      : fn_(fn), mf_(mf), sites_(arena), stubs_(arena), stub_index_(arena), state_index_(arena), map_sites_(arena),
        states_(arena), objects_(arena), values_(arena), native_(arena), track_index_(arena), tracks_(arena),
        noted_(arena), changes_(arena) {}

  void record(const MachInst& m, u32 offset) {
    sites_.push({offset, static_cast<u32>(&m - mf_.insts.data()), m.state});
  }
  // Where exits through the frame state branch to; new_label() makes a label.
  template <class NewLabel>
  Label stub(u32 state, NewLabel new_label) {
    if (stub_index_.empty() && !stub_index_.assign(fn_.frame_states.size(), 0)) return Label();
    u32& index = stub_index_[state];
    if (index == 0 && stubs_.push({new_label(), state, 0})) index = stubs_.size();
    return index != 0 ? stubs_[index - 1].label : Label();
  }
  Vec<Stub>& stubs() { return stubs_; }
  const Vec<ExitSite>& sites() const { return sites_; }
  // A native exit leaves at the offset.
  void record_native(u32 exit, u32 offset) { native_.push({offset, exit}); }
  // The next of the machine function's register changes begins here.
  bool note_change(u32 offset) {
    return noted_.push({offset, sites_.size(), mf_.register_changes[noted_.size()].reg});
  }
  u32 noted_changes() const { return noted_.size(); }

  // locate(Allocation, Location&) tells where a place of the allocator's is in the frame.
  template <class Locate>
  Status make_map(Locate locate) {
    if (sites_.empty()) return {};
    if (!state_index_.assign(fn_.frame_states.size(), 0)) return {};
    if (mf_.tracks_values && !track_index_.assign(mf_.vregs.size(), 0)) return {};
    if (!values_.reserve(fn_.frame_entries.size()) || !states_.reserve(fn_.frame_states.size()) ||
        !map_sites_.reserve(sites_.size()))
      return {};
    for (const ExitSite& s : sites_) {
      const MachInst& m = mf_.insts[s.inst];
      if (state_index_[m.state.id] == 0)
        if (const Status status = add_state(m, locate); !status) return status;
      LocationMap::Site site{s.offset, 0, state_index_[m.state.id] - 1, kind_of(m)};
      if (site.kind == LocationMap::SiteKind::patch_point) {
        site.bytes = static_cast<u32>(m.imm);
        if (!add_patch_values(m, site, locate)) return refuse(m);
      }
      map_sites_.push(site);
    }
    if (mf_.tracks_values) sort_changes();
    return {};
  }
  LocationMap map() const {
    return {{map_sites_.data(), map_sites_.size()},
            {states_.data(), states_.size()},
            {objects_.data(), objects_.size()},
            {values_.data(), values_.size()},
            {native_.data(), native_.size()},
            {tracks_.data(), tracks_.size()},
            {changes_.data(), changes_.size()}};
  }

  LocationMap::SiteKind kind_of(const MachInst& m) const {
    switch (fn_[m.inst].op) {
      case Opcode::load_trap: return LocationMap::SiteKind::load;
      case Opcode::patch_point: return LocationMap::SiteKind::patch_point;
      case Opcode::safepoint: return LocationMap::SiteKind::safepoint;
      default: return LocationMap::SiteKind::guard;
    }
  }

 private:
  // The values of m's state, which no other site has brought.
  template <class Locate>
  Status add_state(const MachInst& m, Locate& locate) {
    const FrameState& s = fn_.frame_states[m.state.id];
    u32 operand = m.first + m.operands - operands_of(s);
    LocationMap::State state{s.id, values_.size(), s.entries, objects_.size(), s.objects, LocationMap::no_stub};
    for (u32 n = 0; n < s.entries; ++n)
      if (!add_value(fn_.frame_entries[s.first_entry + n], operand, locate)) return refuse(m);
    for (u32 n = 0; n < s.objects; ++n) {
      const VirtualObject& o = fn_.virtual_objects[s.first_object + n];
      objects_.push({o.descriptor, values_.size(), o.fields});
      for (u32 k = 0; k < o.fields; ++k)
        if (!add_value(fn_.frame_entries[o.first_field + k], operand, locate)) return refuse(m);
    }
    if (!stub_index_.empty() && stub_index_[m.state.id] != 0) state.stub = stubs_[stub_index_[m.state.id] - 1].offset;
    states_.push(state);
    state_index_[m.state.id] = states_.size();
    return {};
  }
  // What a patch point gets and gives: its first operands.
  template <class Locate>
  bool add_patch_values(const MachInst& m, LocationMap::Site& site, Locate& locate) {
    u32 operand = m.first;
    site.first_value = values_.size();
    for (const u32 v : fn_.operands(m.inst))
      if (!add_place(Value(v), site.operands++, operand, locate)) return false;
    for (; site.results < fn_[m.inst].results; ++site.results)
      if (!add_place(fn_.result(m.inst, site.results), site.results, operand, locate)) return false;
    return true;
  }
  static Status refuse(const MachInst& m) { return {Error::unsupported, m.inst.id, m.form}; }

  bool has_operand(const FrameEntry& e) const {
    return e.kind == FrameEntry::Kind::value && !fn_.is_constant(Value(e.index));
  }
  u32 operands_of(const FrameEntry& e) const {
    return !has_operand(e) ? 0 : fn_.type(Value(e.index)) == Type::i128 ? 2 : 1;
  }
  // As selection added them.
  u32 operands_of(const FrameState& s) const {
    u32 count = 0;
    for (u32 n = 0; n < s.entries; ++n) count += operands_of(fn_.frame_entries[s.first_entry + n]);
    for (u32 n = 0; n < s.objects; ++n) {
      const VirtualObject& o = fn_.virtual_objects[s.first_object + n];
      for (u32 k = 0; k < o.fields; ++k) count += operands_of(fn_.frame_entries[o.first_field + k]);
    }
    return count;
  }

  template <class Locate>
  bool add_value(const FrameEntry& e, u32& operand, Locate& locate) {
    if (has_operand(e)) {
      if (mf_.tracks_values && !track(Value(e.index), operand, locate)) return false;
      return add_place(Value(e.index), e.key, operand, locate);
    }
    FrameValue* const v = new_value(e.key);
    if (v == nullptr) return true;
    if (e.kind == FrameEntry::Kind::virtual_object) {
      v->object = e.index;
    } else {
      v->value = e.index;
      set_type(*v, fn_.type(Value(e.index)));
      v->parts = 1;
      v->part[0].kind = Location::Kind::constant;
      v->part[0].low = fn_.constant(Value(e.index)).lo;
      v->part[0].high = fn_.constant(Value(e.index)).hi;
    }
    return true;
  }
  // One more of values_; none without memory, which the arena tells.
  FrameValue* new_value(u64 key) {
    FrameValue* const v = values_.extend(1);
    if (v != nullptr) {
      *v = {};
      v->key = key;
    }
    return v;
  }
  // A value whose place the next one or two operands of the instruction have.
  template <class Locate>
  [[gnu::always_inline]] bool add_place(Value value, u64 key, u32& operand, Locate& locate) {
    FrameValue* const v = new_value(key);
    if (v == nullptr) return true;
    const Type t = fn_.type(value);
    v->value = value.id;
    set_type(*v, t);
    v->parts = t == Type::i128 ? 2 : 1;
    for (u32 k = 0; k < v->parts; ++k)
      if (!locate(mf_.operands[operand++].alloc, v->part[k])) return false;
    return true;
  }
  // Begins the tracks of a value whose parts are the operands from `operand` on.
  template <class Locate>
  bool track(Value value, u32 operand, Locate& locate) {
    for (u32 k = 0; k < (fn_.type(value) == Type::i128 ? 2U : 1U); ++k) {
      const VReg v = mf_.operands[operand + k].vreg;
      u32& index = track_index_[v.id];
      if (index != 0) continue;
      const VRegData& d = mf_[v];
      const Allocation memory = d.spilled() ? Allocation::slot(d.slot) : d.memory;
      LocationMap::Track t{value.id, k, {}, 0, 0};
      if (memory && !locate(memory, t.memory)) return false;
      tracks_.push(t);
      index = tracks_.size();
    }
    return true;
  }
  // The noted changes by track.
  void sort_changes() {
    const auto track_of = [&](u32 n) { return track_index_[mf_.register_changes[n].vreg.id]; };
    for (u32 n = 0; n < noted_.size(); ++n)
      if (track_of(n) != 0) ++tracks_[track_of(n) - 1].changes;
    u32 total = 0;
    for (LocationMap::Track& t : tracks_) {
      t.first_change = total;
      total += t.changes;
      t.changes = 0;
    }
    if (!changes_.resize(total)) return;
    for (u32 n = 0; n < noted_.size(); ++n) {
      if (track_of(n) == 0) continue;  // an operand of a patch point that no state names
      LocationMap::Track& t = tracks_[track_of(n) - 1];
      changes_[t.first_change + t.changes++] = noted_[n];
    }
  }
  static void set_type(FrameValue& v, Type t) {
    v.type = static_cast<u8>(t);
    v.bits = static_cast<u16>(bits(t));
  }

  const FunctionData& fn_;
  const MachFunction& mf_;
  Vec<ExitSite> sites_;
  Vec<Stub> stubs_;
  Vec<u32> stub_index_;   // by FrameStateRef: 1 + index into stubs_
  Vec<u32> state_index_;  // by FrameStateRef: 1 + index into states_
  Vec<LocationMap::Site> map_sites_;
  Vec<LocationMap::State> states_;
  Vec<LocationMap::Object> objects_;
  Vec<FrameValue> values_;
  Vec<LocationMap::NativeExit> native_;
  Vec<u32> track_index_;  // by VReg: 1 + index into tracks_
  Vec<LocationMap::Track> tracks_;
  Vec<LocationMap::RegisterChange> noted_;  // as in the machine function
  Vec<LocationMap::RegisterChange> changes_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_EXITS_HPP
