// The tables that everything but the assembler's methods works from: forms, their operands with roles
// and constraints, and their encodings. All are expanded from insts.def and operands.def.
//
// To encode a form by number: start from form_bits(f); of DetailedOperands(f), exclusive-or
// encode_imm(detail(i), value) for each immediate operand i, then or the register numbers at
// detail(i).lsb. Immediates can be merged when the instruction is selected, registers when it is emitted.
//
// Invariants: Form 0 is none. The table is an aggregate of constants as they stand in the rows: what
// can be derived from a row is derived when it is asked for, because compilers run constant expressions
// slowly.
#ifndef JITKIT_EMIT_ARM64_FORMATS_HPP
#define JITKIT_EMIT_ARM64_FORMATS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/features.hpp>
#include <jitkit/emit/arm64/operands.hpp>
#include <jitkit/ir/support/form.hpp>

#include <optional>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- operand kinds ----

// How an operand is written. The text assembler and the disassembler switch over it.
enum class Text : u8 {
  w, x, w_sp, x_sp, xret, x_first, x_low, x_opt, post_reg, mops_at, mops_size,  // general registers
  b, h, s, d, q,                       // FP and SIMD registers
  v_b8, v_b16, v_h4, v_h8, v_s2, v_s4, v_d1, v_d2, v_q1, v_h2,
  lane, list, lane_list,
  base, mem, bare_mem,                       // [x0 and [x0]
  imm, hex, addsub, optional_imm, fpimm, fpzero, zero,
  lsl, msl, shift, extend, index, windex, field, cond, dot_cond,
  off, pre, pre_step, post, rel, landing, csync, prefetch, barrier, nxs, isb, clrex,
  sysreg, pstate, pstate_mask, control, rctx, at_op, dc_op, ic_op, ic_op_reg, tlbi_op, tlbi_op_reg,
};

enum class OperandKind : u16 {
  none,
#define JITKIT_A64_REG(kind, Type, lsb, text, bank, bits, role) kind,
#define JITKIT_A64_REG2(kind, Type, lsb, lsb2, text, bank, bits) kind,
#define JITKIT_A64_PAIR(kind, Type, lsb, text, bits, count, role) kind,
#define JITKIT_A64_LANE(kind, ...) kind,
#define JITKIT_A64_LIST(kind, ...) kind,
#define JITKIT_A64_LANE_LIST(kind, ...) kind,
#define JITKIT_A64_IMM(kind, Wrapper, imm, lsb, width, scale, text) kind,
#include <jitkit/emit/arm64/operands.def>
};

namespace role {
inline constexpr u8 use = role_use;
inline constexpr u8 def = role_def;
inline constexpr u8 early = role_def | role_early_def;
inline constexpr u8 tied = role_use | role_def;
inline constexpr u8 tied_early = role_use | role_def | role_early_def;
}  // namespace role

// Field numbers that are not one field at one place.
inline constexpr u8 no_lsb = 0xff;

struct OperandInfo {
  Text text;
  u8 lsb;       // of the register field
  u8 lsb2;      // of a second field with the same register, or no_lsb
  u8 regs;      // registers in the operand
  u8 reg_bits;  // width of the field
  Arr arr;      // of a lane or list, how it is written
  bool has_imm;
  ImmSpec imm;
  FormOperand form;  // of the first register, or of the immediate
};

constexpr FormOperand register_operand(Bank bank, unsigned log2_bits, u8 roles, unsigned count) {
  FormOperand o;
  o.role = roles;
  o.bank = bank;
  o.width = static_cast<u8>(log2_bits);
  if (count > 1) {
    o.constraint = ConstraintKind::tuple;
    o.length = static_cast<u8>(count);
    o.flags = bank == Bank::gpr ? tuple_even : tuple_wraps;
  }
  return o;
}
constexpr FormOperand immediate_operand(Text t) {
  FormOperand o;
  o.kind = t == Text::rel ? FormOperand::Kind::label : FormOperand::Kind::imm;
  return o;
}

// A field of 4 bits holds v0 to v15.
constexpr FormOperand lane_operand(u8 roles, unsigned reg_bits) {
  FormOperand o = register_operand(Bank::vec, 7, roles, 1);
  if (reg_bits == 4) o.constraint = ConstraintKind::subset;
  return o;
}

