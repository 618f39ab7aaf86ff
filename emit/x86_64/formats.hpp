// The instruction table as data: Form numbers, what the IR knows of each form (FormOperands, Effects),
// the resolved operands that the text assembler and the decoder work with, and the encoder by number
// that the compile path uses.
//
// Form numbers and names: one Form per row, size and register/memory variant; the name is the row's
// with the size in bits appended where the row has an axis: add_rr_64, add_mr_8, vaddps_rrr_256, ret.
// sized(form, bits) and form_for(form, cond) step inside a row and between conditions.
// Conventions:
//  - FormOperands stand in text order; a memory operand is base and index (optional uses), then the
//    immediates scale (log2 of the factor, 0..3) and disp. Fixed registers that the text does not show
//    come last.
//  - A def narrower than its register keeps the bits above, except 32-bit general registers (cleared)
//    and VEX/EVEX forms and scalar loads (cleared).
//  - Alternates (add_ri8_64, jmp_l8 ...) are further encodings of another form's operands; encode() and
//    the assembler pick them where they are shorter.
#ifndef JITKIT_EMIT_X86_64_FORMATS_HPP
#define JITKIT_EMIT_X86_64_FORMATS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/encoder.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/ir/support/form.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

enum class Form : u16 {
  none,
#define JITKIT_X86_FORM(form, ...) form,
#include <jitkit/emit/x86_64/forms.def>
  count
};
inline constexpr usize form_count = static_cast<usize>(Form::count);

// Where the registers of a form stand in its bytes, in text order; and which of several encodings.
enum class Format : u8 {
  ZO, RM, MR, RVM, RMV, VM, MVR, M, O, I, ALUI, TESTI, SHIFTI, MOVI, IMULI, PUSHI, XCHG, VMOV, VMOV3,
  JUMP, ACC, RVMR, VZO, OXCHG, INTI
};

// Operand kinds of the rows. A/B: register A or memory of B bits; `axis`: the size of the form.
enum class Opd : u8 {
  k_none,
  k_r, k_e, k_en, k_rm, k_m, k_ms,              // axis register; axis/axis; no access; memory of the axis' size
  k_r8, k_r16, k_r32, k_r64,
  k_rms8, k_rms16, k_rms32, k_rms64,        // size of the memory operand must be stated
  k_rm8, k_rm32, k_rm64,
  k_m0, k_m8, k_m16, k_m32, k_m64, k_m128, k_m256, k_m512, k_ma512,  // m0: an address, no access; ma: not of 32 bits
  k_x, k_xs, k_xd, k_y, k_v,                  // 128, low 32, low 64, 256, axis
  k_xs32, k_xd64, k_xm128, k_vm, k_mv,
  k_rm16, k_ms16, k_r32m8, k_r32m16, k_xb8, k_xw16, k_xm32, k_ym256,
  k_ve, k_vh, k_vq, k_vo,           // memory size stated; axis / 2, 4, 8
  k_sreg, k_cr, k_dr,
  k_i, k_im, k_i8, k_i16, k_i32, k_i64, k_i64s, k_is8,  // axis; im: mov's; i64s: signed 32 bits at 64; is8: sign-extended byte
  k_acc, k_cl, k_one, k_dx, k_xmm0,           // fixed
  k_rel8, k_rel32, k_moffs,
  count
};

enum class OpClass : u8 { none, gpr, vec, mask, segment, control, debug, mem, imm, rel, one, moffs };

// One operand of a form as the text shows it.
struct OperandDesc {
  OpClass cls = OpClass::none;
  u16 bits = 0;         // register or memory size; 0: memory without a size
  u8 imm_bytes = 0;     // imm, rel: bytes in the encoding
  bool fixed = false;   // the register `fixed_number`, not encoded
  u8 fixed_number = 0;
  bool stated = false;  // memory: the text must state the size
  bool addr64 = false;  // memory: no 32-bit address, and GNU as wants no size
  bool access = true;   // memory: read or written, not only addressed
  bool sign_extended = false;  // imm: a signed number shorter than the operation
  bool unsigned_text = false;  // imm: bits, not a number with a sign
  bool any64 = false;          // imm: any 64-bit number, a longer encoding takes it
};

