// The allocator, its last phase: slots for the values that need one, the stores at their definitions,
// edge moves in sequence, and final slot numbers everywhere. Included by regalloc.hpp.
//
// Invariants: two values share a slot only if their ranges in the layout do not meet. Until
// name_slots() an Allocation::slot holds a VReg, and VReg 0 stands for the resolver's scratch.
#ifndef JITKIT_IR_REGALLOC_FRAME_HPP
#define JITKIT_IR_REGALLOC_FRAME_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

inline Status RegisterAllocator::lay_out_slots() {
  if (!spilled_.empty() || need_scratch_ || any_in_memory_) {
    name_late_places();
    if (!assign_slots()) return status_;
  }
  const u32 scratch_units = bytes(widest_vector_) / info_.slot_bytes;
  scratch_slot_ = static_cast<u32>(align_up(mf_.slot_count, scratch_units));
  resolve_edges();
  if (arena_.failed()) return arena_.status();
  if (need_scratch_) mf_.slot_count = scratch_slot_ + 2 * scratch_units;
  if (mf_.slot_count > info_.max_slots)
    return {Error::too_many_slots, 0, mf_.slot_count - info_.max_slots};
  insert_stores();
  name_slots();
  if (info_.slot_from_def) list_register_changes();
  return arena_.status();
}

// Frame states in which a value could not keep its register report its memory for all their guards.
inline void RegisterAllocator::name_late_places() {
  if (moved_states_.empty() && !info_.slot_from_def) return;
  for (u32 i = 0; i < mf_.insts.size(); ++i) {
    const MachInst& m = mf_.insts[i];
    if (!m.state) continue;
    for (Operand& o : mf_.operands_of(m)) {
      if (o.constraint != ConstraintKind::any || !o.alloc.is_reg()) continue;
      bool memory = info_.slot_from_def && mf_.vregs[o.vreg.id].spilled;
      for (const MovedState& s : moved_states_)
        memory = memory || (s.state == m.state.id && s.vreg == o.vreg.id);
      if (!memory) continue;
      o.alloc = memory_of(o.vreg.id);
      any_in_memory_ = true;
    }
  }
}

// Slots by the ranges of the values, in order of definition; a slot whose value has ended is used
// again.
inline bool RegisterAllocator::assign_slots() {
  sort_by_definition();
  struct Used {
    u32 end;
    u32 slot;
    u32 units;
  };
  Vec<Used> used(arena_);
  for (const u32 v : spilled_) {
    const u32 size = bytes(mf_.vregs[v].type);
    const u32 units = size <= info_.slot_bytes ? 1 : size / info_.slot_bytes;
    const LiveRange& range = live_.range(v);
    bool found = false;
    for (u32 n = 0; n < used.size() && n < slot_search_limit; ++n) {
      if (used[n].end > range.def || used[n].units != units) continue;
      mf_.vregs[v].slot = used[n].slot;
      used[n].end = range.end;
      const Used front = used[n];  // what was taken now ends latest: keep it behind the others
      used[n] = used.back();
      used[used.size() - 1] = front;
      found = true;
      break;
    }
    if (found) continue;
    const u32 slot = static_cast<u32>(align_up(mf_.slot_count, units));
    mf_.vregs[v].slot = slot;
    mf_.slot_count = slot + units;
    if (!used.push({range.end, slot, units})) return false;
  }
  if (mf_.slot_count > info_.max_slots) {
    status_ = {Error::too_many_slots, 0, mf_.slot_count - info_.max_slots};
    return false;
  }
  return true;
}

// spilled_ in order of definition: the order the stores have in the program.
inline void RegisterAllocator::sort_by_definition() {
  const auto key = [&](u32 v) { return live_.range(v).def; };
  Vec<u32> other(arena_);
  if (!other.resize(spilled_.size())) return;
  u32* from = spilled_.data();
  u32* to = other.data();
  const u32 count = spilled_.size();
  for (unsigned shift = 0; shift < 32; shift += 8) {
    u32 place[257] = {};
    for (u32 n = 0; n < count; ++n) ++place[(key(from[n]) >> shift & 255) + 1];
    for (u32 n = 0; n < 256; ++n) place[n + 1] += place[n];
    for (u32 n = 0; n < count; ++n) to[place[key(from[n]) >> shift & 255]++] = from[n];
    u32* t = from;
    from = to;
    to = t;
  }
}

inline void RegisterAllocator::resolve_edges() {
  Vec<Move> raw(arena_);
  if (!raw.append({mf_.edge_moves.data(), mf_.edge_moves.size()})) return;
  mf_.edge_moves.clear();
  for (Move& m : raw) {
    m.from = final_place(m.from);
    m.to = final_place(m.to);
  }
  for (u32 id = 1; id < mf_.edges.size(); ++id) {
    MachEdge& e = mf_.edges[id];
    if (e.moves == 0) continue;
    const std::span<const Move> moves = raw.slice(e.first_move, e.moves);
    MoveResources r;
    r.free = RegSet(edge_free_[id]);
    for (u32 b = 0; b < 3; ++b) {
      r.bank[b] = info_.bank[b] & info_.allocatable;
      r.has_swap[b] = info_.has_swap[b];
    }
    r.widest_vector = widest_vector_;
    r.scratch = Allocation::slot(scratch_slot_);
    r.borrow = Allocation::slot(scratch_slot_ + bytes(widest_vector_) / info_.slot_bytes);
    e.first_move = mf_.edge_moves.size();
    resolver_.resolve(moves, r, [&](const Move& m) {
      if (m.to.is_reg()) mf_.used.add(m.to.preg());
      mf_.edge_moves.push(m);
    });
    e.moves = mf_.edge_moves.size() - e.first_move;
    if (e.moves == 0) e.place = MachEdge::Place::none;
    need_scratch_ = need_scratch_ || r.used_scratch;
  }
}

inline Allocation RegisterAllocator::final_place(Allocation a) const {
  if (a.kind() != Allocation::Kind::slot) return a;
  return Allocation::slot(a.index() == 0 ? scratch_slot_ : mf_.vregs[a.index()].slot);
}

// Merges the stores, which are in program order, with the edits; a store comes first where both stand
// before the same instruction.
inline void RegisterAllocator::insert_stores() {
  if (spilled_.empty()) return;
  Vec<Edit> merged(arena_);
  if (!merged.reserve(mf_.edits.size() + spilled_.size())) return;
  u32 n = 0;
  for (const u32 v : spilled_) {
    const Value& s = values_[v];
    if (s.def_reg == nowhere) continue;  // a parameter that arrives in its slot
    for (; n < mf_.edits.size() && mf_.edits[n].at > s.def_at; ++n) merged.push(mf_.edits[n]);
    merged.push({s.def_at, Move{Allocation::reg(PReg(s.def_reg)), Allocation::slot(v),
                                mf_.vregs[v].type, false, VReg(v)}});
  }
  for (; n < mf_.edits.size(); ++n) merged.push(mf_.edits[n]);
  mf_.edits = merged;
}

inline void RegisterAllocator::name_slots() {
  if (spilled_.empty() && !need_scratch_) return;
  for (Edit& e : mf_.edits) {
    e.move.from = final_place(e.move.from);
    e.move.to = final_place(e.move.to);
  }
  if (!any_in_memory_) return;
  for (Operand& o : mf_.operands)
    if (o.constraint == ConstraintKind::any) o.alloc = final_place(o.alloc);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_FRAME_HPP
