// Selection for AArch64: branches, switches, traps, speculation, native ops and regions. Part of Lower
// (lower.hpp).
#ifndef JITKIT_EMIT_ARM64_LOWER_CONTROL_HPP
#define JITKIT_EMIT_ARM64_LOWER_CONTROL_HPP

#include <jitkit/emit/arm64/lower.hpp>
#include <jitkit/emit/arm64/named_features.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- branches ----

inline void Lower::branch(Inst i) {
  lower_edges(i);
  emit(static_cast<u16>(ir::Pseudo::jump), {}, 0, fn_.edge(i, 0).id, ir::mach_terminator);
}

inline void Lower::branch_if(Inst i) {
  lower_edges(i);
  const BranchTest t = branch_test(fn_.operand(i, 0), false);
  const u64 word = form_bits(t.form) ^ t.imm;
  const u32 edge = fn_.edge(i, 0).id;
  if (t.reg)
    emit(form_of(t.form), {Reg::use(t.reg)}, word | fields(RegField::d), edge, ir::mach_terminator);
  else
    emit(form_of(t.form), {}, word, edge, ir::mach_terminator);
}

inline void Lower::switch_value(Inst i) {
  lower_edges(i);
  put_macro(Macro::switch_, {Reg::use(operand_vreg(i, 0))}, fn_.edge_count(i), fn_.edge(i, 0).id,
            ir::mach_terminator | ir::mach_writes_flags, is_wide(fn_[i].type) ? 1 : 0);
}

inline void Lower::trap(Inst i) {
  put(Form::brk, 0, (fn_[i].aux & 0xffff) << 5, {});
  last().flags |= ir::mach_terminator;
}

// Leaves to an out-of-line trap when the test succeeds.
inline void Lower::trap_if(const BranchTest& t) {
  const u64 word = form_bits(t.form) ^ t.imm;
  if (t.reg)
    put_macro(Macro::trap_if, {Reg::use(t.reg)}, word | fields(RegField::d));
  else
    put_macro(Macro::trap_if, {}, word);
}

inline void Lower::unreachable(Inst) { put_macro(Macro::unreachable, {}, 0, 0, ir::mach_terminator); }

// ---- speculation ----

// Goes on if the value is 1 (0 if inverted); the branch is the way out.
inline void Lower::guard(Inst i, bool inverted) {
  const BranchTest t = branch_test(fn_.operand(i, 0), !inverted);
  const u64 word = form_bits(t.form) ^ t.imm;
  if (t.reg)
    put_macro(Macro::guard, {Reg::use(t.reg)}, word | fields(RegField::d));
  else
    put_macro(Macro::guard, {}, word);
  add_frame_state(ir::FrameStateRef(fn_[i].aux));
}

// An ordinary load whose fault is an exit: the destination keeps clear of the frame state.
inline void Lower::load_or_exit(Inst i) {
  const InstData& d = fn_[i];
  const ir::TrapAccess& trap_access = fn_.traps[d.aux];
  const detail::AccessForms f = detail::access_forms(d.type);
  if (f.load == Form::none) return unsupported(i);
  const VReg r = result_vreg(i);
  access(f.load, f.size_log2, Reg::early_def(r), address(fn_.operand(i, 0), trap_access.offset, f.size_log2));
  add_frame_state(trap_access.state);
}

inline void Lower::patch_point(Inst i) {
  emit(form_of(Macro::patch_area), {}, fn_[i].flags);
  add_patch_operands(i);
}

inline void Lower::safepoint(Inst i) {
  put_macro(Macro::safepoint, {});
  add_frame_state(ir::FrameStateRef(fn_[i].aux));
}

// ---- native ops ----

// Operands and immediates as the form's row says; a register read and written is a use and a def tied
// to it. Flags are operands behind the others, without a field: order keeps them, and the checker sees it.
inline u8 Lower::tuple_role(const FormOperand& o) {
  return static_cast<u8>(((o.flags & tuple_even) != 0 ? ir::role_tuple_even : 0) |
                         ((o.flags & tuple_wraps) != 0 ? ir::role_tuple_wraps : 0));
}

inline void Lower::native(Inst i) {
  if (in_region_) return;  // begin_region() emits it
  const InstData& d = fn_[i];
  const Form f = static_cast<Form>(ir::native_form(d.op));
  const DetailedOperands form(f);
  Operand operands[max_fields + 2];
  unsigned count = 0;
  u32 uses = 0, defs = 0, immediate = d.aux;
  u64 word = form_bits(f);
  RegisterOwners owners;
  for (unsigned n = 0; n < form.size(); ++n) {
    const FormOperand& o = form[n];
    if (o.kind != FormOperand::Kind::reg) {
      const std::optional<u32> bits = encode_imm(form.detail(n), fn_.immediates[immediate++]);
      if (!bits) return fail(Error::operand_range, static_cast<u64>(fn_.immediates[immediate - 1]));
      word ^= *bits;
      continue;
    }
    // The members of a tuple go together, those read and written as uses and then as tied defs.
    const unsigned members = o.constraint == ConstraintKind::tuple ? o.length : 1;
    const u64 field = static_cast<u8>(field_at(form.detail(n).lsb));
    const bool is_use = (o.role & role_use) != 0, is_def = (o.role & role_def) != 0;
    if (count + members * ((is_use ? 1U : 0U) + (is_def ? 1U : 0U)) > max_fields) return unsupported(i);
    const auto add_operand = [&](Operand made, unsigned member) {
      made.constraint = o.constraint;
      made.arg = members > 1 ? static_cast<u8>(member) : o.arg;
      if (members > 1 && member == 0) made.role |= tuple_role(o);
      if (member == 0 && made.tied == 0) word |= field << (32 + 3 * count);
      operands[count++] = made;
    };
    for (unsigned k = 0; is_use && k < members; ++k) {
      const VReg v = operand_vreg(i, uses++);
      add_operand(Reg::use(members == 1 ? own_register(owners, v, o.role) : v), k);
    }
    for (unsigned k = 0; is_def && k < members; ++k) {
      const VReg r = result_vreg(i, defs++);
      add_operand(is_use ? Reg::def_tied(r, members)
                  : (o.role & role_early_def) != 0 ? Reg::early_def(r) : Reg::def(r), k);
    }
    n += members - 1;
  }
  if (!require(form_feature(f)) || !require(named_feature(f, static_cast<u32>(word))) || count > max_fields) return;
  if ((row_of(f).effects & reads_flags) != 0) operands[count++] = Reg::use(operand_vreg(i, uses));
  if (defs < d.results) operands[count++] = Reg::def(result_vreg(i, defs));
  emit(form_of(f), Span<const Operand>(operands, count), word, 0,
       (row_of(f).effects & writes_flags) != 0 ? ir::mach_writes_flags : u8{0});
}

