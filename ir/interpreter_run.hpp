// The interpreter's loop: values, memory and control (interpreter.hpp). Calls and what belongs to
// frames are in interpreter_calls.hpp.
#ifndef JITKIT_IR_INTERPRETER_RUN_HPP
#define JITKIT_IR_INTERPRETER_RUN_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/interpreter.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

inline Run Interpreter::run(const FunctionData& f, Span<const Datum> arguments,
                            Span<const Type> types) {
  run_arena_.reset();
  frames_.attach(run_arena_);
  registers_.attach(run_arena_);
  slots_.attach(run_arena_);
  types_.attach(run_arena_);
  moving_.attach(run_arena_);
  moving_types_.attach(run_arena_);
  values_.attach(run_arena_);
  stack_used_ = 0;
  result_ = {};
  result_.function = &f;
  running_ = true;
  moving_.append(arguments);
  moving_types_.append(types);
  moving_types_.resize(moving_.size(), Type::i64);
  enter(f);
  while (running_) step();
  if (!frames_.empty()) {
    result_.function = frames_.back().f;
    result_.at = frames_.back().at;
  }
  result_.values = {values_.data(), values_.size()};
  return result_;
}

inline void Interpreter::step() {
  const FunctionData& f = *frames_.back().f;
  const Inst i = frames_.back().at;
  if (result_.steps == limits.fuel) return stop(RunEnd::out_of_fuel);
  ++result_.steps;
  const InstData& d = f[i];
  if (is_native(d.op)) return native(f, i);
  switch (d.op) {
    case Opcode::load:
    case Opcode::uload8:
    case Opcode::uload16:
    case Opcode::uload32:
    case Opcode::sload8:
    case Opcode::sload16:
    case Opcode::sload32: return load(f, i);
    case Opcode::store:
    case Opcode::store8:
    case Opcode::store16:
    case Opcode::store32: return store(f, i);
    case Opcode::atomic_load:
    case Opcode::atomic_store:
    case Opcode::atomic_xchg:
    case Opcode::atomic_add:
    case Opcode::atomic_sub:
    case Opcode::atomic_and:
    case Opcode::atomic_or:
    case Opcode::atomic_xor:
    case Opcode::atomic_smin:
    case Opcode::atomic_smax:
    case Opcode::atomic_umin:
    case Opcode::atomic_umax:
    case Opcode::atomic_cas: return atomic(f, i);
    case Opcode::memcopy:
    case Opcode::memmove:
    case Opcode::memset: return bulk(f, i);
    case Opcode::fence: __atomic_thread_fence(__ATOMIC_SEQ_CST); return next(f, i);
    case Opcode::region_begin:
    case Opcode::region_end: return next(f, i);
    case Opcode::stack_addr:
      set(f, i, {{slots_[frames_.back().slots + d.aux], 0}});
      return next(f, i);
    case Opcode::alloca_: return allocate_stack(f, i);
    case Opcode::symbol_addr: return symbol_address(f, i);
    case Opcode::va_start: return va_start(f, i);
    case Opcode::call:
    case Opcode::call_indirect:
    case Opcode::tail_call:
    case Opcode::tail_call_indirect: return call(f, i);
    case Opcode::guard:
    case Opcode::guard_not: return guard(f, i);
    case Opcode::load_trap: return load_trap(f, i);
    case Opcode::patch_point:
    case Opcode::safepoint: return point(f, i);
    case Opcode::br: return follow(f, f.edge(i, 0));
    case Opcode::brif: return follow(f, f.edge(i, operand(f, i, 0).low.lo != 0 ? 0 : 1));
    case Opcode::switch_: return switch_edge(f, i);
    case Opcode::ret: gather(f, f.operands(i)); return give_back();
    case Opcode::exit_:
      gather(f, f.operands(i));
      values_.append({moving_.data(), moving_.size()});
      return stop(RunEnd::exited, d.aux);
    case Opcode::trap: return stop(RunEnd::trapped, d.aux);
    case Opcode::unreachable: return stop(RunEnd::unreachable);
    default: return compute(f, i);
  }
}

// --- Values.

// The bits above the width of the type cleared; a flags value is whatever its maker says.
inline Datum Interpreter::clean(Datum d, Type t) {
  const unsigned n = bits(t);
  if (t == Type::flags || n == 512) return d;
  if (n < 256) d.more[0] = {};
  d.more[1] = d.more[2] = {};
  if (n <= 64) d.low.hi = 0;
  if (n < 64) d.low.lo &= low_mask(n);
  return d;
}

inline void Interpreter::set_all(const FunctionData& f, Inst i, Span<const Datum> results) {
  for (u32 n = 0; n < f[i].results && n < results.size(); ++n)
    value(f.result(i, n)) = clean(results[n], f.type(f.result(i, n)));
}

