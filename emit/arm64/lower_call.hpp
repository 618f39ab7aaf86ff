// Selection for AArch64: parameters, calls, returns, variadic functions, by the conventions of abi.hpp.
// Part of Lower (lower.hpp).
//
// Stack arguments are stored to the bottom of the frame before the call, register arguments are fixed
// uses of the call. Aggregates passed by value are copied behind the stack arguments and passed by
// address (Procedure Call Standard, rule B.4); those of up to 16 bytes are groups in this IR.
#ifndef JITKIT_EMIT_ARM64_LOWER_CALL_HPP
#define JITKIT_EMIT_ARM64_LOWER_CALL_HPP

#include <jitkit/emit/arm64/lower.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// The operands of a call, gathered: uses, then defs.
struct Lower::CallOperands {
  static constexpr unsigned capacity = 80;
  Operand operands[capacity];
  unsigned count = 0;
  RegSet defined;
  u32 stack_bytes = 0;

  void add(Operand o) {
    if (count < capacity) operands[count++] = o;
  }
  void use(VReg v, PReg r) { add(Reg::use_fixed(v, r)); }
  void def(VReg v, PReg r) {
    add(Reg::def_fixed(v, r));
    defined.add(r);
  }
  Span<const Operand> span() const { return {operands, count}; }
};

inline const ir::Convention* Lower::convention(ir::CallConv c) {
  const u32 custom = static_cast<u32>(c) - static_cast<u32>(ir::CallConv::custom0);
  if (c == ir::CallConv::c) return &aapcs64;
  if (c == ir::CallConv::darwin) return &darwin;
  if (c >= ir::CallConv::custom0 && custom < options_.conventions.size()) return &options_.conventions[custom];
  fail(Error::unsupported, static_cast<u64>(c));
  return nullptr;
}

// ---- entry ----

inline void Lower::lower_entry() {
  const ir::Module& module = *fn_.module;
  const ir::Signature& sig = module.signature(fn_.signature);
  const ir::Convention* conv = convention(sig.conv);
  if (conv == nullptr) return;
  const Span<const ir::Param> params = module.params(fn_.signature);
  const ir::Block entry = ir::FunctionData::entry();
  struct Late {  // what comes after the fixed registers were taken over
    VReg to, from;
    Type type;
    u32 slot, offset;
  };
  constexpr unsigned capacity = CallOperands::capacity;
  CallOperands list;
  ArgumentPlaces places(*conv, params, sig.fixed_params);
  Vec<Late> late(arena_);
  for (u32 n = 0; n < params.size(); ++n) {
    const Places p = places.next();
    const Value v = fn_.param(entry, n);
    if (fn_[v].uses == 0) continue;
    for (unsigned part = 0; part < p.parts; ++part) {
      const Type t = p.parts == 2 ? Type::i64 : params[n].type;
      VReg to = VReg(vreg(v).id + part);
      const Place& place = p.part[part];
      if (place.kind == Place::Kind::reg) {
        if (t == Type::i1) {  // the caller promises eight bits
          const VReg raw = new_vreg(Type::i32);
          late.push({to, raw, t, 0, 0});
          to = raw;
        }
        list.def(to, place.reg);
      } else {
        const bool slot = place.kind == Place::Kind::slot;
        const u32 offset = slot ? place.offset * conv->frame.slot_bytes : place.offset;
        late.push({to, VReg(), t, slot && !conv->frame.adjusts_sp ? frame_environment : frame_incoming, offset});
      }
    }
  }
  if (variadic_area_) save_variadic(list, places);
  if (list.count == capacity) return fail(Error::unsupported, 0);
  // Saved argument registers are operands too: they come first, their stores follow.
  emit(static_cast<u16>(ir::Pseudo::param_def), list.span(), variadic_area_ ? 1 : 0);
  for (const Late& l : late) {
    if (l.from)
      op_dn(Form::and_imm_w, l.to, l.from, static_cast<u32>(encode_logical(1, 32)));
    else
      load_from(l.type, l.to, frame(l.slot, l.offset));
  }
  if (variadic_area_) store_variadic(list, places);
}

// ---- arguments ----