// Roles of the operands in text order, then the fixed registers the text does not show.
enum class Roles : u8 {
  r, w, rw, rwrw, mul8, mul, div8, div, rax16, rax32, rax64, sign16, sign32, sign64, mulx, cmpxchg,
  cmpxchg8b, cmpxchg16b, use_rcx, loop, rw_ax, use_ax,
  maskmov, pcmpestrm, pcmpestri, pcmpistrm, pcmpistri,
  use_edx_eax, def_edx_eax, cpuid, rdtscp, read_by_ecx, write_by_ecx, monitor, mwait,
  movs8, movs16, movs32, movs64, stos8, stos16, stos32, stos64, lods8, lods16, lods32, lods64,
  rep_movs8, rep_movs16, rep_movs32, rep_movs64, rep_stos8, rep_stos16, rep_stos32, rep_stos64,
  rep_lods8, rep_lods16, rep_lods32, rep_lods64,
  count
};

namespace detail {

inline constexpr i16 axis_bits = -8;  // A / n: the axis' size / n
enum KindFlags : u8 { k_fixed = 1, k_stated = 2, k_no_access = 4, k_signed = 8, k_any64 = 16, k_addr64 = 32 };

struct KindInfo {
  OpClass cls;     // of the register variant, or the only one
  i16 bits;        // of it
  i16 mem_bits;    // of the memory variant; 0: there is none (m0: no size)
  u8 flags;
  u8 number;       // fixed register; imm, rel: bytes (0: of the axis)
};
constexpr i16 A = axis_bits;
inline constexpr KindInfo kind_infos[] = {
    {OpClass::none, 0, 0, 0, 0},
    {OpClass::gpr, A, 0, 0, 0}, {OpClass::gpr, A, A, k_stated, 0}, {OpClass::gpr, A, A, k_stated | k_no_access, 0},
    {OpClass::gpr, A, A, 0, 0}, {OpClass::mem, A, A, 0, 0}, {OpClass::mem, A, A, k_stated, 0},
    {OpClass::gpr, 8, 0, 0, 0}, {OpClass::gpr, 16, 0, 0, 0}, {OpClass::gpr, 32, 0, 0, 0}, {OpClass::gpr, 64, 0, 0, 0},
    {OpClass::gpr, 8, 8, k_stated, 0}, {OpClass::gpr, 16, 16, k_stated, 0},
    {OpClass::gpr, 32, 32, k_stated, 0}, {OpClass::gpr, 64, 64, k_stated, 0},
    {OpClass::gpr, 8, 8, 0, 0}, {OpClass::gpr, 32, 32, 0, 0}, {OpClass::gpr, 64, 64, 0, 0},
    {OpClass::mem, 0, 0, k_no_access, 0}, {OpClass::mem, 8, 8, 0, 0}, {OpClass::mem, 16, 16, 0, 0},
    {OpClass::mem, 32, 32, 0, 0}, {OpClass::mem, 64, 64, 0, 0}, {OpClass::mem, 128, 128, 0, 0},
    {OpClass::mem, 256, 256, 0, 0}, {OpClass::mem, 512, 512, 0, 0}, {OpClass::mem, 512, 512, k_addr64, 0},
    {OpClass::vec, 128, 0, 0, 0}, {OpClass::vec, 32, 0, 0, 0}, {OpClass::vec, 64, 0, 0, 0},
    {OpClass::vec, 256, 0, 0, 0}, {OpClass::vec, A, 0, 0, 0},
    {OpClass::vec, 32, 32, 0, 0}, {OpClass::vec, 64, 64, 0, 0}, {OpClass::vec, 128, 128, 0, 0},
    {OpClass::vec, A, A, 0, 0}, {OpClass::mem, A, A, 0, 0},
    {OpClass::gpr, 16, 16, 0, 0}, {OpClass::mem, 16, 16, k_stated, 0}, {OpClass::gpr, 32, 8, 0, 0}, {OpClass::gpr, 32, 16, 0, 0},
    {OpClass::vec, 8, 8, 0, 0}, {OpClass::vec, 16, 16, 0, 0}, {OpClass::vec, 128, 32, 0, 0}, {OpClass::vec, 256, 256, 0, 0},
    {OpClass::vec, A, A, k_stated, 0}, {OpClass::vec, A / 2, A / 2, 0, 0}, {OpClass::vec, A / 4, A / 4, 0, 0},
    {OpClass::vec, A / 8, A / 8, 0, 0},
    {OpClass::segment, 16, 0, 0, 0}, {OpClass::control, 64, 0, 0, 0}, {OpClass::debug, 64, 0, 0, 0},
    {OpClass::imm, A, 0, 0, 0}, {OpClass::imm, A, 0, k_any64, 0}, {OpClass::imm, 8, 0, 0, 1}, {OpClass::imm, 16, 0, 0, 2}, {OpClass::imm, 32, 0, 0, 4},
    {OpClass::imm, 64, 0, 0, 8}, {OpClass::imm, 64, 0, k_signed, 4}, {OpClass::imm, A, 0, k_signed, 1},
    {OpClass::gpr, A, 0, k_fixed, 0}, {OpClass::gpr, 8, 0, k_fixed, 1}, {OpClass::one, 0, 0, 0, 0},
    {OpClass::gpr, 16, 0, k_fixed, 2}, {OpClass::vec, 128, 0, k_fixed, 0},
    {OpClass::rel, 8, 0, 0, 1}, {OpClass::rel, 32, 0, 0, 4}, {OpClass::moffs, A, 0, 0, 8},
};
static_assert(sizeof kind_infos / sizeof kind_infos[0] == static_cast<usize>(Opd::count));

constexpr OperandDesc describe(Opd kind, u16 size, bool mem_variant) {
  const KindInfo& k = kind_infos[static_cast<u8>(kind)];
  OperandDesc d;
  const bool mem = k.cls == OpClass::mem || (mem_variant && k.mem_bits != 0);
  const i16 bits = mem ? k.mem_bits : k.bits;
  d.cls = mem ? OpClass::mem : k.cls;
  d.bits = static_cast<u16>(bits < 0 ? size * -bits / 8 : bits);
  d.stated = mem && (k.flags & k_stated) != 0;
  d.addr64 = (k.flags & k_addr64) != 0;
  d.access = mem && (k.flags & k_no_access) == 0;
  d.fixed = (k.flags & k_fixed) != 0;
  d.fixed_number = k.number;
  d.sign_extended = (k.flags & k_signed) != 0;
  if (d.cls == OpClass::imm || d.cls == OpClass::rel || d.cls == OpClass::moffs)
    d.imm_bytes = k.number != 0 ? k.number : size == 64 ? 4 : static_cast<u8>(size / 8);
  d.unsigned_text = d.cls == OpClass::imm && !d.sign_extended && (k.number == 1 || k.number == 2);
  if (d.cls == OpClass::imm && size == 64 && d.imm_bytes == 4) d.sign_extended = true;
  d.any64 = (k.flags & k_any64) != 0 && size == 64 && !mem_variant;
  return d;
}

struct Kinds {
  Opd kind[4] = {};
  u8 count = 0;
};
constexpr Kinds kinds() { return {}; }
constexpr Kinds kinds(Opd a) { return {{a}, 1}; }
constexpr Kinds kinds(Opd a, Opd b) { return {{a, b}, 2}; }
constexpr Kinds kinds(Opd a, Opd b, Opd c) { return {{a, b, c}, 3}; }
constexpr Kinds kinds(Opd a, Opd b, Opd c, Opd e) { return {{a, b, c, e}, 4}; }

// A fixed register of a form: PReg `number` seen at `bits` (0: the form's size).
struct FixedUse {
  u8 number;
  u8 role;
  u8 bits;
};
struct RolesInfo {
  u8 operand[4];
  u8 fixed_count;
  FixedUse fixed[4];
};
inline constexpr u8 U = role_use, D = role_def, UD = role_use | role_def;
inline constexpr RolesInfo roles_infos[] = {
    {{U, U, U, U}, 0, {}},
    {{D, U, U, U}, 0, {}},
    {{UD, U, U, U}, 0, {}},
    {{UD, UD, U, U}, 0, {}},
    {{U, U, U, U}, 1, {{0, UD, 16}}},                                         // mul8
    {{U, U, U, U}, 2, {{0, UD, 0}, {2, D, 0}}},                               // mul
    {{U, U, U, U}, 1, {{0, UD, 16}}},                                         // div8
    {{U, U, U, U}, 2, {{0, UD, 0}, {2, UD, 0}}},                              // div
    {{}, 1, {{0, UD, 16}}},
    {{}, 1, {{0, UD, 32}}},
    {{}, 1, {{0, UD, 64}}},
    {{}, 2, {{0, U, 16}, {2, D, 16}}},                                        // sign: cwd ...
    {{}, 2, {{0, U, 32}, {2, D, 32}}},
    {{}, 2, {{0, U, 64}, {2, D, 64}}},
    {{D, D, U, U}, 1, {{2, U, 0}}},                                           // mulx
    {{UD, U, U, U}, 1, {{0, UD, 0}}},                                         // cmpxchg
    {{UD, U, U, U}, 4, {{0, UD, 32}, {2, UD, 32}, {3, U, 32}, {1, U, 32}}},   // cmpxchg8b
    {{UD, U, U, U}, 4, {{0, UD, 64}, {2, UD, 64}, {3, U, 64}, {1, U, 64}}},   // cmpxchg16b
    {{U, U, U, U}, 1, {{1, U, 64}}},                                          // use_rcx
    {{U, U, U, U}, 1, {{1, UD, 64}}},                                         // loop
    {{}, 1, {{0, UD, 16}}},                                                   // rw_ax
    {{}, 1, {{0, U, 16}}},                                                    // use_ax
    {{U, U, U, U}, 1, {{7, U, 64}}},                                          // maskmov
    {{U, U, U, U}, 3, {{0, U, 32}, {2, U, 32}, {16, D, 128}}},                // pcmpestrm
    {{U, U, U, U}, 3, {{0, U, 32}, {2, U, 32}, {1, D, 32}}},                  // pcmpestri
    {{U, U, U, U}, 1, {{16, D, 128}}},                                        // pcmpistrm
    {{U, U, U, U}, 1, {{1, D, 32}}},                                          // pcmpistri
    {{U, U, U, U}, 2, {{0, U, 32}, {2, U, 32}}},                              // use_edx_eax
    {{}, 2, {{0, D, 32}, {2, D, 32}}},                                        // def_edx_eax
    {{}, 4, {{0, UD, 32}, {1, UD, 32}, {2, D, 32}, {3, D, 32}}},              // cpuid
    {{}, 3, {{0, D, 32}, {2, D, 32}, {1, D, 32}}},                            // rdtscp
    {{}, 3, {{0, D, 32}, {2, D, 32}, {1, U, 32}}},                            // read_by_ecx
    {{}, 3, {{0, U, 32}, {2, U, 32}, {1, U, 32}}},                            // write_by_ecx
    {{}, 3, {{0, U, 64}, {1, U, 32}, {2, U, 32}}},                            // monitor
    {{}, 2, {{0, U, 32}, {1, U, 32}}},                                        // mwait
#define JITKIT_X86_4(M) M(8), M(16), M(32), M(64),
#define JITKIT_X86_MOVS(bits) {{}, 2, {{7, UD, 64}, {6, UD, 64}}}
#define JITKIT_X86_STOS(bits) {{}, 2, {{0, U, bits}, {7, UD, 64}}}
#define JITKIT_X86_LODS(bits) {{}, 2, {{0, D, bits}, {6, UD, 64}}}
#define JITKIT_X86_REP_MOVS(bits) {{}, 3, {{7, UD, 64}, {6, UD, 64}, {1, UD, 64}}}
#define JITKIT_X86_REP_STOS(bits) {{}, 3, {{0, U, bits}, {7, UD, 64}, {1, UD, 64}}}
#define JITKIT_X86_REP_LODS(bits) {{}, 3, {{0, D, bits}, {6, UD, 64}, {1, UD, 64}}}
    JITKIT_X86_4(JITKIT_X86_MOVS) JITKIT_X86_4(JITKIT_X86_STOS) JITKIT_X86_4(JITKIT_X86_LODS)
    JITKIT_X86_4(JITKIT_X86_REP_MOVS) JITKIT_X86_4(JITKIT_X86_REP_STOS) JITKIT_X86_4(JITKIT_X86_REP_LODS)
#undef JITKIT_X86_4
#undef JITKIT_X86_MOVS
#undef JITKIT_X86_STOS
#undef JITKIT_X86_LODS
#undef JITKIT_X86_REP_MOVS
#undef JITKIT_X86_REP_STOS
#undef JITKIT_X86_REP_LODS
};
static_assert(sizeof roles_infos / sizeof roles_infos[0] == static_cast<usize>(Roles::count));

}  // namespace detail

