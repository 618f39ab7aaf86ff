// Simplification of the control-flow graph: branches on constants go one way, blocks in a row become one,
// blocks that only pass control on are left out, and an edge that decides the branch at its end goes
// straight to where that leads (jump threading). A branch to one block with different arguments becomes
// selects.
//
// Left out is a block only if nothing outside of its own end uses its parameters, so that no value has to
// be defined anew. Headers of loops and latches that gather several edges stay, so that loops keep their
// shape.
// Cost: linear in a round; rounds end when nothing changes, at the latest after `most_rounds`.
// Source for threading: Mueller and Whalley, Avoiding Conditional Branches by Code Replication (1995).
#ifndef JITKIT_IR_SIMPLIFY_CFG_HPP
#define JITKIT_IR_SIMPLIFY_CFG_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/fold.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class CfgSimplifier {
 public:
  explicit CfgSimplifier(PassContext& context)
      : c_(context), f_(context.function()), arena_(context.arena()), fold_(f_) {}

  Status run() {
    for (u32 round = 0; round < most_rounds; ++round) {
      changed_ = again_ = false;
      if (!start_round()) break;
      for (const Block b : c_.cfg().order())
        if (b == FunctionData::entry() || preds_[b.id] != 0) simplify(b);
      if (!changed_) break;
      replace_.apply(f_);
      c_.edges_changed();
      if (!again_) break;
    }
    return c_.status();
  }

 private:
  static constexpr u32 most_rounds = 3;
  static constexpr u32 most_hops = 8;      // of one edge
  static constexpr u32 most_threaded = 2;  // instructions of a block that an edge can be threaded through
  static constexpr u32 most_selects = 2;

  bool start_round() {
    const Cfg& cfg = c_.cfg();
    preds_.attach(arena_);
    headers_.attach(arena_);
    args_.attach(arena_);
    dead_.attach(arena_);
    if (!preds_.resize_zero(f_.blocks.size()) || !headers_.assign(f_.blocks.size(), false) || !replace_.attach(f_, arena_))
      return false;
    for (const Block b : cfg.order()) {
      preds_[b.id] = static_cast<u32>(cfg.predecessors(b).size());
      headers_[b.id] = cfg.is_header(b);
    }
    return !cfg.order().empty();
  }

  void simplify(Block b) {
    current_ = b;
    for (bool more = true; more && c_.status().ok();) {
      more = decide(b);
      const Inst t = f_.terminator(b);
      for (u32 n = 0; n < f_.edge_count(t); ++n) more = forward(f_.edge(t, n)) || more;
      again_ = again_ || more;
      more = merge(b) || more;
      changed_ = changed_ || more;
    }
  }

  Value found(Value v) { return replace_.find(v); }

  // --- Branches that need not choose.

  bool decide(Block b) {
    const Inst t = f_.terminator(b);
    const Opcode op = f_[t].op;
    if (op != Opcode::brif && op != Opcode::switch_) return false;
    const Value x = found(f_.operand(t, 0));
    if (f_.is_constant(x)) return go(b, chosen(t, x));
    if (op == Opcode::switch_) return false;
    if (const Inst i = f_.def(x); i && f_[i].op == Opcode::not_) {
      f_.set_operand(t, 0, Value(f_[i].ops[0]));
      const EdgeData yes = f_[f_.edge(t, 0)];
      f_[f_.edge(t, 0)] = f_[f_.edge(t, 1)];
      f_[f_.edge(t, 1)] = yes;
      return true;
    }
    return f_[f_.edge(t, 0)].target == f_[f_.edge(t, 1)].target && select(b, t);
  }
  // Where the terminator goes if what it looks at is the constant.
  Edge chosen(Inst t, Value constant) const {
    return f_.edge(t, chosen_edge(f_, t, f_.constant(constant).lo));
  }
  // The terminator of b becomes a branch along one of its edges.
  bool go(Block b, Edge e) {
    const Inst t = f_.terminator(b);
    for (u32 n = 0; n < f_.edge_count(t); ++n)
      if (f_.edge(t, n) != e) drop(f_.edge(t, n));
    for (const u32 v : f_.operands(t)) --f_.values[v].uses;
    InstData& d = f_[t];
    d.op = Opcode::br;
    d.type = Type::none;
    d.operands = 0;
    d.ops[0] = d.ops[1] = 0;
    d.aux = e.id;
    f_[e].weight = 0;
    f_[e].case_value = 0;
    return true;
  }
  // An edge of the current block that is no more; others that nothing goes to any more take theirs with them.
  void drop(Edge e) {
    for (const u32 v : f_.args(e)) --f_.values[v].uses;
    f_[e].arg_count = 0;
    const Block target = f_[e].target;
    dead_.clear();
    if (--preds_[target.id] == 0 && target != current_) dead_.push(target.id);
    while (!dead_.empty()) {
      const Inst t = f_.terminator(Block(dead_.back()));
      dead_.pop_back();
      for (u32 n = 0; n < f_.edge_count(t); ++n)
        if (const Block to = f_[f_.edge(t, n)].target; --preds_[to.id] == 0 && to != current_) dead_.push(to.id);
    }
  }

  // brif c, J(x), J(y) becomes br J(select c, x, y).
  bool select(Block b, Inst t) {
    const Edge yes = f_.edge(t, 0), no = f_.edge(t, 1);
    const u16 p = f_[yes].weight, q = f_[no].weight;
    u32 differ = 0;
    for (u32 n = 0; n < f_[yes].arg_count; ++n) {
      const Value x = found(Value(f_.args(yes)[n])), y = found(Value(f_.args(no)[n]));
      if (x == y) continue;
      ++differ;
      if (!contains(types::word | set_of(Type::i1), f_.type(x))) return false;
    }
    if (differ > most_selects || (differ != 0 && (p > 4 * q || q > 4 * p))) return false;  // a branch that is well foreseen
    const Value c = f_.operand(t, 0);
    for (u32 n = 0; n < f_[yes].arg_count; ++n) {
      const Value x = found(Value(f_.args(yes)[n])), y = found(Value(f_.args(no)[n]));
      if (x == y) continue;
      const Type type = f_.type(x);
      const Value v = c_.make_before(b, t, {Opcode::select, type, 0, 3, 0, {c, x, y}}, type);
      if (!v) return false;
      --f_.values[f_.args(yes)[n]].uses;
      f_.args(yes)[n] = v.id;
      ++f_[v].uses;
    }
    return go(b, yes);
  }

  // --- Edges that can go further.

  bool forward(Edge e) {
    bool any = false;
    for (u32 hops = 0; hops < most_hops && (pass_through(e) || thread(e)); ++hops) any = true;
    return any;
  }
  // e leads to a block that does nothing but branch.
  bool pass_through(Edge e) {
    const Block via = f_[e].target;
    const Inst t = f_.terminator(via);
    if (headers_[via.id] || f_[t].op != Opcode::br || f_[via].first != t) return false;
    const Edge out = f_.edge(t, 0);
    if (f_[out].target == via || (f_[via].cold && !f_[f_[out].target].cold) || !leaves_nothing(via, 1)) return false;
    if (headers_[f_[out].target.id] && preds_[via.id] > 1) return false;
    return redirect(e, out);
  }
  // e leads to a block that only computes a condition, which is constant if control comes along e.
  bool thread(Edge e) {
    if (f_[e].arg_count == 0) return false;
    const Block via = f_[e].target;
    const Inst t = f_.terminator(via);
    if (f_[t].op != Opcode::brif && f_[t].op != Opcode::switch_) return false;
    bool any = false;
    for (const u32 v : f_.args(e)) any = any || f_.is_constant(found(Value(v)));
    if (!any || headers_[via.id] || !leaves_nothing(via, 1 + most_threaded)) return false;
    Value values[most_threaded];  // of the instructions, along e
    u32 made = 0;
    for (Inst i = f_[via].first; i != t; i = f_[i].next) {
      const InstData& d = f_[i];
      PureInst p = PureInst::of(d);
      if (!is_pure(d) || d.operands > 3 || d.results != 1) return false;
      for (u32 n = 0; n < d.operands; ++n) p.x[n] = along(e, via, values, made, found(f_.operand(i, n)));
      const Type type = f_.type(f_.result(i));
      if (!fold_.evaluated(p, &values[made++], &type, 1)) return false;
    }
    const Value x = along(e, via, values, made, found(f_.operand(t, 0)));
    if (!f_.is_constant(x)) return false;
    const Edge out = chosen(t, x);
    if (f_[out].target == via) return false;
    for (const u32 v : f_.args(out))
      if (const Inst i = f_.def(found(Value(v))); i && is_in(via, i)) return false;
    return redirect(e, out);
  }
  bool is_in(Block b, Inst i) const {
    for (Inst at = f_[b].first; at; at = f_[at].next)
      if (at == i) return true;
    return false;
  }
  // What v is if control came along e into `via`, whose first instructions gave `values`.
  Value along(Edge e, Block via, const Value* values, u32 count, Value v) {
    const ValueData& d = f_[v];
    if (d.kind == ValueData::Kind::param && Block(d.def) == via) return found(Value(f_.args(e)[d.number]));
    if (d.kind == ValueData::Kind::inst) {
      u32 n = 0;
      for (Inst i = f_[via].first; n < count; i = f_[i].next, ++n)
        if (i.id == d.def) return values[n];
    }
    return v;
  }
  // Whether b has at most so many instructions, and nothing outside of b uses what is defined in it.
  bool leaves_nothing(Block b, u32 most) {
    u32 count = 0, uses = 0, inside = 0;
    for (Inst i = f_[b].first; i; i = f_[i].next) {
      if (++count > most) return false;
      for (u32 n = 0; n < f_[i].results; ++n) uses += f_[f_.result(i, n)].uses;
    }
    for (u32 n = 0; n < f_[b].param_count; ++n) uses += f_[f_.param(b, n)].uses;
    if (uses == 0) return true;
    const auto see = [&](u32 id) {
      const ValueData& d = f_[found(Value(id))];
      if (d.kind == ValueData::Kind::param && Block(d.def) == b) ++inside;
      if (d.kind == ValueData::Kind::inst && is_in(b, Inst(d.def))) ++inside;
    };
    for (Inst i = f_[b].first; i; i = f_[i].next)
      for (const u32 v : f_.operands(i)) see(v);
    const Inst t = f_.terminator(b);
    for (u32 n = 0; n < f_.edge_count(t); ++n)
      for (const u32 v : f_.args(f_.edge(t, n))) see(v);
    return inside == uses;
  }
  // e goes to where `out` goes, which leaves the target of e.
  bool redirect(Edge e, Edge out) {
    const Block via = f_[e].target, to = f_[out].target;
    args_.clear();
    for (const u32 v : f_.args(out)) args_.push(along(e, via, nullptr, 0, found(Value(v))).id);
    const u32 first = f_.pool.size();
    if (arena_.failed() || !f_.pool.append({args_.data(), args_.size()})) return false;
    for (const u32 v : args_) ++f_.values[v].uses;
    ++preds_[to.id];
    drop(e);
    EdgeData& d = f_[e];
    d.target = to;
    d.args = first;
    d.arg_count = static_cast<u16>(args_.size());
    return true;
  }

  // --- Blocks in a row.

  bool merge(Block b) {
    const Inst t = f_.terminator(b);
    if (f_[t].op != Opcode::br) return false;
    const Edge e = f_.edge(t, 0);
    const Block next = f_[e].target;
    if (next == b || next == FunctionData::entry() || preds_[next.id] != 1) return false;
    for (u32 n = 0; n < f_[next].param_count; ++n) {
      const Value param = f_.param(next, n), v = found(Value(f_.args(e)[n]));
      f_[v].uses += f_[param].uses;
      f_[param].uses = 0;
      if (param != v) replace_.set(param, v);
    }
    f_.remove(b, t);
    for (Inst i = f_[next].first; i;) {
      const Inst after = f_[i].next;
      f_.unlink(next, i);
      f_.append(b, i);
      i = after;
    }
    preds_[next.id] = 0;
    f_.append(next, f_.new_inst(Opcode::unreachable, Type::none, {}, {}));
    return true;
  }

  PassContext& c_;
  FunctionData& f_;
  Arena& arena_;
  Folder fold_;
  bool changed_ = false, again_ = false;  // again: more than blocks in a row were found
  Block current_;
  Vec<u32> preds_;     // by Block: edges into it
  Vec<bool> headers_;  // by Block: of a loop
  Vec<u32> args_, dead_;
  Replacements replace_;
};

inline Status simplify_cfg(PassContext& context) { return CfgSimplifier(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_SIMPLIFY_CFG_HPP