// The register of one part of an argument, extended as its attribute says.
inline ir::VReg Lower::argument_part(Value v, const ir::Param& p, unsigned part) {
  const VReg r = VReg(vreg(v).id + part);
  const bool extends = (p.attr & (ir::ParamAttr::zext | ir::ParamAttr::sext)) != 0;
  if (!extends || ir::bank(p.type) != Bank::gpr || is_wide(p.type)) return r;
  const VReg d = new_vreg(Type::i64);
  extend_into(d, r, p.type, (p.attr & ir::ParamAttr::sext) != 0, true);
  return d;
}

inline void Lower::place_arguments(CallOperands& list, ir::SigRef ref, const ir::Convention& conv, Inst i,
                                   u32 first, u32 stack_slot) {
  const ir::Signature& sig = fn_.module->signature(ref);
  const Span<const u32> operands = fn_.operands(i);
  // The variable arguments follow, each of its value's type.
  Vec<ir::Param> params(arena_);
  if (!params.reserve(static_cast<u32>(operands.size() - first))) return;
  params.append(fn_.module->params(ref));
  for (u32 n = first + params.size(); n < operands.size(); ++n) {
    ir::Param p;
    p.type = fn_.type(Value(operands[n]));
    params.push(p);
  }
  ArgumentPlaces sizes(conv, {params.data(), params.size()}, sig.fixed_params);
  for (u32 n = 0; n < params.size(); ++n) sizes.next();
  u32 copies = sizes.stack_bytes();
  ArgumentPlaces places(conv, {params.data(), params.size()}, sig.fixed_params);
  for (u32 n = 0; n < params.size(); ++n) {
    const Places p = places.next();
    const Value v = Value(operands[first + n]);
    const bool by_value = (params[n].attr & ir::ParamAttr::byval) != 0;
    if (by_value && params[n].size <= 16) return fail(Error::unsupported, params[n].size);
    VReg copied;
    if (by_value) {
      copied = copy_argument(v, params[n].size, stack_slot, copies);
      copies += static_cast<u32>(align_up(params[n].size, 16));
    }
    for (unsigned part = 0; part < p.parts; ++part) {
      const VReg r = by_value ? copied : argument_part(v, params[n], part);
      const Place& place = p.part[part];
      if (place.kind == Place::Kind::reg) {
        list.use(r, place.reg);
        continue;
      }
      const Type t = p.parts == 2 ? Type::i64 : params[n].type;
      const bool slot = place.kind == Place::Kind::slot;
      if (slot && stack_slot != frame_environment) return unsupported(i);  // slots are the environment's, no call's
      const ir::Convention* own = convention(fn_.module->signature(fn_.signature).conv);
      if (own == nullptr) return;
      store_to(t, r, frame(stack_slot, slot ? place.offset * own->frame.slot_bytes : place.offset));
    }
  }
  list.stack_bytes = copies;
}

// A copy of an aggregate in the outgoing area; its address.
inline ir::VReg Lower::copy_argument(Value from, u32 bytes, u32 slot, u32 offset) {
  const VReg address_of_copy = new_vreg(Type::ptr);
  if (bytes <= detail::inline_copy_bytes) {
    copy_small(VReg(), vreg(from), bytes, offset, slot);
    put_macro(Macro::slot_address, {Reg::def(address_of_copy)}, offset, slot);
    return address_of_copy;
  }
  put_macro(Macro::slot_address, {Reg::def(address_of_copy)}, offset, slot);
  const VReg arguments[] = {address_of_copy, vreg(from), constant(Type::i64, bytes)};
  call_helper(Helper::memcpy, arguments, {});
  return address_of_copy;
}

// ---- calls ----

// A library routine: general registers in and out, no stack.
inline void Lower::call_helper(Helper h, Span<const VReg> arguments, Span<const VReg> results) {
  CallOperands list;
  for (u32 n = 0; n < arguments.size(); ++n) list.use(arguments[n], preg::x(n));
  for (u32 n = 0; n < results.size(); ++n) list.def(results[n], preg::x(n));
  ir::Clobbers c = call_clobbers(aapcs64);
  c.full = c.full - list.defined;
  emit(form_of(Macro::call_helper), list.span(), 0, static_cast<u32>(h),
       ir::mach_call | ir::mach_writes_flags);
  last().clobbers = clobber_set(c);
}