inline void Interpreter::compute(const FunctionData& f, Inst i) {
  const InstData& d = f[i];
  if (bits(d.type) > 128 && d.op == Opcode::freeze) {
    set(f, i, operand(f, i, 0));
    return next(f, i);
  }
  if (bits(d.type) > 128 && d.op == Opcode::select) {
    set(f, i, operand(f, i, operand(f, i, 0).low.lo != 0 ? 1 : 2));
    return next(f, i);
  }
  const Span<const u32> operands = f.operands(i);
  Bits x[3];
  for (u32 n = 0; n < operands.size() && n < 3; ++n) x[n] = read(f, Value(operands[n])).low;
  PureOp op{d.op, d.type, operands.empty() ? Type::none : f.type(Value(operands[0])), d.flags, d.aux};
  if (d.op == Opcode::vshuffle) op.mask = f.data.slice(d.aux, bytes(d.type));
  Bits r[2];
  switch (evaluate(op, {x, operands.size()}, r)) {
    case Outcome::value:
      for (u32 n = 0; n < d.results; ++n) value(f.result(i, n)) = {r[n]};
      return next(f, i);
    case Outcome::trap: return stop(RunEnd::trapped);
    case Outcome::unknown: return stop(RunEnd::unsupported, 0, "the operation has no meaning here");
  }
}

inline void Interpreter::native(const FunctionData& f, Inst i) {
  gather(f, f.operands(i));
  Datum results[8];
  if (hooks.native == nullptr ||
      !hooks.native(hooks.context, f, i, {moving_.data(), moving_.size()}, {results, f[i].results}))
    return stop(RunEnd::unsupported, 0, "a native op that cannot be executed here");
  set_all(f, i, results);
  next(f, i);
}

// --- Speculation.

// The values of the frame state's entries, in order; virtual objects count as 0.
inline void Interpreter::fail_guard(const FunctionData& f, FrameStateRef s) {
  const FrameState& state = f.frame_states[s.id];
  for (const FrameEntry& e : f.frame_entries.slice(state.first_entry, state.entries))
    values_.push(e.kind == FrameEntry::Kind::value ? read(f, Value(e.index)) : Datum{});
  stop(RunEnd::guard_failed, s.id);
}

inline void Interpreter::guard(const FunctionData& f, Inst i) {
  const bool want = f[i].op == Opcode::guard;
  if ((operand(f, i, 0).low.lo != 0) != want) return fail_guard(f, FrameStateRef(f[i].aux));
  next(f, i);
}

inline void Interpreter::load_trap(const FunctionData& f, Inst i) {
  const TrapAccess& t = f.traps[f[i].aux];
  const u64 address = address_operand(f, i) + static_cast<u64>(i64{t.offset});
  if (!memory_.permits(address, bytes(f[i].type), false)) return fail_guard(f, t.state);
  set(f, i, memory_.read(address, bytes(f[i].type)));
  next(f, i);
}

inline void Interpreter::point(const FunctionData& f, Inst i) {
  Datum results[8];
  const u32 count = f[i].results;
  const bool done = hooks.point != nullptr
                        ? hooks.point(hooks.context, *this, f, i, {results, count})
                        : count == 0;
  if (!done) return stop(RunEnd::unsupported, 0, "a patch point without a meaning");
  set_all(f, i, results);
  next(f, i);
}

// --- Control.

inline void Interpreter::gather(const FunctionData& f, Span<const u32> values) {
  moving_.clear();
  moving_types_.clear();
  for (const u32 v : values) {
    moving_.push(read(f, Value(v)));
    moving_types_.push(f.type(Value(v)));
  }
}

inline void Interpreter::follow(const FunctionData& f, Edge e) {
  gather(f, f.args(e));
  if (run_arena_.failed()) return no_memory();
  const Block target = f[e].target;
  for (u32 n = 0; n < moving_.size(); ++n) value(f.param(target, n)) = moving_[n];
  frames_.back().at = f[target].first;
}

inline void Interpreter::switch_edge(const FunctionData& f, Inst i) {
  const u64 x = operand(f, i, 0).low.lo;
  const u32 last = f.edge_count(i) - 1;
  u32 n = 0;
  while (n < last &&
         (static_cast<u64>(f[f.edge(i, n)].case_value) & low_mask(bits(f[i].type))) != x)
    ++n;
  follow(f, f.edge(i, n));
}

// --- Memory.

inline bool Interpreter::permitted(u64 address, u64 bytes, bool write) {
  if (memory_.permits(address, bytes, write)) return true;
  stop(RunEnd::memory_fault, address, write ? "not writable" : "not readable");
  return false;
}

// The same for an access whose flags promise an alignment.
inline bool Interpreter::permitted(const FunctionData& f, Inst i, u64 address, u64 bytes, bool write) {
  if (memory_.checked() && (address & (MemFlags(f[i].flags).align() - 1)) != 0) {
    stop(RunEnd::memory_fault, address, "less aligned than the access says");
    return false;
  }
  return permitted(address, bytes, write);
}

