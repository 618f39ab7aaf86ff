// The allocator, between blocks: what the registers hold at the start of a block, and the moves that
// bring every edge there. Included by regalloc.hpp.
//
// Invariants: starts_ and ends_ keep width_ registers per block, 0 for those that hold nothing; start_regs_
// and end_regs_ tell the others. An edge's moves are written down (unordered) as soon as both its ends are
// known, and put in sequence once slots have their places.
#ifndef JITKIT_IR_REGALLOC_BLOCKS_HPP
#define JITKIT_IR_REGALLOC_BLOCKS_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

inline void RegisterAllocator::start_block(u32 k) {
  const MachBlock& b = mf_.blocks[k];
  const Entrance in = entrance_of(b, k);
  if (in.edge != 0 && mf_.edges[in.edge].from != k - 1) load_state(mf_.edges[in.edge].from);
  const Span<const LiveIn> params = mf_.live_ins.slice(b.first_live_in - b.params, b.params);
  for (const LiveIn& l : params) set_next(l.vreg.id, l.next_use);
  keep_live(b, k);
  if (b.preds > 1) drop_if_not_everywhere(k);
  position_ = mf_.position(b.top - 1);
  current_ = b.top - 1;
  if (in.comes_back) enter_loop(k);
  if (b.params != 0) place_params(k, in.edge);
  forget_touched();
  if (brings_all(b, k, in.edge)) return;
  copy_registers(starts_.data() + k * width_, holder_);
  start_regs_[k] = held_.bits;
  for (const u32 e : mf_.preds.slice(b.first_pred, b.preds))
    if (mf_.edges[e].from < k) settle_edge(e);
}

// Whether the only edge into block k has no moves: the block starts with registers as that edge leaves
// them, less those it does not need. Nobody will ask for what it starts with.
inline bool RegisterAllocator::brings_all(const MachBlock& b, u32 k, u32 primary) const {
  return b.preds == 1 && b.params == 0 && primary != 0 && mf_.edges[primary].from < k;
}

// Notes the next uses of what lives at the start of block k; other values leave their registers.
inline void RegisterAllocator::keep_live(const MachBlock& b, u32 k) {
  RegSet live;
  const auto note = [&](VRegData& s, u32 next) {
    s.next = next;
    if (s.reg != nowhere) live.add(PReg(s.reg));
  };
  scored_ = false;
  for (u32 n = b.more_live_in; n != 0; n = mf_.loop_live_ins[n].next) {
    const LiveIn& l = mf_.loop_live_ins[n].value;
    VRegData& s = vreg(l.vreg.id);
    if (s.seen == k + 1) continue;  // the first entry counts
    s.seen = k + 1;
    note(s, l.next_use);
  }
  for (const LiveIn& l : mf_.live_ins.slice(b.first_live_in, b.live_ins)) note(vreg(l.vreg.id), l.next_use);
  for_each_bit((held_ - live).bits, [&](unsigned r) { vacate(holder_[r]); });
}

// The edges into block k: the one from the most frequent block that is allocated already (0 for the entry),
// and whether there are others.
inline RegisterAllocator::Entrance RegisterAllocator::entrance_of(const MachBlock& b, u32 k) const {
  Entrance in;
  u32 most = 0;
  for (const u32 e : mf_.preds.slice(b.first_pred, b.preds)) {
    const u32 from = mf_.edges[e].from;
    if (from >= k) {
      in.comes_back = true;
      continue;
    }
    const u32 f = mf_.blocks[from].frequency;
    if (in.edge == 0 || f > most || (f == most && from == k - 1)) {
      in.edge = e;
      most = f;
    }
  }
  return in;
}

// The registers become those at the end of block `from`.
inline void RegisterAllocator::load_state(u32 from) {
  const u32* state = ends_.data() + from * width_;
  for_each_bit(held_.bits, [&](unsigned r) {
    if (holder_[r] == state[r]) return;
    vreg(holder_[r]).reg = nowhere;
    holder_[r] = 0;
  });
  held_ = RegSet(end_regs_[from]);
  for_each_bit(held_.bits, [&](unsigned r) {
    if (holder_[r] == state[r]) return;
    holder_[r] = state[r];
    vreg(state[r]).reg = static_cast<RegNumber>(r);
  });
  free_ = info_.allocatable - held_;
}

inline void RegisterAllocator::copy_registers(u32* to, const u32* from) const {
  for (u32 n = 0; n < width_; n += 8) std::memcpy(to + n, from + n, 8 * sizeof(u32));
}

