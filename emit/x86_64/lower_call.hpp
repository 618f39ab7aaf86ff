// Selection of calls, and of how parameters arrive.
//
// Invariants: stack arguments are stored before the call instruction, register arguments are its fixed
// uses; so no other call comes between. Parameters that arrive on the stack are loaded at entry, once,
// which leaves the incoming area to tail calls.
#ifndef JITKIT_EMIT_X86_64_LOWER_CALL_HPP
#define JITKIT_EMIT_X86_64_LOWER_CALL_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// The convention of that number; the first one the user gave is custom0.
constexpr const ir::Convention* find_convention(ir::CallConv c, Span<const ir::Convention> custom) {
  if (c == ir::CallConv::c) return &conventions[0];
  if (c == ir::CallConv::win64) return &conventions[1];
  const usize n = static_cast<usize>(c) - static_cast<usize>(ir::CallConv::custom0);
  return c >= ir::CallConv::custom0 && n < custom.size() ? &custom[n] : nullptr;
}

inline const ir::Convention& Lower::convention(ir::CallConv c) {
  const ir::Convention* found = find_convention(c, options_.conventions);
  if (found == nullptr) refuse();
  return found != nullptr ? *found : conventions[0];
}

// --- Arguments

// Part n of v as it is passed: extended if the signature says so.
inline Lower::VReg Lower::passed(Value v, const ir::Param& param, unsigned part) {
  if (part != 0) return high_vreg(v);
  const u8 extends = param.attr & (ir::ParamAttr::zext | ir::ParamAttr::sext);
  if (extends == 0 || ir::bits(param.type) >= 32) return vreg(v);
  if (param.type == Type::i1 && (extends & ir::ParamAttr::sext) != 0) {
    const VReg d = temp(Type::i32);
    update(F::neg_r_32, d, extended(v, false));
    return d;
  }
  return extended(v, (extends & ir::ParamAttr::sext) != 0);
}

inline void Lower::pass_on_stack(const Place& p, Value v, const ir::Param& param, unsigned part,
                                 AddressKind area) {
  const Address to = of_kind(area, static_cast<i32>(p.offset));
  if ((param.attr & ir::ParamAttr::byval) != 0) return copy_bytes(to, address(v, 0), param.size, false);
  if (ir::bank(param.type) == Bank::gpr) return store(F::mov_mr_64, to, passed(v, param, part));
  store_value(param.type, to, v);
}

inline void Lower::pass_stack_arguments(ArgumentPlaces places, Span<const ir::Param> params,
                                        Span<const u32> args, AddressKind area) {
  for (u32 n = 0; n < args.size(); ++n) {
    const Places p = places.next();
    for (u32 k = 0; k < p.parts; ++k) {
      if (p.part[k].kind == Place::Kind::slot) return refuse();  // slots are the environment's, no call's
      if (p.part[k].kind == Place::Kind::stack) pass_on_stack(p.part[k], Value(args[n]), params[n], k, area);
    }
  }
}

// Values for the register arguments, extended as needed: made before the call instruction. tell_variadic() adds
// up to four.
inline u32 Lower::gather_register_arguments(ArgumentPlaces& places, Span<const ir::Param> params,
                                            Span<const u32> args, RegisterArgument* out) {
  u32 count = 0;
  for (u32 n = 0; n < args.size(); ++n) {
    const Places p = places.next();
    for (u32 k = 0; k < p.parts; ++k)
      if (p.part[k].kind == Place::Kind::reg) {
        if (count + 4 == max_register_arguments) return refuse(), count;
        out[count++] = {passed(Value(args[n]), params[n], k), p.part[k].reg};
      }
  }
  return count;
}

// The parameters that the arguments of a call stand for. Those behind the `...` get their own types,
// as C promotes them.
inline Span<const ir::Param> Lower::call_params(ir::SigRef sig, Span<const u32> args) {
  const Span<const ir::Param> fixed = fn_.module->params(sig);
  if (args.size() <= fixed.size()) return fixed;
  variadic_params_.clear();
  if (!variadic_params_.reserve(static_cast<u32>(args.size()))) return {};
  variadic_params_.append(fixed);
  for (usize n = fixed.size(); n < args.size(); ++n) {
    ir::Param p;
    p.type = fn_.type(Value(args[n]));
    variadic_params_.push(p);
  }
  return {variadic_params_.data(), variadic_params_.size()};
}

// What a variadic callee needs beside the arguments: System V, how many vector registers are used, in al; Win64,
// variable floating-point arguments in the integer register of their position too.
inline u32 Lower::tell_variadic(const ir::Convention& c, const ArgumentPlaces& places, usize fixed,
                                Span<const ir::Param> params, Span<const u32> args, RegisterArgument* regs,
                                u32 count) {
  if (c.rules == ir::Convention::Rules::sysv) {
    regs[count++] = {integer(Type::i32, places.fps_used()), preg::rax};
    return count;
  }
  for (usize n = fixed; n < args.size() && c.int_args[n].valid(); ++n) {
    if (ir::bank(params[n].type) != Bank::vec) continue;
    const VReg copy = temp(Type::i64);
    vec_unary(F::movq_r64r, F::vmovq_r64r, copy, vreg(Value(args[n])));
    regs[count++] = {copy, c.int_args[n]};
  }
  return count;
}

