// Dead code: removes what no effect depends on, cycles through block parameters included.
//
// Roots are instructions with an effect (a volatile read is one), the operands of terminators, and all of
// a region. What they name is live, and what that names; an argument of an edge is live if its block's
// parameter is. The rest goes: instructions, parameters with their arguments, the contents of unreachable
// blocks (unreachable is left in them) and the entries of frame states that no instruction names.
//
// Compiler does not need it, because selection walks backwards and skips what nobody asked for: it is for
// passes that count instructions, and for reading. The parameters of the entry block stay.
// Cost: linear. Source: the mark-and-sweep form of dead code elimination; Cytron et al. (1991), section 7.1.
#ifndef JITKIT_IR_DCE_HPP
#define JITKIT_IR_DCE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/cfg_build.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/pass.hpp>
#include <jitkit/status.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class DeadCodeRemover {
 public:
  DeadCodeRemover(FunctionData& f, const Cfg& cfg, Arena& arena)
      : f_(f), cfg_(cfg), values_(arena), insts_(arena), states_(arena), todo_(arena) {}

  // Removes the dead code of the function, which the verifier has accepted. The number of instructions
  // that went is removed(). On failure the function is as it was.
  Status run(Arena& arena) {
    if (cfg_.order().empty() || !values_.assign(f_.values.size(), false) || !insts_.assign(f_.insts.size(), false) ||
        !states_.assign(f_.frame_states.size(), false) || !todo_.reserve(f_.values.size()) || arena.failed())
      return arena.status();
    mark_roots();
    while (!todo_.empty()) {
      const Value v(todo_.back());
      todo_.pop_back();
      mark_definition(v);
    }
    if (!reserve()) return f_.status();
    for (u32 b = 1; b < f_.blocks.size(); ++b) {
      if (cfg_.reachable(Block(b)))
        sweep_instructions(Block(b));
      else
        removed_ += clear_block(f_, Block(b));
    }
    for (u32 b = 2; b < f_.blocks.size(); ++b) sweep_parameters(Block(b));
    for (u32 s = 1; s < f_.frame_states.size(); ++s)
      if (!states_[s]) clear_state(f_.frame_states[s]);
    return f_.status();
  }

  u32 removed() const { return removed_; }

 private:
  void mark(u32 v) {
    if (values_[v]) return;
    values_[v] = true;
    todo_.push(v);  // each value once: the room was reserved
  }
  void mark_inst(Inst i) {
    if (insts_[i.id]) return;
    insts_[i.id] = true;
    for (const u32 v : f_.operands(i)) mark(v);
    if (const FrameStateRef s = state_of(f_[i])) mark_state(s);
  }
  void mark_state(FrameStateRef s) {
    if (states_[s.id]) return;
    states_[s.id] = true;
    for_each_frame_value(f_, f_.frame_states[s.id], [this](u32 v) { mark(v); });
  }
  void mark_definition(Value v) {
    const ValueData& d = f_[v];
    if (d.kind == ValueData::Kind::inst) return mark_inst(Inst(d.def));
    if (d.kind != ValueData::Kind::param || !cfg_.reachable(Block(d.def))) return;
    for (const Edge e : cfg_.predecessors(Block(d.def))) mark(f_.args(e)[d.number]);
  }
  void mark_roots() {
    for (const Block b : cfg_.order()) {
      bool in_region = false;
      for (Inst i = f_[b].first; i; i = f_[i].next) {
        in_region = (in_region || f_[i].op == Opcode::region_begin) && f_[i].op != Opcode::region_end;
        if (in_region || has_effect(f_[i])) mark_inst(i);
      }
    }
  }

  bool has_effect(const InstData& d) const {
    const u8 effects = f_.effects(d);
    if (is_native(d.op)) return effects > effect::read || d.results == 0;
    if (effects == effect::read) return MemFlags(d.flags).is_volatile();
    return effects != effect::pure;
  }
  FrameStateRef state_of(const InstData& d) const {
    if (is_native(d.op)) return {};
    const Option o = info(d.op).option;
    return o == Option::frame_state ? FrameStateRef(d.aux) : o == Option::trap_mem ? f_.traps[d.aux].state : FrameStateRef();
  }

  // Room for all that the sweep adds, so that it cannot stop half way.
  bool reserve() {
    u32 params = 0;
    for (const BlockData& b : f_.blocks) params += b.param_count;
    return f_.pool.reserve(f_.pool.size() + params) && f_.insts.reserve(f_.insts.size() + f_.blocks.size());
  }
  void sweep_instructions(Block b) {
    for (Inst i = f_[b].first; i;) {
      const Inst next = f_[i].next;
      if (!insts_[i.id]) remove(b, i);
      i = next;
    }
  }
  void remove(Block b, Inst i) {
    f_.remove(b, i);
    ++removed_;
  }

  // Keeps the live parameters, in order, and their arguments.
  void sweep_parameters(Block b) {
    BlockData& d = f_[b];
    const u32 count = d.param_count;
    u32 kept = 0;
    for (u32 n = 0; n < count; ++n) kept += values_[f_.param(b, n).id] ? 1U : 0U;
    if (kept == count) return;
    const u32 first = f_.pool.size();
    if (cfg_.reachable(b))
      for (const Edge e : cfg_.predecessors(b)) drop_arguments(e, b);
    for (u32 n = 0; n < count; ++n) {
      const Value v = f_.param(b, n);
      if (!values_[v.id]) {
        f_[v].kind = ValueData::Kind::none;
        continue;
      }
      f_[v].number = static_cast<u16>(f_.pool.size() - first);
      f_.pool.push(v.id);
    }
    d.params = first;
    d.params_in_pool = true;
    d.param_count = static_cast<u16>(kept);
  }
  void drop_arguments(Edge e, Block b) {
    const Span<u32> args = f_.args(e);
    u32 kept = 0;
    for (u32 n = 0; n < args.size(); ++n) {
      if (values_[f_.param(b, n).id])
        args[kept++] = args[n];
      else
        --f_.values[args[n]].uses;
    }
    f_[e].arg_count = static_cast<u16>(kept);
  }
  void clear_state(FrameState& s) {
    for_each_frame_value(f_, s, [this](u32 v) { --f_.values[v].uses; });
    s.entries = s.objects = 0;
  }

  FunctionData& f_;
  const Cfg& cfg_;
  Vec<bool> values_;  // by Value: live
  Vec<bool> insts_;   // by Inst
  Vec<bool> states_;  // by FrameStateRef
  Vec<u32> todo_;     // live values whose definition was not looked at yet
  u32 removed_ = 0;
};

