// The verifier: whether a function keeps the rules of the IR (rules.def, docs/ir.md). Everything behind it
// relies on them.
//
// First each instruction by itself; then, if the blocks hold together, what needs dominance. All errors
// are reported, each with its rule and, for IR that came from text, its place.
//
// Invariant: no function makes it crash whose indices of values, edges and pool entries are in range.
#ifndef JITKIT_IR_VERIFIER_HPP
#define JITKIT_IR_VERIFIER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/cfg.hpp>
#include <jitkit/ir/cfg_build.hpp>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/function.hpp>
#include <jitkit/ir/operand_type.hpp>
#include <jitkit/ir/places.hpp>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/unit.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

enum class Rule : u16 {
#define JITKIT_RULE(number, name, text) name = number,
#include <jitkit/ir/rules.def>
};

struct RuleInfo {
  Rule rule;
  const char* text;
};
inline constexpr RuleInfo rule_infos[] = {
#define JITKIT_RULE(number, name, text) {Rule::name, text},
#include <jitkit/ir/rules.def>
};

class Verifier {
 public:
  Verifier(const FunctionData& f, Diagnostics& errors, const TextMap* text) : f_(f), errors_(errors), text_(text) {}

  bool run() {
    const u32 before = errors_.count();
    entry();
    signatures();
    for (u32 b = 1; b < f_.blocks.size(); ++b) block(Block(b));
    frame_states();
    if (errors_.count() == before) dominance();
    return errors_.count() == before;
  }

 private:
  void entry();
  void signatures();
  void signature(SigRef s, TextPos at);
  Sink& passed(Rule r, TextPos at, const Param& p, bool result, u32 number);
  const char* attribute_fault(Span<const Param> list, u32 n, bool results) const;
  void block(Block b);
  void inst(const InstData& d, Inst i);
  void native(const InstData& d, Inst i);
  void type_and_lane(const InstData& d, Inst i);
  void option(const InstData& d, Inst i);
  void memory(const InstData& d, Inst i, u8 flags);
  void operands(const InstData& d, Inst i);
  void results(const InstData& d, Inst i);
  void callee(const InstData& d, Inst i);
  void edges(const InstData& d, Inst i);
  void cases(const InstData& d, Inst i);
  void value(Value v, Inst i);
  void frame_states();
  void entries(u32 first, u32 count, u32 objects, TextPos at);
  void dominance();
  void exclusive_use(Inst i, bool region, bool& attempt);
  void flags_uses(Block b);
  bool flags_kept(Inst from, Inst to) const;
  u32 operand_count(const InstData& d) const;

  Sink& error(Rule r, TextPos at) { return errors_.error(at, static_cast<u16>(r)); }
  Sink& error(Rule r, Inst i) { return error(r, text_ != nullptr ? TextMap::get(text_->insts, i.id) : TextPos()); }
  Sink& error(Rule r, Block b) { return error(r, text_ != nullptr ? TextMap::get(text_->blocks, b.id) : TextPos()); }
  TextPos function_at() const { return text_ != nullptr ? text_->function : TextPos(); }

  const FunctionData& f_;
  Diagnostics& errors_;
  const TextMap* text_;
  Arena arena_;
};

inline void Verifier::entry() {
  if (f_.blocks.size() < 2) {
    error(Rule::entry, function_at()) << "the function has no entry block";
    return;
  }
  if (f_.module == nullptr) return;
  const Span<const Param> params = f_.module->params(f_.signature);
  const Block b = f_.entry();
  bool same = params.size() == f_[b].param_count;
  for (u32 n = 0; same && n < params.size(); ++n) same = f_.type(f_.param(b, n)) == params[n].type;
  if (!same) error(Rule::entry, b) << "the entry block's parameters are not the function's";
}

// The function's own and those of its exits; those of calls are looked at where they stand.
inline void Verifier::signatures() {
  if (f_.module == nullptr) return;
  signature(f_.signature, function_at());
  for (u32 n = 1; n < f_.exits.size(); ++n)
    signature(f_.exits[n].places, text_ != nullptr ? TextMap::get(text_->exits, n) : TextPos());
}