namespace detail {
// Bytes in memory of a load or store, and whether it extends their sign.
struct MemoryAccess {
  u64 bytes;
  bool sign_extends = false;
};
constexpr MemoryAccess memory_access(Opcode op, Type t) {
  switch (op) {
    case Opcode::uload8:
    case Opcode::store8: return {1};
    case Opcode::uload16:
    case Opcode::store16: return {2};
    case Opcode::uload32:
    case Opcode::store32: return {4};
    case Opcode::sload8: return {1, true};
    case Opcode::sload16: return {2, true};
    case Opcode::sload32: return {4, true};
    default: return {bytes(t)};
  }
}
// The op on values that an atomic op combines with.
constexpr Opcode combining_op(Opcode op) {
  switch (op) {
    case Opcode::atomic_add: return Opcode::add;
    case Opcode::atomic_sub: return Opcode::sub;
    case Opcode::atomic_and: return Opcode::and_;
    case Opcode::atomic_or: return Opcode::or_;
    case Opcode::atomic_xor: return Opcode::xor_;
    case Opcode::atomic_smin: return Opcode::smin;
    case Opcode::atomic_smax: return Opcode::smax;
    case Opcode::atomic_umin: return Opcode::umin;
    case Opcode::atomic_umax: return Opcode::umax;
    default: return Opcode::none;
  }
}
constexpr u64 offset_of(const InstData& d) { return static_cast<u64>(i64{static_cast<i32>(d.aux)}); }
}  // namespace detail

inline void Interpreter::load(const FunctionData& f, Inst i) {
  const InstData& d = f[i];
  const detail::MemoryAccess a = detail::memory_access(d.op, d.type);
  const u64 address = address_operand(f, i) + detail::offset_of(d);
  if (!permitted(f, i, address, a.bytes, false)) return;
  Datum v = memory_.read(address, a.bytes);
  if (a.sign_extends)
    v.low.lo = static_cast<u64>(sign_extend(v.low.lo, static_cast<unsigned>(a.bytes) * 8)) &
               low_mask(bits(d.type));
  set(f, i, v);
  next(f, i);
}

inline void Interpreter::store(const FunctionData& f, Inst i) {
  const InstData& d = f[i];
  const u64 size = detail::memory_access(d.op, d.type).bytes;
  const u64 address = address_operand(f, i) + detail::offset_of(d);
  if (!permitted(f, i, address, size, true)) return;
  memory_.write(address, operand(f, i, 1), size);
  next(f, i);
}

inline void Interpreter::atomic(const FunctionData& f, Inst i) {
  const InstData& d = f[i];
  const u64 size = bytes(d.type);
  const u64 address = address_operand(f, i) + detail::offset_of(d);
  // A pair of words is read by exchanging it with itself.
  const bool writes = d.op != Opcode::atomic_load || size == 16;
  if ((address & (size - 1)) != 0)
    return stop(RunEnd::memory_fault, address, "an atomic access that is not aligned");
  if (!permitted(address, size, writes)) return;
  const Bits y = d.operands > 1 ? operand(f, i, 1).low : Bits{};
  Bits old;
  if (d.op == Opcode::atomic_load) {
    old = memory_.atomic_read(address, size);
  } else if (d.op == Opcode::atomic_store || d.op == Opcode::atomic_xchg) {
    old = memory_.exchange(address, size, [y](Bits) { return y; });
  } else if (d.op == Opcode::atomic_cas) {
    const Bits z = operand(f, i, 2).low;
    old = memory_.exchange(address, size, [y, z](Bits now) { return now == y ? z : now; });
  } else {
    const PureOp combine{detail::combining_op(d.op), d.type};
    old = memory_.exchange(address, size, [&](Bits now) {
      const Bits x[] = {now, y};
      Bits r[2];
      evaluate(combine, x, r);
      return r[0];
    });
  }
  if (d.results != 0) set(f, i, {old});
  next(f, i);
}

inline void Interpreter::bulk(const FunctionData& f, Inst i) {
  const Opcode op = f[i].op;
  const u64 to = address_operand(f, i, 0), from = address_operand(f, i, 1);
  const u64 size = address_operand(f, i, 2);
  if (size == 0) return next(f, i);
  if (!permitted(to, size, true)) return;
  if (op == Opcode::memset) {
    std::memset(pointer_to(to), static_cast<int>(from & 0xff), size);
    return next(f, i);
  }
  if (!permitted(from, size, false)) return;
  if (op == Opcode::memcopy && memory_.checked() && (to - from < size || from - to < size))
    return stop(RunEnd::memory_fault, to, "memcopy of overlapping bytes");
  std::memmove(pointer_to(to), pointer_to(from), size);
  next(f, i);
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#include <jitkit/ir/interpreter_calls.hpp>

#endif  // JITKIT_IR_INTERPRETER_RUN_HPP
