// The allocator, between blocks: what the registers hold at the start of a block, and the moves that
// bring every edge there. Included by regalloc.hpp.
//
// Invariants: starts_ and ends_ keep width_ registers per block, of which start_regs_ and end_regs_ tell
// the ones that hold something. An edge's moves are written down
// (unordered) as soon as both its ends are known, and put in sequence once slots have their places.
#ifndef JITKIT_IR_REGALLOC_BLOCKS_HPP
#define JITKIT_IR_REGALLOC_BLOCKS_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

inline void RegisterAllocator::start_block(u32 k) {
  const MachBlock& b = mf_.blocks[k];
  const u32 primary = best_predecessor(b, k);
  if (primary != 0 && mf_.edges[primary].from != k - 1) load_state(mf_.edges[primary].from);
  const std::span<const LiveIn> params = mf_.live_ins.slice(b.first_live_in - b.params, b.params);
  for (const LiveIn& l : params) set_next(l.vreg.id, l.next_use);
  for (const LiveIn& l : mf_.live_ins.slice(b.first_live_in, b.live_ins)) note_live(l, k);
  for (u32 n = b.more_live_in; n != 0; n = mf_.loop_live_ins[n].next)
    note_live(mf_.loop_live_ins[n].value, k);
  drop_dead(k);
  if (b.preds > 1) drop_if_not_everywhere(k);
  position_ = mf_.position(b.top - 1);
  current_ = b.top - 1;
  if (is_loop_start(b, k)) enter_loop(k);
  if (b.params != 0) place_params(k, primary);
  forget_touched();
  if (brings_all(b, k, primary)) return;
  std::memcpy(&starts_[k * width_], holder_, width_ * sizeof(u32));
  start_regs_[k] = held_.bits;
  for (const u32 e : mf_.preds.slice(b.first_pred, b.preds))
    if (mf_.edges[e].from < k) settle_edge(e);
}

// Whether the only edge into block k has no moves: the block starts with registers as that edge leaves
// them, less those it does not need. Nobody will ask for what it starts with.
inline bool RegisterAllocator::brings_all(const MachBlock& b, u32 k, u32 primary) const {
  return b.preds == 1 && b.params == 0 && primary != 0 && mf_.edges[primary].from < k;
}

inline void RegisterAllocator::note_live(const LiveIn& l, u32 k) {
  Value& s = values_[l.vreg.id];
  if (s.seen == k + 1) return;
  s.seen = k + 1;
  set_next(l.vreg.id, l.next_use);
}

// The edge from the most frequent block that is allocated already; 0 for the entry.
inline u32 RegisterAllocator::best_predecessor(const MachBlock& b, u32 k) const {
  u32 best = 0;
  u32 most = 0;
  for (const u32 e : mf_.preds.slice(b.first_pred, b.preds)) {
    const u32 from = mf_.edges[e].from;
    if (from >= k) continue;
    const u32 f = mf_.blocks[from].frequency;
    if (best == 0 || f > most || (f == most && from == k - 1)) {
      best = e;
      most = f;
    }
  }
  return best;
}

inline bool RegisterAllocator::is_loop_start(const MachBlock& b, u32 k) const {
  for (const u32 e : mf_.preds.slice(b.first_pred, b.preds))
    if (mf_.edges[e].from >= k) return true;
  return false;
}

// The registers become those at the end of block `from`.
inline void RegisterAllocator::load_state(u32 from) {
  for_each_bit(held_.bits, [&](unsigned r) {
    values_[holder_[r]].reg = nowhere;
    holder_[r] = 0;
  });
  const u32* state = &ends_[from * width_];
  for_each_bit(end_regs_[from], [&](unsigned r) {
    holder_[r] = state[r];
    Value& s = values_[state[r]];
    s.reg = static_cast<u8>(r);
    score_[r] = u64{s.next} + s.bonus;
  });
  held_ = RegSet(end_regs_[from]);
  free_ = info_.allocatable - held_;
}

inline void RegisterAllocator::drop_dead(u32 k) {
  for_each_bit(held_.bits, [&](unsigned r) {
    if (values_[holder_[r]].seen != k + 1) vacate(holder_[r]);
  });
}

// A value that another predecessor has in memory, and that this block does not use, stays there.
inline void RegisterAllocator::drop_if_not_everywhere(u32 k) {
  const MachBlock& b = mf_.blocks[k];
  const u32 end = mf_.position(b.bottom) + 2;
  for_each_bit((held_ & info_.allocatable).bits, [&](unsigned r) {
    const u32 v = holder_[r];
    if (values_[v].next < end || !has_memory(v)) return;
    for (const u32 e : mf_.preds.slice(b.first_pred, b.preds)) {
      const u32 from = mf_.edges[e].from;
      if (from < k && !place_at_end(from, v).is_reg()) {
        vacate(v);
        return;
      }
    }
  });
}

