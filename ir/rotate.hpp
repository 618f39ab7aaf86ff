// Loop rotation: a loop that tests at its top tests at its bottom instead, and once before it. That saves
// a jump each time around, and makes the first block of the body one that runs whenever the loop is
// entered, which loop-invariant loads ask for.
//
// The header's instructions are copied to the end of the only latch; the header itself stays as the test
// in front. Its two successors, one in the loop and one outside, get a parameter for each value of the
// header that is used below them; where a successor has other predecessors, a block is put between.
// A loop stays as it is if the header holds more than a few instructions, any with an effect or a frame
// state, or if a value of the header is used where both successors lead, or in a frame state.
// Cost: linear; all loops of a function in one go.
// Source: Muchnick, Advanced Compiler Design and Implementation (1997), loop inversion (section 18.5).
#ifndef JITKIT_IR_ROTATE_HPP
#define JITKIT_IR_ROTATE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/pass.hpp>

#include <utility>

namespace jitkit::inline JITKIT_ABI::ir {

class LoopRotator {
 public:
  explicit LoopRotator(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()) {}

  Status run() {
    candidates_.attach(arena_);
    of_.attach(arena_);
    values_.attach(arena_);
    copies_.attach(arena_);
    if (cfg_.order().empty() || cfg_.loop_count() == 0) return c_.status();
    if (!candidates_.push({}) || !of_.resize_zero(f_.values.size()) || !values_.push({})) return c_.status();
    for (u32 l = 1; l <= cfg_.loop_count(); ++l) consider(Loop(l));
    if (candidates_.size() == 1) return c_.status();
    for_each_named([&](u32& v, Block where) { note_use(v, where); });
    note_frame_entries();
    const u32 old_blocks = f_.blocks.size();
    bool any = false;
    for (u32 n = 1; n < candidates_.size() && c_.status().ok(); ++n)
      if (!candidates_[n].bad) {
        rotate(candidates_[n]);
        any = true;
      }
    if (!any || !c_.status().ok()) return c_.status();
    rewrite(old_blocks);
    c_.edges_changed();
    return c_.status();
  }

 private:
  static constexpr u32 most_copied = 8;

  struct Candidate {
    Block header, latch;
    Edge in, out;      // of the header: to the body, and out of the loop
    Block body, exit;  // where these lead, if from nowhere else; none: a block is put between
    u32 first_value = 0, count = 0;  // of the header, in values_
    bool bad = false;
  };
  struct Named {  // a value of a header
    Value value;
    bool in_body = false, in_exit = false;  // whether it is used below
    Value body, exit;                       // what stands for it there
  };

  // --- Which loops.

  void consider(Loop l) {
    Candidate c;
    c.header = cfg_[l].header;
    if (cfg_[l].irreducible) return;
    for (const Edge e : cfg_.predecessors(c.header)) {
      if (!cfg_.contains(l, cfg_.source(e))) continue;
      if (c.latch) return;
      c.latch = cfg_.source(e);
    }
    const Inst t = f_.terminator(c.header);
    if (!c.latch || c.latch == c.header || f_[t].op != Opcode::brif || f_[f_.terminator(c.latch)].op != Opcode::br) return;
    c.in = f_.edge(t, 0);
    c.out = f_.edge(t, 1);
    if (!cfg_.contains(l, f_[c.in].target)) std::swap(c.in, c.out);
    if (!cfg_.contains(l, f_[c.in].target) || cfg_.contains(l, f_[c.out].target) || f_[c.in].target == c.header) return;
    u32 copied = 0;
    for (Inst i = f_[c.header].first; i != t; i = f_[i].next)
      if (++copied > most_copied || !may_copy(f_[i])) return;
    if (cfg_.predecessors(f_[c.in].target).size() == 1) c.body = f_[c.in].target;
    if (cfg_.predecessors(f_[c.out].target).size() == 1) c.exit = f_[c.out].target;
    c.first_value = values_.size();
    const auto name = [&](Value v) {
      of_[v.id] = values_.size();
      values_.push({v, false, false, {}, {}});
    };
    for (u32 n = 0; n < f_[c.header].param_count; ++n) name(f_.param(c.header, n));
    for (Inst i = f_[c.header].first; i != t; i = f_[i].next)
      for (u32 n = 0; n < f_[i].results; ++n) name(f_.result(i, n));
    c.count = values_.size() - c.first_value;
    candidates_.push(c);
  }
  static bool may_copy(const InstData& d) {
    return is_pure(d) || (is_plain_load(d.op) && !MemFlags(d.flags).is_volatile());
  }

  // Calls visit(value, block) for the operands and arguments of reachable blocks.
  template <class F>
  void for_each_named(F visit) {
    for (const Block b : cfg_.order()) visit_block(b, b, visit);
  }
  template <class F>
  void visit_block(Block b, Block where, F visit) {
    for (Inst i = f_[b].first; i; i = f_[i].next)
      for (u32& v : f_.operands(i)) visit(v, where);
    const Inst t = f_.terminator(b);
    for (u32 n = 0; n < f_.edge_count(t); ++n)
      for (u32& v : f_.args(f_.edge(t, n))) visit(v, where);
  }
  Candidate& candidate_of(u32 named) {
    u32 low = 1, high = candidates_.size();  // the last one that starts at or before it
    while (high - low > 1) {
      const u32 middle = (low + high) / 2;
      (candidates_[middle].first_value <= named ? low : high) = middle;
    }
    return candidates_[low];
  }
  void note_use(u32 v, Block where) {
    if (v >= of_.size() || of_[v] == 0) return;
    Named& n = values_[of_[v]];
    Candidate& c = candidate_of(of_[v]);
    if (where == c.header) return;
    if (c.body && cfg_.dominates(c.body, where))
      n.in_body = true;
    else if (c.exit && cfg_.dominates(c.exit, where))
      n.in_exit = true;
    else
      c.bad = true;
  }
  void note_frame_entries() {
    for (const FrameEntry& e : f_.frame_entries)
      if (e.kind == FrameEntry::Kind::value && e.index < of_.size() && of_[e.index] != 0) candidate_of(of_[e.index]).bad = true;
  }