inline constexpr OperandInfo operand_infos[] = {
    {Text::imm, no_lsb, no_lsb, 0, 0, Arr::b, false, {}, {}},  // none
#define JITKIT_A64_REG(kind, Type, lsb, text, bank, bits, role_) \
  {Text::text, lsb, no_lsb, 1, 5, Arr::b, false, {}, register_operand(Bank::bank, bits, role::role_, 1)},
#define JITKIT_A64_REG2(kind, Type, lsb, lsb2, text, bank, bits) \
  {Text::text, lsb, lsb2, 1, 5, Arr::b, false, {}, register_operand(Bank::bank, bits, role::use, 1)},
#define JITKIT_A64_PAIR(kind, Type, lsb, text, bits, count, role_) \
  {Text::text, lsb, no_lsb, count, 5, Arr::b, false, {}, register_operand(Bank::gpr, bits, role::role_, count)},
#define JITKIT_A64_LANE(kind, E, lsb, reg_bits, imm, imm_lsb, width, scale, role_) \
  {Text::lane, lsb, no_lsb, 1, reg_bits, Arr::E, true, {ImmKind::imm, imm_lsb, width, scale}, \
   lane_operand(role::role_, reg_bits)},
#define JITKIT_A64_LIST(kind, A, count, lsb, bits, role_) \
  {Text::list, lsb, no_lsb, count, 5, Arr::A, false, {}, register_operand(Bank::vec, bits, role::role_, count)},
#define JITKIT_A64_LANE_LIST(kind, E, count, width, role_) \
  {Text::lane_list, 0, no_lsb, count, 5, Arr::E, true, {ImmKind::lane_q, 0, width, 0}, \
   register_operand(Bank::vec, 7, role::role_, count)},
#define JITKIT_A64_IMM(kind, Wrapper, imm, lsb, width, scale, text) \
  {Text::text, 0, no_lsb, 0, 0, Arr::b, true, {ImmKind::imm, lsb, width, scale}, immediate_operand(Text::text)},
#include <jitkit/emit/arm64/operands.def>
};

constexpr const OperandInfo& operand_info(OperandKind k) { return operand_infos[static_cast<u16>(k)]; }

// The bits of the word that an operand decides.
constexpr u32 operand_mask(const OperandInfo& o) {
  u32 mask = o.has_imm ? imm_mask(o.imm) : 0;
  if (o.regs != 0) mask |= static_cast<u32>(low_mask(o.reg_bits)) << o.lsb;
  if (o.lsb2 != no_lsb) mask |= 31U << o.lsb2;
  return mask;
}

// ---- forms ----

enum class Form : u16 {
  none,
#define JITKIT_A64(form, ...) form,
#include <jitkit/emit/arm64/insts.def>
  count
};
inline constexpr unsigned form_count = static_cast<unsigned>(Form::count);

// Effects tokens of insts.def.
namespace effect {
inline constexpr u32 pure = 0;
inline constexpr u32 rf = reads_flags;
inline constexpr u32 wf = writes_flags;
inline constexpr u32 ld = reads_memory | may_trap;
inline constexpr u32 st = writes_memory | may_trap;
inline constexpr u32 rmw = reads_memory | writes_memory | may_trap;
inline constexpr u32 sys = other_state;
inline constexpr u32 excl = other_state | exclusive;
inline constexpr u32 hint = other_state;  // nothing depends on it, but it is there for a reason
inline constexpr u32 traps = may_trap;
inline constexpr u32 ctl = control;
inline constexpr u32 asm_only = 1 << 16;
inline constexpr u32 first = 1 << 17;
inline constexpr u32 implicit = unnamed_registers;
}  // namespace effect

// A row of insts.def.
struct FormRow {
  const char* name;
  const char* method;
  u32 bits;
  u32 effects;  // tokens of namespace effect
  Feature feature;
  OperandKind operands[5];
};

