// Relocations and fixups: the fields of machine code that hold a distance or an address, how far they
// reach and how a value is written into them.
//
// Invariant: every field a label or a symbol can be written to is one row of fixup_fields; CodeBuffer,
// placement, islands and the object writer all read that row.
// Sources: Arm ARM C4.1 (branch and address fields), ELF for the Arm 64-bit Architecture (2023Q3) 5.7,
// System V ABI AMD64 1.0 section 4.4.
#ifndef JITKIT_EMIT_RELOC_HPP
#define JITKIT_EMIT_RELOC_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>

#include <cstring>

namespace jitkit::inline JITKIT_ABI {

// Where a distance or an address is written. The order is that of fixup_fields.
enum class FixupKind : u8 {
  none,
  a64_branch26,  // b, bl: 26 bits of words at bit 0
  a64_branch19,  // b.cond, cbz, cbnz: 19 bits of words at bit 5
  a64_branch14,  // tbz, tbnz: 14 bits of words at bit 5
  a64_load19,    // ldr literal: as branch19, but never redirected to a veneer
  a64_adr21,     // adr: 21 bits of bytes, immlo at 29, immhi at 5
  a64_adrp21,    // adrp: 21 bits of 4 KiB pages
  a64_lo12,      // add imm12: low 12 bits of the address
  a64_ldst8_lo12,
  a64_ldst16_lo12,
  a64_ldst32_lo12,
  a64_ldst64_lo12,
  a64_ldst128_lo12,
  a64_got_adrp21,  // page of the symbol's GOT slot
  a64_got_lo12,    // offset of the GOT slot in its page
  a64_branch26_direct,  // as branch26, but never redirected to a veneer, which would overwrite x16
  x86_rel8,        // distance from the end of the field
  x86_rel32,       // distance from the end of the field: data, or code that must be near
  x86_plt32,       // as rel32, for call and jmp: may be led through a veneer or a PLT entry
  x86_gotpcrel32,  // distance to the symbol's GOT slot
  rel32,           // 32-bit distance from the field's own first byte
  rel64,
  abs32,  // zero-extended
  abs64,
  diff32,  // 32-bit distance from the base label given beside it (jump tables)
};

// What the value of a field is made of.
enum class FixupForm : u8 {
  none,
  distance,      // target - field
  end_distance,  // target - end of the field
  pages,         // page of target - page of field
  low12,         // target modulo 4 KiB
  address,       // target
  difference,    // label - label
};

struct FixupField {
  u8 bytes;  // size of the patched unit
  u8 bits;   // width of the value; 64 means any
  u8 scale;  // log2 of the unit of the value
  u8 lsb;    // position of the field in the unit
  FixupForm form;
  bool branch;   // a veneer may stand between the field and its target
  bool got;      // the target is a slot that holds the symbol's address
  u16 elf_a64;   // R_AARCH64_*; 0: no relocation of that machine
  u16 elf_x86;   // R_X86_64_*
};

// clang-format off
inline constexpr FixupField fixup_fields[] = {
    // bytes bits scale lsb form                 branch got    a64  x86
    {0,  0,  0,  0, FixupForm::none,         false, false, 0,   0},
    {4, 26,  2,  0, FixupForm::distance,     true,  false, 282, 0},   // JUMP26; bl: CALL26 is 283
    {4, 19,  2,  5, FixupForm::distance,     true,  false, 280, 0},   // CONDBR19
    {4, 14,  2,  5, FixupForm::distance,     true,  false, 279, 0},   // TSTBR14
    {4, 19,  2,  5, FixupForm::distance,     false, false, 273, 0},   // LD_PREL_LO19
    {4, 21,  0,  5, FixupForm::distance,     false, false, 274, 0},   // ADR_PREL_LO21
    {4, 21, 12,  5, FixupForm::pages,        false, false, 275, 0},   // ADR_PREL_PG_HI21
    {4, 12,  0, 10, FixupForm::low12,        false, false, 277, 0},   // ADD_ABS_LO12_NC
    {4, 12,  0, 10, FixupForm::low12,        false, false, 278, 0},   // LDST8_ABS_LO12_NC
    {4, 12,  1, 10, FixupForm::low12,        false, false, 284, 0},   // LDST16
    {4, 12,  2, 10, FixupForm::low12,        false, false, 285, 0},   // LDST32
    {4, 12,  3, 10, FixupForm::low12,        false, false, 286, 0},   // LDST64
    {4, 12,  4, 10, FixupForm::low12,        false, false, 299, 0},   // LDST128
    {4, 21, 12,  5, FixupForm::pages,        false, true,  311, 0},   // ADR_GOT_PAGE
    {4, 12,  3, 10, FixupForm::low12,        false, true,  312, 0},   // LD64_GOT_LO12_NC
    {4, 26,  2,  0, FixupForm::distance,     false, false, 282, 0},   // JUMP26
    {1,  8,  0,  0, FixupForm::end_distance, false, false, 0,   15},  // PC8
    {4, 32,  0,  0, FixupForm::end_distance, false, false, 0,   2},   // PC32
    {4, 32,  0,  0, FixupForm::end_distance, true,  false, 0,   4},   // PLT32
    {4, 32,  0,  0, FixupForm::end_distance, false, true,  0,   9},   // GOTPCREL
    {4, 32,  0,  0, FixupForm::distance,     false, false, 261, 2},   // PREL32, PC32
    {8, 64,  0,  0, FixupForm::distance,     false, false, 260, 24},  // PREL64, PC64
    {4, 32,  0,  0, FixupForm::address,      false, false, 258, 10},  // ABS32, 32
    {8, 64,  0,  0, FixupForm::address,      false, false, 257, 1},   // ABS64, 64
    {4, 32,  0,  0, FixupForm::difference,   false, false, 0,   0},
};
// clang-format on
static_assert(sizeof fixup_fields / sizeof fixup_fields[0] ==
              usize{1} + static_cast<u8>(FixupKind::diff32));

constexpr const FixupField& fixup_field(FixupKind k) { return fixup_fields[static_cast<u8>(k)]; }

// True if the field can be written before the address of the code is known.
constexpr bool fixup_is_movable(FixupKind k) {
  const FixupForm f = fixup_field(k).form;
  return f == FixupForm::distance || f == FixupForm::end_distance || f == FixupForm::difference;
}

// The largest forward distance in bytes a field reaches.
constexpr i64 fixup_reach(FixupKind k) {
  const FixupField& f = fixup_field(k);
  return f.bits + f.scale >= 63 ? INT64_MAX : ((i64{1} << (f.bits - 1)) - 1) << f.scale;
}

// The value of a field at address `at` that refers to `target` (an address incl. the addend).
constexpr i64 fixup_value(FixupKind k, u64 at, u64 target) {
  const FixupField& f = fixup_field(k);
  switch (f.form) {
    case FixupForm::distance: return static_cast<i64>(target - at);
    case FixupForm::end_distance: return static_cast<i64>(target - at - f.bytes);
    case FixupForm::pages: return static_cast<i64>((target & ~u64{0xfff}) - (at & ~u64{0xfff}));
    case FixupForm::low12: return static_cast<i64>(target & 0xfff);
    case FixupForm::address:
    case FixupForm::difference:
    case FixupForm::none: break;
  }
  return static_cast<i64>(target);
}

// True if the signed `value` is a multiple of the field's unit and in its range.
constexpr bool fixup_reaches(const FixupField& f, i64 value) {
  const unsigned spare = 64U - f.bits - f.scale;
  const i64 kept = static_cast<i64>(static_cast<u64>(value) << spare) >> (spare + f.scale);
  return static_cast<u64>(kept) << f.scale == static_cast<u64>(value);
}

// True if `value`, made by fixup_value, can be written to the field.
constexpr bool fixup_fits(FixupKind k, i64 value) {
  const FixupField& f = fixup_field(k);
  if (f.form == FixupForm::low12) return (static_cast<u64>(value) & low_mask(f.scale)) == 0;
  if (f.form == FixupForm::address) return fits_unsigned(static_cast<u64>(value), f.bits);
  return fixup_reaches(f, value);
}

// `word` with `value` in a field of an AArch64 instruction. Precondition: fixup_fits.
constexpr u32 insert_fixup(const FixupField& f, u32 word, i64 value) {
  u64 v = static_cast<u64>(value >> f.scale) << f.lsb;
  u32 mask = static_cast<u32>(low_mask(f.bits) << f.lsb);
  if (f.bits == 21) {  // adr: the lowest two bits stand apart
    mask = 0x60ffffe0;
    v = (v >> 2 & 0xffffe0) | (v << (29 - 5) & 0x60000000);
  }
  return (word & ~mask) | (static_cast<u32>(v) & mask);
}

// Writes `value` into the unit at `at`. Precondition: fixup_fits(k, value).
inline void write_fixup(FixupKind k, u8* at, i64 value) {
  const FixupField& f = fixup_field(k);
  if (f.bits == 64) {
    std::memcpy(at, &value, 8);
  } else if (f.bits == 8) {
    *at = static_cast<u8>(value);
  } else {
    u32 word = 0;
    std::memcpy(&word, at, 4);
    word = insert_fixup(f, word, value);
    std::memcpy(at, &word, 4);
  }
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RELOC_HPP
