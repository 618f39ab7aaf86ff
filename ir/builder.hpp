// The Builder makes instructions at a place in a function, with one method per row of ops.def:
//
//   Builder b(f);
//   b.entry();
//   const Value n = b.add(b.param(f.entry(), 1), b.i64(42));
//   b.brif(b.icmp(ICond::slt, n, m), {loop, {n}}, {done});
//
// A method's arguments follow from its row (builder_shape.hpp lists them). Pure instructions are folded
// and shared while they are made, so what comes back may be a constant or an older value.
//
// Invariant: when out of memory every method does nothing and returns index 0; f.status() tells in the
// end.
#ifndef JITKIT_IR_BUILDER_HPP
#define JITKIT_IR_BUILDER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/builder_core.hpp>

#include <bit>

namespace jitkit::inline JITKIT_ABI::ir {

// Where a branch goes, with the arguments for the block's parameters. Good for the duration of a call.
struct To {
  Block block;
  Span<const Value> args;
  u16 weight = 0;

  To(Block b, Values a = Values({}), u16 likelihood = 0) : block(b), args(a.list), weight(likelihood) {}
};
struct Case {
  i64 value;
  To to;
};

// A virtual object of a frame state; see frame_state.hpp.
struct ObjectSpec {
  u64 descriptor;
  Span<const FrameEntry> fields;
};

class Builder : public BuilderCore {
  using Number = jitkit::i64;  // the constants below take the short names
  using Offset = jitkit::i32;

 public:
  using BuilderCore::BuilderCore;

  // --- Constants.

  Value constant(Type t, u64 lo, u64 hi = 0) { return failed() ? Value() : f_.constant(t, lo, hi); }
  Value i1(bool v) { return constant(Type::i1, v ? 1 : 0); }
  Value i8(Number v) { return constant(Type::i8, static_cast<u64>(v)); }
  Value i16(Number v) { return constant(Type::i16, static_cast<u64>(v)); }
  Value i32(Number v) { return constant(Type::i32, static_cast<u64>(v)); }
  Value i64(Number v) { return constant(Type::i64, static_cast<u64>(v)); }
  Value i128(u64 lo, u64 hi) { return constant(Type::i128, lo, hi); }
  Value ptr(u64 address) { return constant(Type::ptr, address); }
  Value null_ref() { return constant(Type::ref, 0); }
  Value f32(float v) { return constant(Type::f32, std::bit_cast<u32>(v)); }
  Value f64(double v) { return constant(Type::f64, std::bit_cast<u64>(v)); }
  Value v64(u64 bits) { return constant(Type::v64, bits); }
  Value v128(u64 lo, u64 hi) { return constant(Type::v128, lo, hi); }

  // --- The rows whose arguments follow from their shape. Names stand in parentheses because <cstdarg>
  // makes one of them a macro; va_start_ is the way to call it then.

#define JITKIT_OP(name, sig, types, option, effects, meaning) \
  template <class... A>                                       \
    requires(shape_of(Opcode::name) != Shape::special)        \
  auto(name)(A... a) {                                        \
    return make<Opcode::name>(a...);                          \
  }
#include <jitkit/ir/ops.def>

  // --- The others.

  Inst va_start_(Value list) { return make<Opcode::va_start>(list); }
  Value stack_addr(StackSlot s) { return pure({Opcode::stack_addr, Type::none, 0, 0, s.id, {}}, Type::ptr); }
  Value symbol_addr(SymbolRef s) { return pure({Opcode::symbol_addr, Type::none, 0, 0, s.id, {}}, Type::ptr); }
  Value alloca_(Value bytes, u32 align) {
    return result(emit(Opcode::alloca_, Type::none, {bytes}, {Type::ptr}, align, 0));
  }
  Inst fence(Order o) { return emit(Opcode::fence, Type::none, {}, {}, 0, MemFlags::make(1, false, o).bits); }

  // Calls; result(i, n) are the results.
  Inst call(SymbolRef callee, Values args) { return call_as(Opcode::call, callee.id, args, signature_of(callee)); }
  Inst call_indirect(SigRef sig, Value address, Values args) {
    return indirect_call_as(Opcode::call_indirect, sig, address, args);
  }
  Inst tail_call(SymbolRef callee, Values args) { return call_as(Opcode::tail_call, callee.id, args, {}); }
  Inst tail_call_indirect(SigRef sig, Value address, Values args) {
    return indirect_call_as(Opcode::tail_call_indirect, sig, address, args);
  }