inline void Verifier::signature(SigRef s, TextPos at) {
  if (s.id >= f_.module->signature_count()) {
    error(Rule::reference, at) << "there is no such signature";
    return;
  }
  for (const bool results : {false, true}) {
    const Span<const Param> list = results ? f_.module->results(s) : f_.module->params(s);
    PlaceList places{f_.isa, {}, 64};  // the frame's unit is not known: one slot each
    u64 memory = 0;
    for (u32 n = 0; n < list.size(); ++n) {
      if (const char* wrong = attribute_fault(list, n, results); wrong != nullptr)
        passed(Rule::attribute, at, list[n], results, n + 1) << wrong;
      memory += list[n].size;
      if (list[n].place.kind == FixedPlace::Kind::none) continue;
      if (const PlaceFault f = places.add(list, n, fixed_places(list[n])); f != PlaceFault::none)
        passed(Rule::place, at, list[n], results, n + 1) << place_faults[static_cast<u8>(f)];
    }
    if (memory > u64{1} << 30) error(Rule::attribute, at) << "aggregates of more than 1 GiB are passed by value";
  }
}

// An error of a value of a signature, up to what it is.
inline Sink& Verifier::passed(Rule r, TextPos at, const Param& p, bool result, u32 number) {
  Sink& out = error(r, at);
  (out << (result ? "result " : "parameter ")).udec(number) << " (" << name(p.type);
  const u8 id = p.place.reg.id;
  if (p.place.kind == FixedPlace::Kind::slot)
    (out << " in slot(").dec(p.place.slot) << ")";
  else if (p.place.kind == FixedPlace::Kind::reg && f_.isa != nullptr && id < f_.isa->registers.size() && f_.isa->registers[id][0] != 0)
    out << " in " << f_.isa->registers[id];
  else if (p.place.kind == FixedPlace::Kind::reg)
    (out << " in reg(").udec(id) << ")";
  return out << "): ";
}

// What is wrong with how value n of a list is passed; null: nothing.
inline const char* Verifier::attribute_fault(Span<const Param> list, u32 n, bool results) const {
  const Param& p = list[n];
  const u8 extends = p.attr & (ParamAttr::zext | ParamAttr::sext), memory = p.attr & (ParamAttr::sret | ParamAttr::byval);
  if (!contains(types::value, p.type)) return "no type that can be passed";
  if (extends != 0 && !contains(types::int_or_bool, p.type)) return "no integer to extend";
  if (extends == (ParamAttr::zext | ParamAttr::sext)) return "extended in two ways";
  if (memory != 0 && (results || p.type != Type::ptr || memory == (ParamAttr::sret | ParamAttr::byval)))
    return "no address of an aggregate that is passed";
  if ((p.attr & ParamAttr::sret) != 0)
    for (u32 k = 0; k < n; ++k)
      if ((list[k].attr & ParamAttr::sret) != 0) return "a second address for the result";
  if (p.align_log2 > 4) return "an alignment above the stack's 16 bytes";
  const bool member = p.group != 1;
  if (member && (memory != 0 || p.place.kind != FixedPlace::Kind::none)) return "of a group, and in memory or a place of its own";
  if (p.group == 0 && (n == 0 || list[n - 1].group == 1)) return "of a group that did not start";
  for (u32 k = n + 1; k < n + p.group; ++k)
    if (k >= list.size() || list[k].group != 0) return "of a group with too few members";
  return nullptr;
}

inline void Verifier::block(Block b) {
  if (!f_[b].last || !is_terminator(f_[f_[b].last].op))
    error(Rule::terminator, b) << "the block does not end with a terminator";
  for (u32 n = 0; n < f_[b].param_count; ++n)
    if (f_.type(f_.param(b, n)) == Type::flags) error(Rule::flags_block, b) << "a flags value as block parameter";
  bool region = false, attempt = false;
  for (Inst i = f_[b].first; i; i = f_[i].next) {
    const InstData& d = f_[i];
    if (is_terminator(d.op) && d.next) error(Rule::terminator, i) << "a terminator inside a block";
    if (d.op == Opcode::region_begin && region) error(Rule::region, i) << "a region in a region";
    if (region && !is_native(d.op) && d.op != Opcode::region_begin && d.op != Opcode::region_end)
      error(Rule::region, i) << "an op that is not native in a region";
    exclusive_use(i, region, attempt);
    if (d.op == Opcode::region_end && !region) error(Rule::region, i) << "a region ends that did not start";
    region = (region || d.op == Opcode::region_begin) && d.op != Opcode::region_end && !is_terminator(d.op);
    inst(d, i);
  }
}