// Removes the dead code of f; `removed`, if given, gets the number of instructions.
inline Status remove_dead_code(FunctionData& f, u32* removed = nullptr) {
  Arena arena;
  Cfg cfg;
  cfg.compute(f, arena, Cfg::Want::no_dominators);
  DeadCodeRemover dead(f, cfg, arena);
  const Status s = dead.run(arena);
  if (removed != nullptr) *removed = dead.removed();
  return s;
}

// Whether an instruction without effects or a parameter may have no use; around a loop dead values use each other.
inline bool may_have_dead_code(const FunctionData& f, const Cfg& cfg) {
  const bool unreachable = cfg.order().size() + 1 != f.blocks.size();
  if (unreachable || cfg.loop_count() != 0 || f.frame_states.size() > 1) return true;
  for (const Block b : cfg.order()) {
    for (u32 n = 0; n < f[b].param_count; ++n)
      if (b != FunctionData::entry() && f[f.param(b, n)].uses == 0) return true;
    for (Inst i = f[b].first; i; i = f[i].next) {
      u32 uses = 0;
      for (u32 n = 0; n < f[i].results; ++n) uses += f[f.result(i, n)].uses;
      if (uses == 0 && (f.effects(f[i]) <= effect::read)) return true;
    }
  }
  return false;
}

inline Status remove_dead_code(PassContext& context) {
  if (!context.cfg().order().empty() && !may_have_dead_code(context.function(), context.cfg())) return {};
  return DeadCodeRemover(context.function(), context.cfg(), context.arena()).run(context.arena());
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_DCE_HPP
