// Selection of native ops: one instruction each, its operands from the form's roles.
//
// Invariants: an IR native op gives the form's uses in order (an absent optional one is value 0), its
// results are the defs in order, its immediates those of the form; a memory operand's immediates are
// scale and displacement. Flags are no operands: order alone keeps them.
#ifndef JITKIT_EMIT_X86_64_LOWER_NATIVE_HPP
#define JITKIT_EMIT_X86_64_LOWER_NATIVE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/lower.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// An operand made from the form's; `v` may be none where it is optional.
inline Lower::Operand Lower::native_operand(const FormOperand& o, VReg v, u8 role) {
  Operand r = role == role_use ? Reg::use(v) : Reg::def(v);
  r.role |= o.role & (role == role_use ? role_late_use : role_early_def);
  r.constraint = o.constraint;
  r.arg = o.arg;
  if (o.constraint == ConstraintKind::tuple && o.arg == 0) r.role |= static_cast<u8>(o.flags << 5);
  return r;
}

inline void Lower::lower_native(Inst i) {
  const ir::InstData& d = fn_[i];
  const Form form = static_cast<Form>(ir::native_form(d.op));
  const FeatureSet needs = required_features(form);
  if (!options_.features.has(needs))
    return fail(Error::feature_missing, static_cast<u64>(options_.features.first_missing(needs)));
  bool defines_flags = false, uses_flags = false;
  for (u32 n = 0; n < d.results; ++n) defines_flags = defines_flags || fn_.type(fn_.result(i, n)) == Type::flags;
  for (const u32 v : fn_.operands(i)) uses_flags = uses_flags || fn_.type(Value(v)) == Type::flags;
  flags_live_ = uses_flags || (flags_live_ && !defines_flags);

  emit(static_cast<u16>(form), {});
  u32 use = 0, def = 0, immediate = d.aux;
  u64 disp = 0, imm = 0;
  const auto next_use = [&]() -> VReg {
    while (use < d.operands && fn_.type(fn_.operand(i, use)) == Type::flags) ++use;
    if (use >= d.operands) return {};
    const Value v = fn_.operand(i, use++);
    return v ? vreg(v) : VReg();
  };
  const auto next_def = [&]() -> VReg {
    while (def < d.results && fn_.type(fn_.result(i, def)) == Type::flags) ++def;
    return def < d.results ? result_vreg(i, def++) : VReg();
  };
  for (const FormOperand& o : fn_.isa->operands_of(ir::native_form(d.op))) {
    if (o.kind != FormOperand::Kind::reg) continue;
    const bool both = (o.role & role_use) != 0 && (o.role & role_def) != 0;
    if ((o.role & role_use) != 0) add_operand(native_operand(o, next_use(), role_use));
    if ((o.role & role_def) == 0) continue;
    Operand result = native_operand(o, next_def(), role_def);
    if (both && o.constraint != ConstraintKind::fixed) result.tied = 1;
    add_operand(result);
  }
  // Scale and displacement of the memory operand, if there is one, then the immediate.
  const FormRow& row = row_of(form);
  u8 scale = 0;
  for (unsigned n = 0; n < row.kinds.count; ++n) {
    const OperandDesc o = operand_of(row, n);
    const auto next = [&] { return static_cast<u64>(fn_.immediates[immediate++]); };
    if (o.cls == OpClass::mem) {
      scale = static_cast<u8>(next());
      disp = next();
    } else if (o.cls == OpClass::imm || o.cls == OpClass::moffs || o.cls == OpClass::segment ||
               o.cls == OpClass::control || o.cls == OpClass::debug) {
      imm = next();
    }
  }
  ir::MachInst& m = last();
  m.imm = has_memory(form) ? pack(static_cast<i32>(disp), static_cast<i32>(imm)) : imm;
  m.aux = scale;
  if ((forms[static_cast<u16>(form)].effects & writes_flags) != 0) m.flags |= ir::mach_writes_flags;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_NATIVE_HPP
