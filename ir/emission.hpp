// Emission, the half that every target shares: blocks in layout order, the allocator's moves between
// instructions and on edges, which jumps are needed at all, and the table from code to source.
//
// Invariants:
//  - Moves of an edge stand where MachEdge::place says. A split edge is a little block of its own:
//    right behind the branch when the branch is a loop's back edge, leads to the next block or has nothing to
//    fall into, else behind the function.
//  - A conditional branch is one MachInst with two edges (extra and extra + 1); it is emitted inverted
//    when its first edge is the next block.
#ifndef JITKIT_IR_EMISSION_HPP
#define JITKIT_IR_EMISSION_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/exits.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// From an offset in the code to the IR instruction it came from, until the next.
struct CodePosition {
  u32 offset;  // bytes from the start of the function
  Inst inst;   // none: code of the compiler's own (prologue, moves, stubs)
};

// Where the code of blocks and instructions is. What `blocks` does not cover is the prologue before
// and stubs, islands and data behind.
struct CodeMap {
  Span<const CodePosition> positions;
  Span<const u32> blocks;  // in layout order: where each starts, and where the last one ends
};

// CRTP base. Derived provides:
//   using Label
//   Label new_label(); void bind(Label); u32 offset()
//   void prologue(); void finish()              finish(): pools and out-of-line stubs
//   void emit_inst(const MachInst&)             anything but Pseudo::jump and conditional branches
//   bool is_branch(const MachInst&)             a conditional branch with edges extra and extra + 1
//   void emit_branch(const MachInst&, bool inverted, Label)
//   bool is_guard(const MachInst&)              one that leaves by a conditional branch and is nothing else
//   void emit_guard_inverted(const MachInst&, Label)  goes to the label where the guard goes on, leaves behind it
//   void emit_jump(Label)
//   void emit_move(const Move&)                 reg, slot, incoming, remat -> reg; reg -> slot; swap
//   bool locate(Allocation, Location&)          where that is in the frame, for the location map
template <class Derived, class LabelType>
class EmitterBase {
 public:
  using Label = LabelType;

  EmitterBase(const FunctionData& fn, MachFunction& mf, Arena& arena)
      : fn_(fn), mf_(mf), exits_(fn, mf, arena) {
    block_labels_.attach(arena);
    split_labels_.attach(arena);
    positions_.attach(arena);
    block_starts_.attach(arena);
  }

  void emit_function() {
    for (u32 k = 0; k < mf_.blocks.size(); ++k) block_labels_.push(self().new_label());
    split_labels_.assign(mf_.edges.size(), Label());
    if (block_labels_.size() != mf_.blocks.size() || split_labels_.size() != mf_.edges.size())
      return;  // out of memory: sticky in the arena
    positions_.reserve(mf_.insts.size() + mf_.edits.size() + mf_.edge_moves.size() + 2);  // nearly always enough
    start_ = self().offset();
    mark({});
    self().prologue();
    find_change();
    u32 next_edit = 0;
    for (block_ = 0; block_ < mf_.blocks.size(); ++block_) emit_block(next_edit);
    block_starts_.push(self().offset() - start_);
    mark({});
    for (u32 e = 1; e < mf_.edges.size(); ++e)
      if (split_labels_[e] != Label() && split_labels_[e] != emitted()) emit_split(e);
    self().finish();
  }

  // After emit_function().
  Status make_location_map() {
    if (open_exit_ && open_exit_at_ != self().offset()) return {Error::unsupported, open_exit_.id, static_cast<u64>(Opcode::exit_)};
    return exits_.make_map([this](Allocation a, Location& l) { return self().locate(a, l); });
  }
  const Vec<ExitSite>& exits() const { return exits_.sites(); }
  LocationMap locations() const { return exits_.map(); }

  CodeMap code_map() const {
    return {{positions_.data(), positions_.size()}, {block_starts_.data(), block_starts_.size()}};
  }

 protected:
  Derived& self() { return static_cast<Derived&>(*this); }
  const Derived& self() const { return static_cast<const Derived&>(*this); }

  // Where a branch along edge e goes.
  Label edge_label(u32 e) {
    if (mf_.edges[e].place != MachEdge::Place::split) return block_labels_[mf_.edges[e].to];
    if (split_labels_[e] == Label()) split_labels_[e] = self().new_label();
    return split_labels_[e];
  }
  bool falls_through(u32 e) const {
    return mf_.edges[e].place != MachEdge::Place::split && mf_.edges[e].to == block_ + 1;
  }
  Label block_label(u32 layout_index) const { return block_labels_[layout_index]; }
  u32 current_block() const { return block_; }

  void mark(Inst i) {
    if (!positions_.empty() && positions_.back().inst == i) return;
    positions_.push({self().offset() - start_, i});
  }

