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
  a64_branch19,  // b.cond, cbz, ldr literal: 19 bits of words at bit 5
  a64_branch14,  // tbz, tbnz: 14 bits of words at bit 5
  a64_adr21,     // adr: 21 bits of bytes, immlo at 29, immhi at 5
  a64_adrp21,    // adrp: 21 bits of 4 KiB pages
  a64_lo12,      // add imm12: low 12 bits of the address
  a64_ldst8_lo12,
  a64_ldst16_lo12,
  a64_ldst32_lo12,
  a64_ldst64_lo12,
  a64_ldst128_lo12,
  a64_got_adrp21,  // page of the symbol's GOT entry (objects only)
  a64_got_lo12,    // offset of the GOT entry in its page (objects only)
  x86_rel8,        // distance from the end of the field
  x86_rel32,       // distance from the end of the field plus the addend
  x86_plt32,       // as rel32, through a PLT entry if the linker wants one
  x86_gotpcrel32,  // distance to the symbol's GOT entry (objects only)
  rel32,           // 32-bit distance from the field's own first byte
  rel64,
  abs32,
  abs64,
  diff32,  // 32-bit distance from the base label given beside it (jump tables)
};

struct FixupField {
  u8 bytes;     // size of the patched unit
  u8 bits;      // width of the signed distance; 64 means any
  u8 scale;     // log2 of the unit of the distance
  u8 lsb;       // position of the field in the unit
  bool pc_relative;
};

inline constexpr FixupField fixup_fields[] = {
    {0, 0, 0, 0, false},   {4, 26, 2, 0, true},   {4, 19, 2, 5, true},   {4, 14, 2, 5, true},
    {4, 21, 0, 5, true},   {4, 21, 12, 5, true},  {4, 12, 0, 10, false}, {4, 12, 0, 10, false},
    {4, 12, 1, 10, false}, {4, 12, 2, 10, false}, {4, 12, 3, 10, false}, {4, 12, 4, 10, false},
    {4, 21, 12, 5, true},  {4, 12, 3, 10, false}, {1, 8, 0, 0, true},    {4, 32, 0, 0, true},
    {4, 32, 0, 0, true},   {4, 32, 0, 0, true},   {4, 32, 0, 0, true},   {8, 64, 0, 0, true},
    {4, 32, 0, 0, false},  {8, 64, 0, 0, false},  {4, 32, 0, 0, false},
};
static_assert(sizeof fixup_fields / sizeof fixup_fields[0] == usize{1} + static_cast<u8>(FixupKind::diff32));

constexpr const FixupField& fixup_field(FixupKind k) { return fixup_fields[static_cast<u8>(k)]; }

// The largest forward distance in bytes a pc-relative field reaches.
constexpr i64 fixup_reach(FixupKind k) {
  const FixupField& f = fixup_field(k);
  return f.bits + f.scale >= 63 ? INT64_MAX : ((i64{1} << (f.bits - 1)) - 1) << f.scale;
}

// True if `distance` (bytes; for adrp between page bases) can be written to the field.
constexpr bool fixup_fits(FixupKind k, i64 distance) {
  const FixupField& f = fixup_field(k);
  if ((static_cast<u64>(distance) & low_mask(f.scale)) != 0) return false;
  return f.bits >= 64 || fits_signed(distance >> f.scale, f.bits);
}

// Writes `value` (a distance for pc-relative kinds, else an address) into the unit at `at`.
// Precondition for pc-relative kinds: fixup_fits(k, value).
inline void write_fixup(FixupKind k, u8* at, i64 value) {
  const FixupField& f = fixup_field(k);
  if (f.bytes == 4 && f.bits < 32) {
    u32 word = 0;
    std::memcpy(&word, at, 4);
    const u64 v = static_cast<u64>(value >> f.scale);
    if (k == FixupKind::a64_adr21 || k == FixupKind::a64_adrp21 || k == FixupKind::a64_got_adrp21) {
      word &= ~0x60ffffe0U;
      word |= static_cast<u32>((v & 3) << 29 | ((v >> 2) & 0x7ffff) << 5);
    } else {
      const u64 mask = f.pc_relative ? low_mask(f.bits) : low_mask(12U - f.scale);
      const u64 low = f.pc_relative ? v : static_cast<u64>(value & 0xfff) >> f.scale;
      word &= ~static_cast<u32>(low_mask(f.bits) << f.lsb);
      word |= static_cast<u32>((low & mask) << f.lsb);
    }
    std::memcpy(at, &word, 4);
    return;
  }
  std::memcpy(at, &value, f.bytes);
}

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RELOC_HPP