inline void Lower::call(Inst i) {
  const InstData& d = fn_[i];
  const bool indirect = d.op == Opcode::call_indirect;
  const ir::SigRef sig = indirect ? ir::SigRef(d.aux) : fn_.module->symbol(ir::SymbolRef(d.aux)).signature;
  const ir::Convention* conv = convention(fn_.module->signature(sig).conv);
  if (conv == nullptr) return;
  CallOperands list;
  if (indirect) list.add(Reg::use(operand_vreg(i, 0)));
  place_arguments(list, sig, *conv, i, indirect ? 1 : 0, frame_outgoing);
  if (list.stack_bytes > mf_.outgoing_bytes) mf_.outgoing_bytes = list.stack_bytes;
  struct Bool {
    VReg to, raw;
  };
  constexpr unsigned most_results = 8;
  Bool bools[most_results];
  unsigned bool_count = 0;
  ArgumentPlaces places(*conv, fn_.module->results(sig), ~u32{0}, true);
  for (u32 n = 0; n < d.results; ++n) {
    const Places p = places.next();
    VReg v = result_vreg(i, n);
    if (fn_.type(fn_.result(i, n)) == Type::i1 && bool_count < most_results) {
      const VReg raw = new_vreg(Type::i32);
      bools[bool_count++] = {v, raw};
      v = raw;
    }
    for (unsigned part = 0; part < p.parts; ++part) {
      if (p.part[part].kind != Place::Kind::reg) return unsupported(i);
      list.def(VReg(v.id + part), p.part[part].reg);
    }
  }
  if (list.count == CallOperands::capacity) return unsupported(i);
  ir::Clobbers c = call_clobbers(*conv);
  c.full = c.full - list.defined;
  const u8 flags = ir::mach_call | ir::mach_writes_flags;
  if (indirect)
    emit(form_of(Form::blr), list.span(), form_bits(Form::blr) | fields(RegField::n), 0, flags);
  else
    emit(form_of(Macro::call_symbol), list.span(), 0, d.aux, flags);
  last().clobbers = clobber_set(c);
  for (unsigned n = 0; n < bool_count; ++n)
    op_dn(Form::and_imm_w, bools[n].to, bools[n].raw, static_cast<u32>(encode_logical(1, 32)));
}

// In this frame's place: its stack arguments go where ours came from, which must be large enough.
inline void Lower::tail_call(Inst i) {
  const InstData& d = fn_[i];
  const bool indirect = d.op == Opcode::tail_call_indirect;
  const ir::Module& module = *fn_.module;
  const ir::SigRef sig = indirect ? ir::SigRef(d.aux) : module.symbol(ir::SymbolRef(d.aux)).signature;
  const ir::Signature& own = module.signature(fn_.signature);
  const ir::Convention* conv = convention(module.signature(sig).conv);
  const ir::Convention* own_conv = convention(own.conv);
  if (conv == nullptr || own_conv == nullptr) return;
  if (!returns_like(sig, *conv, fn_.signature, *own_conv)) return unsupported(i);
  for (const ir::Param& p : module.params(sig))
    if ((p.attr & ir::ParamAttr::byval) != 0) return unsupported(i);  // the copy would be in this frame
  ArgumentPlaces incoming(*own_conv, module.params(fn_.signature), own.fixed_params);
  for (u32 n = 0; n < own.params; ++n) incoming.next();
  CallOperands list;
  if (indirect) {  // not in a register that the epilogue restores, nor in one of an argument
    Operand target = Reg::use(operand_vreg(i, 0));
    target.constraint = ConstraintKind::subset;
    target.arg = tail_target_subset;
    list.add(target);
  }
  place_arguments(list, sig, *conv, i, indirect ? 1 : 0, frame_incoming);
  if (list.stack_bytes > incoming.stack_bytes() || list.count == CallOperands::capacity) return unsupported(i);
  if (indirect)
    emit(form_of(Macro::tail_reg), list.span(), fields(RegField::n), 0, ir::mach_terminator);
  else
    emit(form_of(Macro::tail_symbol), list.span(), 0, d.aux, ir::mach_terminator);
}

