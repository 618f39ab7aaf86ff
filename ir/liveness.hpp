// Liveness of VRegs, with the distance to the next use: for every operand the position of its value's
// next use, for every block the values live at its start. One backward pass, no iteration.
//
// Invariants:
//  - Operand::next_use is exact within a block; beyond it, it is the nearest use over the successors,
//    counted as if each followed at once; uses outside a loop count `loop_exit_penalty` farther.
//    no_use means the value is dead after the operand.
//  - A value that is defined outside a loop and used or live at an exit inside it is live in all of
//    the loop (its definition dominates the header), which is why one pass is enough. In irreducible
//    regions that may be more than is needed, never less: a value may count as live on a path where it
//    is not defined yet.
//  - VRegs with a Remat recipe are live within a block, or throughout the innermost loop that uses
//    them, and not at all before that.
// Next-use distances after Braun and Hack, "Register Spilling and Live-Range Splitting for SSA-Form
// Programs" (CC 2009).
#ifndef JITKIT_IR_LIVENESS_HPP
#define JITKIT_IR_LIVENESS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/arena.hpp>

#include <span>

namespace jitkit::inline JITKIT_ABI::ir {

// Where a VReg is defined and how far it lives, in positions of the layout; to share spill slots.
struct LiveRange {
  u32 def = 0;
  u32 end = 0;
};

class Liveness {
 public:
  static constexpr u32 loop_exit_penalty = 1U << 20;

  explicit Liveness(Arena& arena) {
    calls.attach(arena);
    state_.attach(arena);
    live_.attach(arena);
    through_.attach(arena);
    loops_through_.attach(arena);
  }

  const LiveRange& range(u32 vreg) const { return state_[vreg].range; }
  Vec<u32> calls;        // positions of calls, latest first

  // False when out of memory.
  bool compute(MachFunction& mf) {
    mf_ = &mf;
    loops_ = mf.loops.size() > 1;
    if (!make_states() || !live_.reserve(mf.vregs.size())) return false;
    if (loops_ && !find_definitions()) return false;
    for (u32 k = mf.blocks.size(); k-- > 0;) {
      const u32 bottom = mf.blocks[k].bottom, top = mf.blocks[k].top;
      open_block(k);
      position_ = mf.position(bottom);
      for (u32 i = bottom; i < top; ++i, position_ -= 2) visit(mf.insts[i]);
      close_block(k);
    }
    return true;
  }

 private:
  struct State {
    u32 next = 0;   // position of the next use
    u32 place = 0;  // 1 + index in live_; 0: not live
    LiveRange range;
    u32 loop = 0;       // live in all of this loop
    u32 def_block = 0;  // if there are loops
    u8 bank = no_bank;  // none: condition flags
    bool remat = false;
  };
  static constexpr u8 no_bank = static_cast<u8>(Bank::flags);

  bool make_states() {
    const u32 count = mf_->vregs.size();
    if (!state_.resize_zero(count)) return false;
    state_[0].bank = no_bank;
    for (u32 v = 1; v < count; ++v) {
      state_[v].bank = static_cast<u8>(bank(mf_->vregs[v].type));
      state_[v].remat = mf_->vregs[v].remat != 0;
    }
    return true;
  }
  u32 start(u32 k) const { return mf_->position(mf_->blocks[k].top - 1); }
  u32 end(u32 k) const { return mf_->position(mf_->blocks[k].bottom) + 2; }
  bool in_loop(u32 loop, u32 k) const {
    return mf_->loops[loop].first <= k && k <= mf_->loops[loop].last;
  }

  bool find_definitions() {
    if (!through_.push({}) || !loops_through_.resize(mf_->loops.size()))
      return false;
    for (u32 k = 0; k < mf_->blocks.size(); ++k) {
      const MachBlock& b = mf_->blocks[k];
      for (const u32 v : mf_->params.slice(b.first_param, b.params)) state_[v].def_block = k;
      for (u32 i = b.bottom; i < b.top; ++i)
        for (const Operand& o : mf_->operands_of(mf_->insts[i]))
          if (o.is_def()) state_[o.vreg.id].def_block = k;
    }
    return true;
  }

  // Makes v live in block k with its next use at `next`.
  void add(u32 v, u32 next, u32 k) {
    State& s = state_[v];
    if (s.place != 0)
      s.next = next < s.next ? next : s.next;
    else
      make_live(s, v, next, k);
  }

  void make_live(State& s, u32 v, u32 next, u32 k) {
    s.next = next;
    live_.push(v);
    s.place = live_.size();
    const u32 last = next < block_end_ ? next : block_end_;
    if (s.range.end < last) s.range.end = last;
    if (!loops_) return;
    ++count_[s.bank];
    if (mf_->blocks[k].loop != 0) extend_over_loops(v, k);
  }

