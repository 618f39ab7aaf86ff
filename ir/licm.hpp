// Loop-invariant code: an instruction without effects whose operands come from outside of a loop moves in
// front of it, as far out as they allow; a load too, if the loop does not write its bytes and it cannot
// fault or would be the first thing the loop does.
//
// It moves to the end of the loop's preheader. What costs nothing where it is used stays: constants, addresses of slots and symbols, offsets, and
// comparisons, which become flags. The number of values that a loop is given this way is bounded, because
// each may take a register. Addresses derived from references stay, as a safepoint may move the object.
// Irreducible loops are left alone.
// Cost: linear.
#ifndef JITKIT_IR_LICM_HPP
#define JITKIT_IR_LICM_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/alias.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/ir/preheader.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class InvariantMover {
 public:
  explicit InvariantMover(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()) {}

  Status run() {
    loop_of_.attach(arena_);
    loops_.attach(arena_);
    writes_.attach(arena_);
    if (cfg_.order().empty() || cfg_.loop_count() == 0) return c_.status();
    if (!loop_of_.resize_zero(f_.values.size()) || !loops_.assign(cfg_.loop_count() + 1, {}) ||
        !preheaders_.prepare(c_) || !alias_.prepare(f_, cfg_, arena_) || !collect_writes())
      return c_.status();
    for (const Block b : cfg_.order()) {
      const Loop l = cfg_.loop(b);
      for (u32 n = 0; n < f_[b].param_count; ++n) loop_of_[f_.param(b, n).id] = l.id;
      bool first = cfg_.is_header(b);  // whether what comes now runs whenever the loop is entered
      for (Inst i = f_[b].first; i && c_.status().ok();) {
        const Inst next = f_[i].next;
        const Loop to = l ? outermost(b, i, first) : Loop();
        const bool moved = to && move(b, i, to);
        for (u32 n = 0; n < f_[i].results; ++n) loop_of_[f_.result(i, n).id] = moved ? cfg_[to].parent.id : l.id;
        const u8 effects = f_.effects(f_[i]);
        first = first && (effects == effect::pure || effects == effect::read);
        i = next;
      }
    }
    if (preheaders_.changed()) c_.edges_changed();
    return c_.status();
  }

 private:
  static constexpr u32 most_moved = 12;
  static constexpr u32 most_writes = 16;  // of a loop; with more everything may be written

  struct LoopState {
    u32 moved = 0;
    u32 first_write = 0, writes = 0;
    bool anything = false;
  };
  struct Write {
    Address address;
    u32 bytes = 0;
  };

  bool collect_writes() {
    for (u32 l = cfg_.loop_count(); l != 0; --l) {
      LoopState& s = loops_[l];
      s.first_write = writes_.size();
      for (u32 at = cfg_[Loop(l)].first; at < cfg_[Loop(l)].end && !s.anything; ++at) {
        const Block b = cfg_.order()[at];
        if (const Loop inner = cfg_.loop(b); inner.id != l && cfg_.is_header(b)) {  // known already
          if (!add_writes(s, loops_[inner.id])) s.anything = true;
          at = cfg_[inner].end - 1;
          continue;
        }
        for (Inst i = f_[b].first; i && !s.anything; i = f_[i].next) {
          const InstData& d = f_[i];
          if ((f_.effects(d) & effect::write) == 0) continue;
          const Type moved = is_native(d.op) ? Type::none : moved_type(d).type;
          s.anything = moved == Type::none || s.writes == most_writes || !writes_.push({alias_.address(i), bytes(moved)});
          ++s.writes;
        }
      }
    }
    return !arena_.failed();
  }
  bool add_writes(LoopState& s, const LoopState& inner) {
    if (inner.anything || s.writes + inner.writes > most_writes) return false;
    for (u32 n = 0; n < inner.writes; ++n) {
      const Write w = writes_[inner.first_write + n];
      if (!writes_.push(w)) return false;
      ++s.writes;
    }
    return true;
  }

  bool inside(Loop l, u32 value) const {
    const Loop d(loop_of_[value]);
    return d && cfg_.contains(l, cfg_[d].header);
  }
  // The outermost loop that i of block b may leave; none if it must stay.
  Loop outermost(Block b, Inst i, bool first) {
    const InstData& d = f_[i];
    const bool load = is_plain_load(d.op) && !MemFlags(d.flags).is_volatile();
    if (!load && !pays(i)) return {};
    Loop best;
    for (Loop l = cfg_.loop(b); l; l = cfg_[l].parent) {
      if (cfg_[l].irreducible || loops_[l.id].moved == most_moved) break;
      bool invariant = true;
      for (const u32 v : f_.operands(i)) invariant = invariant && !inside(l, v);
      if (!invariant) break;
      if (load && !(reads_same(l, i) && (alias_.is_there(alias_.address(i), bytes(moved_type(d).type)) ||
                                         (first && cfg_[l].header == b))))
        break;
      best = l;
    }
    return best;
  }
  bool reads_same(Loop l, Inst load) const {
    const LoopState& s = loops_[l.id];
    const Address a = alias_.address(load);
    const u32 size = bytes(moved_type(f_[load]).type);
    if (s.anything) return !alias_.reached(a) && a.root == Address::Root::symbol;
    for (u32 n = 0; n < s.writes; ++n)
      if (alias_.may_alias(a, size, writes_[s.first_write + n].address, writes_[s.first_write + n].bytes)) return false;
    return true;
  }
  bool pays(Inst i) const {
    const InstData& d = f_[i];
    if (!is_pure(d)) return false;
    switch (d.op) {
      case Opcode::stack_addr:
      case Opcode::symbol_addr:
      case Opcode::icmp:
      case Opcode::fcmp:
      case Opcode::zext:
      case Opcode::trunc:
      case Opcode::not_: return false;
      case Opcode::ptr_add:
      case Opcode::add:
        if (f_.is_constant(Value(d.ops[1]))) return false;
        break;
      default: break;
    }
    if (f_.type(d.result) == Type::ref) return true;
    for (const u32 v : f_.operands(i))
      if (f_.type(Value(v)) == Type::ref) return false;
    return true;
  }

  bool move(Block b, Inst i, Loop l) {
    const Block to = preheaders_.of(l);
    if (!to) return false;
    f_.unlink(b, i);
    f_.insert_before(to, f_.terminator(to), i);
    for (Loop m = cfg_.loop(b); m; m = cfg_[m].parent) {
      ++loops_[m.id].moved;
      if (m == l) break;
    }
    return true;
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;
  AliasModel alias_;
  Preheaders preheaders_;
  Vec<u32> loop_of_;  // by Value: the innermost loop it is made in
  Vec<LoopState> loops_;
  Vec<Write> writes_;
};

inline Status move_invariants(PassContext& context) { return InvariantMover(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LICM_HPP