// A form as the rows have it.
struct FormRow {
  const char* name;
  const char* text;
  Enc enc;
  detail::Kinds kinds;
  u16 size;
  Format format;
  Roles roles;
  Axis axis;
  Feature feature;
  bool mem;        // the memory variant of a register-or-memory row
  bool alternate;  // another encoding of a form that stands before it
  Effects effects;
};

namespace table {
inline constexpr Effects rf = reads_flags, wf = writes_flags, rwf = reads_flags | writes_flags;
using detail::kinds;
inline constexpr FormRow form_rows[] = {
    {"none", "", 0, {}, 0, Format::ZO, Roles::r, Axis::none, Feature::base, false, false, 0},
#define JITKIT_X86_FORM(form, size, mem, alt, text, axis, fmt, kinds, roles, enc, feature, effects)             \
  {#form, text, sized(enc, Axis::axis, size), kinds, size, Format::fmt, Roles::roles, Axis::axis, Feature::feature, \
   mem != 0, alt != 0, (effects)},
#include <jitkit/emit/x86_64/forms.def>
};
}  // namespace table
using table::form_rows;
static_assert(sizeof form_rows / sizeof form_rows[0] == form_count);

constexpr const FormRow& row_of(Form f) { return form_rows[static_cast<u16>(f)]; }

