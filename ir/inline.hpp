// Inlining: a call of a small function of the same unit becomes its body.
//
// The block of the call is cut in two; between them come copies of the callee's blocks, whose returns go
// to the second half with the results as arguments. Stack slots of the callee become the caller's.
// A unit is optimised callees first, so that what is copied is small already.
//
// Not inlined is what belongs to a frame of its own: functions with dynamic stack, variadic or by-value
// parameters, native exits, tail calls, frame states, patch points or safepoints, what calls itself, and
// native ops of another target than the caller's.
// Cost: linear in what is copied; a function grows to at most `most_growth` times its size.
#ifndef JITKIT_IR_INLINE_HPP
#define JITKIT_IR_INLINE_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg_build.hpp>
#include <jitkit/ir/operand_type.hpp>
#include <jitkit/ir/pass.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

class Inliner {
 public:
  explicit Inliner(PassContext& context) : c_(context), f_(context.function()), arena_(context.arena()) {}

  Status run() {
    to_.attach(arena_);
    block_to_.attach(arena_);
    values_.attach(arena_);
    types_.attach(arena_);
    u64 room = most_growth * u64{size_of(f_)} + least_room;
    const u32 blocks = f_.blocks.size();
    for (u32 n = 1; n < blocks && c_.status().ok(); ++n) {
      Block b(n);
      for (Inst i = f_[b].first; i;) {
        const Inst next = f_[i].next;
        const FunctionData* callee = f_[i].op == Opcode::call ? c_.body(SymbolRef(f_[i].aux)) : nullptr;
        if (callee != nullptr && may_inline(*callee)) {
          const u32 size = size_of(*callee);
          if (size <= most_size && size <= room) {
            room -= size;
            b = expand(b, i, *callee);
            if (!b) break;
            changed_ = true;
          }
        }
        i = next;
      }
    }
    if (changed_) c_.edges_changed();
    return c_.status();
  }

 private:
  static constexpr u32 most_size = 30;  // instructions of a callee
  static constexpr u64 most_growth = 2;
  static constexpr u64 least_room = 200;  // a small function may grow by that much at any rate

  static u32 size_of(const FunctionData& f) {
    u32 n = 0;
    for (u32 b = 1; b < f.blocks.size(); ++b)
      for (Inst i = f.blocks[b].first; i; i = f[i].next) ++n;
    return n;
  }

  bool may_inline(const FunctionData& callee) const {
    if (&callee == &f_ || callee.blocks.size() < 2 || (callee.isa != f_.isa && callee.isa != nullptr)) return false;
    const Module& m = *callee.module;
    if (m.signature(callee.signature).variadic) return false;
    for (const Param& p : m.params(callee.signature))
      if ((p.attr & ParamAttr::byval) != 0) return false;
    // A frame may have to be of a fixed size, or the stack pointer unaligned.
    const bool plain = f_.signature && m.signature(f_.signature).conv < CallConv::custom0;
    for (u32 s = 1; s < callee.slots.size(); ++s)
      if (callee.slots[s].size != 0 && (!plain || callee.slots[s].align_log2 > 4)) return false;
    u32 size = 0;
    for (u32 b = 1; b < callee.blocks.size(); ++b)
      for (Inst i = callee.blocks[b].first; i; i = callee[i].next)
        if (++size > most_size || !may_copy(callee, callee[i])) return false;
    return true;
  }
  static bool may_copy(const FunctionData& callee, const InstData& d) {
    if (is_native(d.op)) return true;
    switch (info(d.op).option) {
      case Option::frame_state:
      case Option::trap_mem:
      case Option::exit: return false;
      case Option::symbol: return d.op != Opcode::tail_call && !(d.op == Opcode::call && d.aux == callee.symbol.id);
      default:
        return d.op != Opcode::alloca_ && d.op != Opcode::va_start && d.op != Opcode::tail_call_indirect;
    }
  }

  // The block that goes on behind the call; none if there is no memory.
  Block expand(Block b, Inst call, const FunctionData& callee) {
    Cfg cfg;
    cfg.compute(callee, arena_, Cfg::Want::no_dominators);
    const Block rest = f_.new_block();
    if (!rest || arena_.failed() || !to_.assign(callee.values.size(), 0) || !block_to_.assign(callee.blocks.size(), 0)) return {};
    f_[rest].cold = f_[b].cold;
    for (Inst i = f_[call].next; i;) {
      const Inst next = f_[i].next;
      f_.unlink(b, i);
      f_.append(rest, i);
      i = next;
    }
    take_results(call, rest);
    const Block entry = FunctionData::entry();
    for (u32 n = 0; n < callee[entry].param_count; ++n) to_[callee.param(entry, n).id] = f_.operands(call)[n];
    const u32 first_slot = f_.slots.size();
    for (u32 s = 1; s < callee.slots.size(); ++s)
      if (!f_.slots.push(callee.slots[s])) return {};
    for (const Block from : cfg.order()) {
      const Block made = f_.new_block();
      if (!made) return {};
      block_to_[from.id] = made.id;
      f_[made].cold = callee[from].cold || f_[b].cold;
      for (u32 n = 0; n < callee[from].param_count && from != entry; ++n)
        to_[callee.param(from, n).id] = f_.add_param(made, callee.type(callee.param(from, n))).id;
    }
    for (const Block from : cfg.order())
      for (Inst i = callee[from].first; i; i = callee[i].next)
        if (!copy(callee, i, Block(block_to_[from.id]), rest, first_slot, call)) return {};
    const Edge in = f_.new_edge(Block(block_to_[entry.id]), {});
    const Inst jump = f_.new_inst(Opcode::br, Type::none, {}, {}, in.id);
    if (!in || !jump) return {};
    f_.append(b, jump);
    c_.copy_position(call, jump);
    f_.remove(b, call);
    return rest;
  }

