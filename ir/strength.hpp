// Strength reduction of addresses: an address that a loop computes by multiplying its counter becomes a
// pointer that moves with it, an addition each time around.
//
// A counter is a parameter of a loop's header to which every way back adds the same constant. An address
// is followed through multiplications and shifts by constants and through sums with what does not change in
// the loop. It gets a parameter of its own if nothing extends it further and its scale is none that
// addressing modes have. The number of pointers a loop is given is bounded, because each takes a register.
// Irreducible loops are left alone, and so are references (a safepoint may move what they point to).
// Cost: linear. Source: Cooper, Simpson and Vick, Operator Strength Reduction (2001), for the counters that
// this pass knows.
#ifndef JITKIT_IR_STRENGTH_HPP
#define JITKIT_IR_STRENGTH_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/ir/preheader.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class StrengthReducer {
 public:
  explicit StrengthReducer(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()) {}

  Status run() {
    loop_of_.attach(arena_);
    form_of_.attach(arena_);
    forms_.attach(arena_);
    if (cfg_.order().empty() || cfg_.loop_count() == 0) return c_.status();
    if (!loop_of_.resize_zero(f_.values.size()) || !form_of_.resize_zero(f_.values.size()) || !replace_.attach(f_, arena_) ||
        !preheaders_.prepare(c_))
      return c_.status();
    for (const Block b : cfg_.order()) {
      for (u32 n = 0; n < f_[b].param_count; ++n) loop_of_[f_.param(b, n).id] = cfg_.loop(b).id;
      for (Inst i = f_[b].first; i; i = f_[i].next)
        for (u32 n = 0; n < f_[i].results; ++n) loop_of_[f_.result(i, n).id] = cfg_.loop(b).id;
    }
    for (u32 l = 1; l <= cfg_.loop_count() && c_.status().ok(); ++l)
      if (!cfg_[Loop(l)].irreducible) reduce(Loop(l));
    if (replace_.any()) replace_.apply(f_);
    if (preheaders_.changed()) c_.edges_changed();
    return c_.status();
  }

 private:
  static constexpr u32 most_pointers = 6;

  // base + extra + counter * scale + offset
  struct Form {
    Value value;
    u32 counter = 0;  // number of the header's parameter
    u64 scale = 1;
    u64 offset = 0;
    Value base, extra;   // base: none for a number
    u32 extended = 0;    // uses in forms that go on from it
  };
  struct Step {
    bool known = false;
    u64 step = 0;
  };

  bool inside(Loop l, Value v) const {
    const Loop d(v.id < loop_of_.size() ? loop_of_[v.id] : 0);
    return d && cfg_.contains(l, cfg_[d].header);
  }
  // Whether v is the same all through the loop: made outside, or an address that can be made there as well.
  bool invariant(Loop l, Value v) const {
    const Inst i = f_.def(v);
    return !inside(l, v) || (i && (f_[i].op == Opcode::symbol_addr || f_[i].op == Opcode::stack_addr));
  }

  void reduce(Loop l) {
    const Block header = cfg_[l].header;
    forms_.clear();
    forms_.push({});
    for (u32 n = 0; n < f_[header].param_count; ++n)
      if (f_.type(f_.param(header, n)) == Type::i64 && step(l, n).known) add({f_.param(header, n), n, 1, 0, {}, {}, 0});
    if (forms_.size() == 1) return;
    for (u32 at = cfg_[l].first; at < cfg_[l].end; ++at)
      if (const Block b = cfg_.order()[at]; cfg_.loop(b) == l)
        for (Inst i = f_[b].first; i; i = f_[i].next)
          if (is_pure(f_[i])) follow(l, i);
    u32 made = 0;
    for (u32 n = 1; n < forms_.size() && made < most_pointers; ++n) {
      const Form& form = forms_[n];
      if (pays(form) && f_[form.value].uses > form.extended && make_pointer(l, form)) ++made;
    }
  }
  static bool pays(const Form& form) {
    return form.base && form.scale != 0 && form.scale != 1 && form.scale != 2 && form.scale != 4 && form.scale != 8;
  }
  // What every way back adds to the header's parameter n.
  Step step(Loop l, u32 n) const {
    const Block header = cfg_[l].header;
    const Value param = f_.param(header, n);
    Step s;
    for (const Edge e : cfg_.predecessors(header)) {
      if (!cfg_.contains(l, cfg_.source(e))) continue;
      const Inst i = f_.def(Value(f_.args(e)[n]));
      if (!i || f_[i].op != Opcode::add || Value(f_[i].ops[0]) != param || !f_.is_constant(Value(f_[i].ops[1]))) return {};
      const u64 by = f_.constant(Value(f_[i].ops[1])).lo;
      if (s.known && s.step != by) return {};
      s = {true, by};
    }
    return s;
  }

  void add(const Form& form) {
    if (form.value.id < form_of_.size() && forms_.push(form)) form_of_[form.value.id] = forms_.size() - 1;
  }
  // The form of v in this loop; null if it has none.
  Form* form(Value v) {
    const u32 n = v.id < form_of_.size() ? form_of_[v.id] : 0;
    return n != 0 && n < forms_.size() && forms_[n].value == v ? &forms_[n] : nullptr;
  }
  void follow(Loop l, Inst i) {
    const InstData& d = f_[i];
    const bool is_address = d.op == Opcode::ptr_add;
    if (!is_address && (d.type != Type::i64 || (d.op != Opcode::mul && d.op != Opcode::shl && d.op != Opcode::add))) return;
    const Value x(d.ops[0]), y(d.ops[1]);
    if (is_address && (f_.type(x) != Type::ptr)) return;
    Form* const from = form(x);
    if (is_address && from == nullptr) {
      Form* const number = form(y);
      if (number == nullptr || number->base || !invariant(l, x)) return;
      ++number->extended;
      return add({d.result, number->counter, number->scale, number->offset, x, {}, 0});
    }
    if (from == nullptr) return;
    Form next = *from;
    next.value = d.result;
    next.extended = 0;
    if (f_.is_constant(y)) {
      const u64 c = f_.constant(y).lo;
      const u64 factor = d.op == Opcode::mul ? c : d.op == Opcode::shl ? u64{1} << (c & 63) : 1;
      if (is_address) return;  // an offset stands in the access
      next.scale *= factor;
      next.offset = d.op == Opcode::add ? next.offset + c : next.offset * factor;
    } else {
      if (!is_address || !from->base || from->extra || !invariant(l, y)) return;
      next.extra = y;
    }
    ++from->extended;
    add(next);
  }

  Value in_front(Block to, Value v, Loop l) {
    if (!inside(l, v)) return v;
    const InstData d = f_[f_.def(v)];
    return before_end(to, {d.op, d.type, d.flags, 0, d.aux, {}}, Type::ptr);
  }
  Value before_end(Block b, PureInst i, Type t) { return c_.make_before(b, f_.terminator(b), i, t); }

  bool make_pointer(Loop l, const Form& form) {
    const Block header = cfg_[l].header, before = preheaders_.of(l);
    if (!before) return false;
    const u64 step_bytes = form.scale * step(l, form.counter).step;
    const Value first(f_.args(preheaders_.entry(l))[form.counter]);
    Value bytes = before_end(before, {Opcode::mul, Type::i64, 0, 2, 0, {first, f_.constant(Type::i64, form.scale), {}}}, Type::i64);
    if (bytes && form.offset != 0)
      bytes = before_end(before, {Opcode::add, Type::i64, 0, 2, 0, {bytes, f_.constant(Type::i64, form.offset), {}}}, Type::i64);
    const Value base = in_front(before, form.base, l);
    if (!bytes || !base) return false;
    Value start = before_end(before, {Opcode::ptr_add, Type::none, 0, 2, 0, {base, bytes, {}}}, Type::ptr);
    if (start && form.extra)
      start = before_end(before, {Opcode::ptr_add, Type::none, 0, 2, 0, {start, in_front(before, form.extra, l), {}}}, Type::ptr);
    const Value pointer = start ? f_.add_param(header, Type::ptr) : Value();
    if (!pointer || !c_.add_argument(preheaders_.entry(l), start)) return false;
    for (const Edge e : cfg_.predecessors(header)) {
      if (!cfg_.contains(l, cfg_.source(e))) continue;
      const Value next = before_end(cfg_.source(e), {Opcode::ptr_add, Type::none, 0, 2, 0, {pointer, f_.constant(Type::i64, step_bytes), {}}}, Type::ptr);
      if (!next || !c_.add_argument(e, next)) return false;
    }
    replace_.set(form.value, pointer);
    return true;
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;
  Preheaders preheaders_;
  Vec<u32> loop_of_;  // by Value: the innermost loop it is made in
  Vec<u32> form_of_;  // by Value: into forms_, if that one names it
  Vec<Form> forms_;   // of the loop that is looked at
  Replacements replace_;
};

inline Status reduce_strength(PassContext& context) { return StrengthReducer(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_STRENGTH_HPP