// Operand i of a form, as the text shows it.
constexpr OperandDesc operand_of(const FormRow& row, unsigned i) {
  return detail::describe(row.kinds.kind[i], row.size, row.mem);
}

// All the CPU features a form needs.
constexpr FeatureSet required_features(Form f) {
  const FormRow& row = row_of(f);
  FeatureSet s = FeatureSet::of(row.feature);
  if (space_of(row.enc) == Space::legacy) return s;
  for (unsigned i = 0; i < row.kinds.count; ++i)
    if (operand_of(row, i).cls == OpClass::vec) s = s | FeatureSet::of(Feature::avx);
  if (row.axis == Axis::vi && row.size == 256) s = s | FeatureSet::of(Feature::avx2);
  return s;
}

namespace detail {

constexpr u8 log2_bits(unsigned bits) { return static_cast<u8>(log2_floor(bits)); }

}  // namespace detail

// Made when asked for: as constants of all forms they would cost every compilation more than the rest.
constexpr FormOperands form_operands(Form f) {
  const FormRow& row = row_of(f);
  const detail::RolesInfo& roles = detail::roles_infos[static_cast<u8>(row.roles)];
  FormOperands operands;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = detail::describe(row.kinds.kind[i], row.size, row.mem);
    FormOperand o;
    switch (d.cls) {
      case OpClass::gpr:
      case OpClass::vec:
      case OpClass::mask:
        o.role = roles.operand[i];
        o.bank = d.cls == OpClass::gpr ? Bank::gpr : d.cls == OpClass::vec ? Bank::vec : Bank::mask;
        o.width = detail::log2_bits(d.bits);
        if (d.fixed) {
          o.constraint = ConstraintKind::fixed;
          o.arg = static_cast<u8>(d.fixed_number + (d.cls == OpClass::vec ? 16 : 0));
        } else if (d.cls == OpClass::vec) {
          o.constraint = ConstraintKind::subset;  // xmm0..xmm15, subset 0
        }
        operands.add(o);
        break;
      case OpClass::mem:
        o.role = role_use | role_optional;
        o.bank = Bank::gpr;
        o.width = 6;
        operands.add(o);
        operands.add(o);
        o = {FormOperand::Kind::imm};
        operands.add(o);  // scale
        operands.add(o);  // disp
        break;
      case OpClass::imm:
      case OpClass::moffs: operands.add({FormOperand::Kind::imm}); break;
      case OpClass::rel: operands.add({FormOperand::Kind::label}); break;
      case OpClass::segment:
      case OpClass::control:
      case OpClass::debug: operands.add({FormOperand::Kind::imm}); break;  // the register's number
      case OpClass::none:
      case OpClass::one: break;
    }
  }
  for (unsigned i = 0; i < roles.fixed_count; ++i) {
    FormOperand o;
    o.role = roles.fixed[i].role;
    o.bank = roles.fixed[i].number < 16 ? Bank::gpr : Bank::vec;
    o.width = detail::log2_bits(roles.fixed[i].bits != 0 ? roles.fixed[i].bits : row.size);
    o.constraint = ConstraintKind::fixed;
    o.arg = roles.fixed[i].number;
    operands.add(o);
  }
  return operands;
}