  // --- One loop.

  void rotate(Candidate& c) {
    if (!c.body) c.body = block_between(c.header, c.in);
    if (!c.exit) c.exit = block_between(c.header, c.out);
    if (!c.body || !c.exit) return;
    // The header's instructions once more, at the end of the latch.
    const Inst old = f_.terminator(c.latch), test = f_.terminator(c.header);
    const Edge back = f_.edge(old, 0);
    if (!copies_.assign(c.count, 0)) return;
    for (u32 n = 0; n < f_[c.header].param_count; ++n) copies_[n] = f_.args(back)[n];
    u32 made = f_[c.header].param_count;
    for (Inst i = f_[c.header].first; i != test; i = f_[i].next)
      if (!copy(c, i, old, made)) return;
    // The test.
    const Value condition = copied(c, f_.operand(test, 0));
    const bool in_first = f_.edge(test, 0) == c.in;
    const Edge first = copy_edge(c, in_first ? c.in : c.out), second = copy_edge(c, in_first ? c.out : c.in);
    const Inst branch = f_.new_inst(Opcode::brif, Type::none, {&condition, 1}, {}, first.id);
    if (!first || !second || !branch) return;
    c_.copy_position(test, branch);
    f_.remove(c.latch, old);
    f_.append(c.latch, branch);
    pass_values(c, in_first ? first : second, in_first ? second : first);
  }
  // What the header's value v is at the end of the latch.
  Value copied(const Candidate& c, Value v) const {
    const u32 named = v.id < of_.size() ? of_[v.id] : 0;
    return named - c.first_value < c.count ? Value(copies_[named - c.first_value]) : v;
  }
  bool copy(const Candidate& c, Inst i, Inst before, u32& made) {
    const InstData d = f_[i];
    Value operands[3];
    if (d.operands > 3) return false;
    for (u32 n = 0; n < d.operands; ++n) operands[n] = copied(c, f_.operand(i, n));
    Type types[2] = {};
    for (u32 n = 0; n < d.results; ++n) types[n] = f_.type(f_.result(i, n));
    const Inst copy = f_.new_inst(d.op, d.type, {operands, d.operands}, {types, d.results}, d.aux, d.flags);
    if (!copy) return false;
    f_.insert_before(c.latch, before, copy);
    c_.copy_position(i, copy);
    for (u32 n = 0; n < d.results; ++n) copies_[made++] = f_.result(copy, n).id;
    return true;
  }
  Edge copy_edge(const Candidate& c, Edge e) {
    Vec<Value> args(arena_);
    for (const u32 v : f_.args(e)) args.push(copied(c, Value(v)));
    return f_.new_edge(f_[e].target, {args.data(), args.size()}, f_[e].weight, f_[e].case_value);
  }
  // Parameters of body and exit for what they use of the header.
  void pass_values(const Candidate& c, Edge in, Edge out) {
    const auto pass = [&](Block to, Edge from_header, Edge from_latch, Value v, u32 at) {
      const Value p = f_.add_param(to, f_.type(v));
      if (!p || !c_.add_argument(from_header, v) || !c_.add_argument(from_latch, Value(copies_[at]))) return Value();
      return p;
    };
    for (u32 n = 0; n < c.count; ++n) {
      Named& v = values_[c.first_value + n];
      if (v.in_body) v.body = pass(c.body, c.in, in, v.value, n);
      if (v.in_exit) v.exit = pass(c.exit, c.out, out, v.value, n);
    }
  }
  // A block on edge e that passes its arguments on.
  Block block_between(Block from, Edge e) {
    const Block made = forwarding_block(f_, f_[e].target, arena_);
    if (!made) return {};
    c_.copy_position(f_.terminator(from), f_.terminator(made));
    f_[e].target = made;
    return made;
  }

  // --- Uses below the headers.

  void rewrite(u32 old_blocks) {
    for_each_named([&](u32& v, Block where) {
      if (where.id >= old_blocks || v >= of_.size() || of_[v] == 0) return;
      const Named& n = values_[of_[v]];
      const Candidate& c = candidate_of(of_[v]);
      if (c.bad || where == c.header) return;
      if (n.body && c.body.id < old_blocks && cfg_.dominates(c.body, where))
        v = n.body.id;
      else if (n.exit && c.exit.id < old_blocks && cfg_.dominates(c.exit, where))
        v = n.exit.id;
    });
    Replacements none;
    none.apply(f_);
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;
  Vec<Candidate> candidates_;
  Vec<u32> of_;  // by Value: index into values_
  Vec<Named> values_;
  Vec<u32> copies_;  // by number of a header's value: what it is at the end of the latch
};

inline Status rotate_loops(PassContext& context) { return LoopRotator(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_ROTATE_HPP
