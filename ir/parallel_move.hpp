// Turns a set of moves that happen at once into a sequence that has the same effect.
//
// Invariants: destinations are distinct; a source may be read by many. A move is emitted when nobody
// still needs its destination's old value; what remains then are cycles of registers and slots, opened
// by a swap or through a temporary. Without any free register a temporary is borrowed: its value rests
// in the scratch slot meanwhile. No move touches condition flags.
// The order of ready moves first, cycles last is that of Rideau, Serpette and Leroy, "Tilting at
// windmills with Coq" (2008).
#ifndef JITKIT_IR_PARALLEL_MOVE_HPP
#define JITKIT_IR_PARALLEL_MOVE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/machine.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/support/span.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// What a resolver may use.
struct MoveResources {
  RegSet free;          // registers that hold nothing before and after the moves
  RegSet bank[3];       // registers of gpr, vec, mask that may be borrowed
  bool has_swap[3] = {false, false, false};
  Type widest_vector = Type::v128;  // of any value of the function: what a borrowed register may hold
  Allocation scratch;   // slots as large as that, used only if `free` has nothing: for a cycle ...
  Allocation borrow;    // ... and for the register a memory to memory move borrows
  bool used_scratch = false;
};

class MoveResolver {
 public:
  explicit MoveResolver(Arena& arena) { pending_.attach(arena); }

  // Appends the sequence for `moves` to out(Move). Moves whose two places are equal vanish.
  template <class Out>
  void resolve(Span<const Move> moves, MoveResources& r, Out out) {
    pending_.clear();
    for (const Move& m : moves)
      if (m.from != m.to) pending_.push(m);
    while (!pending_.empty()) {
      bool progress = false;
      for (u32 n = 0; n < pending_.size();) {
        if (read_by_other(n)) {
          ++n;
          continue;
        }
        emit(pending_[n], r, out);
        pending_[n] = pending_.back();
        pending_.pop_back();
        progress = true;
      }
      if (!progress) break_cycle(r, out);
    }
  }

 private:
  bool read_by_other(u32 n) const {
    for (u32 k = 0; k < pending_.size(); ++k)
      if (k != n && pending_[k].from == pending_[n].to) return true;
    return false;
  }

  static u32 bank_of(const Move& m) { return static_cast<u32>(bank(m.type)); }

  // pending_[0] is part of a cycle: its destination is read by another move.
  template <class Out>
  void break_cycle(MoveResources& r, Out out) {
    const Move m = pending_[0];
    const u32 b = bank_of(m);
    // Vectors are exchanged by three operations, each waiting for the one before: a free register is better.
    const bool swaps = r.has_swap[b] && (b != static_cast<u32>(Bank::vec) || (r.free & r.bank[b]).empty());
    if (m.from.is_reg() && m.to.is_reg() && swaps) {
      Move s = m;
      s.swap = true;
      s.type = wider(m.type, reader_type(m.to));
      out(s);
      // What stood in `to` is now in `from`, and m is done.
      pending_[0] = pending_.back();
      pending_.pop_back();
      for (u32 k = 0; k < pending_.size();) {
        Move& p = pending_[k];
        if (p.from == m.to)
          p.from = m.from;
        else if (p.from == m.from)
          p.from = m.to;
        if (p.from == p.to) {
          p = pending_.back();
          pending_.pop_back();
        } else {
          ++k;
        }
      }
      return;
    }
    // Save what stands in `to`; its readers read the copy from now on.
    const Type t = reader_type(m.to);
    const RegSet free = r.free & r.bank[static_cast<u32>(bank(t))];
    Allocation copy = r.scratch;
    if (!free.empty()) {
      copy = Allocation::reg(free.first());
      r.free.remove(free.first());
    } else {
      r.used_scratch = true;
    }
    Move save = m;
    save.from = m.to;
    save.to = copy;
    save.type = t;
    emit(save, r, out);
    for (Move& p : pending_)
      if (p.from == m.to) p.from = copy;
  }

  Type reader_type(Allocation from) const {
    Type t = Type::none;
    for (const Move& p : pending_)
      if (p.from == from) t = t == Type::none ? p.type : wider(t, p.type);
    return t;
  }
  static Type wider(Type a, Type b) { return bits(a) >= bits(b) ? a : b; }

  // One move; memory to memory goes through a register.
  template <class Out>
  void emit(const Move& m, MoveResources& r, Out out) {
    if (m.from.is_reg() || m.to.is_reg()) {
      out(m);
      return;
    }
    const u32 b = bank_of(m);
    const RegSet free = r.free & r.bank[b];
    const PReg t = free.empty() ? r.bank[b].first() : free.first();
    const bool borrowed = free.empty();
    Move step = m;
    if (borrowed) {
      r.used_scratch = true;
      step.type = widest_of(b, r);
      step.from = Allocation::reg(t);
      step.to = r.borrow;
      out(step);
      step.type = m.type;
    }
    step.from = m.from;
    step.to = Allocation::reg(t);
    out(step);
    step.from = Allocation::reg(t);
    step.to = m.to;
    out(step);
    if (borrowed) {
      step.type = widest_of(b, r);
      step.from = r.borrow;
      step.to = Allocation::reg(t);
      out(step);
    }
  }
  static Type widest_of(u32 b, const MoveResources& r) {
    return b == 0 ? Type::i64 : b == 1 ? r.widest_vector : Type::mask;
  }

  Vec<Move> pending_;
};

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_PARALLEL_MOVE_HPP