constexpr Effects form_effects(Form f) {
  const FormRow& row = row_of(f);
  const detail::RolesInfo& roles = detail::roles_infos[static_cast<u8>(row.roles)];
  Effects e = row.effects;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = detail::describe(row.kinds.kind[i], row.size, row.mem);
    if (d.cls != OpClass::mem || !d.access) continue;
    if ((roles.operand[i] & role_use) != 0) e |= reads_memory;
    if ((roles.operand[i] & role_def) != 0) e |= writes_memory;
  }
  return e;
}

// Register subsets that FormOperand::arg names: 0: xmm0..xmm15.
inline constexpr RegSet register_subsets[] = {RegSet::range(16, 16)};

constexpr const char* form_name(Form f) { return row_of(f).name; }
// The form of that name, Form::none if there is none. Linear: for parsers, not for the compile path.
constexpr Form form_by_name(std::string_view name) {
  for (usize i = 1; i < form_count; ++i)
    if (form_rows[i].name == name) return static_cast<Form>(i);
  return Form::none;
}

// The form of the same row with another operand size or vector length.
constexpr Form sized(Form f, unsigned bits) {
  const int steps = static_cast<int>(log2_floor(bits)) - static_cast<int>(log2_floor(row_of(f).size));
  const auto g = static_cast<Form>(static_cast<int>(f) + steps);
  check(row_of(g).size == bits);
  return g;
}

