// Selection of native ops: one instruction each, its operands from the form's roles.
//
// Invariants: an IR native op gives the form's uses in order (an absent optional one is value 0), its
// results are the defs in order, its immediates those of the form; a memory operand's immediates are
// scale and displacement. Flags are operands behind the others: order keeps them, and the checker sees it.
#ifndef JITKIT_EMIT_X86_64_LOWER_NATIVE_HPP
#define JITKIT_EMIT_X86_64_LOWER_NATIVE_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/instruction.hpp>
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

  Operand operands[max_native_operands];
  unsigned count = 0;
  RegisterOwners owners;
  u32 use = 0, def = 0;
  // A flags operand is only asked for: order keeps flags intact.
  const auto next_use = [&](u8 role) -> VReg {
    if (use >= d.operands || !fn_.operand(i, use)) return ++use, VReg();
    return own_register(owners, vreg(fn_.operand(i, use++)), role);
  };
  const auto next_def = [&]() -> VReg { return def < d.results ? result_vreg(i, def++) : VReg(); };
  for (const FormOperand& o : form_operands(form)) {
    if (o.kind != FormOperand::Kind::reg) continue;
    const bool both = (o.role & role_use) != 0 && (o.role & role_def) != 0 && o.constraint != ConstraintKind::fixed;
    if (count + 2 > max_native_operands) return refuse();
    if ((o.role & role_use) != 0) operands[count++] = native_operand(o, next_use(both ? o.role : role_use), role_use);
    if ((o.role & role_def) == 0) continue;
    operands[count++] = native_operand(o, next_def(), role_def);
    if (!both) continue;
    operands[count - 1].tied = 1;
    operands[count - 1].role &= static_cast<u8>(~role_early_def);  // own_register() keeps the others away
  }
  // Flags are in no register, but the checker follows them.
  if (count + 2 > max_native_operands) return refuse();
  if (uses_flags) operands[count++] = Reg::use(vreg(fn_.operand(i, use)));
  if (defines_flags) operands[count++] = Reg::def(result_vreg(i, d.results - 1U));
  emit(static_cast<u16>(form), Span<const Operand>(operands, count));
  native_immediates(i, form);
  if ((form_effects(form) & writes_flags) != 0) last().flags |= ir::mach_writes_flags;
}

// Scale and displacement of the memory operand, if there is one, and the immediate: what the text of the
// instruction may say, and nothing else.
inline void Lower::native_immediates(Inst i, Form form) {
  const FormRow row = row_of(form);
  u32 at = fn_[i].aux, shift = 0;
  u64 imm = 0;
  i32 disp = 0;
  for (unsigned n = 0; n < row.kinds.count; ++n) {
    const OperandDesc o = operand_of(row, n);
    const auto next = [&](auto fits) {
      const i64 v = fn_.immediates[at++];
      if (!fits(v)) fail(Error::operand_range, static_cast<u64>(v));
      return v;
    };
    const auto below = [](i64 limit) { return [limit](i64 v) { return v >= 0 && v < limit; }; };
    switch (o.cls) {
      case OpClass::mem:
        last().aux = static_cast<u8>(next(below(4)));
        disp = static_cast<i32>(next([](i64 v) { return fits_signed(v, 32); }));
        break;
      case OpClass::imm: {
        const u64 v = static_cast<u64>(next([&](i64 x) { return imm_fits(o, row.size, x); }));
        imm = shift == 0 ? v : (imm & low_mask(shift)) | v << shift;  // a second one stands above the first
        shift += o.imm_bytes * 8U;
        break;
      }
      case OpClass::moffs: imm = static_cast<u64>(next([](i64) { return true; })); break;
      case OpClass::segment: imm = static_cast<u64>(next(below(6))); break;
      case OpClass::control:
      case OpClass::debug: imm = static_cast<u64>(next(below(16))); break;
      default: break;
    }
  }
  if (row.variant == EvexVariant::rounding && (row.modes & table::er) != 0) {  // such a form has no other immediate
    const i64 mode = fn_.immediates[at];
    if (mode < 0 || mode > 3) fail(Error::operand_range, static_cast<u64>(mode));
    imm = static_cast<u64>(mode);
  }
  last().imm = has_memory(form) ? pack(disp, static_cast<i32>(imm)) : imm;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_LOWER_NATIVE_HPP