// Load- and store-exclusives stand in a region, in pairs, with no other access to memory between them;
// `attempt`: one is open.
inline void Verifier::exclusive_use(Inst i, bool region, bool& attempt) {
  const Opcode op = f_[i].op;
  if (op == Opcode::region_end && attempt) error(Rule::region, i) << "a load-exclusive without its store-exclusive";
  if (!is_native(op)) {
    attempt = attempt && op != Opcode::region_end;
    return;
  }
  if (f_.isa == nullptr || native_form(op) >= f_.isa->forms) return;
  const Effects e = f_.isa->form_effects(native_form(op));
  const bool load = (e & reads_memory) != 0, store = (e & writes_memory) != 0;
  if ((e & exclusive) == 0) {
    if (attempt && (load || store)) error(Rule::region, i) << "another access to memory before the store-exclusive";
    return;
  }
  if ((load || store) && !region) error(Rule::region, i) << "an exclusive access outside a region";
  if (load && attempt) error(Rule::region, i) << "a load-exclusive before the store-exclusive of another";
  if (store && region && !attempt) error(Rule::region, i) << "a store-exclusive without its load-exclusive";
  attempt = load && region;
}

inline void Verifier::inst(const InstData& d, Inst i) {
  if (is_native(d.op)) {
    native(d, i);
    return;
  }
  type_and_lane(d, i);
  option(d, i);
  operands(d, i);
  results(d, i);
  if (is_call(d.op)) callee(d, i);
  if (is_terminator(d.op)) edges(d, i);
}

inline void Verifier::native(const InstData& d, Inst i) {
  const u16 form = native_form(d.op);
  if (f_.isa == nullptr || !f_.isa->has(form)) {
    error(Rule::native, i) << "a native op that is no form of the function's target";
    return;
  }
  const NativeShape s = native_shape(*f_.isa, form);
  if (s.labels || (f_.isa->form_effects(form) & control) != 0)
    error(Rule::native, i) << "'" << f_.isa->form_name(form) << "' transfers control";
  if ((f_.isa->form_effects(form) & unnamed_registers) != 0)
    error(Rule::native, i) << "'" << f_.isa->form_name(form) << "' works on registers it does not name";
  operands(d, i);
  results(d, i);
}

inline void Verifier::type_and_lane(const InstData& d, Inst i) {
  if (has_type(d.op) ? !contains(info(d.op).types, d.type) : d.type != Type::none)
    error(Rule::type, i) << "'" << name(d.op) << "' has no type " << name(d.type);
  if (!has_lane(d.op)) return;
  const bool legal = d.flags < lane_count_kinds && (legal_lanes(d.op) >> d.flags & 1) != 0;
  if (!legal) {
    error(Rule::lane, i) << "'" << name(d.op) << "' does not have lanes of this type";
    return;
  }
  if (info(d.op).option != Option::lane) return;
  const bool shift = signature_of(d.op).operands == 1 && signature_of(d.op).result[0] == 'T';
  const u32 limit = shift ? lane_bits(lane_of(d.flags)) : lanes(d.type, lane_of(d.flags));
  if (d.aux >= limit) (error(Rule::lane, i) << (shift ? "the count" : "the lane number") << " is not below ").udec(limit);
}

inline void Verifier::option(const InstData& d, Inst i) {
  const auto exists = [&](bool there, const char* what) {
    if (!there) error(Rule::reference, i) << "there is no such " << what;
  };
  const u32 symbols = f_.module != nullptr ? f_.module->symbol_count() : 0;
  switch (info(d.op).option) {
    case Option::icond:
      if (d.aux >= icond_count) error(Rule::option, i) << "no such condition";
      break;
    case Option::fcond:
      if (d.aux >= fcond_count) error(Rule::option, i) << "no such condition";
      break;
    case Option::shuffle:
      for (u32 n = 0; n < bytes(d.type); ++n) {
        if (d.aux + n < f_.data.size() && f_.data[d.aux + n] < 2 * bytes(d.type)) continue;
        (error(Rule::option, i) << "a mask byte is not below ").udec(u64{2} * bytes(d.type));
        break;
      }
      break;
    case Option::imm:
      if (d.op == Opcode::clmul && (d.aux & ~0x11U) != 0) error(Rule::option, i) << "the number is 0, 1, 16 or 17";
      if (d.op == Opcode::trap && d.aux > 0xffff) error(Rule::option, i) << "the number of a trap is above 65535";
      if (d.op == Opcode::alloca_ && (!is_pow2(d.aux) || d.aux > 16384))
        error(Rule::alignment, i) << "the alignment is not a power of two up to 16384";
      break;
    case Option::mem:
    case Option::atomic:
    case Option::order: memory(d, i, d.flags); break;
    case Option::slot: exists(d.aux != 0 && d.aux < f_.slots.size(), "slot"); break;
    case Option::symbol: exists(d.aux != 0 && d.aux < symbols, "symbol"); break;
    case Option::signature:
      exists(f_.module != nullptr && d.aux != 0 && d.aux < f_.module->signature_count(), "signature");
      break;
    case Option::frame_state: exists(d.aux != 0 && d.aux < f_.frame_states.size(), "frame state"); break;
    case Option::exit: exists(d.aux != 0 && d.aux < f_.exits.size(), "exit"); break;
    case Option::trap_mem:
      exists(d.aux != 0 && d.aux < f_.traps.size() && f_.traps[d.aux].state &&
                 f_.traps[d.aux].state.id < f_.frame_states.size(),
             "frame state");
      memory(d, i, d.flags);
      break;
    default: break;
  }
}