  // Speculation. A guard that always holds is not made.
  Inst guard(Value condition, FrameStateRef s) { return guard_as(condition, s, true); }
  Inst guard_not(Value condition, FrameStateRef s) { return guard_as(condition, s, false); }
  Value load_trap(Type t, Value address, Offset offset, FrameStateRef s, MemFlags flags = {});
  Inst patch_point(u8 bytes, Values operands, Span<const Type> results, FrameStateRef s) {
    return emit(Opcode::patch_point, Type::none, operands, results, s.id, bytes);
  }
  Inst safepoint(FrameStateRef s) { return emit(Opcode::safepoint, Type::none, {}, {}, s.id, 0); }
  FrameStateRef frame_state(u64 id, Span<const FrameEntry> entries, Span<const ObjectSpec> objects = {});
  static FrameEntry entry_of(u64 key, Value v) { return {FrameEntry::Kind::value, v.id, key}; }
  static FrameEntry entry_of_object(u64 key, u32 object) {
    return {FrameEntry::Kind::virtual_object, object, key};
  }

  // Terminators. A branch on a constant is made a plain one.
  Inst br(const To& to) {
    const Edge e = new_edge(to);
    return e ? emit(Opcode::br, Type::none, {}, {}, e.id, 0) : Inst();
  }
  Inst brif(Value condition, const To& yes, const To& no);
  // Each case value goes to its block, any other to `otherwise`.
  Inst switch_(Value x, Span<const Case> cases, To otherwise);
  Inst switch_(Value x, std::initializer_list<Case> cases, To otherwise) {
    return switch_(x, Span<const Case>(cases.begin(), cases.size()), otherwise);
  }
  Inst ret(Values values = Values({})) { return emit(Opcode::ret, Type::none, values, {}, 0, 0); }
  Inst exit_(ExitRef e, Values values) { return emit(Opcode::exit_, Type::none, values, {}, e.id, 0); }
  Inst trap(u32 code = 0) { return emit(Opcode::trap, Type::none, {}, {}, code, 0); }
  Inst unreachable() { return emit(Opcode::unreachable, Type::none, {}, {}, 0, 0); }

  // An instruction form of the function's target. Operands are what the form reads (the flags last),
  // none for an optional one that is absent; results have the types their registers imply, unless
  // `types` says otherwise. To have the flags it writes as a result, list all types with flags last.
  template <class Form>
  Inst native(Form form, Values operands, Span<const Number> immediates = {},
              Span<const Type> types = {});

  // --- Parts of the function.

  StackSlot new_slot(u32 bytes, u32 align) {
    const bool made = !failed() && f_.slots.push({bytes, static_cast<u8>(log2_floor(align))});
    return made ? StackSlot(f_.slots.size() - 1) : StackSlot();
  }
  ExitRef new_exit(SigRef places, SymbolRef target = {}, ExitData::Epilogue epilogue = ExitData::Epilogue::full) {
    const bool made = !failed() && f_.exits.push({epilogue, target, places});
    return made ? ExitRef(f_.exits.size() - 1) : ExitRef();
  }

