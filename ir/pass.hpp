// What the passes of the optimiser share: the function they work on, its control-flow graph for as long
// as it is true, memory, and the replacement of values by others.
//
// Invariants: a pass leaves a function that the verifier accepts, with exact use counts. What it adds
// carries the source position of what it stands for. When out of memory it stops where the function is
// still valid, and the arena that refused says so.
#ifndef JITKIT_IR_PASS_HPP
#define JITKIT_IR_PASS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/fold.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/support/arena.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// Calls visit(u32& value id) for each entry of the frame state and of its objects that is a value.
template <class F>
void for_each_frame_value(FunctionData& f, const FrameState& state, F visit) {
  const auto entries = [&](u32 first, u32 count) {
    for (FrameEntry& e : f.frame_entries.slice(first, count))
      if (e.kind == FrameEntry::Kind::value) visit(e.index);
  };
  entries(state.first_entry, state.entries);
  for (const VirtualObject& o : f.virtual_objects.slice(state.first_object, state.objects)) entries(o.first_field, o.fields);
}

// Calls visit(u32& value id) for everything that uses(v) counts.
template <class F>
void for_each_use(FunctionData& f, F visit) {
  for (u32 b = 1; b < f.blocks.size(); ++b) {
    for (Inst i = f.blocks[b].first; i; i = f[i].next)
      for (u32& v : f.operands(i)) visit(v);
    const Inst t = f.blocks[b].last;
    for (u32 n = 0; t && n < f.edge_count(t); ++n)
      for (u32& v : f.args(f.edge(t, n))) visit(v);
  }
  for (u32 s = 1; s < f.frame_states.size(); ++s) for_each_frame_value(f, f.frame_states[s], visit);
}

// A new block that takes what `to` takes and goes on there; invalid when out of memory. Its branch has no position yet.
inline Block forwarding_block(FunctionData& f, Block to, Arena& arena) {
  const Block made = f.new_block();
  if (!made) return {};
  Vec<Value> params(arena);
  for (u32 n = 0; n < f[to].param_count; ++n) {
    const Value p = f.add_param(made, f.type(f.param(to, n)));
    if (!p || !params.push(p)) return {};
  }
  const Edge on = f.new_edge(to, {params.data(), params.size()});
  const Inst jump = f.new_inst(Opcode::br, Type::none, {}, {}, on.id);
  if (!on || !jump) return {};
  f.append(made, jump);
  f[made].cold = f[to].cold;
  return made;
}

// Leaves an unreachable block nothing but `unreachable`. The number of instructions that went.
inline u32 clear_block(FunctionData& f, Block b) {
  if (f[f.terminator(b)].op == Opcode::unreachable && f[b].first == f[b].last) return 0;
  u32 removed = 0;
  for (Inst i = f[b].first; i;) {
    const Inst next = f[i].next;
    f.remove(b, i);
    ++removed;
    i = next;
  }
  f.append(b, f.new_inst(Opcode::unreachable, Type::none, {}, {}));
  return removed;
}

// Values that stand for others: noted while a pass runs, written into the function in one sweep.
class Replacements {
 public:
  bool attach(const FunctionData& f, Arena& arena) {
    to_.attach(arena);
    return to_.resize_zero(f.values.size());
  }
  // From here on `to` stands for `from`. They are not the same.
  void set(Value from, Value to) {
    check(find(to) != from);
    if (from.id >= to_.size() && !to_.resize_zero(from.id + 1)) return;
    to_[from.id] = to.id;
    any_ = true;
  }
  bool any() const { return any_; }
  // What stands for v.
  Value find(Value v) {
    if (!any_) return v;
    u32 at = v.id;
    while (at < to_.size() && to_[at] != 0) {
      const u32 next = to_[at];
      if (next < to_.size() && to_[next] != 0) to_[at] = to_[next];  // path halving
      at = next;
    }
    return Value(at);
  }
  // What stands for the operand v goes there, counted.
  void rename(FunctionData& f, u32& v) {
    const u32 now = find(Value(v)).id;
    if (now != v) put(f, v, now);
  }
  // Operands in the order of the Cfg were renamed: behind the definitions are those of loops and frame states.
  void finish(FunctionData& f, const Cfg& cfg) {
    if (any_ && (cfg.loop_count() != 0 || f.frame_states.size() > 1)) apply(f);
  }
  static void put(FunctionData& f, u32& v, u32 now) {
    --f.values[v].uses;
    ++f.values[now].uses;
    v = now;
  }
  // Writes all of it into f, and counts the uses anew.
  void apply(FunctionData& f) {
    ++f.edits;
    for (ValueData& v : f.values) v.uses = 0;
    for_each_use(f, [&](u32& v) {
      if (any_) v = find(Value(v)).id;
      ++f.values[v].uses;
    });
  }

 private:
  Vec<u32> to_;
  bool any_ = false;
};

class PassContext {
 public:
  explicit PassContext(u64 memory_limit = ~u64{0}) : memory_(memory_limit), cfg_memory_(memory_limit), bodies_memory_(memory_limit) {}

  // The function that calls of a symbol run; null if that is not known.
  const FunctionData* body(SymbolRef s) const { return s.id < bodies_.size() ? bodies_[s.id] : nullptr; }
  // From here on the functions of the unit are known; or none are.
  void know(Unit* unit) {
    bodies_memory_.reset();
    bodies_.attach(bodies_memory_);
    if (unit == nullptr || !bodies_.resize_zero(unit->module.symbol_count())) return;
    unit->for_each([&](FunctionData& f, TextMap&) { bodies_[f.symbol.id] = &f; });
  }