inline void Lower::return_values(Inst i) {
  const ir::Signature& sig = fn_.module->signature(fn_.signature);
  const ir::Convention* conv = convention(sig.conv);
  if (conv == nullptr) return;
  const Span<const ir::Param> results = fn_.module->results(fn_.signature);
  ArgumentPlaces places(*conv, results, ~u32{0}, true);
  CallOperands list;
  for (u32 n = 0; n < results.size(); ++n) {
    const Places p = places.next();
    for (unsigned part = 0; part < p.parts; ++part) {
      if (p.part[part].kind != Place::Kind::reg) return unsupported(i);
      list.use(argument_part(fn_.operand(i, n), results[n], part), p.part[part].reg);
    }
  }
  emit(form_of(Macro::ret), list.span(), 0, 0, ir::mach_terminator);
}

// Through a native exit: the operands in the places of its signature.
inline void Lower::exit(Inst i) {
  const ir::ExitData& e = fn_.exits[fn_[i].aux];
  const ir::Convention* conv = convention(fn_.module->signature(e.places).conv);
  const ir::Convention* own = convention(fn_.module->signature(fn_.signature).conv);  // whose frame has the slots
  if (conv == nullptr || own == nullptr) return;
  CallOperands list;
  place_arguments(list, e.places, *conv, i, 0, own->frame.adjusts_sp ? frame_outgoing : frame_environment);
  if (list.stack_bytes > mf_.outgoing_bytes) mf_.outgoing_bytes = list.stack_bytes;
  emit(form_of(Macro::exit_), list.span(), 0, fn_[i].aux, ir::mach_terminator);
}

// ---- variadic functions ----

// Takes over the argument registers that no named parameter uses.
inline void Lower::save_variadic(CallOperands& list, const ArgumentPlaces& places) {
  variadic_first_ = list.count;
  for (unsigned n = places.ints_used(); n < 8; ++n) list.def(new_vreg(Type::i64), aapcs64.int_args[n]);
  for (unsigned n = places.fps_used(); n < 8; ++n) list.def(new_vreg(Type::v128), aapcs64.fp_args[n]);
}

inline void Lower::store_variadic(const CallOperands& list, const ArgumentPlaces& places) {
  unsigned at_operand = variadic_first_;
  for (unsigned n = places.ints_used(); n < 8; ++n)
    store_to(Type::i64, list.operands[at_operand++].vreg, frame(frame_variadic, n * 8));
  for (unsigned n = places.fps_used(); n < 8; ++n)
    store_to(Type::v128, list.operands[at_operand++].vreg, frame(frame_variadic, VaList::gr_bytes + n * 16));
}

inline void Lower::start_variadic(Inst i) {
  const ir::Signature& sig = fn_.module->signature(fn_.signature);
  const ir::Convention* conv = convention(sig.conv);
  if (conv == nullptr) return;
  const Span<const ir::Param> params = fn_.module->params(fn_.signature);
  ArgumentPlaces places(*conv, params, sig.fixed_params);
  for (u32 n = 0; n < params.size(); ++n) places.next();
  const VReg list = operand_vreg(i, 0);
  const auto put_pointer = [&](i64 field, u32 slot, u32 offset) {
    const VReg p = new_vreg(Type::ptr);
    put_macro(Macro::slot_address, {Reg::def(p)}, offset, slot);
    store_to(Type::ptr, p, at(list, field));
  };
  if (conv->rules == ir::Convention::Rules::darwin)  // the list is a pointer
    return put_pointer(0, frame_incoming, places.next_stack_offset());
  variadic_area_ = true;
  const auto put_offset = [&](i64 field, u32 left) {
    const u32 below = 0U - left;
    store_to(Type::i32, left == 0 ? VReg() : constant(Type::i32, below), at(list, field));
  };
  put_pointer(VaList::stack, frame_incoming, places.next_stack_offset());
  put_pointer(VaList::gr_top, frame_variadic, VaList::gr_bytes);
  put_pointer(VaList::vr_top, frame_variadic, VaList::save_bytes);
  put_offset(VaList::gr_offs, (8 - places.ints_used()) * 8);
  put_offset(VaList::vr_offs, (8 - places.fps_used()) * 16);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_CALL_HPP