  void remove(u32 v) {
    State& s = state_[v];
    const u32 last = live_.back();
    live_[s.place - 1] = last;
    state_[last].place = s.place;
    s.place = 0;
    live_.pop_back();
    if (loops_) --count_[s.bank];
  }

  // v is live somewhere in block k: then also in all of the outermost loop around k that does not
  // hold its definition (the innermost loop, for a remat). An irreducible loop counts even if it
  // holds the definition, from there on: its edges may come back to any block of it.
  void extend_over_loops(u32 v, u32 k) {
    u32 loop = state_[v].remat ? mf_->blocks[k].loop : loop_around_use(v, k);
    if (loop == 0 || (state_[v].loop != 0 && in_loop(state_[v].loop, k))) return;
    state_[v].loop = loop;
    if (through_.push({v, loops_through_[loop]})) loops_through_[loop] = through_.size() - 1;
    const u32 last = mf_->loops[loop].last;
    for (u32 b = k + 1; b <= last; ++b) add_live_in(b, v, state_[v].next);
    if (state_[v].range.end < end(last)) state_[v].range.end = end(last);
  }

  u32 loop_around_use(u32 v, u32 k) const {
    u32 outermost = 0;
    const u32 def = state_[v].def_block;
    for (u32 l = mf_->blocks[k].loop; l != 0; l = mf_->loops[l].parent)
      if (!in_loop(l, def) || (mf_->loops[l].irreducible && def != k)) outermost = l;
    return outermost;
  }

  // What is live in all of a loop is live in each of its blocks, whatever the block's successors say.
  void add_loop_values(u32 k) {
    for (u32 l = mf_->blocks[k].loop; l != 0; l = mf_->loops[l].parent)
      for (u32 n = loops_through_[l]; n != 0; n = through_[n].next)
        if (state_[through_[n].vreg].def_block < k) add(through_[n].vreg, end(mf_->loops[l].last) + 1, k);
  }

  // The use at `next` of v, which is live in all of a loop around block_, seen from the end of that
  // loop's body; no_use if v is in no such loop.
  u32 next_around(u32 v, u32 next) const {
    const u32 l = state_[v].loop;
    if (l == 0 || !in_loop(l, block_)) return no_use;
    const MachLoop& loop = mf_->loops[l];
    return end(loop.last) + (next - start(loop.first));
  }

  // v is live at the start of block b, which was visited before; its use comes around the loop again.
  // b may know v already: the first entry found counts.
  void add_live_in(u32 b, u32 v, u32 next) {
    MachBlock& block = mf_->blocks[b];
    const MachLoop& loop = mf_->loops[state_[v].loop];
    const u32 around = end(loop.last) + (next - start(loop.first));
    if (mf_->loop_live_ins.push({LiveIn{VReg(v), around}, block.more_live_in}))
      block.more_live_in = mf_->loop_live_ins.size() - 1;
  }

  // The values live at the end of block k.
  void open_block(u32 k) {
    const MachBlock& b = mf_->blocks[k];
    block_ = k;
    block_end_ = end(k);
    bool falls_in = false;  // what is live now is what the next block needs
    for (u32 e = b.first_edge; e < b.first_edge + b.edges; ++e)
      falls_in = falls_in || mf_->edges[e].to == k + 1;
    if (!falls_in) clear();
    if (falls_in) shift_over_exit(k);
    for (u32 e = b.first_edge; e < b.first_edge + b.edges; ++e)
      add_successor(k, mf_->edges[e], falls_in);
    if (loops_) add_loop_values(k);
  }

  // The next block's live values stay, but those past a loop's exit count as far.
  void shift_over_exit(u32 k) {
    if (!loops_ && mf_->remats.size() == 1) return;  // nothing of either sort
    const u32 loop = mf_->blocks[k].loop;
    const bool leaves = loop != 0 && !in_loop(loop, k + 1);
    for (u32 n = live_.size(); n-- > 0;) {
      const u32 v = live_[n];
      if (state_[v].remat && !(state_[v].loop != 0 && in_loop(state_[v].loop, k))) {
        remove(v);
        continue;
      }
      if (leaves) state_[v].next += loop_exit_penalty;
      if (loops_ && loop != 0) extend_over_loops(v, k);
    }
  }

