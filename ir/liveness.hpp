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
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class Liveness {
 public:
  static constexpr u32 loop_exit_penalty = 1U << 20;

  explicit Liveness(Arena& arena) {
    calls.attach(arena);
    live_.attach(arena);
    through_.attach(arena);
    loops_through_.attach(arena);
  }

  Vec<u32> calls;  // positions of calls, latest first

  // False when out of memory.
  bool compute(MachFunction& mf) {
    mf_ = &mf;
    vregs_ = mf.vregs.data();
    loops_ = mf.loops.size() > 1;
    plain_ = !loops_ && mf.remats.size() == 1;
    if (!live_.reserve(mf.vregs.size())) return false;
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
  static constexpr u32 longest_for_remats = 256;  // blocks of a loop

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
      for (const u32 v : mf_->params.slice(b.first_param, b.params)) vreg(v).def_block = k;
      for (u32 i = b.bottom; i < b.top; ++i)
        for (const Operand& o : mf_->operands_of(mf_->insts[i]))
          if (o.is_def()) vreg(o.vreg.id).def_block = k;
    }
    return true;
  }

  // Makes v live in block k with its next use at `next`.
  [[gnu::always_inline]] void add(u32 v, u32 next, u32 k) {
    VRegData& s = vreg(v);
    if (s.place != 0)
      s.next = next < s.next ? next : s.next;
    else
      make_live(s, v, next, k);
  }

  void make_live(VRegData& s, u32 v, u32 next, u32 k) {
    s.next = next;
    live_.push(v);
    s.place = live_.size();
    const u32 last = next < block_end_ ? next : block_end_;
    if (s.range.end < last) s.range.end = last;
    if (!loops_) return;
    made_live_ = true;
    ++count_[static_cast<u8>(s.bank)];
    if (mf_->blocks[k].loop != 0) extend_over_loops(v, k);
  }

  void remove(VRegData& s) {
    const u32 last = live_.back();
    live_[s.place - 1] = last;
    vreg(last).place = s.place;
    s.place = 0;
    live_.pop_back();
    if (loops_) --count_[static_cast<u8>(s.bank)];
  }

  // v is live somewhere in block k: then also in all of the outermost loop around k that does not
  // hold its definition (the innermost loop, for a remat, and none if that is long: as many constants as blocks
  // would take quadratic memory). An irreducible loop counts even if it
  // holds the definition, from there on: its edges may come back to any block of it.
  void extend_over_loops(u32 v, u32 k) {
    u32 loop = vreg(v).is_remat() ? mf_->blocks[k].loop : loop_around_use(v, k);
    if (loop == 0 || (vreg(v).loop != 0 && in_loop(vreg(v).loop, k))) return;
    if (vreg(v).is_remat() && mf_->loops[loop].last - mf_->loops[loop].first > longest_for_remats) return;
    vreg(v).loop = loop;
    if (through_.push({v, loops_through_[loop]})) loops_through_[loop] = through_.size() - 1;
    const u32 last = mf_->loops[loop].last;
    for (u32 b = k + 1; b <= last; ++b) add_live_in(b, v, vreg(v).next);
    if (vreg(v).range.end < end(last)) vreg(v).range.end = end(last);
  }

  u32 loop_around_use(u32 v, u32 k) const {
    u32 outermost = 0;
    const u32 def = vreg(v).def_block;
    for (u32 l = mf_->blocks[k].loop; l != 0; l = mf_->loops[l].parent)
      if (!in_loop(l, def) || (mf_->loops[l].irreducible && def != k)) outermost = l;
    return outermost;
  }

  // What is live in all of a loop is live in each of its blocks, whatever the block's successors say.
  void add_loop_values(u32 k) {
    for (u32 l = mf_->blocks[k].loop; l != 0; l = mf_->loops[l].parent)
      for (u32 n = loops_through_[l]; n != 0; n = through_[n].next)
        if (vreg(through_[n].vreg).def_block < k) add(through_[n].vreg, end(mf_->loops[l].last) + 1, k);
  }

  // The use at `next` of v, which is live in all of a loop around block_, seen from the end of that
  // loop's body; no_use if v is in no such loop.
  u32 next_around(u32 v, u32 next) const {
    const u32 l = vreg(v).loop;
    if (l == 0 || !in_loop(l, block_)) return no_use;
    const MachLoop& loop = mf_->loops[l];
    return end(loop.last) + (next - start(loop.first));
  }

  // v is live at the start of block b, which was visited before; its use comes around the loop again.
  // b may know v already: the first entry found counts.
  void add_live_in(u32 b, u32 v, u32 next) {
    MachBlock& block = mf_->blocks[b];
    const MachLoop& loop = mf_->loops[vreg(v).loop];
    const u32 around = end(loop.last) + (next - start(loop.first));
    if (mf_->loop_live_ins.push({LiveIn{VReg(v), around}, block.more_live_in}))
      block.more_live_in = mf_->loop_live_ins.size() - 1;
  }

  // The values live at the end of block k.
  void open_block(u32 k) {
    const MachBlock& b = mf_->blocks[k];
    block_ = k;
    block_end_ = end(k);
    made_live_ = loops_;
    const Span<const MachEdge> edges = mf_->edges.slice(b.first_edge, b.edges);
    bool falls_in = false;  // what is live now is what the next block needs
    for (const MachEdge& e : edges) falls_in = falls_in || e.to == k + 1;
    if (falls_in)
      shift_over_exit(k);
    else
      clear();
    for (const MachEdge& e : edges) add_successor(k, e, falls_in);
    if (loops_) add_loop_values(k);
  }

  // The next block's live values stay, but those past a loop's exit count as far.
  void shift_over_exit(u32 k) {
    if (plain_) return;
    const u32 loop = mf_->blocks[k].loop;
    const bool leaves = loop != 0 && !in_loop(loop, k + 1);
    for (u32 n = live_.size(); n-- > 0;) {
      const u32 v = live_[n];
      if (vreg(v).is_remat() && !(vreg(v).loop != 0 && in_loop(vreg(v).loop, k))) {
        remove(vreg(v));
        continue;
      }
      if (leaves) vreg(v).next += loop_exit_penalty;
      if (loops_ && loop != 0) extend_over_loops(v, k);
    }
  }

  void add_successor(u32 k, const MachEdge& e, bool falls_in) {
    const u32 at = end(k);
    const u32 first_param = mf_->blocks[e.to].first_param;
    for (u32 n = 0; n < e.args; ++n) {
      const u32 v = mf_->args[e.first_arg + n];
      if (!vreg(v).partner) vreg(v).partner = VReg(mf_->params[first_param + n]);
      add(v, at - 1, k);
    }
    if (e.to <= k || (falls_in && e.to == k + 1)) return;
    const MachBlock& s = mf_->blocks[e.to];
    const u32 loop = mf_->blocks[k].loop;
    const u32 far = loop != 0 && !in_loop(loop, e.to) ? loop_exit_penalty : 0;
    const u32 from = start(e.to);
    const Span<const LiveIn> live_ins = mf_->live_ins.slice(s.first_live_in, s.live_ins);
    if (plain_) {
      for (const LiveIn& l : live_ins) add(l.vreg.id, at + (l.next_use - from), k);
      return;
    }
    for (const LiveIn& l : live_ins) add_live_out(k, l, at + (l.next_use - from) + far);
    for (u32 n = s.more_live_in; n != 0; n = mf_->loop_live_ins[n].next) {
      const LiveIn& l = mf_->loop_live_ins[n].value;
      add_live_out(k, l, at + (l.next_use - from) + far);
    }
  }

  void add_live_out(u32 k, const LiveIn& l, u32 next) {
    const u32 v = l.vreg.id;
    if (vreg(v).is_remat() && !(vreg(v).loop != 0 && in_loop(vreg(v).loop, k))) return;
    add(v, next, k);
  }

  [[gnu::always_inline]] void visit(MachInst& m) {
    const u32 pos = position_;
    const Span<Operand> ops = mf_->operands_of(m);
    if ((m.flags & mach_call) != 0) calls.push(pos);
    u32 demands = 0;
    for (Operand& o : ops) {
      demands |= o.role | u32{static_cast<u8>(o.constraint)} << 8;
      VRegData& s = vreg(o.vreg.id);
      if (o.is_def()) define(o, s, pos);
      if (o.is_use()) use(ops, o, s, pos);
    }
    constexpr u32 guard = role_use | role_late_use | u32{static_cast<u8>(ConstraintKind::any)} << 8;
    constexpr u32 special = 0xff00 | (0xff & ~u32{role_use | role_def});
    if (m.clobbers == 0) {
      if ((demands & special) == 0) m.flags |= mach_plain;
      if (m.state && (demands & ~guard) == 0) m.flags |= mach_leaves;
    }
    if (!made_live_) return;
    made_live_ = false;
    for (u32 b = 0; b < 3; ++b) pressure_[b] = pressure_[b] < count_[b] ? count_[b] : pressure_[b];
  }

  [[gnu::always_inline]] void use(Span<const Operand> ops, Operand& o, VRegData& s, u32 pos) {
    if (s.bank == Bank::flags) return;
    if (s.place == 0) {
      make_live(s, o.vreg.id, pos, block_);
      o.next_use = s.loop != 0 ? next_around(o.vreg.id, pos) : no_use;
    } else if (s.next == pos) {
      o.next_use = earlier_operand(ops, o).next_use;
    } else {
      o.next_use = s.next;
      s.next = pos;
    }
    if (o.constraint == ConstraintKind::fixed) s.hint = RegNumber{o.arg};
  }

  [[gnu::always_inline]] void define(Operand& o, VRegData& s, u32 pos) {
    if (s.bank == Bank::flags) return;
    s.range.def = pos;
    if (s.range.end < pos + 1) s.range.end = pos + 1;
    o.next_use = no_use;
    if (s.place != 0) {
      o.next_use = s.next;
      remove(s);
    }
    if (o.tied != 0) prefer_same(*(&o - o.tied), o);
  }

  static const Operand& earlier_operand(Span<const Operand> ops, const Operand& o) {
    for (const Operand& p : ops)
      if (p.is_use() && p.vreg == o.vreg) return p;
    return o;
  }

  void prefer_same(const Operand& use, const Operand& def) {
    if (!use.vreg) return;
    VRegData& u = vreg(use.vreg.id);
    u.partner = def.vreg;
    if (u.hint == 0xff) u.hint = vreg(def.vreg.id).hint;
  }

  void close_block(u32 k) {
    MachBlock& b = mf_->blocks[k];
    for (const u32 v : mf_->params.slice(b.first_param, b.params)) {
      VRegData& s = vreg(v);
      s.range.def = start(k) - 1;
      if (s.range.end < start(k)) s.range.end = start(k);
      const bool live = s.place != 0;
      mf_->live_ins.push({VReg(v), live ? s.next : no_use});
      if (live) remove(s);
    }
    b.first_live_in = mf_->live_ins.size();
    b.live_ins = live_.size();
    if (LiveIn* to = mf_->live_ins.extend(live_.size()))
      for (const u32 v : live_) *to++ = {VReg(v), vreg(v).next};
    else
      b.live_ins = 0;
    if (!loops_) return;
    for (u32 l = b.loop; l != 0; l = mf_->loops[l].parent)
      for (u32 n = 0; n < 3; ++n)
        if (mf_->loops[l].pressure[n] < pressure_[n]) mf_->loops[l].pressure[n] = pressure_[n];
    for (u32 n = 0; n < 3; ++n) pressure_[n] = 0;
  }

  void clear() {
    for (const u32 v : live_) vreg(v).place = 0;
    live_.clear();
    for (u32 n = 0; n < 3; ++n) count_[n] = 0;
  }

  VRegData& vreg(u32 v) const {
    check(v < mf_->vregs.size());
    return vregs_[v];
  }

  MachFunction* mf_ = nullptr;
  VRegData* vregs_ = nullptr;  // of mf_
  bool loops_ = false;
  bool plain_ = false;  // neither loops nor remats
  // Values live in all of a loop, as lists by loop.
  struct Through {
    u32 vreg = 0;
    u32 next = 0;
  };
  u32 block_ = 0;
  u32 block_end_ = 0;  // position of its end
  u32 position_ = 0;   // of the instruction visited
  bool made_live_ = false;  // if there are loops: a value, since pressure_ was taken
  u32 count_[4] = {};     // values live now, by bank
  u32 pressure_[3] = {};  // most of them in this block
  Vec<u32> live_;
  Vec<Through> through_;
  Vec<u32> loops_through_;  // by loop: head of its list
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LIVENESS_HPP