// The form for condition c in the family of `o` (jo_l, seto_r, cmovo_rr_32 ...), any size.
constexpr Form form_for(Form o, Cond c) {
  int stride = 1;
  if (o >= Form::seto_r && o <= Form::setg_m) stride = 2;
  if (o >= Form::cmovo_rr_16 && o <= Form::cmovg_rm_64) stride = 6;
  return static_cast<Form>(static_cast<int>(o) + stride * static_cast<int>(c));
}

// --- The encoder by number ---------------------------------------------------------------------------

namespace detail {

// Which of the short ways of encode_quick() a form may go.
enum class Quick : u8 { none, registers, memory, alu, shift };

// What encode() needs of a form: 16 bytes. An *_at is an index into the registers, 15: none, 14: the
// immediate is the number (segment, control and debug registers).
inline constexpr u8 from_imm = 14;
struct EncodeRecord {
  Enc enc = 0;
  Format format = Format::ZO;
  u8 reg_at = 15;
  u8 rm_at = 15;
  u8 v_at = 15;
  u8 is4_at = 15;
  bool mem : 1 = false;
  bool byte_reg : 1 = false;
  bool byte_rm : 1 = false;
  u8 imm_bytes = 0;
  Quick quick = Quick::none;
};
static_assert(sizeof(EncodeRecord) == 16);

// The slots of the register operands of a format, in text order: R reg, V vvvv, M rm, 4 is4.
constexpr const char* slots_of(Format f) {
  switch (f) {
    case Format::RM:
    case Format::IMULI:
    case Format::XCHG:
    case Format::VMOV: return "RM";
    case Format::MR: return "MR";
    case Format::RVM:
    case Format::VMOV3: return "RVM";
    case Format::RMV: return "RMV";
    case Format::VM: return "VM";
    case Format::MVR: return "MVR";
    case Format::RVMR: return "RVM4";
    case Format::M:
    case Format::O:
    case Format::OXCHG:
    case Format::ALUI:
    case Format::TESTI:
    case Format::SHIFTI:
    case Format::MOVI: return "M";
    case Format::ZO:
    case Format::I:
    case Format::PUSHI:
    case Format::INTI:
    case Format::JUMP:
    case Format::ACC:
    case Format::VZO: return "";
  }
  return "";
}

constexpr Quick quick_of(const EncodeRecord& r) {
  if (space_of(r.enc) != Space::legacy || r.byte_reg || r.byte_rm || r.reg_at == from_imm || r.v_at != 15 ||
      r.is4_at != 15 || r.rm_at == 15)
    return Quick::none;
  switch (r.format) {
    case Format::RM:
    case Format::MR:
    case Format::M: return r.imm_bytes != 0 ? Quick::none : r.mem ? Quick::memory : Quick::registers;
    case Format::ALUI: return r.mem || byte_form(r.enc) ? Quick::none : Quick::alu;
    case Format::SHIFTI: return r.mem ? Quick::none : Quick::shift;
    default: return Quick::none;
  }
}

constexpr EncodeRecord make_record(const FormRow& row) {
  EncodeRecord r;
  r.enc = row.enc;
  r.format = row.format;
  const char* slot = slots_of(row.format);
  unsigned at = 0;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = describe(row.kinds.kind[i], row.size, row.mem);
    r.imm_bytes = static_cast<u8>(r.imm_bytes + d.imm_bytes);
    const bool is_mem = d.cls == OpClass::mem;
    const bool is_reg = d.cls == OpClass::gpr || d.cls == OpClass::vec || d.cls == OpClass::mask;
    if (d.cls == OpClass::segment || d.cls == OpClass::control || d.cls == OpClass::debug) {
      r.reg_at = from_imm;
      ++slot;
    }
    if (!is_mem && !is_reg) continue;
    if (!d.fixed) {
      const bool byte = d.cls == OpClass::gpr && d.bits == 8;
      const auto here = static_cast<u8>(at);
      switch (*slot++) {
        case 'R':
          r.reg_at = here;
          r.byte_reg = byte;
          break;
        case 'V': r.v_at = here; break;
        case '4': r.is4_at = here; break;
        default:
          r.rm_at = here;
          r.byte_rm = byte;
          r.mem = is_mem;
      }
    }
    at += is_mem ? 2 : 1;
  }
  r.quick = quick_of(r);
  return r;
}