 private:
  SigRef signature_of(SymbolRef s) const { return failed() ? SigRef() : f_.module->symbol(s).signature; }
  Inst call_as(Opcode op, u32 aux, Values operands, SigRef results);
  Inst indirect_call_as(Opcode op, SigRef sig, Value address, Values args);
  Inst guard_as(Value condition, FrameStateRef s, bool sense);
  Edge new_edge(const To& to, Number value = 0) {
    return failed() ? Edge() : f_.new_edge(to.block, to.args, to.weight, value);
  }
  // The value a truth value is the complement of, or none.
  Value complemented(Value v) const {
    const Inst d = failed() ? Inst() : f_.def(v);
    return d && f_[d].op == Opcode::not_ ? Value(f_[d].ops[0]) : Value();
  }
};

inline Inst Builder::call_as(Opcode op, u32 aux, Values operands, SigRef results) {
  if (failed()) return {};
  Type types[8];
  u32 count = 0;
  if (results)
    for (const Param& p : f_.module->results(results))
      if (count < 8) types[count++] = p.type;
  return emit(op, Type::none, operands, Span<const Type>(types, count), aux, 0);
}

inline Inst Builder::indirect_call_as(Opcode op, SigRef sig, Value address, Values args) {
  if (failed()) return {};
  Vec<Value> all(f_.arena());
  all.push(address);
  all.append(args.list);
  const bool gives = op == Opcode::call_indirect;
  return call_as(op, sig.id, Span<const Value>(all.data(), all.size()), gives ? sig : SigRef());
}

inline Inst Builder::guard_as(Value condition, FrameStateRef s, bool sense) {
  if (failed()) return {};
  if (f_.is_constant(condition) && (f_.constant(condition).lo != 0) == sense) return {};
  if (const Value v = complemented(condition)) return guard_as(v, s, !sense);
  return emit(sense ? Opcode::guard : Opcode::guard_not, Type::none, {condition}, {}, s.id, 0);
}

inline Value Builder::load_trap(Type t, Value address, Offset offset, FrameStateRef s, MemFlags flags) {
  if (failed() || !f_.traps.push({offset, s})) return {};
  return result(emit(Opcode::load_trap, t, {address}, {t}, f_.traps.size() - 1, flags.bits));
}

inline FrameStateRef Builder::frame_state(u64 id, Span<const FrameEntry> entries,
                                          Span<const ObjectSpec> objects) {
  if (failed()) return {};
  const auto add = [this](Span<const FrameEntry> list) {
    f_.frame_entries.append(list);
    for (const FrameEntry& e : list)
      if (e.kind == FrameEntry::Kind::value) ++f_.values[e.index].uses;
  };
  FrameState s{id, f_.frame_entries.size(), static_cast<u32>(entries.size()), f_.virtual_objects.size(),
               static_cast<u32>(objects.size())};
  add(entries);
  for (const ObjectSpec& o : objects) {
    f_.virtual_objects.push({o.descriptor, f_.frame_entries.size(), static_cast<u32>(o.fields.size())});
    add(o.fields);
  }
  return f_.frame_states.push(s) ? FrameStateRef(f_.frame_states.size() - 1) : FrameStateRef();
}

inline Inst Builder::brif(Value condition, const To& yes, const To& no) {
  if (failed()) return {};
  if (f_.is_constant(condition)) return br(f_.constant(condition).lo != 0 ? yes : no);
  if (const Value v = complemented(condition)) return brif(v, no, yes);
  const Edge first = new_edge(yes), second = new_edge(no);
  return second ? emit(Opcode::brif, Type::none, {condition}, {}, first.id, 0) : Inst();
}

inline Inst Builder::switch_(Value x, Span<const Case> cases, To otherwise) {
  if (failed()) return {};
  if (f_.is_constant(x)) {
    const u64 mask = low_mask(bits(f_.type(x)));
    for (const Case& c : cases)
      if ((static_cast<u64>(c.value) & mask) == f_.constant(x).lo) return br(c.to);
    return br(otherwise);
  }
  u32 first = 0;
  for (const Case& c : cases) {
    const Edge e = new_edge(c.to, c.value);
    if (first == 0) first = e.id;
  }
  const Edge last = new_edge(otherwise);
  if (first == 0) first = last.id;
  const Inst i = emit(Opcode::switch_, type(x), {x}, {}, first, 0);
  if (i) f_[i].ops[1] = static_cast<u32>(cases.size()) + 1;
  return i;
}

template <class Form>
Inst Builder::native(Form form, Values operands, Span<const Number> immediates, Span<const Type> types) {
  if (failed()) return {};
  InstData d;
  d.op = native_opcode(static_cast<u16>(form));
  const NativeShape shape = native_shape(*f_.isa, static_cast<u16>(form));
  check(operands.list.size() == shape.uses && immediates.size() == shape.immediates);
  Type implied[8];
  if (types.empty()) {
    for (u32 n = 0; n < shape.defs; ++n) implied[n] = result_slot(f_, d, n).implied;
    types = {implied, shape.defs};
  }
  const u32 first = f_.immediates.size();
  f_.immediates.append(immediates);
  return emit(d.op, Type::none, operands, types, first, 0);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_BUILDER_HPP
