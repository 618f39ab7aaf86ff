// Elimination of loads and stores: a load of what is known to stand in memory is that value, a store of
// what stands there already goes, and so does one that the same block overwrites before anyone looks.
//
// Known is a list of places with the values last loaded from or stored to them. It is carried through
// blocks in their order: from the only predecessor, from all where paths meet (what they agree on), and into
// a loop less what the loop writes. Calls, atomics and native ops with effects leave what nobody else
// reaches (alias.hpp). Volatile accesses stay. Before a guard or anything else that may leave the
// function, all stores have been made.
// Cost: linear, times the length of the list, which is bounded.
// Source: after the scoped tables of available loads in LLVM's EarlyCSE; own extension to joins and loops.
#ifndef JITKIT_IR_LOADS_HPP
#define JITKIT_IR_LOADS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/alias.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class LoadEliminator {
 public:
  explicit LoadEliminator(PassContext& context)
      : c_(context), f_(context.function()), cfg_(context.cfg()), arena_(context.arena()) {}

  Status run() {
    states_.attach(arena_);
    saved_.attach(arena_);
    writes_.attach(arena_);
    first_write_.attach(arena_);
    if (cfg_.order().empty() || !alias_.prepare(f_, cfg_, arena_) || !replace_.attach(f_, arena_) ||
        !states_.assign(f_.blocks.size(), {}) || !collect_writes())
      return c_.status();
    for (const Block b : cfg_.order()) {
      enter(b);
      for (Inst i = f_[b].first; i && c_.status().ok();) {
        const Inst next = f_[i].next;
        look_at(b, i);
        i = next;
      }
      const Inst t = f_.terminator(b);
      for (u32 n = 0; replace_.any() && n < f_.edge_count(t); ++n)
        for (u32& v : f_.args(f_.edge(t, n))) replace_.rename(f_, v);
      save(b);
    }
    replace_.finish(f_, cfg_);
    return c_.status();
  }

 private:
  static constexpr u32 most_known = 24;
  static constexpr u32 most_writes = 64;  // of a loop; with more nothing is known in it

  struct Known {
    Address address;
    Opcode op = Opcode::none;  // the load or store it is known from
    Type type = Type::none;
    Type moved = Type::none;
    Value value;  // the load's result, or what was stored
    Inst store;   // a store of this block that nobody has looked at yet
  };
  struct State {
    u32 first = 0;
    u32 count = 0;
    bool done = false;
  };
  struct Write {
    Address address;
    u32 bytes = 0;
    bool anything = false;  // whatever can be reached
  };

  // --- What loops write.

  bool writes(const InstData& d) const { return (f_.effects(d) & effect::write) != 0; }
  Write write_of(Inst i) const {
    if (!is_plain_store(f_[i].op)) return {{}, 0, true};
    return {alias_.address(i), bytes(moved_type(f_[i]).type), false};
  }
  // The writes of all blocks, in their order: those of a loop are a run.
  bool collect_writes() {
    if (!first_write_.resize_zero(static_cast<u32>(cfg_.order().size()) + 1)) return false;
    for (u32 at = 0; at < cfg_.order().size(); ++at) {
      first_write_[at] = writes_.size();
      for (Inst i = f_[cfg_.order()[at]].first; i; i = f_[i].next)
        if (writes(f_[i])) writes_.push(write_of(i));
    }
    first_write_[static_cast<u32>(cfg_.order().size())] = writes_.size();
    return !arena_.failed();
  }
  void kill(const Write& w) {
    own();
    u32 kept = 0;
    for (u32 n = 0; n < count_; ++n) {
      const Known& k = known_[n];
      const bool hit = w.anything ? alias_.reached(k.address) : alias_.may_alias(k.address, bytes(k.moved), w.address, w.bytes);
      if (!hit) known_[kept++] = k;
    }
    count_ = kept;
  }

  // --- What is known where a block starts.

  // What is known is a list of saved_ until it changes; then it is known_, a copy.
  void forget() {
    shared_ = {0, 0, true};
    is_shared_ = true;
  }
  void own() {
    if (!is_shared_) return;
    is_shared_ = false;
    count_ = 0;
    for (const Known& k : saved_.slice(shared_.first, shared_.count)) known_[count_++] = k;
  }

  void enter(Block b) {
    forget();
    const Span<const Edge> preds = cfg_.predecessors(b);
    const Loop loop = cfg_.is_header(b) ? cfg_.loop(b) : Loop();
    if (loop && cfg_[loop].irreducible) return;
    bool first = true;
    for (const Edge e : preds) {
      const Block from = cfg_.source(e);
      if (loop && cfg_.contains(loop, from)) continue;
      const State& s = states_[from.id];
      if (!s.done) return forget();  // within an irreducible loop
      if (first)
        shared_ = s;
      else if (!is_shared_ || s.first != shared_.first || s.count != shared_.count)
        intersect(saved_.slice(s.first, s.count));
      first = false;
    }
    if (!loop) return;
    const u32 begin = first_write_[cfg_[loop].first], end = first_write_[cfg_[loop].end];
    if (end - begin > most_writes) return forget();
    for (u32 n = begin; n < end; ++n) kill(writes_[n]);
  }
  static bool same_place(const Known& a, const Known& b) {
    return a.address.from == b.address.from && a.address.offset == b.address.offset;
  }
  void intersect(Span<const Known> list) {
    own();
    u32 kept = 0;
    for (u32 n = 0; n < count_; ++n)
      for (const Known& k : list)
        if (same_place(k, known_[n]) && k.op == known_[n].op && k.type == known_[n].type && k.value == known_[n].value) {
          known_[kept++] = known_[n];
          break;
        }
    count_ = kept;
  }
  void save(Block b) {
    State& s = states_[b.id];
    if (is_shared_) {
      s = shared_;
      return;
    }
    s = {saved_.size(), 0, true};
    for (u32 n = 0; n < count_; ++n) {
      known_[n].store = {};
      if (saved_.push(known_[n])) ++s.count;
    }
  }
  void add(const Known& k) {
    if (count_ == most_known) {  // forget the oldest
      for (u32 n = 1; n < count_; ++n) known_[n - 1] = known_[n];
      --count_;
    }
    known_[count_++] = k;
  }

  // --- Instructions.

  void look_at(Block b, Inst i) {
    if (replace_.any())
      for (u32& v : f_.operands(i)) replace_.rename(f_, v);
    const InstData& d = f_[i];
    const bool plain = moved_type(d).type != Type::none && !MemFlags(d.flags).is_volatile();
    if (plain) own();
    if (plain && is_plain_load(d.op)) return load(b, i);
    if (plain) return store(b, i);
    const u8 effects = f_.effects(d);
    if (effects == effect::pure) return;
    if ((effects & effect::write) != 0) kill(write_of(i));
    for (u32 n = 0; !is_shared_ && n < count_; ++n) known_[n].store = {};  // somebody may look
  }
  Known entry_of(Inst i, Value v) const {
    const InstData& d = f_[i];
    return {alias_.address(i), d.op, d.type, moved_type(d).type, v, {}};
  }

  void load(Block b, Inst i) {
    Known k = entry_of(i, f_.result(i));
    const u32 size = bytes(k.moved);
    for (u32 n = 0; n < count_; ++n) {
      Known& old = known_[n];
      if (same_place(old, k) && bytes(old.moved) == size)
        if (const Value v = as_loaded(b, i, old, k)) {
          replace_.set(f_.result(i), v);
          f_.remove(b, i);
          return;
        }
    }
    for (u32 n = 0; n < count_; ++n)
      if (known_[n].store && alias_.may_alias(known_[n].address, bytes(known_[n].moved), k.address, size)) known_[n].store = {};
    add(k);
  }
  // What load i would give, from what is known of its place; none if that would not be cheaper.
  Value as_loaded(Block b, Inst i, const Known& old, const Known& k) {
    const Value v = replace_.find(old.value);
    if (is_plain_load(old.op) ? old.op == k.op && old.type == k.type : old.op == Opcode::store && k.op == Opcode::load && old.type == k.type)
      return v;
    if (old.moved == Type::ref || k.moved == Type::ref || (old.moved == Type::mask) != (k.moved == Type::mask)) return {};
    Value memory = v;
    if (f_.type(v) != old.moved) memory = c_.make_before(b, i, {Opcode::trunc, old.moved, 0, 1, 0, {v, {}, {}}}, old.moved);
    if (memory && old.moved != k.moved)
      memory = c_.make_before(b, i, {Opcode::bitcast, k.moved, 0, 1, 0, {memory, {}, {}}}, k.moved);
    const Opcode widen = moved_type(f_[i]).widen;
    if (memory && widen != Opcode::none) memory = c_.make_before(b, i, {widen, k.type, 0, 1, 0, {memory, {}, {}}}, k.type);
    return memory;
  }

  void store(Block b, Inst i) {
    Known k = entry_of(i, f_.operand(i, 1));
    const u32 size = bytes(k.moved);
    for (u32 n = 0; n < count_; ++n) {
      const Known& old = known_[n];
      if (!same_place(old, k) || bytes(old.moved) != size) continue;
      const bool whole = f_.type(k.value) == k.moved;
      if (whole && replace_.find(old.value) == k.value && f_.type(k.value) == old.moved) {  // it stands there
        f_.remove(b, i);
        return;
      }
      if (old.store) f_.remove(b, old.store);
      break;
    }
    kill({k.address, size, false});
    k.store = i;
    add(k);
  }

  PassContext& c_;
  FunctionData& f_;
  const Cfg& cfg_;
  Arena& arena_;
  AliasModel alias_;
  Vec<State> states_;  // by Block: what is known at its end
  Vec<Known> saved_;
  Vec<Write> writes_;
  Vec<u32> first_write_;  // by position of a block
  Known known_[most_known];
  u32 count_ = 0;
  State shared_;
  bool is_shared_ = true;
  Replacements replace_;
};

inline Status eliminate_loads(PassContext& context) { return LoadEliminator(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LOADS_HPP