struct EncodeTable {
  EncodeRecord record[form_count] = {};
  constexpr EncodeTable() {
    for (usize i = 0; i < form_count; ++i) record[i] = make_record(form_rows[i]);
  }
};
inline constexpr EncodeTable encode_table;

// Operands by where they stand in the bytes.
struct Slots {
  unsigned reg = 0;
  unsigned v = 0;
  unsigned is4 = 0;
  Mem rm;
  i64 imm = 0;
};

constexpr u8* put_form(u8* p, const EncodeRecord& r, const Slots& s) {
  switch (r.format) {
    case Format::RM:
    case Format::MR:
    case Format::RVM:
    case Format::RMV:
    case Format::VM:
    case Format::MVR:
    case Format::M: p = put_modrm(p, r.enc, s.reg, s.v, s.rm); break;
    case Format::VMOV:
    case Format::VMOV3: p = put_vex_move(p, r.enc, s.reg, s.v, s.rm); break;
    case Format::RVMR:
      p = put_modrm(p, r.enc, s.reg, s.v, s.rm);
      return p != nullptr ? put_imm(p, s.is4 << 4, 1) : p;
    case Format::O: p = legacy_o(p, r.enc, s.rm.base); break;
    case Format::OXCHG: p = put_exchange_opcode(p, r.enc, s.rm.base); break;
    case Format::ZO:
    case Format::I:
    case Format::JUMP: p = put_plain(p, r.enc); break;
    case Format::ACC: p = put_plain(put_address_prefixes(p, s.rm), r.enc); break;
    case Format::VZO: return put_vex(p, r.enc, 0, 0, 0);
    case Format::ALUI: return put_alu_imm(p, r.enc, s.rm, s.imm);
    case Format::TESTI: return put_test_imm(p, r.enc, s.rm, s.imm);
    case Format::SHIFTI: return put_shift_imm(p, r.enc, s.rm, s.imm);
    case Format::MOVI: return put_mov_imm(p, r.enc, s.rm, s.imm);
    case Format::IMULI: return put_imul_imm(p, r.enc, s.reg, s.rm, s.imm);
    case Format::XCHG: return put_xchg(p, r.enc, s.reg, s.rm.base);
    case Format::PUSHI: return put_push_imm(p, r.enc, s.imm);
    case Format::INTI: return put_interrupt(p, r.enc, s.imm);
  }
  return p != nullptr ? put_imm(p, s.imm, r.imm_bytes) : p;
}

}  // namespace detail