inline void Verifier::memory(const InstData& d, Inst i, u8 flags) {
  const MemFlags m(flags);
  const Option o = info(d.op).option;
  if (m.align() > 16384) error(Rule::alignment, i) << "the alignment is above 16384";
  if (o == Option::atomic && m.align() != 1 && m.align() < bytes(d.type))
    error(Rule::alignment, i) << "an atomic access that is not aligned to its size";
  const Order r = m.order();
  const bool load = d.op == Opcode::atomic_load && (r == Order::release || r == Order::acq_rel);
  const bool store = d.op == Opcode::atomic_store && (r == Order::acquire || r == Order::acq_rel);
  const bool plain = o != Option::atomic && o != Option::order && r != Order::relaxed;
  if (r > Order::seq_cst || load || store || plain || (o == Option::order && r == Order::relaxed))
    error(Rule::order, i) << "'" << name(d.op) << "' cannot have this memory order";
}

// ~0: any number.
inline u32 Verifier::operand_count(const InstData& d) const {
  if (is_native(d.op)) return native_shape(*f_.isa, native_form(d.op)).uses;
  if (!signature_of(d.op).any) return signature_of(d.op).operands;
  if (f_.module == nullptr) return ~0U;
  if (is_call(d.op)) {
    const Signature& s = f_.module->signature(called_signature(f_, d));
    return s.params + (is_indirect_call(d.op) ? 1U : 0U);
  }
  if (d.op == Opcode::ret) return f_.module->signature(f_.signature).results;
  if (d.op == Opcode::exit_ && d.aux < f_.exits.size()) return f_.module->signature(f_.exits[d.aux].places).params;
  return ~0U;
}

inline void Verifier::operands(const InstData& d, Inst i) {
  const Span<const u32> ops = f_.operands(i);
  const u32 wanted = operand_count(d);
  const bool variadic = is_call(d.op) && f_.module != nullptr && f_.module->signature(called_signature(f_, d)).variadic;
  if (wanted != ~0U && (variadic ? ops.size() < wanted : ops.size() != wanted)) {
    ((error(Rule::operand_count, i) << "operands wanted: ").udec(wanted) << ", given: ").udec(ops.size());
    return;
  }
  for (u32 n = 0; n < ops.size(); ++n) {
    const Value v(ops[n]);
    const auto o = is_native(d.op) ? native_operand(*f_.isa, native_form(d.op), role_use, n) : std::nullopt;
    if (!v && o && (o->role & role_optional) != 0) continue;
    value(v, i);
    if (!v || contains(operand_slot(f_, d, n).legal, f_.type(v))) continue;
    (error(Rule::operand_type, i) << "operand ").udec(n + 1) << " cannot be of type " << name(f_.type(v));
  }
}

inline void Verifier::value(Value v, Inst i) {
  if (!v) error(Rule::operand_count, i) << "an operand is missing";
  if (v && f_.is_constant(v) && (bits(f_.type(v)) == 0 || bits(f_.type(v)) > 128))
    error(Rule::constant, i) << "a constant of type " << name(f_.type(v));
}

inline void Verifier::results(const InstData& d, Inst i) {
  u32 wanted = d.results;
  if (is_native(d.op)) {
    const NativeShape s = native_shape(*f_.isa, native_form(d.op));
    wanted = s.defs + (s.writes_flags && d.results == s.defs + 1U ? 1U : 0U);
  } else if (d.op != Opcode::patch_point) {
    wanted = result_count(f_, d);
  }
  bool good = d.results == wanted;
  for (u32 n = 0; good && n < d.results; ++n) good = contains(result_slot(f_, d, n).legal, f_.type(f_.result(i, n)));
  if (!good) error(Rule::results, i) << "the results are not those of the operation";
}

