// Value numbering and folding over the whole function: an instruction without effects is folded, or shares
// the result of an equal one that dominates it; a block parameter that is always the same value is that
// value; and what a branch or guard has tested is known where it dominates.
//
// Blocks are looked at in the order of the Cfg, so that operands come before their uses but for values
// around a loop, of which nothing is assumed. A table holds instructions by what they are, at most two in
// one place; one counts if its block dominates. Facts are constants that stand for a value below a block.
//
// A division that traps is shared like any other: where an equal one has come through, it does too.
// Derived addresses of references are not shared: a safepoint between the two may move the object.
// In a function with flags values no instruction becomes another one, which could write flags.
// Cost: linear. Source: after Click, Global Code Motion/Global Value Numbering (1995), the pessimistic form.
#ifndef JITKIT_IR_GVN_HPP
#define JITKIT_IR_GVN_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/fold.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class ValueNumberer {
 public:
  explicit ValueNumberer(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()), fold_(f_) {}

  Status run() {
    table_.attach(arena_);
    facts_.attach(arena_);
    if (!prepare()) return c_.status();
    for (const Block b : cfg_.order()) {
      block_ = b;
      if (b != FunctionData::entry()) enter();
      for (Inst i = f_[b].first; i;) {
        const Inst next = f_[i].next;
        look_at(i);
        i = next;
      }
      for (u32 n = 0, count = f_.edge_count(f_.terminator(b)); n < count; ++n)
        for (u32& v : f_.args(f_.edge(f_.terminator(b), n))) rename(v);
    }
    replace_.finish(f_, cfg_);
    return c_.status();
  }

 private:
  struct Entry {
    Inst inst;
    Block block;
  };
  struct Fact {
    Block block;  // where it holds: this one and those it dominates
    Value constant;
  };

  bool prepare() {
    u32 size = 64;
    while (size < f_.insts.size()) size *= 2;
    TypeSet types = 0;
    for (const ValueData& v : f_.values) types |= set_of(v.type);
    has_flags_ = contains(types, Type::flags);
    has_refs_ = contains(types, Type::ref);
    shift_ = 64 - log2_floor(size);
    return table_.resize_zero(size) && facts_.resize_zero(f_.values.size()) && replace_.attach(f_, arena_) && !cfg_.order().empty();
  }

  // --- What is known.

  // What stands for v in this block.
  Value known(Value v) {
    const Value r = replace_.find(v);
    if (r.id < facts_.size() && facts_[r.id].block && cfg_.dominates(facts_[r.id].block, block_)) return facts_[r.id].constant;
    return r;
  }
  void rename(u32& v) {
    const u32 now = known(Value(v)).id;
    if (now == v) return;
    Replacements::put(f_, v, now);
    ++f_.edits;
  }
  void learn(Value v, Value constant) {
    if (f_.is_constant(v) || v.id >= facts_.size()) return;
    facts_[v.id] = {block_, constant};
    knows_ = true;
  }
  // The truth value v is `truth`; and what follows of what it was made from.
  void learn_truth(Value v, bool truth, u32 depth = 0) {
    v = replace_.find(v);
    if (!truth_[truth]) truth_[truth] = f_.constant(Type::i1, truth ? 1 : 0);
    learn(v, truth_[truth]);
    const Inst i = f_.def(v);
    if (!i || depth == 4) return;
    const InstData& d = f_[i];
    const bool is_bits = d.type == Type::i1;
    if (d.op == Opcode::not_ && is_bits) return learn_truth(Value(d.ops[0]), !truth, depth + 1);
    if (d.op == (truth ? Opcode::and_ : Opcode::or_) && is_bits) {
      const Value x(d.ops[0]), y(d.ops[1]);
      learn_truth(x, truth, depth + 1);
      learn_truth(y, truth, depth + 1);
    }
    const bool equal = d.op == Opcode::icmp && d.aux == static_cast<u32>(truth ? ICond::eq : ICond::ne);
    if (equal && f_.is_constant(Value(d.ops[1]))) learn(replace_.find(Value(d.ops[0])), Value(d.ops[1]));
  }

  void enter() {
    const Span<const Edge> preds = cfg_.predecessors(block_);
    for (u32 n = 0; n < f_[block_].param_count; ++n) same_argument(f_.param(block_, n), n, preds);
    if (preds.size() != 1) return;
    const Inst t = f_.terminator(cfg_.source(preds[0]));
    if (f_[t].op == Opcode::brif) learn_truth(f_.operand(t, 0), preds[0] == f_.edge(t, 0));
    if (f_[t].op != Opcode::switch_ || preds[0] == f_.edge(t, f_.edge_count(t) - 1)) return;
    learn(replace_.find(f_.operand(t, 0)), f_.constant(f_[t].type, static_cast<u64>(f_[preds[0]].case_value)));
  }
  void same_argument(Value param, u32 n, Span<const Edge> preds) {
    Value same;
    for (const Edge e : preds) {
      const Value v = replace_.find(Value(f_.args(e)[n]));
      if (v == param || v == same) continue;
      if (same) return;
      same = v;
    }
    if (same) replace_.set(param, same);
  }

  // --- Instructions.

  void look_at(Inst i) {
    const Span<u32> ops = f_.operands(i);
    if (knows_ || replace_.any())
      for (u32& v : ops) rename(v);
    const InstData& d = f_[i];
    if (d.op == Opcode::guard || d.op == Opcode::guard_not) return guard(i);
    if (is_native(d.op) || d.results == 0) return;
    const u8 effects = info(d.op).effects;
    const bool traps = effects == effect::trap && info(d.op).option == Option::none;
    if ((effects == effect::pure || traps) && d.operands <= 3) number(i, ops);
  }

  void guard(Inst i) {
    const InstData& d = f_[i];
    const bool wanted = d.op == Opcode::guard;
    const Value v = f_.operand(i, 0);
    if (!f_.is_constant(v))
      learn_truth(v, wanted);
    else if ((f_.constant(v).lo != 0) == wanted)
      f_.remove(block_, i);
  }

  void number(Inst i, Span<const u32> ops) {
    const InstData& d = f_[i];
    PureInst p = PureInst::of(d);
    if (!ops.empty()) p.x[0] = Value(ops[0]);
    if (ops.size() > 1) p.x[1] = Value(ops[1]);
    if (ops.size() > 2) p.x[2] = Value(ops[2]);
    if (Folder::applies(f_, p) && folds(i, p)) return;
    if (has_refs_ && moves_with_object(i)) return;
    const u32 at = hash(d);
    Entry& newer = table_[at];
    Entry& older = table_[at ^ 1];
    if (newer.inst && same(newer.inst, d) && cfg_.dominates(newer.block, block_)) return share(i, newer.inst);
    if (older.inst && same(older.inst, d) && cfg_.dominates(older.block, block_)) return share(i, older.inst);
    if (newer.inst) older = newer;  // of two in one place the older one is forgotten
    newer = {i, block_};
  }
  void share(Inst i, Inst equal) {
    const u32 results = f_[i].results;
    for (u32 n = 0; n < results; ++n) replace_.set(f_.result(i, n), f_.result(equal, n));
    f_.remove(block_, i);
  }
  // True if the instruction is gone; else it and p are what it has become.
  bool folds(Inst i, PureInst& p) {
    const InstData& d = f_[i];
    Type types[2] = {};
    Value v[2];
    if (d.results > 2) return false;
    for (u32 n = 0; n < d.results; ++n) types[n] = f_.type(f_.result(i, n));
    bool gone = fold_.evaluated(p, v, types, d.results) && v[0];
    if (!gone) {
      const PureInst before = p;
      if ((fold_traits_of(p.op) & fold_traits::commutes) != 0 && f_.is_constant(p.x[0]) && !f_.is_constant(p.x[1]))
        Folder::swap_operands(p);
      if (f_[i].results == 1) v[0] = fold_.simplified(p);
      gone = static_cast<bool>(v[0]);
      if (!gone && has_flags_) p = before;
      if (!gone && !has_flags_) rewrite(i, p);
    }
    if (!gone) return false;
    const u32 results = f_[i].results;
    for (u32 n = 0; n < results; ++n) replace_.set(f_.result(i, n), v[n]);
    f_.remove(block_, i);
    return true;
  }
  void rewrite(Inst i, const PureInst& p) {
    InstData& d = f_[i];
    if (d.what() == p.what() && same_operands(i, p)) return;
    ++f_.edits;
    for (const u32 v : f_.operands(i)) --f_.values[v].uses;
    d.op = p.op;
    d.type = p.type;
    d.flags = p.flags;
    d.aux = p.aux;
    if (p.operands <= 2) d.operands = p.operands;  // of three none becomes two but by being gone
    if (p.operands == 1) d.ops[1] = 0;
    const Span<u32> ops = f_.operands(i);
    for (u32 n = 0; n < ops.size(); ++n) ops[n] = p.x[n].id;
    for (const u32 v : ops) ++f_.values[v].uses;
  }

  bool moves_with_object(Inst i) const {
    const Type t = f_.type(f_.result(i));
    if (t == Type::ref || t == Type::i1) return false;
    for (const u32 v : f_.operands(i))
      if (f_.type(Value(v)) == Type::ref) return true;
    return false;
  }
  // Of at most three operands.
  u32 hash(const InstData& d) const {
    const bool pooled = d.operands > 2;
    const u32* const ops = pooled ? &f_.pool[d.ops[0]] : d.ops;
    const u64 with = ops[0] | u64{ops[1]} << 32;
    return static_cast<u32>(((d.what() ^ (with * 0x9e3779b97f4a7c15U) ^ (pooled ? u64{ops[2]} << 17 : 0)) * 0xd6e8feb86659fd93U) >>
                            shift_);
  }
  bool same(Inst made, const InstData& d) const {
    const InstData& m = f_[made];
    if (m.what() != d.what() || m.operands != d.operands) return false;
    return d.operands <= 2 ? m.with() == d.with() : std::memcmp(&f_.pool[m.ops[0]], &f_.pool[d.ops[0]], 3 * sizeof(u32)) == 0;
  }
  bool same_operands(Inst i, const PureInst& p) const {
    const Span<const u32> ops = f_.operands(i);
    if (ops.size() != p.operands) return false;
    for (u32 n = 0; n < ops.size(); ++n)
      if (ops[n] != p.x[n].id) return false;
    return true;
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;
  Folder fold_;
  Block block_;
  bool has_flags_ = false;
  bool has_refs_ = false;
  bool knows_ = false;  // any fact
  Value truth_[2];
  u32 shift_ = 0;
  Vec<Entry> table_;
  Vec<Fact> facts_;  // by Value
  Replacements replace_;
};

// What the Builder made of one block is folded and shared already.
inline Status number_values(PassContext& context) {
  const FunctionData& f = context.function();
  const bool as_built = f.edits == 0 && f.blocks.size() == 2 && f.frame_states.size() == 1;
  return as_built ? Status() : ValueNumberer(context).run();
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_GVN_HPP
