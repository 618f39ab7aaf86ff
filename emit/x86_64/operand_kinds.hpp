// The words that rows of the instruction tables are made of: formats, operand kinds, roles.
//
// A new kind of operand is a row of operands.def and its C++ type in assembler.hpp (JITKIT_X86_T_<kind>); new fixed
// registers are a row of operands.def. Cheap to include: no table of instructions.
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

enum class Opd : u8 {
#define JITKIT_X86_KIND(name, ...) name,
#include <jitkit/emit/x86_64/operands.def>
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
#define JITKIT_X86_ROLES(name, ...) name,
#include <jitkit/emit/x86_64/operands.def>
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
#define JITKIT_X86_KIND(name, cls, ...) {OpClass::cls, __VA_ARGS__},
#include <jitkit/emit/x86_64/operands.def>
};

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
#define JITKIT_X86_ROLES(name, ...) {__VA_ARGS__},
#include <jitkit/emit/x86_64/operands.def>
};

}  // namespace detail

// What a form of an EVEX row has besides its length; `plain`: registers or, in other rows, nothing of this.
enum class EvexVariant : u8 { plain, memory, broadcast, rounding };
enum class Masking : u8 { none, merge, zero };

// A row of insts.def, as register or memory variant; the base of what a form is.
struct InstRow {
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
// A form, with the size in its row; EVEX has more (evex_rows.hpp).
struct FormRow : InstRow {
  EvexVariant variant = EvexVariant::plain;
  Masking masking = Masking::none;
  u16 modes = 0;
};

namespace table {
// The effects column.
inline constexpr Effects rf = reads_flags, wf = writes_flags, rwf = reads_flags | writes_flags;
}  // namespace table

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_OPERAND_KINDS_HPP