inline void Verifier::callee(const InstData& d, Inst i) {
  if (f_.module == nullptr) return;
  signature(called_signature(f_, d), text_ != nullptr ? TextMap::get(text_->insts, i.id) : TextPos());
  const bool direct = !is_indirect_call(d.op);
  if (direct && d.aux < f_.module->symbol_count() && f_.module->symbol(SymbolRef(d.aux)).kind != SymbolKind::function)
    error(Rule::callee, i) << "what is called is not a function";
  if (!is_terminator(d.op)) return;
  const Span<const Param> mine = f_.module->results(f_.signature);
  const Span<const Param> theirs = f_.module->results(called_signature(f_, d));
  bool same = mine.size() == theirs.size();
  for (u32 n = 0; same && n < mine.size(); ++n) same = mine[n].type == theirs[n].type;
  if (!same) error(Rule::callee, i) << "a tail call that returns something else than the function";
}

inline void Verifier::edges(const InstData& d, Inst i) {
  for (u32 n = 0; n < f_.edge_count(i); ++n) {
    const Edge e = f_.edge(i, n);
    const Block to = f_[e].target;
    if (!to || to.id >= f_.blocks.size()) {
      error(Rule::reference, i) << "there is no such block";
      continue;
    }
    if (to == f_.entry()) error(Rule::entry_edge, i) << "an edge to the entry block";
    const Span<const u32> args = f_.args(e);
    bool same = args.size() == f_[to].param_count;
    for (u32 k = 0; same && k < args.size(); ++k) {
      value(Value(args[k]), i);
      same = f_.type(Value(args[k])) == f_.type(f_.param(to, k));
    }
    if (!same) error(Rule::edge, i) << "the arguments are not the parameters of the block";
  }
  if (d.op == Opcode::switch_) cases(d, i);
}

inline void Verifier::cases(const InstData& d, Inst i) {
  const u32 count = f_.edge_count(i) - 1;
  Vec<u64> seen(arena_);  // a table of the cases so far, open addressing; 0 has a place of its own
  const u32 size = u32{2} << log2_floor(count + 1);
  bool zero = false;
  if (!seen.assign(size, 0)) return;
  for (u32 n = 0; n < count; ++n) {
    const i64 v = f_[f_.edge(i, n)].case_value;
    const unsigned width = bits(d.type) == 0 ? 64 : bits(d.type);
    if (!fits_signed(v, width) && !fits_unsigned(static_cast<u64>(v), width)) {
      (error(Rule::cases, i) << "case ").dec(v) << " does not fit the type";
      return;
    }
    const u64 key = static_cast<u64>(v) & low_mask(width);
    u32 at = static_cast<u32>(key * 0x9e3779b97f4a7c15U >> 32) & (size - 1);
    while (seen[at] != 0 && seen[at] != key) at = (at + 1) & (size - 1);
    if (key == 0 ? zero : seen[at] == key) {
      (error(Rule::cases, i) << "case ").dec(v) << " stands twice";
      return;
    }
    zero = zero || key == 0;
    if (key != 0) seen[at] = key;
  }
}

inline void Verifier::frame_states() {
  for (u32 n = 1; n < f_.frame_states.size(); ++n) {
    const FrameState& s = f_.frame_states[n];
    const TextPos at = text_ != nullptr ? TextMap::get(text_->frame_states, n) : TextPos();
    entries(s.first_entry, s.entries, s.objects, at);
    for (u32 k = 0; k < s.objects; ++k) {
      const VirtualObject& o = f_.virtual_objects[s.first_object + k];
      entries(o.first_field, o.fields, k, at);
    }
  }
}

// `objects`: how many virtual objects the entries may name.
inline void Verifier::entries(u32 first, u32 count, u32 objects, TextPos at) {
  for (const FrameEntry& e : f_.frame_entries.slice(first, count)) {
    if (e.kind == FrameEntry::Kind::virtual_object) {
      if (e.index >= objects) (error(Rule::frame_state, at) << "object ").udec(e.index) << " is not listed before";
    } else if (e.index == 0 || e.index >= f_.values.size() || f_.type(Value(e.index)) == Type::flags) {
      error(Rule::frame_state, at) << "an entry that is no value a frame can hold";
    }
  }
}