inline constexpr u8 reg_none = 0xff;  // no base, no index
inline constexpr u8 reg_rip = 0xfe;   // base: RIP-relative; disp counts from the end of the instruction

// Encodes a form. `regs`: PReg numbers of its register FormOperands in their order (a memory operand
// gives base and index; fixed registers are ignored and may be left out at the end); `scale` log2;
// `imm`: its immediate (two: the second above the first), or the displacement of a direct branch.
// Returns the length, 0 if these registers cannot be encoded together (rsp as an index). Immediates
// are taken modulo their field.
constexpr u8 encode(Form form, const u8* regs, i32 disp, u8 scale, i64 imm, u8* out) {
  using namespace detail;
  const EncodeRecord& r = encode_table.record[static_cast<u16>(form)];
  const auto code = [&](unsigned at, bool byte) -> unsigned {
    const unsigned n = regs[at] < 16 ? regs[at] : regs[at] < 48 ? regs[at] - 16U : regs[at] - 48U;
    return byte ? byte_code(n) : n;
  };
  Slots s;
  s.imm = imm;
  s.reg = r.reg_at < from_imm    ? code(r.reg_at, r.byte_reg)
          : r.reg_at == from_imm ? static_cast<unsigned>(imm) & 15
                                 : digit_of(r.enc);
  if (r.v_at != 15) s.v = code(r.v_at, false);
  if (r.is4_at != 15) s.is4 = code(r.is4_at, false);
  if (r.mem) {
    s.rm.base = regs[r.rm_at] == reg_none ? Mem::none : regs[r.rm_at];
    s.rm.index = regs[r.rm_at + 1U] == reg_none ? Mem::none : regs[r.rm_at + 1U];
    s.rm.scale = scale;
    s.rm.disp = disp;
    if (s.rm.base == reg_rip) {
      s.rm.kind = Mem::Kind::rip;
      s.rm.base = Mem::none;
    }
  } else if (r.rm_at != 15) {
    s.rm = Mem::of_register(static_cast<u8>(code(r.rm_at, r.byte_rm)));
  }
  u8* end = put_form(out, r, s);
  return end != nullptr ? static_cast<u8>(end - out) : u8{0};
}

// encode() for the forms and operands most code is made of: the end, or nullptr for any other. Writes up
// to 16 bytes.
[[gnu::always_inline]] inline u8* encode_quick(Form form, const u8* regs, i32 disp, u8 scale, i64 imm, u8* out) {
  using detail::Quick;
  const detail::EncodeRecord& r = detail::encode_table.record[static_cast<u16>(form)];
  if (r.quick == Quick::none) return nullptr;
  const unsigned reg = r.reg_at < detail::from_imm ? regs[r.reg_at] : digit_of(r.enc);
  const unsigned rm = regs[r.rm_at];
  if ((reg | rm) >= 32) return nullptr;  // none, rip; vector registers from 16 on
  switch (r.quick) {
    case Quick::registers: return legacy_rr(out, r.enc, reg & 15, rm & 15);
    case Quick::memory: {
      const u8 index = regs[r.rm_at + 1U];
      Mem m;
      m.base = static_cast<u8>(rm);
      m.index = index == reg_none ? Mem::none : index;
      m.scale = scale;
      m.disp = disp;
      return is_plain_address(m, 0) ? put_plain_memory(out, r.enc, reg & 15, m) : nullptr;
    }
    case Quick::alu: return put_alu_register(out, r.enc, rm & 15, imm);
    case Quick::shift: {
      u8* end = legacy_rr(out, imm == 1 ? opcode_plus(r.enc, 0x10) : r.enc, reg, rm & 15);
      *end = static_cast<u8>(imm);
      return end + (imm == 1 ? 0 : 1);
    }
    case Quick::none: break;
  }
  return nullptr;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_FORMATS_HPP