// At the start of a loop with more values than registers, values that the loop does not use go to
// memory; values it uses come in from memory while there are registers.
inline void RegisterAllocator::enter_loop(u32 k) {
  const MachBlock& b = mf_.blocks[k];
  const MachLoop& loop = mf_.loops[b.loop];
  const u32 loop_end = mf_.position(mf_.blocks[loop.last].bottom) + 2;
  for (u32 n = 0; n < 3; ++n) {
    const RegSet regs = info_.bank[n] & info_.allocatable;
    const u32 room = regs.count();
    for (u32 excess = loop.pressure[n] > room ? loop.pressure[n] - room : 0; excess > 0; --excess) {
      locked_ = copies_ = {};
      const u32 v = farthest(regs);
      if (v == 0 || values_[v].next <= loop_end) break;
      evict(v);
    }
  }
  const auto bring_in = [&](const LiveIn& l) {
    const u32 v = l.vreg.id;
    if (values_[v].reg != nowhere || values_[v].next > loop_end) return;
    const RegSet regs = bank_regs(bank_of(v));
    const u32 spare = loop.pressure[static_cast<u8>(bank_of(v))] <= regs.count() ? 0 : 2;
    if ((regs & free_).count() <= spare) return;
    occupy(v, choose_free(v, regs).id);
  };
  for (const LiveIn& l : mf_.live_ins.slice(b.first_live_in, b.live_ins)) bring_in(l);
  for (u32 n = b.more_live_in; n != 0; n = mf_.loop_live_ins[n].next)
    bring_in(mf_.loop_live_ins[n].value);
}

// Parameters take the register of their argument on the main edge if it is free, or any other; one for
// which none is free, and which is needed later than what is there, starts in its slot.
inline void RegisterAllocator::place_params(u32 k, u32 primary_edge) {
  const MachBlock& b = mf_.blocks[k];
  const MachEdge& e = mf_.edges[primary_edge];
  locked_ = copies_ = {};
  for (u32 n = 0; n < b.params; ++n) {
    const u32 p = mf_.params[b.first_param + n];
    Value& s = values_[p];
    s.param_of = k + 1;
    if (s.next == no_use) continue;
    const RegSet regs = bank_regs(bank_of(p));
    const Allocation arg = place_at_end(e.from, mf_.args[e.first_arg + n]);
    PReg r;
    if (mf_.vregs[p].hint == 0xff && arg.is_reg() && regs.has(arg.preg())) mf_.vregs[p].hint = arg.preg().id;
    r = choose_free(p, regs);
    if (!r.valid()) {
      const u32 victim = farthest(regs);
      if (victim != 0 && values_[victim].next > s.next) {
        r = PReg(values_[victim].reg);
        evict(victim);
      }
    }
    if (r.valid()) {
      define(p, s.next, r.id, b.top - 1);
      locked_.add(r);
    } else {
      spill(p);
    }
  }
  locked_ = {};
}

inline void RegisterAllocator::finish_block(u32 k) {
  const MachBlock& b = mf_.blocks[k];
  std::memcpy(&ends_[k * width_], holder_, width_ * sizeof(u32));
  end_regs_[k] = held_.bits;
  for (u32 e = b.first_edge; e < b.first_edge + b.edges; ++e)
    if (mf_.edges[e].to <= k) settle_edge(e);
}

// Where v is at the end of a block that is allocated. Most values are where they are now, or where they
// were defined: that is looked at first.
inline Allocation RegisterAllocator::place_at_end(u32 block, u32 v) const {
  const u32* state = &ends_[block * width_];
  const RegSet held(end_regs_[block]);
  for (const u8 r : {values_[v].reg, values_[v].def_reg})
    if (r < 64 && held.has(PReg(r)) && state[r] == v) return Allocation::reg(PReg(r));
  for (u64 left = held.bits; left != 0; left &= left - 1)
    if (state[ctz(left)] == v) return Allocation::reg(PReg(ctz(left)));
  return memory_of(v);
}

// Writes down what has to move on edge e, now that the registers at both its ends are known.
inline void RegisterAllocator::settle_edge(u32 id) {
  MachEdge& e = mf_.edges[id];
  const u32* from = &ends_[e.from * width_];
  const u32* to = &starts_[e.to * width_];
  const u64 from_regs = end_regs_[e.from], to_regs = start_regs_[e.to];
  const MachBlock& target = mf_.blocks[e.to];
  e.first_move = mf_.edge_moves.size();
  const auto move = [&](u32 what, u32 value, Allocation place) {
    const Allocation source = place_at_end(e.from, what);
    if (source == place) return;
    // In irreducible regions: live here only because it may be, and not defined on this path.
    if (!source.is_reg() && !has_memory(what)) return;
    mf_.edge_moves.push({source, place, mf_.vregs[value].type, false, VReg(what)});
  };
  for_each_bit(to_regs, [&](unsigned r) {
    const u32 v = to[r];
    if ((from_regs >> r & 1) != 0 && from[r] == v) return;
    if (values_[v].param_of != e.to + 1) move(v, v, Allocation::reg(PReg(r)));
  });
  for (u32 n = 0; n < target.params; ++n) {
    const u32 p = mf_.params[target.first_param + n];
    const u8 r = values_[p].def_reg;
    if (r != nowhere)
      move(mf_.args[e.first_arg + n], p, Allocation::reg(PReg(r)));
    else if (mf_.vregs[p].spilled)
      move(mf_.args[e.first_arg + n], p, Allocation::slot(p));
  }
  e.moves = mf_.edge_moves.size() - e.first_move;
  if (e.moves == 0) return;
  edge_free_[id] = info_.allocatable.bits & ~(from_regs | to_regs);
  e.place = mf_.blocks[e.from].edges == 1 ? MachEdge::Place::pred_end
            : target.preds == 1           ? MachEdge::Place::succ_start
                                          : MachEdge::Place::split;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_BLOCKS_HPP
