// Selection of branches, exits and speculation.
//
// Invariants: a terminator asks for its edges' arguments before it emits, so nothing but moves comes
// between a comparison and its branch. Guards, trapping loads, patch points and safepoints carry their
// frame state in MachInst::state; emission records where they stand.
#ifndef JITKIT_EMIT_X86_64_LOWER_CONTROL_HPP
#define JITKIT_EMIT_X86_64_LOWER_CONTROL_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

inline void Lower::lower_br(Inst i) {
  lower_edges(i);
  emit(static_cast<u16>(ir::Pseudo::jump), {}, 0, fn_.edge(i, 0).id, ir::mach_terminator);
}

inline void Lower::lower_brif(Inst i) {
  lower_edges(i);
  const u8 c = condition(fn_.operand(i, 0));
  macro(Macro::branch, {}, 0, fn_.edge(i, 0).id, ir::mach_terminator, c);
}

inline void Lower::lower_switch(Inst i) {
  if (fn_.edge_count(i) == 1) return lower_br(i);
  lower_edges(i);
  const Type t = op_type(i);
  VReg x = operand_vreg(i, 0);
  if (t == Type::i32) unary(F::mov_rr_32, x = temp(Type::i64), operand_vreg(i, 0));
  macro(Macro::switch_, {Reg::late_use(x), Reg::early_def(temp(Type::i64)), Reg::early_def(temp(Type::i64))},
        fn_.edge_count(i), fn_.edge(i, 0).id, ir::mach_terminator, static_cast<u8>(log2_floor(ir::bytes(t))));
}

inline void Lower::lower_trap(Inst) {
  emit(static_cast<u16>(F::ud2), {}, 0, 0, ir::mach_terminator);
}

// --- Speculation

inline void Lower::lower_guard(Inst i, bool exits_if) {
  const u8 holds = condition(fn_.operand(i, 0));
  macro(Macro::guard, {}, 0, 0, 0, exits_if ? holds : inverse_code(holds));
  add_frame_state(ir::FrameStateRef(fn_[i].aux));
}

inline void Lower::lower_patch_point(Inst i) {
  macro(Macro::patch_area, {}, fn_[i].flags, 0, 0);
  add_patch_operands(i);
}

inline void Lower::lower_safepoint(Inst i) {
  emit(static_cast<u16>(ir::Pseudo::nothing), {});
  add_frame_state(ir::FrameStateRef(fn_[i].aux));
}

// --- Leaving

inline void Lower::lower_ret(Inst i) {
  const ir::Module& m = *fn_.module;
  const Span<const ir::Param> results = m.results(fn_.signature);
  const Span<const u32> values = fn_.operands(i);
  ArgumentPlaces places(convention(m.signature(fn_.signature).conv), results, true);
  VReg parts[16];
  PReg regs[16];
  u32 count = 0;
  bool wide = false;
  for (u32 n = 0; n < results.size(); ++n) {
    const Places p = places.next();
    wide = wide || ir::bits(results[n].type) > 128;
    for (u32 k = 0; k < p.parts; ++k) {
      if (p.part[k].kind != Place::Kind::reg || count == 16) return refuse();
      parts[count] = passed(Value(values[n]), results[n], k);
      regs[count++] = p.part[k].reg;
    }
  }
  const Span<const ir::Param> params = m.params(fn_.signature);
  for (u32 n = 0; n < params.size(); ++n) {  // the address of an aggregate result is returned
    if ((params[n].attr & ir::ParamAttr::sret) == 0 || !results.empty()) continue;
    parts[count] = vreg(fn_.param(ir::FunctionData::entry(), n));
    regs[count++] = preg::rax;
  }
  macro(Macro::ret, {}, 0, 0, ir::mach_terminator, wide ? keeps_upper_halves : u8{0});
  for (u32 n = 0; n < count; ++n) add_operand(Reg::use_fixed(parts[n], regs[n]));
}

// The operands in the places of the exit's signature: its own, or those of its convention's arguments.
inline void Lower::lower_exit(Inst i) {
  const ir::SigRef signature = fn_.exits[fn_[i].aux].places;
  const Span<const ir::Param> params = fn_.module->params(signature);
  const Span<const u32> values = fn_.operands(i);
  ArgumentPlaces places(convention(fn_.module->signature(signature).conv), params);
  RegisterArgument regs[max_exit_registers];
  u32 count = 0;
  for (u32 n = 0; n < params.size(); ++n) {
    const Value v(values[n]);
    const Places p = places.next();
    for (u32 k = 0; k < p.parts; ++k) {
      const Place& place = p.part[k];
      const Address slot = of_kind(AddressKind::environment, 0, place.offset);
      if (place.kind == Place::Kind::slot && p.parts == 2)
        store(F::mov_mr_64, slot, passed(v, params[n], k));
      else if (place.kind == Place::Kind::slot)
        store_value(params[n].type, slot, v);
      else if (place.kind == Place::Kind::reg && count < max_exit_registers)
        regs[count++] = {passed(v, params[n], k), place.reg};
      else
        return refuse();
    }
  }
  macro(Macro::exit_, {}, 0, fn_[i].aux, ir::mach_terminator, passes_wide(params) ? keeps_upper_halves : u8{0});
  for (u32 n = 0; n < count; ++n) add_operand(Reg::use_fixed(regs[n].value, regs[n].place));
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_CONTROL_HPP