  void add_successor(u32 k, const MachEdge& e, bool falls_in) {
    const u32 at = end(k);
    const u32 first_param = mf_->blocks[e.to].first_param;
    for (u32 n = 0; n < e.args; ++n) {
      const u32 v = mf_->args[e.first_arg + n];
      if (!mf_->vregs[v].partner) mf_->vregs[v].partner = VReg(mf_->params[first_param + n]);
      add(v, at - 1, k);
    }
    if (e.to <= k || (falls_in && e.to == k + 1)) return;
    const MachBlock& s = mf_->blocks[e.to];
    const u32 loop = mf_->blocks[k].loop;
    const u32 far = loop != 0 && !in_loop(loop, e.to) ? loop_exit_penalty : 0;
    const u32 from = start(e.to);
    for (const LiveIn& l : mf_->live_ins.slice(s.first_live_in, s.live_ins))
      add_live_out(k, l, at + (l.next_use - from) + far);
    for (u32 n = s.more_live_in; n != 0; n = mf_->loop_live_ins[n].next) {
      const LiveIn& l = mf_->loop_live_ins[n].value;
      add_live_out(k, l, at + (l.next_use - from) + far);
    }
  }

  void add_live_out(u32 k, const LiveIn& l, u32 next) {
    const u32 v = l.vreg.id;
    if (state_[v].remat && !(state_[v].loop != 0 && in_loop(state_[v].loop, k))) return;
    add(v, next, k);
  }

  void visit(const MachInst& m) {
    const u32 pos = position_;
    const std::span<Operand> ops = mf_->operands_of(m);
    if ((m.flags & mach_call) != 0) calls.push(pos);
    for (Operand& o : ops)
      if (o.is_def() && state_[o.vreg.id].bank != no_bank) define(o, pos);
    for (Operand& o : ops) {
      if (!o.is_use()) continue;
      State& s = state_[o.vreg.id];
      if (s.bank == no_bank) continue;
      if (s.place == 0) {
        make_live(s, o.vreg.id, pos, block_);
        o.next_use = s.loop != 0 ? next_around(o.vreg.id, pos) : no_use;
      } else if (s.next == pos) {
        o.next_use = earlier_operand(ops, o).next_use;
      } else {
        o.next_use = s.next;
        s.next = pos;
      }
      if (o.constraint == ConstraintKind::fixed) mf_->vregs[o.vreg.id].hint = o.arg;
    }
    if (loops_)
      for (u32 b = 0; b < 3; ++b) pressure_[b] = pressure_[b] < count_[b] ? count_[b] : pressure_[b];
  }

  void define(Operand& o, u32 pos) {
    State& s = state_[o.vreg.id];
    s.range.def = pos;
    if (s.range.end < pos + 1) s.range.end = pos + 1;
    o.next_use = no_use;
    if (s.place != 0) {
      o.next_use = s.next;
      remove(o.vreg.id);
    }
    if (o.tied != 0) prefer_same(*(&o - o.tied), o);
  }

  static const Operand& earlier_operand(std::span<const Operand> ops, const Operand& o) {
    for (const Operand& p : ops)
      if (p.is_use() && p.vreg == o.vreg) return p;
    return o;
  }

  void prefer_same(const Operand& use, const Operand& def) {
    if (!use.vreg) return;
    VRegData& u = mf_->vregs[use.vreg.id];
    u.partner = def.vreg;
    if (u.hint == 0xff) u.hint = mf_->vregs[def.vreg.id].hint;
  }

  void close_block(u32 k) {
    MachBlock& b = mf_->blocks[k];
    for (const u32 v : mf_->params.slice(b.first_param, b.params)) {
      State& s = state_[v];
      s.range.def = start(k) - 1;
      if (s.range.end < start(k)) s.range.end = start(k);
      const bool live = s.place != 0;
      mf_->live_ins.push({VReg(v), live ? s.next : no_use});
      if (live) remove(v);
    }
    b.first_live_in = mf_->live_ins.size();
    b.live_ins = live_.size();
    if (LiveIn* to = mf_->live_ins.extend(live_.size()))
      for (const u32 v : live_) *to++ = {VReg(v), state_[v].next};
    else
      b.live_ins = 0;
    for (u32 l = b.loop; l != 0; l = mf_->loops[l].parent)
      for (u32 n = 0; n < 3; ++n)
        if (mf_->loops[l].pressure[n] < pressure_[n]) mf_->loops[l].pressure[n] = pressure_[n];
    for (u32 n = 0; n < 3; ++n) pressure_[n] = 0;
  }

  void clear() {
    for (const u32 v : live_) state_[v].place = 0;
    live_.clear();
    for (u32 n = 0; n < 3; ++n) count_[n] = 0;
  }

  MachFunction* mf_ = nullptr;
  bool loops_ = false;
  // Values live in all of a loop, as lists by loop.
  struct Through {
    u32 vreg = 0;
    u32 next = 0;
  };
  u32 block_ = 0;
  u32 block_end_ = 0;  // position of its end
  u32 position_ = 0;   // of the instruction visited
  u32 count_[4] = {};     // values live now, by bank
  u32 pressure_[3] = {};  // most of them in this block
  Vec<State> state_;
  Vec<u32> live_;
  Vec<Through> through_;
  Vec<u32> loops_through_;  // by loop: head of its list
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LIVENESS_HPP
