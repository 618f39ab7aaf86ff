// The words that rows of the instruction tables are made of: formats, operand kinds, roles.
//
// A new kind of operand is an Opd with its line in kind_infos and its C++ type in assembler.hpp
// (JITKIT_X86_T_<kind>); new fixed registers are a Roles with its line in roles_infos. Cheap to include: no
// table of instructions.
#ifndef JITKIT_EMIT_X86_64_OPERAND_KINDS_HPP
#define JITKIT_EMIT_X86_64_OPERAND_KINDS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/encoder.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/ir/support/form.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

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
  k_k, k_km8, k_km16, k_km32, k_km64,         // mask register, or it and memory
  k_h,                                        // a register of half the axis
  k_gx, k_gh, k_gd,                           // gathered memory: index of the axis; half of it; data is half
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
  u16 index = 0;        // memory: bits of the vector register that is the index; 0: none
  u16 element = 0;      // memory: bits of an element where it may be stated instead of the whole
  u8 broadcast = 0;     // memory: log2 of how many copies of it are the operand
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
  gather,
  count
};

namespace detail {

inline constexpr i16 axis_bits = -8;  // A / n: the axis' size / n
enum KindFlags : u8 { k_fixed = 1, k_stated = 2, k_no_access = 4, k_signed = 8, k_any64 = 16, k_addr64 = 32, k_index = 64, k_index_half = 128 };

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
    {OpClass::mask, 64, 0, 0, 0}, {OpClass::mask, 64, 8, 0, 0}, {OpClass::mask, 64, 16, 0, 0},
    {OpClass::mask, 64, 32, 0, 0}, {OpClass::mask, 64, 64, 0, 0},
    {OpClass::vec, A / 2, 0, 0, 0},
    {OpClass::mem, A, A, k_index, 0}, {OpClass::mem, A, A, k_index_half, 0}, {OpClass::mem, A / 2, A / 2, k_index, 0},
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
  if ((k.flags & (k_index | k_index_half)) != 0) d.index = (k.flags & k_index) != 0 || size == 128 ? size : size / 2;
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
#define JITKIT_X86_REP_LODS(bits) {{}, 3, {{0, UD, bits}, {6, UD, 64}, {1, UD, 64}}}
    JITKIT_X86_4(JITKIT_X86_MOVS) JITKIT_X86_4(JITKIT_X86_STOS) JITKIT_X86_4(JITKIT_X86_LODS)
    JITKIT_X86_4(JITKIT_X86_REP_MOVS) JITKIT_X86_4(JITKIT_X86_REP_STOS) JITKIT_X86_4(JITKIT_X86_REP_LODS)
    {{UD | role_early_def, U, UD | role_early_def, U}, 0, {}},                // gather
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

// What a form of an EVEX row has besides its length; `plain`: registers or, in other rows, nothing of this.
enum class EvexVariant : u8 { plain, memory, broadcast, rounding };
enum class Masking : u8 { none, merge, zero };

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
  // EVEX (evex_rows.hpp).
  EvexVariant variant = EvexVariant::plain;
  Masking masking = Masking::none;
  u16 modes = 0;
};

namespace table {
// The effects column.
inline constexpr Effects rf = reads_flags, wf = writes_flags, rwf = reads_flags | writes_flags;
using detail::kinds;
}  // namespace table

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_OPERAND_KINDS_HPP