  // Where the branch of m leaves to: its frame state's stub, or that of ops that trap.
  Label exit_label(const MachInst& m) {
    return exits_.stub(m.state.id, [this] { return self().new_label(); });
  }
  // Where it leaves to if the consumer gave its exits symbols.
  template <class Symbol>
  Symbol exit_symbol(const MachInst& m, Span<const Symbol> symbols) const {
    const u64 id = m.state ? fn_.frame_states[m.state.id].id : symbols.size();
    return id < symbols.size() ? symbols[id] : Symbol();
  }
  // A place with a frame state; loads and patch points leave without a branch of their own.
  void record(const MachInst& m, u32 at) {
    exits_.record(m, at - start_);
    const LocationMap::SiteKind kind = exits_.kind_of(m);
    if (kind == LocationMap::SiteKind::load || kind == LocationMap::SiteKind::patch_point) (void)exit_label(m);
  }
  // The native exit m leaves here.
  void record_exit(const MachInst& m) { exits_.record_native(m.extra, self().offset() - start_); }
  // A native exit without a target runs into what follows the function: it has to stand at its end.
  void falls_out(Inst exit) {
    if (open_exit_) return;
    open_exit_ = exit;
    open_exit_at_ = self().offset();
  }
  // Binds the stubs behind the function; emit(state) makes the code of one.
  template <class Emit>
  void emit_stubs(Emit emit) {
    for (auto& s : exits_.stubs()) {
      self().bind(s.label);
      s.offset = self().offset() - start_;
      emit(s.state);
    }
  }

  const FunctionData& fn_;
  MachFunction& mf_;
  Exits<LabelType> exits_;
  u32 start_ = 0;  // offset of the function in the buffer

 private:
  static constexpr Label emitted() { return Label(~u32{0}); }

  void emit_block(u32& next_edit) {
    const MachBlock& b = mf_.blocks[block_];
    self().bind(block_labels_[block_]);
    block_starts_.push(self().offset() - start_);
    for (u32 p = 0; p < b.preds; ++p) {
      const MachEdge& e = mf_.edges[mf_.preds[b.first_pred + p]];
      if (e.place == MachEdge::Place::succ_start) emit_moves(e);
    }
    const auto next_at = [&] { return next_edit < mf_.edits.size() ? mf_.edits[next_edit].at : no_use; };
    u32 edit_at = next_at();
    for (u32 i = b.top; i-- > b.bottom;) {
      for (; edit_at == i; ++next_edit, edit_at = next_at()) {
        mark({});
        self().emit_move(mf_.edits[next_edit].move);
      }
      if (i == b.bottom && b.edges == 1) {
        const MachEdge& e = mf_.edges[b.first_edge];
        if (e.place == MachEdge::Place::pred_end) emit_moves(e);
      }
      if (i == next_change_) note_changes();
      if (i == b.bottom + 1 && edit_at != b.bottom && ends_loop(b)) {
        mark(mf_.insts[i].inst);
        self().emit_guard_inverted(mf_.insts[i], block_labels_[mf_.edges[b.first_edge].to]);
        return;
      }
      emit_one(mf_.insts[i]);
    }
  }

  // Whether the block ends with a guard and a jump back, and nothing between: then the guard's branch goes back,
  // and what follows leaves.
  bool ends_loop(const MachBlock& b) const {
    const MachInst& jump = mf_.insts[b.bottom];
    if (b.edges != 1 || jump.form != static_cast<u16>(Pseudo::jump) || next_change_ == b.bottom) return false;
    const MachEdge& e = mf_.edges[b.first_edge];
    return e.moves == 0 && e.place != MachEdge::Place::split && e.to <= block_ && self().is_guard(mf_.insts[b.bottom + 1]);
  }

  // Changes of registers that begin with the instruction emitted next.
  void note_changes() {
    const u32 at = next_change_;
    do {
      if (!exits_.note_change(self().offset() - start_)) return;
      find_change();
    } while (next_change_ == at);
  }
  void find_change() {
    const u32 n = exits_.noted_changes();
    next_change_ = n < mf_.register_changes.size() ? mf_.register_changes[n].at : no_use;
  }

  void emit_one(const MachInst& m) {
    if (m.form == static_cast<u16>(Pseudo::jump)) {
      mark(m.inst);
      if (!falls_through(m.extra)) self().emit_jump(edge_label(m.extra));
      return;
    }
    mark(m.inst);
    if ((m.flags & mach_terminator) != 0 && self().is_branch(m))
      emit_conditional(m);
    else
      self().emit_inst(m);
  }

  void emit_conditional(const MachInst& m) {
    const u32 yes = m.extra;
    const u32 no = m.extra + 1;
    const auto split = [&](u32 e) { return mf_.edges[e].place == MachEdge::Place::split; };
    if (split(yes) && mf_.edges[yes].to <= block_ + 1) {
      self().emit_branch(m, true, edge_label(no));
      emit_split(yes);
      return;
    }
    if (falls_through(yes)) {
      self().emit_branch(m, true, edge_label(no));
      return;
    }
    self().emit_branch(m, false, edge_label(yes));
    if (falls_through(no)) return;
    if (split(no))
      emit_split(no);
    else
      self().emit_jump(edge_label(no));
  }

  void emit_split(u32 e) {
    Label& l = split_labels_[e];
    if (l != Label()) self().bind(l);
    l = emitted();
    mark({});
    emit_moves(mf_.edges[e]);
    if (mf_.edges[e].to != block_ + 1) self().emit_jump(block_labels_[mf_.edges[e].to]);
  }

  void emit_moves(const MachEdge& e) {
    if (e.moves != 0) mark({});
    for (u32 n = 0; n < e.moves; ++n) self().emit_move(mf_.edge_moves[e.first_move + n]);
  }

  u32 block_ = 0;
  u32 next_change_ = no_use;  // instruction with which the next register change begins
  Inst open_exit_;  // the first that falls out
  u32 open_exit_at_ = 0;
  Vec<Label> block_labels_;
  Vec<Label> split_labels_;  // by edge; made when first branched to
  Vec<CodePosition> positions_;
  Vec<u32> block_starts_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_EMISSION_HPP