// ---- regions ----

inline void Lower::end_region(Inst) { in_region_ = true; }

// The operands of a region as one instruction: what comes from outside is read late, what is made
// inside is written early, so that neither shares a register with the other.
struct Lower::RegionOperands {
  static constexpr unsigned capacity = 32;
  Operand operands[capacity];
  unsigned count = 0;

  // The number of the operand with v, or capacity.
  unsigned find(VReg v) const {
    for (unsigned n = 0; n < count; ++n)
      if (operands[n].vreg == v) return n;
    return capacity;
  }
  // The number of the operand with o's value, which is o if there was none.
  unsigned place(Operand o) {
    const unsigned n = find(o.vreg);
    if (n != capacity) return n;
    if (count < capacity) operands[count++] = o;
    return count - 1;
  }
  // Operand n also has the constraint of o; false if it has another one.
  bool restrict_to(unsigned n, const FormOperand& o) {
    if (o.constraint == ConstraintKind::reg) return true;
    Operand& to = operands[n];
    if (to.constraint == ConstraintKind::subset) return to.arg == o.arg;
    to.constraint = o.constraint;
    to.arg = o.arg;
    return true;
  }
};

// An instruction of a region overwrites v with r: r has a register of its own, to which v is copied.
inline unsigned Lower::region_update(VReg v, VReg r, RegionOperands& list) {
  const unsigned from = list.place(Reg::late_use(v)), to = list.place(Reg::early_def(r));
  const auto name = [](RegField f, unsigned operand) { return u32{operand + 1} << (8 * (static_cast<u8>(f) - 1)); };
  if (ir::bank(mf_[v].type) == Bank::gpr)
    put_macro(Macro::region_word, {}, form_bits(Form::mov_reg_x), name(RegField::d, to) | name(RegField::m, from));
  else
    put_macro(Macro::region_word, {}, vector_copy, name(RegField::d, to) | name(RegField::n, from) | name(RegField::m, from));
  return to;
}

inline void Lower::begin_region(Inst i) {
  in_region_ = false;
  RegionOperands list;
  bool flags_written = false;
  for (Inst k = fn_[i].next; fn_[k].op != Opcode::region_end; k = fn_[k].next) {
    if (!ir::is_native(fn_[k].op)) return unsupported(k);
    region_word(k, list);
    flags_written = flags_written || (row_of(static_cast<Form>(ir::native_form(fn_[k].op))).effects & writes_flags) != 0;
  }
  if (list.count == RegionOperands::capacity) return unsupported(i);
  emit(form_of(Macro::region), Span<const Operand>(list.operands, list.count), 0, 0,
       flags_written ? ir::mach_writes_flags : u8{0});
}

// One instruction of the region: its word, and which operand of the region each field names.
inline void Lower::region_word(Inst i, RegionOperands& list) {
  const Form f = static_cast<Form>(ir::native_form(fn_[i].op));
  const DetailedOperands form(f);
  u32 uses = 0, defs = 0, immediate = fn_[i].aux, names = 0;
  u32 word = form_bits(f);
  for (unsigned n = 0; n < form.size(); ++n) {
    const FormOperand& o = form[n];
    if (o.kind != FormOperand::Kind::reg) {
      const std::optional<u32> bits = encode_imm(form.detail(n), fn_.immediates[immediate++]);
      if (!bits) return fail(Error::operand_range, static_cast<u64>(fn_.immediates[immediate - 1]));
      word ^= *bits;
      continue;
    }
    if (o.constraint != ConstraintKind::reg && o.constraint != ConstraintKind::subset) return unsupported(i);
    const bool is_use = (o.role & role_use) != 0, is_def = (o.role & role_def) != 0;
    const VReg v = is_use ? operand_vreg(i, uses++) : result_vreg(i, defs++);
    const VReg r = is_use && is_def ? result_vreg(i, defs++) : VReg();
    const unsigned at_operand = r ? region_update(v, r, list) : list.place(is_use ? Reg::late_use(v) : Reg::early_def(v));
    if (!list.restrict_to(at_operand, o)) return unsupported(i);
    names |= (at_operand + 1) << (8 * (static_cast<u8>(field_at(form.detail(n).lsb)) - 1));
  }
  if ((row_of(f).effects & reads_flags) != 0) list.place(Reg::use(operand_vreg(i, uses)));
  if (defs < fn_[i].results) list.place(Reg::def(result_vreg(i, defs)));
  if (!require(form_feature(f)) || !require(named_feature(f, static_cast<u32>(word)))) return;
  put_macro(Macro::region_word, {}, word, names);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_LOWER_CONTROL_HPP