// A value that another predecessor has in memory, and that this block does not use, stays there.
inline void RegisterAllocator::drop_if_not_everywhere(u32 k) {
  if (spilled_.empty() && mf_.remats.size() == 1) return;  // nothing is in memory
  const MachBlock& b = mf_.blocks[k];
  const u32 end = mf_.position(b.bottom) + 2;
  for_each_bit((held_ & info_.allocatable).bits, [&](unsigned r) {
    const u32 v = holder_[r];
    if (vreg(v).next < end || !has_memory(v)) return;
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
    const RegSet regs = bank_regs_[n];
    const u32 room = regs.count();
    for (u32 excess = loop.pressure[n] > room ? loop.pressure[n] - room : 0; excess > 0; --excess) {
      locked_ = copies_ = {};
      const u32 v = farthest(regs);
      if (v == 0 || vreg(v).next <= loop_end) break;
      evict(v);
    }
  }
  const auto bring_in = [&](const LiveIn& l) {
    const u32 v = l.vreg.id;
    if (vreg(v).reg != nowhere || vreg(v).next > loop_end) return;
    const RegSet regs = bank_regs(v);
    const u32 spare = loop.pressure[static_cast<u8>(vreg(v).bank)] <= regs.count() ? 0 : 2;
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
    VRegData& s = vreg(p);
    s.param_of = k + 1;
    if (s.next == no_use) continue;
    const RegSet regs = bank_regs(p);
    const Allocation arg = place_at_end(e.from, mf_.args[e.first_arg + n]);
    PReg r;
    if (vreg(p).hint == 0xff && arg.is_reg() && regs.has(arg.preg())) vreg(p).hint = RegNumber{arg.preg().id};
    r = choose_free(p, regs);
    if (!r.valid()) {
      const u32 victim = farthest(regs);
      if (victim != 0 && vreg(victim).next > s.next) {
        r = PReg(vreg(victim).reg);
        evict(victim);
      }
    }
    if (r.valid()) {
      define(p, s.next, r.id, b.top - 1);
      locked_.add(r);
      // What comes back on later edges is best made there at once.
      for (const u32 other : mf_.preds.slice(b.first_pred, b.preds)) {
        if (mf_.edges[other].from < k) continue;
        VRegData& back = vreg(mf_.args[mf_.edges[other].first_arg + n]);
        if (back.hint == 0xff) back.hint = RegNumber{r.id};
      }
    } else {
      spill(p);
    }
  }
  locked_ = {};
}

inline void RegisterAllocator::finish_block(u32 k) {
  const MachBlock& b = mf_.blocks[k];
  copy_registers(ends_.data() + k * width_, holder_);
  end_regs_[k] = held_.bits;
  for (u32 e = b.first_edge; e < b.first_edge + b.edges; ++e)
    if (mf_.edges[e].to <= k) settle_edge(e);
}

// Where v is at the end of a block that is allocated. Most values are where they are now, or where they
// were defined: that is looked at first.
inline Allocation RegisterAllocator::place_at_end(u32 block, u32 v) const {
  const u32* state = ends_.data() + block * width_;
  for (const u8 r : {vreg(v).reg, vreg(v).def_reg})
    if (r != nowhere && state[r] == v) return Allocation::reg(PReg(r));
  for (u64 left = end_regs_[block]; left != 0; left &= left - 1)
    if (state[ctz(left)] == v) return Allocation::reg(PReg(ctz(left)));
  return memory_of(v);
}

// Writes down what has to move on edge e, now that the registers at both its ends are known.
inline void RegisterAllocator::settle_edge(u32 id) {
  MachEdge& e = mf_.edges[id];
  const u32* from = ends_.data() + e.from * width_;
  const u32* to = starts_.data() + e.to * width_;
  const u64 from_regs = end_regs_[e.from], to_regs = start_regs_[e.to];
  const MachBlock& target = mf_.blocks[e.to];
  e.first_move = mf_.edge_moves.size();
  const auto move = [&](u32 what, u32 value, Allocation place) {
    const Allocation source = place_at_end(e.from, what);
    if (source == place) return;
    // In irreducible regions: live here only because it may be, and not defined on this path.
    if (!source.is_reg() && !has_memory(what)) return;
    mf_.edge_moves.push({source, place, vreg(value).type, false, VReg(what)});
  };
  for_each_bit(to_regs, [&](unsigned r) {
    const u32 v = to[r];
    if (from[r] == v) return;
    if (vreg(v).param_of != e.to + 1) move(v, v, Allocation::reg(PReg(r)));
  });
  for (u32 n = 0; n < target.params; ++n) {
    const u32 p = mf_.params[target.first_param + n];
    const u8 r = vreg(p).def_reg;
    if (r != nowhere)
      move(mf_.args[e.first_arg + n], p, Allocation::reg(PReg(r)));
    else if (vreg(p).spilled())
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