  // The call's results become parameters of the block behind it: the same values.
  void take_results(Inst call, Block rest) {
    InstData& d = f_[call];
    BlockData& r = f_[rest];
    r.params = d.result.id;
    r.param_count = d.results;
    for (u32 n = 0; n < d.results; ++n) {
      ValueData& v = f_[f_.result(call, n)];
      v.kind = ValueData::Kind::param;
      v.def = rest.id;
      v.number = static_cast<u16>(n);
    }
    d.results = 0;
    d.result = {};
  }

  Value mapped(const FunctionData& callee, Value v) {
    if (!v) return v;
    if (!callee.is_constant(v)) return Value(to_[v.id]);
    const ConstantData& c = callee.constant(v);
    return f_.constant(callee.type(v), c.lo, c.hi);
  }
  Span<const Value> mapped(const FunctionData& callee, Span<const u32> list) {
    values_.clear();
    for (const u32 v : list) values_.push(mapped(callee, Value(v)));
    return {values_.data(), values_.size()};
  }

  bool copy(const FunctionData& callee, Inst i, Block to, Block rest, u32 first_slot, Inst call) {
    const InstData d = callee[i];
    Inst made;
    if (d.op == Opcode::ret) {
      const Edge e = f_.new_edge(rest, mapped(callee, callee.operands(i)));
      made = e ? f_.new_inst(Opcode::br, Type::none, {}, {}, e.id) : Inst();
    } else {
      u32 aux = 0;
      if (!copy_aux(callee, i, first_slot, aux)) return false;
      types_.clear();
      for (u32 n = 0; n < d.results; ++n) types_.push(callee.type(callee.result(i, n)));
      made = f_.new_inst(d.op, d.type, mapped(callee, callee.operands(i)), {types_.data(), types_.size()}, aux, d.flags);
      if (made && d.op == Opcode::switch_) f_[made].ops[1] = d.ops[1];
      for (u32 n = 0; made && n < d.results; ++n) to_[callee.result(i, n).id] = f_.result(made, n).id;
    }
    if (!made || arena_.failed()) return false;
    f_.append(to, made);
    const bool has_own = i.id < callee.positions.size() && callee.positions[i.id] != 0;
    if (has_own && f_.positions.resize(made.id < f_.positions.size() ? f_.positions.size() : made.id + 1))
      f_.positions[made.id] = callee.positions[i.id];
    else
      c_.copy_position(call, made);
    return true;
  }
  bool copy_aux(const FunctionData& callee, Inst i, u32 first_slot, u32& aux) {
    const InstData& d = callee[i];
    aux = d.aux;
    if (is_native(d.op)) {
      aux = f_.immediates.size();
      return f_.immediates.append(callee.immediates.slice(d.aux, native_shape(*callee.isa, native_form(d.op)).immediates));
    }
    if (info(d.op).option == Option::slot) aux = first_slot + d.aux - 1;
    if (info(d.op).option == Option::shuffle) {
      aux = f_.data.size();
      return f_.data.append(callee.data.slice(d.aux, bytes(d.type)));
    }
    const u32 edges = is_terminator(d.op) ? callee.edge_count(i) : 0;
    if (edges != 0) aux = f_.edges.size();
    for (u32 n = 0; n < edges; ++n) {
      const EdgeData e = callee[callee.edge(i, n)];
      const Span<const Value> args = mapped(callee, callee.args(callee.edge(i, n)));
      if (!f_.new_edge(Block(block_to_[e.target.id]), args, e.weight, e.case_value)) return false;
    }
    return true;
  }

  PassContext& c_;
  FunctionData& f_;
  Arena& arena_;
  bool changed_ = false;
  Vec<u32> to_;        // by the callee's Value
  Vec<u32> block_to_;  // by the callee's Block
  Vec<Value> values_;
  Vec<Type> types_;
};

inline Status inline_calls(PassContext& context) { return Inliner(context).run(); }

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_INLINE_HPP