// Blocks hold together and every instruction is right by itself.
inline void Verifier::dominance() {
  Cfg cfg;
  cfg.compute(f_, arena_);
  Vec<Block> block_of(arena_);
  Vec<u32> order(arena_);  // by Inst, within its block
  if (!block_of.resize(f_.insts.size()) || !order.resize(f_.insts.size()) || arena_.failed()) {
    (error(Rule::entry, function_at()) << "out of memory: ").udec(arena_.status().detail) << " bytes were needed";
    return;
  }
  for (u32 b = 1; b < f_.blocks.size(); ++b) {
    u32 n = 0;
    for (Inst i = f_.blocks[b].first; i; i = f_[i].next) {
      block_of[i.id] = Block(b);
      order[i.id] = ++n;
    }
  }
  const auto use = [&](Value v, Inst i, u32 at) {
    const ValueData& d = f_[v];
    const Block here = block_of[i.id];
    if (!v || d.kind == ValueData::Kind::constant || !cfg.reachable(here)) return;
    const Block from = d.kind == ValueData::Kind::param ? Block(d.def) : block_of[d.def];
    if (d.kind == ValueData::Kind::inst && d.type == Type::flags && from != here)
      error(Rule::flags_block, i) << "a flags value of another block";
    const bool above = from && cfg.reachable(from) &&
                       (from == here ? d.kind == ValueData::Kind::param || order[d.def] < at : cfg.dominates(from, here));
    if (!above) error(Rule::dominance, i) << "a value is used where its definition need not have run";
  };
  for (u32 b = 1; b < f_.blocks.size(); ++b) {
    for (Inst i = f_.blocks[b].first; i; i = f_[i].next) {
      const InstData& d = f_[i];
      for (const u32 v : f_.operands(i)) use(Value(v), i, order[i.id]);
      for (u32 n = 0; is_terminator(d.op) && n < f_.edge_count(i); ++n)
        for (const u32 v : f_.args(f_.edge(i, n))) {
          use(Value(v), i, order[i.id]);
          if (f_.type(Value(v)) == Type::flags) error(Rule::flags_block, i) << "a flags value on an edge";
        }
      const bool stated = !is_native(d.op) && (info(d.op).option == Option::frame_state || info(d.op).option == Option::trap_mem);
      if (!stated) continue;
      const FrameState& s = f_.frame_states[info(d.op).option == Option::trap_mem ? f_.traps[d.aux].state.id : d.aux];
      const auto state_uses = [&](u32 first, u32 count) {
        for (const FrameEntry& e : f_.frame_entries.slice(first, count))
          if (e.kind == FrameEntry::Kind::value) use(Value(e.index), i, order[i.id]);
      };
      state_uses(s.first_entry, s.entries);
      for (const VirtualObject& o : f_.virtual_objects.slice(s.first_object, s.objects)) state_uses(o.first_field, o.fields);
    }
    flags_uses(Block(b));
  }
}

inline void Verifier::flags_uses(Block b) {
  for (Inst i = f_[b].first; i; i = f_[i].next)
    for (const u32 v : f_.operands(i)) {
      const Inst from = f_.type(Value(v)) == Type::flags ? f_.def(Value(v)) : Inst();
      if (from && !flags_kept(from, i)) error(Rule::flags_written, i) << "the flags may have been written since";
    }
}

// Nothing between two instructions of a block writes what `to` reads, and `from` wrote all of that.
inline bool Verifier::flags_kept(Inst from, Inst to) const {
  const auto effects = [&](Inst i) { return f_.isa->form_effects(native_form(f_[i].op)); };
  if (!is_native(f_[from].op) || !is_native(f_[to].op)) return false;
  const Effects reader = static_cast<Effects>(effects(to) & ~keeps_carry);
  const u8 read = flags_part(reader);
  if ((flags_part(effects(from)) & read) != read) return false;
  for (Inst i = f_[from].next; i && i != to; i = f_[i].next) {
    const InstData& d = f_[i];
    if (!is_native(d.op)) {
      if (f_.isa->flag_free == nullptr || !f_.isa->flag_free(d.op, d.type)) return false;
    } else if ((effects(i) & writes_flags) != 0 && (flags_part(effects(i)) & read) != 0) {
      return false;
    }
  }
  return true;
}

// True if f keeps all rules; else the errors are added to the list.
inline bool verify(const FunctionData& f, Diagnostics& errors, const TextMap* text = nullptr) {
  return Verifier(f, errors, text).run();
}

inline bool verify(Unit& u, Diagnostics& errors) {
  bool good = true;
  u.for_each([&](const FunctionData& f, const TextMap& text) { good = verify(f, errors, &text) && good; });
  return good;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_VERIFIER_HPP
