// Promotion of stack slots: what is only ever loaded and stored becomes values, with block parameters where
// paths meet.
//
// A slot whose address goes anywhere but into plain loads and stores stays, and so does one with a
// volatile access. Of the others every run of bytes that is always accessed as a whole is a variable of
// its own, so that the fields of an aggregate become values one by one; runs that overlap stay in
// memory. An access of another type than the variable's is a conversion. What is read before it was
// written is 0.
//
// Block parameters are placed on the iterated dominance frontier of the stores, in blocks where the
// variable is live only (pruned SSA); one walk down the dominator tree then turns accesses into values.
// Cost: linear in accesses, blocks in which a variable lives, and the size of the dominance frontiers.
// Sources: Cytron et al., Efficiently Computing Static Single Assignment Form (1991); the frontiers as
// in Cooper, Harvey and Kennedy, A Simple, Fast Dominance Algorithm (2001).
#ifndef JITKIT_IR_MEM2REG_HPP
#define JITKIT_IR_MEM2REG_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/ir/support/sort.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class SlotPromoter {
 public:
  explicit SlotPromoter(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()) {}

  Status run() {
    if (f_.slots.size() < 2) return {};
    for (Vec<u32>* v : {&slot_of_, &first_access_, &def_mark_, &live_mark_, &placed_mark_, &first_placed_, &last_placed_,
                        &frontier_first_, &frontier_, &work_, &current_})
      v->attach(arena_);
    offset_of_.attach(arena_);
    kept_.attach(arena_);
    accesses_.attach(arena_);
    variables_.attach(arena_);
    touches_.attach(arena_);
    placed_.attach(arena_);
    undo_.attach(arena_);
    if (!collect() || !find_variables() || variables_.size() == 1) return c_.status();
    if (!find_frontiers() || !replace_.attach(f_, arena_)) return c_.status();
    list_touches();
    for (u32 v = 1; v < variables_.size(); ++v) place(v);
    if (!make_parameters()) return c_.status();
    rename();
    replace_.apply(f_);
    for (u32 s = 1; s < f_.slots.size(); ++s)
      if (!kept_[s]) f_.slots[s] = {};  // nobody asks for its room any more
    return c_.status();
  }

 private:
  struct Access {
    Inst inst;
    u32 slot = 0;
    i32 offset = 0;
    u32 bytes = 0;
    u32 variable = 0;
  };
  struct Variable {
    Type type = Type::none;
    u32 defs = 0;  // lists of the blocks that store to it, and that read what came from above
    u32 uses = 0;
  };
  struct Touch {
    u32 block = 0;
    u32 next = 0;
  };
  struct Placed {  // a parameter of a block for a variable
    u32 variable = 0;
    u32 next = 0;
    Value param;
  };
  struct Undo {
    u32 variable;
    u32 value;
  };

  // --- Which accesses there are, in the order of the blocks.

  bool collect() {
    if (!slot_of_.resize_zero(f_.values.size()) || !offset_of_.resize_zero(f_.values.size()) ||
        !kept_.assign(f_.slots.size(), false) || !first_access_.resize_zero(f_.blocks.size() + 1) || !accesses_.push({}))
      return false;
    for (const Block b : cfg_.order()) {
      first_access_[b.id] = accesses_.size();
      for (Inst i = f_[b].first; i; i = f_[i].next) look_at(i);
      const Inst t = f_.terminator(b);
      for (u32 n = 0; n < f_.edge_count(t); ++n)
        for (const u32 v : f_.args(f_.edge(t, n))) keep(v);
    }
    for (const FrameEntry& e : f_.frame_entries)
      if (e.kind == FrameEntry::Kind::value) keep(e.index);
    return !arena_.failed();
  }
  void keep(u32 v) {
    if (slot_of_[v] != 0) kept_[slot_of_[v]] = true;
  }
  void look_at(Inst i) {
    const InstData& d = f_[i];
    if (d.op == Opcode::stack_addr) {
      slot_of_[d.result.id] = d.aux;
      return;
    }
    const Span<const u32> ops = f_.operands(i);
    if (d.op == Opcode::ptr_add && slot_of_[ops[0]] != 0 && f_.is_constant(Value(ops[1]))) {
      const i64 offset = i64{offset_of_[ops[0]]} + static_cast<i64>(f_.constant(Value(ops[1])).lo);
      if (offset >= 0 && offset < (i64{1} << 30)) {
        slot_of_[d.result.id] = slot_of_[ops[0]];
        offset_of_[d.result.id] = static_cast<i32>(offset);
        return;
      }
    }
    const MovedType moved = moved_type(d);
    for (u32 n = 0; n < ops.size(); ++n) {
      const u32 slot = slot_of_[ops[n]];
      if (slot == 0) continue;
      const i64 offset = i64{offset_of_[ops[0]]} + static_cast<i32>(d.aux);
      const u32 size = bytes(moved.type);
      if (n != 0 || moved.type == Type::none || MemFlags(d.flags).is_volatile() || bits(moved.type) > 128 ||
          moved.type == Type::mask || offset < 0 || offset + size > f_.slots[slot].size)
        kept_[slot] = true;
      else
        accesses_.push({i, slot, static_cast<i32>(offset), size, 0});
    }
  }

  // --- Runs of bytes that are always accessed as a whole.

  bool find_variables() {
    Vec<u32> sorted(arena_);
    if (!variables_.push({})) return false;
    for (u32 a = 1; a < accesses_.size(); ++a)
      if (!kept_[accesses_[a].slot]) sorted.push(a);
    sort(Span<u32>(sorted.data(), sorted.size()), [&](u32 x, u32 y) {
      const Access &a = accesses_[x], &b = accesses_[y];
      return a.slot != b.slot ? a.slot < b.slot : a.offset != b.offset ? a.offset < b.offset : x < y;
    });
    for (u32 at = 0, end = 0; at < sorted.size(); at = end) {
      const Access& first = accesses_[sorted[at]];
      i64 covered = i64{first.offset} + first.bytes;
      bool whole = true;
      for (end = at + 1; end < sorted.size(); ++end) {
        const Access& a = accesses_[sorted[end]];
        if (a.slot != first.slot || a.offset >= covered) break;
        whole = whole && a.offset == first.offset && a.bytes == first.bytes;
        covered = covered < i64{a.offset} + a.bytes ? i64{a.offset} + a.bytes : covered;
      }
      const Type type = whole ? common_type(Span<const u32>(sorted.data() + at, end - at)) : Type::none;
      if (type == Type::none)
        kept_[first.slot] = true;  // in part; its other variables are none the less
      else if (variables_.push({type, 0, 0}))
        for (u32 n = at; n < end; ++n) accesses_[sorted[n]].variable = variables_.size() - 1;
    }
    return !arena_.failed() && variables_.size() != 0;
  }
  // The type that most accesses have; none if a reference would be converted.
  Type common_type(Span<const u32> accesses) const {
    u32 count[type_count] = {};
    Type best = Type::none;
    for (const u32 a : accesses) {
      const Type t = moved_type(f_[accesses_[a].inst]).type;
      if (++count[static_cast<u8>(t)] > count[static_cast<u8>(best)]) best = t;
    }
    const u32 refs = count[static_cast<u8>(Type::ref)];
    return refs != 0 && refs != accesses.size() ? Type::none : best;
  }

  // --- Where parameters are needed.

  bool find_frontiers() {
    const u32 blocks = f_.blocks.size();
    if (!frontier_first_.resize_zero(blocks + 1) || !work_.resize_zero(blocks)) return false;
    visit_frontiers([&](Block runner, Block) { ++frontier_first_[runner.id + 1]; });
    for (u32 b = 0; b < blocks; ++b) frontier_first_[b + 1] += frontier_first_[b];
    Vec<u32> filled(arena_);
    if (!frontier_.resize_zero(frontier_first_[blocks]) || !filled.resize_zero(blocks)) return false;
    for (u32& w : work_) w = 0;
    visit_frontiers([&](Block runner, Block join) {
      frontier_[frontier_first_[runner.id] + filled[runner.id]++] = join.id;
    });
    work_.clear();
    return !arena_.failed();
  }
  // Calls visit(block, join) for every join in the dominance frontier of a block.
  template <class F>
  void visit_frontiers(F visit) {
    for (const Block join : cfg_.order()) {
      if (cfg_.predecessors(join).size() < 2) continue;
      for (const Edge e : cfg_.predecessors(join))
        for (Block b = cfg_.source(e); b != cfg_.idom(join) && work_[b.id] != join.id; b = cfg_.idom(b)) {
          work_[b.id] = join.id;
          visit(b, join);
        }
    }
  }

  void list_touches() {
    if (!touches_.push({}) || !def_mark_.resize_zero(variables_.size()) || !live_mark_.resize_zero(variables_.size())) return;
    const auto add = [&](u32& list, Vec<u32>& mark, u32 variable, u32 block) {
      if (mark[variable] == block || !touches_.push({block, list})) return;
      mark[variable] = block;
      list = touches_.size() - 1;
    };
    for (const Block b : cfg_.order())
      for_each_access(b, [&](const Access& a) {
        Variable& v = variables_[a.variable];
        if (is_plain_store(f_[a.inst].op))
          add(v.defs, def_mark_, a.variable, b.id);
        else if (def_mark_[a.variable] != b.id)
          add(v.uses, live_mark_, a.variable, b.id);
      });
    for (Vec<u32>* mark : {&def_mark_, &live_mark_, &placed_mark_, &first_placed_, &last_placed_})
      mark->assign(f_.blocks.size(), 0);
    placed_.push({});
  }
  template <class F>
  void for_each_access(Block b, F visit) {
    for (u32 a = first_access_[b.id]; a < accesses_.size(); ++a) {
      if (access_block_end(b, a)) break;
      if (accesses_[a].variable != 0) visit(accesses_[a]);
    }
  }
  bool access_block_end(Block b, u32 a) const {
    const u32 at = cfg_.position(b) + 1;
    return at < cfg_.order().size() && a >= first_access_[cfg_.order()[at].id];
  }

  void place(u32 v) {
    const Variable& variable = variables_[v];
    for (u32 t = variable.defs; t != 0; t = touches_[t].next) def_mark_[touches_[t].block] = v;
    for (u32 t = variable.uses; t != 0; t = touches_[t].next) live_in(touches_[t].block, v);
    while (!work_.empty()) {
      const Block b(work_.back());
      work_.pop_back();
      for (const Edge e : cfg_.predecessors(b))
        if (const u32 from = cfg_.source(e).id; def_mark_[from] != v) live_in(from, v);
    }
    for (u32 t = variable.defs; t != 0; t = touches_[t].next) work_.push(touches_[t].block);
    while (!work_.empty()) {
      const u32 b = work_.back();
      work_.pop_back();
      for (u32 n = frontier_first_[b]; n < frontier_first_[b + 1]; ++n) {
        const u32 join = frontier_[n];
        if (live_mark_[join] != v || placed_mark_[join] == v) continue;
        placed_mark_[join] = v;
        add_placed(join, v);
        if (def_mark_[join] != v) work_.push(join);
      }
    }
  }
  void live_in(u32 b, u32 v) {
    if (live_mark_[b] == v) return;
    live_mark_[b] = v;
    work_.push(b);
  }
  void add_placed(u32 b, u32 v) {
    if (!placed_.push({v, 0, {}})) return;
    const u32 made = placed_.size() - 1;
    (last_placed_[b] != 0 ? placed_[last_placed_[b]].next : first_placed_[b]) = made;
    last_placed_[b] = made;
  }

  // --- From accesses to values.

  bool make_parameters() {
    if (arena_.failed()) return false;
    for (const Block b : cfg_.order())
      for (u32 p = first_placed_[b.id]; p != 0; p = placed_[p].next)
        placed_[p].param = f_.add_param(b, variables_[placed_[p].variable].type);
    return f_.status().ok() && current_.resize_zero(variables_.size()) && undo_.reserve(accesses_.size() + placed_.size());
  }

  void set_current(u32 variable, Value v) {
    undo_.push({variable, current_[variable]});
    current_[variable] = v.id;
  }
  Value current(u32 variable) {
    const Value v(current_[variable]);
    return v ? replace_.find(v) : f_.constant(variables_[variable].type, 0);
  }

  // A walk down the dominator tree; `current_` holds what reaches the place where the walk is.
  void rename() {
    struct Visit {
      u32 block;
      u32 undo;
    };
    Vec<u32> child(arena_), sibling(arena_);
    Vec<Visit> path(arena_);
    if (!child.resize_zero(f_.blocks.size()) || !sibling.resize_zero(f_.blocks.size()) || !path.reserve(f_.blocks.size())) return;
    for (usize n = cfg_.order().size(); n-- > 1;) {
      const Block b = cfg_.order()[n], above = cfg_.idom(b);
      sibling[b.id] = child[above.id];
      child[above.id] = b.id;
    }
    path.push({FunctionData::entry().id, 0});
    rename_block(FunctionData::entry());
    while (!path.empty()) {
      const Visit v = path.back();
      if (const u32 next = child[v.block]; next != 0) {
        child[v.block] = sibling[next];
        path.push({next, undo_.size()});
        rename_block(Block(next));
        continue;
      }
      for (; undo_.size() > v.undo; undo_.pop_back()) current_[undo_.back().variable] = undo_.back().value;
      path.pop_back();
    }
  }
  void rename_block(Block b) {
    for (u32 p = first_placed_[b.id]; p != 0; p = placed_[p].next) set_current(placed_[p].variable, placed_[p].param);
    for_each_access(b, [&](const Access& a) {
      if (is_plain_store(f_[a.inst].op))
        store(b, a);
      else
        load(b, a);
    });
    const Inst t = f_.terminator(b);
    for (u32 n = 0; n < f_.edge_count(t); ++n) {
      const Edge e = f_.edge(t, n);
      for (u32 p = first_placed_[f_[e].target.id]; p != 0; p = placed_[p].next)
        c_.add_argument(e, current(placed_[p].variable));
    }
  }
  Value converted(Block b, Inst at, Opcode op, Type to, Value v) {
    if (f_.type(v) == to) return v;
    const Value made = c_.make_before(b, at, {op, to, 0, 1, 0, {v, {}, {}}}, to);
    return made ? made : f_.constant(to, 0);
  }
  void store(Block b, const Access& a) {
    const Type moved = moved_type(f_[a.inst]).type, type = variables_[a.variable].type;
    Value v = replace_.find(f_.operand(a.inst, 1));
    if (f_[a.inst].op != Opcode::store) v = converted(b, a.inst, Opcode::trunc, moved, v);
    set_current(a.variable, converted(b, a.inst, Opcode::bitcast, type, v));
    f_.remove(b, a.inst);
  }
  void load(Block b, const Access& a) {
    const MovedType moved = moved_type(f_[a.inst]);
    Value v = converted(b, a.inst, Opcode::bitcast, moved.type, current(a.variable));
    if (moved.widen != Opcode::none) v = converted(b, a.inst, moved.widen, f_[a.inst].type, v);
    replace_.set(f_.result(a.inst), v);
    f_.remove(b, a.inst);
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;

  Vec<u32> slot_of_;    // by Value: the slot it is the address of a place in
  Vec<i32> offset_of_;  // by Value: which place
  Vec<bool> kept_;      // by StackSlot: something of it stays in memory
  Vec<Access> accesses_;
  Vec<u32> first_access_;  // by Block
  Vec<Variable> variables_;
  Vec<Touch> touches_;
  Vec<u32> frontier_first_, frontier_;  // by Block: where its part of frontier_ starts
  Vec<u32> def_mark_, live_mark_, placed_mark_;  // by Block: the variable that was marked last
  Vec<u32> first_placed_, last_placed_;          // by Block: lists in placed_
  Vec<Placed> placed_;
  Vec<u32> work_;
  Vec<u32> current_;  // by variable
  Vec<Undo> undo_;
  Replacements replace_;
};

inline Status promote_slots(PassContext& context) { return SlotPromoter(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_MEM2REG_HPP