namespace detail {
using namespace effect;
inline constexpr FormRow form_rows[] = {
    {"none", "", 0, 0, Feature::base, {}},
#define JITKIT_A64_0(form, m, bits, ft, fx) {#form, #m, bits, fx, Feature::ft, {}},
#define JITKIT_A64_1(form, m, bits, ft, fx, a) {#form, #m, bits, fx, Feature::ft, {OperandKind::a}},
#define JITKIT_A64_2(form, m, bits, ft, fx, a, b) \
  {#form, #m, bits, fx, Feature::ft, {OperandKind::a, OperandKind::b}},
#define JITKIT_A64_3(form, m, bits, ft, fx, a, b, c) \
  {#form, #m, bits, fx, Feature::ft, {OperandKind::a, OperandKind::b, OperandKind::c}},
#define JITKIT_A64_4(form, m, bits, ft, fx, a, b, c, d) \
  {#form, #m, bits, fx, Feature::ft, {OperandKind::a, OperandKind::b, OperandKind::c, OperandKind::d}},
#define JITKIT_A64_5(form, m, bits, ft, fx, a, b, c, d, e) \
  {#form, #m, bits, fx, Feature::ft,                       \
   {OperandKind::a, OperandKind::b, OperandKind::c, OperandKind::d, OperandKind::e}},
#define JITKIT_A64_1O JITKIT_A64_1
#define JITKIT_A64_3O JITKIT_A64_3
#define JITKIT_A64_4O JITKIT_A64_4
#define JITKIT_A64_L1 JITKIT_A64_1
#define JITKIT_A64_L2 JITKIT_A64_2
#define JITKIT_A64_L3 JITKIT_A64_3
#include <jitkit/emit/arm64/insts.def>
};
static_assert(sizeof form_rows / sizeof form_rows[0] == form_count);
}  // namespace detail

constexpr const FormRow& row_of(Form f) { return detail::form_rows[static_cast<u16>(f)]; }
constexpr const char* form_name(Form f) { return row_of(f).name; }
constexpr Feature form_feature(Form f) { return row_of(f).feature; }
constexpr Effects form_effects(Form f) {
  Effects e = static_cast<Effects>(row_of(f).effects);
  for (const OperandKind k : row_of(f).operands) {  // the stack pointer itself; one register in two fields
    const OperandInfo& o = operand_info(k);
    if (o.regs != 0 && (o.lsb2 != no_lsb || o.form.bank == Bank::none)) e |= unnamed_registers;
  }
  return e;
}
constexpr u32 form_bits(Form f) { return row_of(f).bits; }
constexpr OperandKind form_operand_kind(Form f, unsigned text_operand) {
  return text_operand < 5 ? row_of(f).operands[text_operand] : OperandKind::none;
}
// As assembler text has it: a C++ keyword's trailing underscore is not part of it.
constexpr std::string_view form_mnemonic(Form f) {
  std::string_view m = row_of(f).method;
  if (m.ends_with('_')) m.remove_suffix(1);
  return m;
}

// The bits that are the same in all words of the form.
constexpr u32 form_mask(Form f) {
  u32 mask = ~u32{0};
  for (OperandKind k : row_of(f).operands) mask &= ~operand_mask(operand_info(k));
  return mask;
}

// The operands of a form, with what is known of each beside its FormOperand.
struct OperandDetail {
  OperandKind kind;
  u8 lsb;  // of the register field; no_lsb: an immediate, or a later register of a tuple
};
class DetailedOperands : public FormOperands {
 public:
  constexpr explicit DetailedOperands(Form f) {
    for (const OperandKind k : row_of(f).operands) {
      if (k == OperandKind::none) break;
      const OperandInfo& o = operand_info(k);
      for (u8 i = 0; i < o.regs; ++i) {
        FormOperand made = o.form;
        if (o.regs > 1) made.arg = i;
        add_detailed(made, {k, i == 0 ? o.lsb : no_lsb});
      }
      if (o.has_imm) add_detailed(immediate_operand(o.text), {k, no_lsb});
    }
  }
  constexpr const OperandDetail& detail(unsigned i) const { return details_[i]; }

 private:
  constexpr void add_detailed(FormOperand o, OperandDetail d) {
    add(o);
    details_[size() - 1] = d;
  }
  OperandDetail details_[capacity] = {};
};
constexpr FormOperands form_operands(Form f) { return DetailedOperands(f); }

// Field bits of value v for an immediate operand, to be exclusive-or-ed into the word.
constexpr std::optional<u32> encode_imm(const OperandDetail& d, i64 v) {
  const Encoded e = encode_imm(operand_info(d.kind).imm, v);
  if (e == refused) return std::nullopt;
  return static_cast<u32>(e);
}

// Register subsets that FormOperand::arg of ConstraintKind::subset names.
inline constexpr RegSet register_subsets[] = {
    RegSet::range(32, 16),  // v0..v15: by-element forms of 16-bit elements
};

// The form of that name; none if there is none. Linear: parsers keep what they found.
constexpr Form find_form(std::string_view name) {
  for (unsigned f = 1; f < form_count; ++f)
    if (name == form_name(static_cast<Form>(f))) return static_cast<Form>(f);
  return Form::none;
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_FORMATS_HPP
