// The interpreter's module and frames: symbols and globals, calls, stack memory (interpreter.hpp).
#ifndef JITKIT_IR_INTERPRETER_CALLS_HPP
#define JITKIT_IR_INTERPRETER_CALLS_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/interpreter.hpp>

namespace jitkit::inline JITKIT_ABI::ir {

// --- The module.

inline Status Interpreter::load(const Module& module,
                                Span<const FunctionData* const> functions) {
  arena_.reset();
  memory_.reset(arena_);
  functions_.attach(arena_);
  addresses_.attach(arena_);
  module_ = &module;
  const u32 symbols = module.symbol_count();
  functions_.assign(symbols, nullptr);
  addresses_.assign(symbols, 0);
  stack_bytes_ = limits.stack;
  stack_ = static_cast<u8*>(arena_.allocate(stack_bytes_));
  if (arena_.failed()) return arena_.status();
  std::memset(stack_, 0, stack_bytes_);
  memory_.allow(stack_, stack_bytes_, true);
  for (const FunctionData* f : functions) {
    functions_[f->symbol.id] = f;
    addresses_[f->symbol.id] = address_of(f);
  }
  for (u32 s = 1; s < symbols; ++s) {
    const SymbolInfo& info = module.symbol(SymbolRef(s));
    if (addresses_[s] != 0) continue;
    if (info.kind != SymbolKind::function && info.linkage != Linkage::external)
      addresses_[s] = place_global(SymbolRef(s));
    else if (info.address != nullptr)
      addresses_[s] = address_of(info.address);
    else if (hooks.symbol != nullptr)
      addresses_[s] = address_of(hooks.symbol(hooks.context, module, SymbolRef(s)));
  }
  return arena_.failed() ? arena_.status() : relocate_globals();
}

inline u64 Interpreter::place_global(SymbolRef s) {
  const SymbolInfo& info = module_->symbol(s);
  const u64 align = u64{1} << info.align_log2;
  if (info.size > ~u64{0} - 2 * align) {
    arena_.fail(info.size);
    return 0;
  }
  u8* memory = static_cast<u8*>(arena_.allocate(info.size + align));  // one byte more: no two are alike
  if (memory == nullptr) return 0;
  u8* start = pointer_to<u8>(align_up(address_of(memory), align));
  std::memset(start, 0, info.size);
  const Span<const u8> initial = module_->global_bytes(s);
  if (!initial.empty()) std::memcpy(start, initial.data(), initial.size());
  memory_.allow(start, info.size, info.kind != SymbolKind::rodata);
  return address_of(start);
}

inline Status Interpreter::relocate_globals() {
  for (u32 s = 1; s < module_->symbol_count(); ++s) {
    for (const DataReloc& r : module_->global_relocs(SymbolRef(s))) {
      const u64 target = addresses_[r.symbol.id];
      if (target == 0) return {Error::symbol_undefined, r.symbol.id, 0};
      const u64 word = target + static_cast<u64>(r.addend);
      std::memcpy(pointer_to(addresses_[s] + r.offset), &word, sizeof word);
    }
  }
  return {};
}

inline u64 Interpreter::address(SymbolRef s) const { return addresses_[s.id]; }

inline const FunctionData* Interpreter::function_at(u64 address) const {
  if (address == 0) return nullptr;
  for (const FunctionData* f : functions_)
    if (address_of(f) == address) return f;
  return nullptr;
}

inline void Interpreter::symbol_address(const FunctionData& f, Inst i) {
  const u64 address = addresses_[f[i].aux];
  if (address == 0) return stop(RunEnd::unsupported, f[i].aux, "the symbol has no address");
  set(f, i, {{address, 0}});
  next(f, i);
}

// --- Frames.

inline void Interpreter::enter(const FunctionData& callee) {
  if (callee.blocks.size() < 2) return stop(RunEnd::unsupported, 0, "a function without a body");
  const u32 params = callee[FunctionData::entry()].param_count;
  if (frames_.size() > limits.depth) return stop(RunEnd::too_deep);
  if (moving_.size() < params)
    return stop(RunEnd::unsupported, 0, "fewer arguments than the function has parameters");
  Frame frame;
  frame.f = &callee;
  frame.at = callee[FunctionData::entry()].first;
  frame.registers = registers_.size();
  frame.unnamed = moving_.size() - params;
  frame.types = types_.size();
  frame.slots = slots_.size();
  frame.stack = stack_used_;
  const u32 values = callee.values.size();
  registers_.resize(frame.registers + values + frame.unnamed);
  types_.append(moving_types_.slice(params, frame.unnamed));
  if (!frames_.push(frame) || run_arena_.failed()) return no_memory();
  for (u32 n = 0; n < params; ++n) {
    const Value v = callee.param(FunctionData::entry(), n);
    value(v) = clean(moving_[n], callee.type(v));
  }
  for (u32 n = 0; n < frame.unnamed; ++n)
    registers_[frame.registers + values + n] = clean(moving_[params + n], moving_types_[params + n]);
  take_slots(callee);
  copy_by_value(callee);
}

inline void Interpreter::drop_frame() {
  const Frame& frame = frames_.back();
  stack_used_ = frame.stack;
  registers_.truncate(frame.registers);
  types_.truncate(frame.types);
  slots_.truncate(frame.slots);
  frames_.pop_back();
}

// Returns what moves to the caller, or ends the run with it.
inline void Interpreter::give_back() {
  if (frames_.size() == 1) {
    values_.append({moving_.data(), moving_.size()});
    return stop(RunEnd::returned);
  }
  drop_frame();
  const FunctionData& caller = *frames_.back().f;
  const Inst at = frames_.back().at;
  set_all(caller, at, {moving_.data(), moving_.size()});
  next(caller, at);
}

inline u8* Interpreter::take_stack(u64 size, u64 align) {
  const u64 at = align_up(address_of(stack_) + stack_used_, align) - address_of(stack_);
  if (at > stack_bytes_ || size > stack_bytes_ - at) {
    stop(RunEnd::stack_overflow, size);
    return nullptr;
  }
  stack_used_ = at + size;
  return stack_ + at;
}

inline void Interpreter::take_slots(const FunctionData& f) {
  for (const StackSlotData& s : f.slots) {
    const u8* p = take_stack(s.size, u64{1} << s.align_log2);
    if (p == nullptr || !slots_.push(address_of(p))) return;
  }
  if (run_arena_.failed()) no_memory();
}

// A callee owns its copy of an aggregate passed by value.
inline void Interpreter::copy_by_value(const FunctionData& f) {
  const Span<const Param> params = module_->params(f.signature);
  const u32 count = f[FunctionData::entry()].param_count;
  for (u32 n = 0; n < count && n < params.size() && running_; ++n) {
    if ((params[n].attr & ParamAttr::byval) == 0) continue;
    Datum& pointer = value(f.param(FunctionData::entry(), n));
    const u64 align = u64{1} << params[n].align_log2;
    u8* copy = take_stack(params[n].size, align < 8 ? 8 : align);
    if (copy == nullptr || !permitted(pointer.low.lo, params[n].size, false)) return;
    std::memcpy(copy, pointer_to(pointer.low.lo), params[n].size);
    pointer = {{address_of(copy), 0}};
  }
}

inline void Interpreter::allocate_stack(const FunctionData& f, Inst i) {
  const u64 align = is_pow2(f[i].aux) ? f[i].aux : 16;
  const u8* p = take_stack(address_operand(f, i), align);
  if (p == nullptr) return;
  set(f, i, {{address_of(p), 0}});
  next(f, i);
}

inline void Interpreter::va_start(const FunctionData& f, Inst i) {
  constexpr const char* beyond = "an argument passed in a way va_start does not know";
  const u64 list = address_operand(f, i);
  if (va_list_abi == VaListAbi::none)
    return stop(RunEnd::unsupported, 0, "va_start: set va_list_abi to that of the target");
  if (!permitted(list, va_list_bytes(va_list_abi), true)) return;
  Frame& frame = frames_.back();
  if (frame.va_area == nullptr) frame.va_area = take_stack(VaArea::area_bytes(frame.unnamed), 16);
  if (frame.va_area == nullptr) return;
  VaArea area(va_list_abi, frame.va_area);
  const Span<const Param> params = module_->params(f.signature);
  for (usize n = 0; n < params.size();) {
    const usize group = params[n].group > 1 ? params[n].group : 1;
    if (group > params.size() - n || !area.named(params.subspan(n, group)))
      return stop(RunEnd::unsupported, 0, beyond);
    n += group;
  }
  area.start(list);
  const u32 first = frame.registers + f.values.size();
  for (u32 n = 0; n < frame.unnamed; ++n)
    if (!area.unnamed(types_[frame.types + n], registers_[first + n]))
      return stop(RunEnd::unsupported, 0, beyond);
  next(f, i);
}

// --- Calls.

inline void Interpreter::call(const FunctionData& f, Inst i) {
  const InstData& d = f[i];
  const bool indirect = d.op == Opcode::call_indirect || d.op == Opcode::tail_call_indirect;
  gather(f, f.operands(i).subspan(indirect ? 1 : 0));
  const SymbolRef symbol = indirect ? SymbolRef() : SymbolRef(d.aux);
  const u64 address = indirect ? address_operand(f, i) : addresses_[d.aux];
  const FunctionData* callee = indirect ? function_at(address) : functions_[d.aux];
  if (callee == nullptr) {
    const SigRef sig = indirect ? SigRef(d.aux) : module_->symbol(symbol).signature;
    return call_outside(f, i, symbol, address, sig);
  }
  if (is_terminator(d.op)) drop_frame();
  enter(*callee);
}

inline void Interpreter::call_outside(const FunctionData& f, Inst i, SymbolRef symbol, u64 address,
                                      SigRef sig) {
  const bool tail = is_terminator(f[i].op);
  const usize count = module_->results(sig).size();
  Datum results[8];
  const OutsideCall c{*module_, symbol, address, sig, {moving_.data(), moving_.size()},
                      {moving_types_.data(), moving_types_.size()}};
  if (hooks.call == nullptr || count > 8 || !hooks.call(hooks.context, c, {results, count}))
    return stop(RunEnd::unsupported, symbol.id, "a call that leads out of the module");
  if (!tail) {
    set_all(f, i, {results, count});
    return next(f, i);
  }
  moving_.clear();
  for (usize n = 0; n < count; ++n) moving_.push(clean(results[n], module_->results(sig)[n].type));
  give_back();
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_INTERPRETER_CALLS_HPP