inline void Lower::lower_call(Inst i, bool indirect) {
  const ir::Module& m = *fn_.module;
  const ir::SigRef sig = indirect ? ir::SigRef(fn_[i].aux) : m.symbol(ir::SymbolRef(fn_[i].aux)).signature;
  const ir::Convention& c = convention(m.signature(sig).conv);
  const Span<const u32> args = fn_.operands(i).subspan(indirect ? 1 : 0);
  const Span<const ir::Param> params = call_params(sig, args);
  if (params.size() != args.size()) return;  // out of memory
  if (cannot_pass(c, params, false) || cannot_pass(c, m.results(sig), true)) return;
  ArgumentPlaces places(c, params);
  pass_stack_arguments(places, params, args, AddressKind::outgoing);
  RegisterArgument regs[max_register_arguments];
  u32 count = gather_register_arguments(places, params, args, regs);
  if (m.signature(sig).variadic) count = tell_variadic(c, places, m.signature(sig).fixed_params, params, args, regs, count);
  if (mf_.outgoing_bytes < places.stack_bytes()) mf_.outgoing_bytes = places.stack_bytes();
  const VReg target = indirect ? operand_vreg(i, 0) : VReg();
  const u8 upper = passes_wide(params) || passes_wide(m.results(sig)) ? keeps_upper_halves : u8{0};
  if (indirect)
    emit(static_cast<u16>(F::call_r), {Reg::use(target)}, 0, 0, ir::mach_call, upper);
  else
    macro(Macro::call_symbol, {}, 0, fn_[i].aux, ir::mach_call, upper);
  for (u32 n = 0; n < count; ++n) add_operand(Reg::use_fixed(regs[n].value, regs[n].place));
  ir::Clobbers clobbers = call_clobbers(c);
  ArgumentPlaces result_places(c, m.results(sig), true);
  for (u32 n = 0; n < fn_[i].results; ++n) {
    const Places p = result_places.next();
    const VReg d = result_vreg(i, n);
    for (u32 k = 0; k < p.parts; ++k) {
      if (p.part[k].kind != Place::Kind::reg) return refuse();
      add_operand(Reg::def_fixed(VReg(d.id + k), p.part[k].reg));
      clobbers.full.remove(p.part[k].reg);
    }
  }
  last().clobbers = clobber_set(clobbers);
}

// What the convention has no place for: masks anywhere; on Win64 what its C passes by a pointer to a copy, which
// the caller's IR then has as a pointer: more than 64 bits, aggregates, by-value memory.
inline bool Lower::cannot_pass(const ir::Convention& c, Span<const ir::Param> params, bool results) {
  const bool win64 = c.rules == ir::Convention::Rules::win64 && !results;
  for (const ir::Param& p : params) {
    if (p.place.kind != ir::FixedPlace::Kind::none) continue;
    const bool by_pointer = win64 && (ir::bits(p.type) > 64 || p.group > 1 || (p.attr & ir::ParamAttr::byval) != 0);
    if (p.type == Type::mask || by_pointer) return fail(Error::unsupported, unsupported_type | static_cast<u64>(p.type)), true;
  }
  return false;
}

inline bool Lower::passes_wide(Span<const ir::Param> params) {
  for (const ir::Param& p : params)
    if (ir::bits(p.type) > 128 && ir::bank(p.type) == Bank::vec) return true;
  return false;
}

inline void Lower::lower_tail_call(Inst i, bool indirect) {
  const ir::Module& m = *fn_.module;
  const ir::SigRef sig = indirect ? ir::SigRef(fn_[i].aux) : m.symbol(ir::SymbolRef(fn_[i].aux)).signature;
  const ir::Convention& c = convention(m.signature(sig).conv);
  const Span<const u32> args = fn_.operands(i).subspan(indirect ? 1 : 0);
  const Span<const ir::Param> params = call_params(sig, args);
  if (params.size() != args.size()) return;  // out of memory
  const ir::Convention& own_convention = convention(m.signature(fn_.signature).conv);
  if (!returns_like(sig, c, fn_.signature, own_convention)) return refuse();
  if (indirect && own_convention.preserved.has(preg::r11)) return refuse();  // the epilogue restores it
  ArgumentPlaces places(c, params), own(own_convention, m.params(fn_.signature));
  for (usize n = 0; n < m.params(fn_.signature).size(); ++n) own.next();
  RegisterArgument regs[max_register_arguments];
  ArgumentPlaces counted = places;
  u32 count = gather_register_arguments(counted, params, args, regs);
  if (counted.stack_bytes() > own.stack_bytes()) return refuse();  // no room where this frame was
  // Every argument is in a register before the first goes where parameters arrived.
  for (usize n = 0; n < args.size(); ++n)
    if ((params[n].attr & ir::ParamAttr::byval) != 0) return refuse();
  const VReg target = indirect ? operand_vreg(i, 0) : VReg();
  pass_stack_arguments(places, params, args, AddressKind::incoming);
  if (m.signature(sig).variadic) count = tell_variadic(c, counted, m.signature(sig).fixed_params, params, args, regs, count);
  macro(indirect ? Macro::tail_reg : Macro::tail_symbol, {}, 0, indirect ? 0 : fn_[i].aux, ir::mach_terminator,
        passes_wide(params) ? keeps_upper_halves : u8{0});
  if (indirect) add_operand(Reg::use_fixed(target, preg::r11));
  for (u32 n = 0; n < count; ++n) add_operand(Reg::use_fixed(regs[n].value, regs[n].place));
}

