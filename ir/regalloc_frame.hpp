// The allocator, its last phase: slots for the values that need one, the stores at their definitions,
// edge moves in sequence, and final slot numbers everywhere. Included by regalloc.hpp.
//
// Invariants: two values share a slot only if their ranges in the layout do not meet. Until
// insert_stores() an Allocation::slot holds a VReg, and VReg 0 stands for the resolver's scratch.
#ifndef JITKIT_IR_REGALLOC_FRAME_HPP
#define JITKIT_IR_REGALLOC_FRAME_HPP

#include <jitkit/ir/regalloc.hpp>
#include <jitkit/ir/spill_slots.hpp>

#include <utility>

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
  if (!spilled_.empty() || need_scratch_) insert_stores();
  if (any_in_memory_)
    for (Operand& o : mf_.operands)
      if (o.constraint == ConstraintKind::any) o.alloc = final_place(o.alloc);
  if (info_.slot_from_def && info_.lists_changes) list_register_changes();
  return arena_.status();
}

// Frame states in which a value could not keep its register report its memory for all their guards.
inline void RegisterAllocator::name_late_places() {
  if (moved_values_.empty() && !info_.slot_from_def) return;
  for (u32 i = 0; i < mf_.insts.size(); ++i) {
    const MachInst& m = mf_.insts[i];
    if (!m.state) continue;
    const GuardSeen guard = m.state.id < guards_.size() ? guards_[m.state.id] : GuardSeen{};
    if (guard.moved == 0 && !info_.slot_from_def) continue;
    for (Operand& o : mf_.operands_of(m)) {
      if (o.constraint != ConstraintKind::any || !o.alloc.is_reg()) continue;
      const bool always = info_.slot_from_def && vreg(o.vreg.id).spilled();
      if (!always && !has_moved(guard, o.vreg.id)) continue;
      o.alloc = memory_of(o.vreg.id);
      any_in_memory_ = true;
    }
  }
}

// Slots by the ranges of the values, in order of definition: of the free slots of its size the lowest, which
// has the shortest displacement, or a new one.
inline bool RegisterAllocator::assign_slots() {
  sort_by_definition();
  struct OfSize {
    UsedSlots used;
    FreeSlots free;
  } sizes[slot_sizes];
  for (OfSize& s : sizes) s.used.attach(arena_), s.free.attach(arena_);
  for (const u32 v : spilled_) {
    VRegData& d = vreg(v);
    const u32 size = bytes(d.type);
    const u32 units = size <= info_.slot_bytes ? 1 : size / info_.slot_bytes;
    OfSize& s = sizes[log2_floor(units)];
    for (; !s.used.empty() && s.used.first().free_at <= d.range.def; s.used.pop_first())
      if (!s.free.add(s.used.first().slot)) return false;
    d.slot = s.free.take();
    if (d.slot == FreeSlots::none) {
      d.slot = static_cast<u32>(align_up(mf_.slot_count, units));
      mf_.slot_count = d.slot + units;
    }
    if (!s.used.push({d.range.end, d.slot})) return false;
  }
  if (mf_.slot_count > info_.max_slots) {
    status_ = {Error::too_many_slots, 0, mf_.slot_count - info_.max_slots};
    return false;
  }
  return true;
}

// spilled_ in order of definition: the order the stores have in the program.
inline void RegisterAllocator::sort_by_definition() {
  const u32 count = spilled_.size(), last = mf_.position(0);
  if (count <= 16) {
    for (u32 n = 1; n < count; ++n)
      for (u32 k = n; k > 0 && vreg(spilled_[k]).range.def < vreg(spilled_[k - 1]).range.def; --k) std::swap(spilled_[k], spilled_[k - 1]);
    return;
  }
  Vec<u32> other(arena_);
  if (!other.resize_raw(count)) return;
  // Once per 8 bits that positions have, and an even number of times, so that the result is where it was.
  for (unsigned shift = 0; shift < 32 && (last >> shift != 0 || shift % 16 != 0); shift += 8) {
    const auto key = [&](u32 v) { return vreg(v).range.def >> shift & 255; };
    const bool there = shift % 16 == 0;
    const u32* from = there ? spilled_.data() : other.data();
    u32* to = there ? other.data() : spilled_.data();
    u32 place[257] = {};
    for (u32 n = 0; n < count; ++n) ++place[key(from[n]) + 1];
    for (u32 n = 0; n < 256; ++n) place[n + 1] += place[n];
    for (u32 n = 0; n < count; ++n) to[place[key(from[n])]++] = from[n];
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
    const Span<const Move> moves = raw.slice(e.first_move, e.moves);
    MoveResources r;
    r.free = RegSet(edge_free_[id]);
    for (u32 b = 0; b < 3; ++b) {
      r.bank[b] = bank_regs_[b];
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
  return Allocation::slot(a.index() == 0 ? scratch_slot_ : vreg(a.index()).slot);
}

// Merges the stores, which are in program order, with the edits, and names their slots; a store comes first
// where both stand before the same instruction.
inline void RegisterAllocator::insert_stores() {
  Vec<Edit> merged(arena_);
  Edit* to = merged.extend(mf_.edits.size() + spilled_.size());
  if (to == nullptr) return;
  const Edit* edit = mf_.edits.begin();
  const auto take = [&] {
    *to = *edit++;
    to->move.from = final_place(to->move.from);
    to->move.to = final_place(to->move.to);
    ++to;
  };
  for (const u32 v : spilled_) {
    const VRegData& s = vreg(v);
    if (s.def_reg == nowhere) continue;  // a parameter that arrives in its slot
    while (edit != mf_.edits.end() && edit->at > s.def_at) take();
    *to++ = {s.def_at, Move{Allocation::reg(PReg(s.def_reg)), Allocation::slot(s.slot), s.type, false, VReg(v)}};
  }
  while (edit != mf_.edits.end()) take();
  merged.truncate(static_cast<u32>(to - merged.data()));
  mf_.edits = merged;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_FRAME_HPP
