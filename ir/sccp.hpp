// Constant propagation along the ways that can be taken: a value is constant if it is on every executable
// path, and a path is executable if the branches before it allow it, both assumed until disproved. That
// finds constants around loops, which value numbering (gvn.hpp) does not assume.
//
// A value is unknown until something executable defines it, then a constant, then anything; it only ever
// falls. Uses of constants are replaced; branches on them are left to simplify_cfg.hpp.
// Cost: linear in uses, of which each is looked at twice at most.
// Source: Wegman and Zadeck, Constant Propagation with Conditional Branches (1991).
#ifndef JITKIT_IR_SCCP_HPP
#define JITKIT_IR_SCCP_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/fold.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class ConstantPropagator {
 public:
  explicit ConstantPropagator(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()), fold_(f_) {}

  Status run() {
    for (Vec<u32>* v : {&state_, &first_user_, &users_, &block_of_, &values_, &blocks_}) v->attach(arena_);
    reached_.attach(arena_);
    if (!any_to_start_from() || !list_users() ||
        !reached_.assign(f_.blocks.size(), false) || !values_.reserve(f_.values.size()))
      return c_.status();
    const Block entry = FunctionData::entry();
    for (u32 n = 0; n < f_[entry].param_count; ++n) state_[f_.param(entry, n).id] = anything;
    reached_[entry.id] = true;
    blocks_.push(entry.id);
    while ((!blocks_.empty() || !values_.empty()) && c_.status().ok()) {
      if (!values_.empty()) {
        const u32 v = values_.back();
        values_.pop_back();
        for (u32 n = first_user_[v]; n < first_user_[v + 1]; ++n)
          if (const Inst i(users_[n]); reached_[block_of_[i.id]]) visit(i);
      } else {
        const Block b(blocks_.back());
        blocks_.pop_back();
        for (Inst i = f_[b].first; i; i = f_[i].next) visit(i);
      }
    }
    return replace();
  }

 private:
  static constexpr u32 unknown = 0, anything = ~u32{0};  // else: the constant's Value

  // Whether a block is given a constant, or an instruction has no operands but constants: without, nothing
  // can become one.
  bool any_to_start_from() const {
    for (const Block b : cfg_.order()) {
      for (Inst i = f_[b].first; i; i = f_[i].next) {
        const Span<const u32> ops = f_.operands(i);
        u32 constants = 0;
        while (constants < ops.size() && f_.is_constant(Value(ops[constants]))) ++constants;
        if (constants == ops.size() && constants != 0 && is_pure(f_[i])) return true;
      }
      const Inst t = f_.terminator(b);
      for (u32 n = 0; n < f_.edge_count(t); ++n)
        for (const u32 v : f_.args(f_.edge(t, n)))
          if (f_.is_constant(Value(v))) return true;
    }
    return false;
  }

  // The instructions that name each value, as operand or as argument of their edges.
  bool list_users() {
    const u32 values = f_.values.size();
    if (!state_.resize_zero(values) || !first_user_.resize_zero(values + 2) || !block_of_.resize_zero(f_.insts.size())) return false;
    const auto each = [&](auto visit) {
      for (const Block b : cfg_.order())
        for (Inst i = f_[b].first; i; i = f_[i].next) {
          for (const u32 v : f_.operands(i)) visit(v, i);
          for (u32 n = 0; i == f_[b].last && n < f_.edge_count(i); ++n)
            for (const u32 v : f_.args(f_.edge(i, n))) visit(v, i);
          block_of_[i.id] = b.id;
        }
    };
    each([&](u32 v, Inst) { ++first_user_[v + 2]; });
    for (u32 v = 2; v < values + 2; ++v) first_user_[v] += first_user_[v - 1];
    if (!users_.resize_zero(first_user_[values + 1])) return false;
    each([&](u32 v, Inst i) { users_[first_user_[v + 1]++] = i.id; });
    return true;
  }

  u32 state(Value v) const { return f_.is_constant(v) ? v.id : state_[v.id]; }
  void lower(Value v, u32 to) {
    u32& s = state_[v.id];
    if (to == unknown || s == to || s == anything) return;
    s = s == unknown ? to : anything;
    values_.push(v.id);
  }

  void visit(Inst i) {
    const InstData& d = f_[i];
    if (is_terminator(d.op)) return leave(i);
    if (d.results == 0) return;
    if (!is_pure(d) || d.operands > 3 || d.operands == 0 || d.results > 2) {
      for (u32 n = 0; n < d.results; ++n) lower(f_.result(i, n), anything);
      return;
    }
    PureInst p = PureInst::of(d);
    bool any = false;
    for (u32 n = 0; n < d.operands; ++n) {
      const u32 s = state(f_.operand(i, n));
      if (s == unknown) return;
      any = any || s == anything;
      p.x[n] = Value(s);
    }
    const u32 results = d.results;
    Type types[2] = {};
    Value v[2];
    for (u32 n = 0; n < results; ++n) types[n] = f_.type(f_.result(i, n));
    const bool constant = !any && fold_.evaluated(p, v, types, results);
    for (u32 n = 0; n < results; ++n) lower(f_.result(i, n), constant && v[n] ? v[n].id : anything);
  }

  void leave(Inst t) {
    const u32 count = f_.edge_count(t);
    if (count == 0) return;
    u32 only = count;  // the edge taken, if that is known
    if (count > 1) {
      const u32 s = state(f_.operand(t, 0));
      if (s == unknown) return;
      if (s != anything) only = chosen_edge(f_, t, f_.constant(Value(s)).lo);
    }
    for (u32 n = 0; n < count; ++n)
      if (only == count || only == n) take(f_.edge(t, n));
  }
  void take(Edge e) {
    const Block to = f_[e].target;
    const Span<const u32> args = f_.args(e);
    for (u32 n = 0; n < args.size(); ++n) lower(f_.param(to, n), state(Value(args[n])));
    if (reached_[to.id]) return;
    reached_[to.id] = true;
    blocks_.push(to.id);
  }

  Status replace() {
    Replacements constants;
    if (!c_.status().ok() || !constants.attach(f_, arena_)) return c_.status();
    for (u32 v = 1; v < state_.size(); ++v)
      if (state_[v] != unknown && state_[v] != anything && f_.values[v].uses != 0) constants.set(Value(v), Value(state_[v]));
    if (constants.any()) constants.apply(f_);
    return c_.status();
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;
  Folder fold_;
  Vec<u32> state_;                // by Value
  Vec<u32> first_user_, users_;   // by Value: where its part of users_ starts
  Vec<u32> block_of_;             // by Inst
  Vec<bool> reached_;             // by Block
  Vec<u32> values_, blocks_;      // to be looked at
};

inline Status propagate_constants(PassContext& context) { return ConstantPropagator(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_SCCP_HPP
