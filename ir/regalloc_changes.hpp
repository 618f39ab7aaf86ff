// The allocator, the list of register changes: which register holds each value that frame states name,
// all along the code. Only for frames that ask (FrameSpec::slot_from_def). Included by regalloc.hpp.
//
// Invariants: read off the finished allocation, in layout order, so that it costs nothing while registers
// are chosen. A value that several registers hold is listed in one of them: the one its frame states name,
// or the one it was in before. A row is written only when that register is lost or another is named. The
// checker proves each row at every instruction it covers. In a function with an irreducible loop a value
// may count as live where it is not defined (liveness.hpp): there, what blocks start with is not listed;
// what a frame state names is.
#ifndef JITKIT_IR_REGALLOC_CHANGES_HPP
#define JITKIT_IR_REGALLOC_CHANGES_HPP

#include <jitkit/ir/regalloc.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class RegisterHistory {
 public:
  RegisterHistory(MachFunction& mf, Arena& arena) : mf_(mf), listed_(arena), look_(arena) {}

  // Follows the values that frame states name; false when out of memory.
  bool start() {
    if (!listed_.assign(mf_.vregs.size(), untracked)) return false;
    for (const MachInst& m : mf_.insts)
      for (const Operand& o : mf_.operands_of(m))
        if (m.state && o.constraint == ConstraintKind::any) listed_[o.vreg.id] = nowhere;
    return true;
  }
  // Register r holds v from now on; 0: nothing that is followed.
  void hold(unsigned r, u32 v) {
    const u32 old = holder_[r];
    holder_[r] = v != 0 && listed_[v] != untracked ? v : 0;
    if (old != holder_[r] && old != 0 && listed_[old] == r) look_.push(old);
    if (holder_[r] != 0 && listed_[v] == nowhere) look_.push(v);
  }
  void move(const Move& m, u32 scratch_slot) {
    if (m.swap) {
      const u32 a = holder_[m.from.index()], b = holder_[m.to.index()];
      hold(m.from.index(), b);
      return hold(m.to.index(), a);
    }
    // Moves that save a register for the resolver name another value: what counts is what stands there.
    const bool scratch = m.from.kind() == Allocation::Kind::slot && m.from.index() >= scratch_slot;
    const u32 what = m.from.is_reg() ? holder_[m.from.index()] : scratch ? saved_[m.from.index() != scratch_slot] : m.vreg.id;
    if (m.to.is_reg())
      hold(m.to.index(), what);
    else if (m.to.index() >= scratch_slot)
      saved_[m.to.index() != scratch_slot] = what;
  }
  // Instruction i begins, after its edits: its frame state's registers are the ones to list.
  void begin(u32 i) {
    const Span<const Operand> ops = mf_.operands_of(mf_.insts[i]);
    const auto named = [&](const Operand& o) {
      return mf_.insts[i].state && o.constraint == ConstraintKind::any && o.alloc.is_reg();
    };
    for (const Operand& o : ops)
      if (named(o)) hold(o.alloc.index(), o.vreg.id);
    for (const u32 v : look_) list(i, v, register_of(v));
    look_.clear();
    for (const Operand& o : ops)
      if (named(o)) list(i, o.vreg.id, static_cast<u8>(o.alloc.index()));
  }
  // ... and has been executed.
  void end(const MachInst& m) {
    const Clobbers& c = mf_.clobbers[m.clobbers];
    for_each_bit(c.full.bits, [&](unsigned r) { hold(r, 0); });
    for_each_bit(c.upper.bits, [&](unsigned r) {
      if (holder_[r] != 0 && bits(mf_.vregs[holder_[r]].type) > 64) hold(r, 0);
    });
    for (const Operand& o : mf_.operands_of(m))
      if (o.is_def() && o.alloc.is_reg()) hold(o.alloc.index(), o.vreg.id);
  }

 private:
  static constexpr u8 nowhere = 0xff, untracked = 0xfe;

  u8 register_of(u32 v) const {
    if (listed_[v] < 64 && holder_[listed_[v]] == v) return listed_[v];
    for (u8 r = 0; r < 64; ++r)
      if (holder_[r] == v) return r;
    return nowhere;
  }
  void list(u32 i, u32 v, u8 r) {
    if (listed_[v] == r) return;
    listed_[v] = r;
    mf_.register_changes.push({i, VReg(v), r == nowhere ? PReg() : PReg(r)});
  }

  MachFunction& mf_;
  Vec<u8> listed_;       // by VReg: the register its last row names
  Vec<u32> look_;        // values whose row may have to change
  u32 holder_[64] = {};  // value in each register; 0: none that is followed
  u32 saved_[2] = {};    // ... and in the resolver's two slots
};

inline void RegisterAllocator::list_register_changes() {
  mf_.tracks_values = true;
  RegisterHistory history(mf_, arena_);
  if (!history.start()) return;
  bool certain = true;
  for (const MachLoop& l : mf_.loops) certain = certain && !l.irreducible;
  u32 next_edit = 0;
  for (u32 k = 0; k < mf_.blocks.size(); ++k) {
    const MachBlock& b = mf_.blocks[k];
    const u32 primary = entrance_of(b, k).edge;
    const bool brought = brings_all(b, k, primary);
    const u32 from = brought ? mf_.edges[primary].from : k;
    const u64 regs = !certain ? 0 : brought ? end_regs_[from] : start_regs_[k];
    const u32* holders = brought ? ends_.data() + from * width_ : starts_.data() + k * width_;
    for (u32 r = 0; r < 64; ++r) history.hold(r, (regs >> r & 1) != 0 ? holders[r] : 0);
    for (u32 i = b.top; i-- > b.bottom;) {
      for (; next_edit < mf_.edits.size() && mf_.edits[next_edit].at == i; ++next_edit)
        history.move(mf_.edits[next_edit].move, need_scratch_ ? scratch_slot_ : no_use);
      history.begin(i);
      history.end(mf_.insts[i]);
    }
  }
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_REGALLOC_CHANGES_HPP