// A library routine of the C convention with up to four words in and one or two out.
inline void Lower::call_helper(Helper h, std::initializer_list<VReg> args, VReg lo, VReg hi) {
  const ir::Convention& c = conventions[0];
  macro(Macro::call_helper, {}, 0, static_cast<u32>(h), ir::mach_call);
  u32 n = 0;
  for (const VReg v : args) add_operand(Reg::use_fixed(v, c.int_args[n++]));
  ir::Clobbers clobbers = call_clobbers(c);
  n = 0;
  for (const VReg v : {lo, hi}) {
    if (!v) continue;
    clobbers.full.remove(c.int_results[n]);
    add_operand(Reg::def_fixed(v, c.int_results[n++]));
  }
  last().clobbers = clobber_set(clobbers);
}

// --- Parameters

inline void Lower::receive(const Place& p, const ir::Param& param, VReg v, unsigned part) {
  const Address from = p.kind == Place::Kind::slot ? of_kind(AddressKind::environment, 0, p.offset)
                                                   : of_kind(AddressKind::incoming, static_cast<i32>(p.offset));
  if ((param.attr & ir::ParamAttr::byval) != 0)
    load(F::lea_rm_64, v, from);
  else
    load_value(part != 0 || param.type == Type::i128 ? Type::i64 : param.type, v, from);
}

inline void Lower::lower_entry() {
  const ir::Module& m = *fn_.module;
  const ir::Signature& signature = m.signature(fn_.signature);
  const Span<const ir::Param> params = m.params(fn_.signature);
  const ir::Convention& c = convention(signature.conv);
  const ir::Block entry = ir::FunctionData::entry();
  if (cannot_pass(c, params, false) || cannot_pass(c, m.results(fn_.signature), true)) return;
  // Slots that need more than the stack's alignment are laid out below a frame pointer.
  for (u32 n = 1; n < fn_.slots.size(); ++n) mf_.dynamic_stack = mf_.dynamic_stack || fn_.slots[n].align_log2 > 4;
  emit(static_cast<u16>(ir::Pseudo::param_def), {});
  ArgumentPlaces places(c, params);
  for (u32 n = 0; n < params.size(); ++n) {
    const Places p = places.next();
    const Value v = fn_.param(entry, n);
    if (!wanted(v)) continue;
    for (u32 k = 0; k < p.parts; ++k)
      if (p.part[k].kind == Place::Kind::reg) add_operand(Reg::def_fixed(VReg(vreg(v).id + k), p.part[k].reg));
  }
  if (signature.variadic) save_variadic_registers(c, places);
  ArgumentPlaces again(c, params);
  for (u32 n = 0; n < params.size(); ++n) {
    const Places p = again.next();
    const Value v = fn_.param(entry, n);
    if (!wanted(v)) continue;
    for (u32 k = 0; k < p.parts; ++k)
      if (p.part[k].kind != Place::Kind::reg) receive(p.part[k], params[n], VReg(vreg(v).id + k), k);
  }
}

// What va_arg will read. System V: six general registers, then eight vector registers, in an area of this frame.
// Win64: the four of the positions, in the home space of the caller, below the other arguments.
inline void Lower::save_variadic_registers(const ir::Convention& c, const ArgumentPlaces& places) {
  VReg ints[6], vecs[8];
  const bool home = c.rules == ir::Convention::Rules::win64;
  const u32 int_count = home ? 4 : 6, fp_count = home ? 0 : 8;
  const Address area = home ? of_kind(AddressKind::incoming, 0) : of_kind(AddressKind::slot, 0, save_area_slot());
  for (u32 n = places.ints_used(); n < int_count; ++n) add_operand(Reg::def_fixed(ints[n] = temp(Type::i64), c.int_args[n]));
  for (u32 n = places.fps_used(); n < fp_count; ++n) add_operand(Reg::def_fixed(vecs[n] = temp(Type::v128), c.fp_args[n]));
  for (u32 n = places.ints_used(); n < int_count; ++n) store(F::mov_mr_64, at(area, static_cast<i32>(8 * n)), ints[n]);
  for (u32 n = places.fps_used(); n < fp_count; ++n) store_vreg(Type::v128, at(area, static_cast<i32>(48 + 16 * n)), vecs[n]);
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_CALL_HPP