  void start(FunctionData& f) {
    f_ = &f;
    cfg_known_ = cleared_ = false;
  }
  // Before each pass: its memory is empty, and so are blocks that nothing leads to.
  void start_pass() {
    memory_.reset();
    if (!cleared_) clear_unreachable();
    cleared_ = true;
  }

  FunctionData& function() { return *f_; }
  Arena& arena() { return memory_; }
  // Of the function as it is now; empty when out of memory.
  const Cfg& cfg() {
    if (!cfg_known_) {
      cfg_memory_.reset();
      cfg_.compute(*f_, cfg_memory_);
      cfg_known_ = true;
    }
    return cfg_;
  }
  const Cfg* known_cfg() const { return cfg_known_ && !cfg_.order().empty() ? &cfg_ : nullptr; }
  // To be called by whoever changes a terminator.
  void edges_changed() {
    cfg_known_ = cleared_ = false;
    ++f_->edits;
  }

  Status status() const {
    const Status s = memory_.failed() ? memory_.status() : cfg_memory_.status();
    return s.ok() ? f_->status() : s;
  }

  // A new instruction before `at`, which it gets its position from; or what it folds to. None when out of
  // memory.
  Value make_before(Block b, Inst at, PureInst i, Type result) {
    Folder fold(*f_);
    Value v;
    if (fold.evaluated(i, &v, &result, 1)) return v;
    if (const Value same = fold.simplified(i)) return same;
    const Inst made = f_->new_inst(i.op, i.type, {i.x, i.operands}, {&result, 1}, i.aux, i.flags);
    if (!made) return {};
    f_->insert_before(b, at, made);
    copy_position(at, made);
    return f_->result(made);
  }
  void copy_position(Inst from, Inst to) {
    if (from.id >= f_->positions.size() || f_->positions[from.id] == 0) return;
    if (to.id < f_->positions.size() || f_->positions.resize(to.id + 1)) f_->positions[to.id] = f_->positions[from.id];
  }
  // Adds one argument to an edge, behind those it has.
  bool add_argument(Edge e, Value v) {
    EdgeData& d = (*f_)[e];
    const u32 old = d.args;
    if (old + d.arg_count != f_->pool.size()) {  // move to the end, where it can grow
      d.args = f_->pool.size();
      if (!f_->pool.reserve(d.args + d.arg_count + 1)) return false;
      for (u32 n = 0; n < d.arg_count; ++n) f_->pool.push(f_->pool[old + n]);
    }
    if (!f_->pool.push(v.id)) return false;
    ++d.arg_count;
    ++(*f_)[v].uses;
    return true;
  }

 private:
  // So that no edge of such a block is in the way of a pass that gives blocks parameters.
  void clear_unreachable() {
    const Cfg& now = cfg();
    if (now.order().empty() || now.order().size() + 1 == f_->blocks.size()) return;
    for (u32 b = 1; b < f_->blocks.size(); ++b)
      if (!now.reachable(Block(b))) clear_block(*f_, Block(b));
  }

  FunctionData* f_ = nullptr;
  Arena memory_;
  Arena cfg_memory_;
  Arena bodies_memory_;
  Vec<const FunctionData*> bodies_;  // by SymbolRef
  Cfg cfg_;
  bool cfg_known_ = false;
  bool cleared_ = false;
};

// A core op that does nothing but compute its results.
constexpr bool is_pure(const InstData& d) {
  return !is_native(d.op) && info(d.op).effects == effect::pure && d.results != 0;
}

// What a plain load or store (Option::mem) moves; none if it is none.
struct MovedType {
  Type type = Type::none;   // in memory
  Opcode widen = Opcode::none;  // a load's way to its result: zext, sext, or none
};
constexpr MovedType moved_type(const InstData& d) {
  switch (d.op) {
    case Opcode::load:
    case Opcode::store: return {d.type, Opcode::none};
    case Opcode::uload8: return {Type::i8, Opcode::zext};
    case Opcode::uload16: return {Type::i16, Opcode::zext};
    case Opcode::uload32: return {Type::i32, Opcode::zext};
    case Opcode::sload8: return {Type::i8, Opcode::sext};
    case Opcode::sload16: return {Type::i16, Opcode::sext};
    case Opcode::sload32: return {Type::i32, Opcode::sext};
    case Opcode::store8: return {Type::i8, Opcode::none};
    case Opcode::store16: return {Type::i16, Opcode::none};
    case Opcode::store32: return {Type::i32, Opcode::none};
    default: return {};
  }
}
// The number of the edge that a conditional branch or switch takes where what it looks at is x.
inline u32 chosen_edge(const FunctionData& f, Inst t, u64 x) {
  if (f[t].op == Opcode::brif) return x != 0 ? 0 : 1;
  const u32 last = f.edge_count(t) - 1;
  for (u32 n = 0; n < last; ++n)
    if ((static_cast<u64>(f[f.edge(t, n)].case_value) & low_mask(bits(f[t].type))) == x) return n;
  return last;
}

constexpr bool is_plain_store(Opcode op) { return op >= Opcode::store && op <= Opcode::store32; }
constexpr bool is_plain_load(Opcode op) { return op >= Opcode::load && op <= Opcode::sload32; }
static_assert(static_cast<u16>(Opcode::sload32) - static_cast<u16>(Opcode::load) == 6 &&
              static_cast<u16>(Opcode::store32) - static_cast<u16>(Opcode::store) == 3);

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_PASS_HPP
