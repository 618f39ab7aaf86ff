// From a row's encoding word and operand numbers to the bytes of one instruction. Knows no mnemonics.
//
// Invariants: every function writes at most 16 bytes at p and returns the end, or nullptr if the
// operands cannot be encoded together (a high byte register with REX, rsp as an index, a vector
// register above 15 in VEX). Exact: the shortest encoding of the same operands and size.
// Source: Intel SDM vol. 2, 2.1 (format), 2.2 (REX), 2.3 (VEX), appendix A.
#ifndef JITKIT_EMIT_X86_64_ENCODER_HPP
#define JITKIT_EMIT_X86_64_ENCODER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/operands.hpp>
#include <jitkit/ir/support/bits.hpp>

#include <bit>
#include <type_traits>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// The encoding word of a form:
//   0..23 opcode bytes as they are written (with 0F, 0F 38, 0F 3A)   24..25 how many, minus 1
//  26..28 /digit   29 REX.W or VEX.W   30..31 VEX.L or EVEX.L'L   32..39 mandatory prefix byte
//  40 operand-size prefix 66   41 lock prefix   42..43 Space   44..46 VEX map   47..48 VEX pp
//  49..51 EVEX: log2 of the unit of an 8-bit displacement   52 EVEX.b   53..55 mask register   56 EVEX.z
using Enc = u64;
enum class Space : u8 { legacy, vex, evex };

// The words rows are written in.
namespace table {

inline constexpr Enc NP = 0;
inline constexpr Enc P66 = Enc{0x66} << 32;
inline constexpr Enc PF3 = Enc{0xf3} << 32;
inline constexpr Enc PF2 = Enc{0xf2} << 32;
inline constexpr Enc W1 = Enc{1} << 29;
inline constexpr Enc W0 = 0;
inline constexpr Enc L1 = Enc{1} << 30;
inline constexpr Enc OP16 = Enc{1} << 40;
inline constexpr Enc LOCK = Enc{1} << 41;
enum Map : u8 { M0, M0F, M38, M3A };

constexpr Enc op(u8 a) { return a; }
constexpr Enc op(u8 a, u8 b) { return Enc{a} | Enc{b} << 8 | Enc{1} << 24; }
constexpr Enc op(u8 a, u8 b, u8 c) {
  return Enc{a} | Enc{b} << 8 | Enc{c} << 16 | Enc{2} << 24;
}
constexpr Enc op(Map m, u8 c) {
  return m == M0 ? op(c) : m == M0F ? op(0x0f, c) : op(0x0f, m == M38 ? 0x38 : 0x3a, c);
}
constexpr Enc d(unsigned digit) { return Enc{digit} << 26; }
constexpr Enc vex(Enc prefix, Map m, Enc w, u8 c) {
  const Enc pp = prefix == P66 ? 1 : prefix == PF3 ? 2 : prefix == PF2 ? 3 : 0;
  return Enc{c} | w | pp << 47 | Enc{m} << 44 | Enc{1} << 42;
}

constexpr Enc evex(Enc prefix, Map m, Enc w, u8 c) { return vex(prefix, m, w, c) ^ Enc{3} << 42; }

}  // namespace table

constexpr unsigned opcode_bytes(Enc e) { return 1 + (e >> 24 & 3U); }
constexpr u8 opcode_of(Enc e) { return static_cast<u8>(e >> 8 * (opcode_bytes(e) - 1)); }
constexpr Enc opcode_plus(Enc e, unsigned n) { return e + (Enc{n} << 8 * (opcode_bytes(e) - 1)); }
constexpr unsigned digit_of(Enc e) { return e >> 26 & 7U; }
constexpr bool wide(Enc e) { return (e >> 29 & 1U) != 0; }
constexpr Space space_of(Enc e) { return static_cast<Space>(e >> 42 & 3U); }

// What an EVEX instruction has besides its row: a mask register (0: none), zeroing instead of merging, and
// 0, or sae, or a rounding mode.
enum class Rounding : u8 { none, sae, rn, rd, ru, rz };
constexpr Enc decorated(Enc e, unsigned mask, bool zero, Rounding rounding) {
  e |= Enc{mask & 7} << 53 | Enc{zero} << 56;
  if (rounding == Rounding::none) return e;
  e = (e & ~(Enc{3} << 30)) | Enc{1} << 52;  // the length is then said by the instruction
  return rounding == Rounding::sae ? e : e | Enc{static_cast<u8>(rounding) - 2U} << 30;
}

// How a size or length turns a row into a form.
enum class Axis : u8 {
  none,
  bwlq,  // 8 16 32 64: opcode, then opcode + 1 with prefix 66, nothing, REX.W
  wlq,   // 16 32 64: prefix 66, nothing, W
  lq,    // 32 64: nothing, W (also VEX.W)
  wq,    // 16 64: prefix 66, nothing (stack and branch instructions)
  bwl,   // 8 16 32 (in, out)
  vl,    // 128 256: VEX.L
  vi,    // the same; 256 needs AVX2
  evex,  // the lengths of an EVEX row (evex_rows.hpp)
  bwlq_t, wlq_t, vl_t,  // as without _t; the method's size comes from its register or sized memory
};

// The sizes of each axis, bit n: 8 << n. No size of its own: bit 6.
inline constexpr u8 axis_sizes[] = {64, 0b1111, 0b1110, 0b1100, 0b1010, 0b111, 0b110000, 0b110000, 64, 0b1111, 0b1110, 0b110000};
static_assert(axis_sizes[static_cast<u8>(Axis::vl_t)] == axis_sizes[static_cast<u8>(Axis::vl)]);

constexpr Enc sized(Enc e, Axis axis, int size) {
  using namespace table;
  if (axis == Axis::none) return e;
  if (axis == Axis::vl || axis == Axis::vi || axis == Axis::vl_t) return size == 256 ? e | L1 : e;
  const bool has_byte = axis == Axis::bwlq || axis == Axis::bwl || axis == Axis::bwlq_t;
  if (has_byte && size != 8) e = opcode_plus(e, 1);
  if (size == 16) return e | OP16;
  if (size == 64 && axis != Axis::wq) return e | W1;
  return e;
}

// The low n bytes of w; up to 8 are written, so that it is one store.
constexpr u8* put_bytes(u8* p, u64 w, unsigned n) {
  if (std::is_constant_evaluated())
    for (unsigned i = 0; i < n; ++i) p[i] = static_cast<u8>(w >> 8 * i);
  else
    store_code(p, w);
  return p + n;
}
constexpr u8* put_imm(u8* p, i64 v, unsigned bytes) {
  if (bytes == 0) return p;
  if (bytes == 1) {
    *p = static_cast<u8>(v);
    return p + 1;
  }
  if (bytes == 4 && !std::is_constant_evaluated()) {
    store_code(p, static_cast<u32>(v));
    return p + 4;
  }
  if (bytes == 8) return put_bytes(p, static_cast<u64>(v), 8);
  for (unsigned i = 0; i < bytes; ++i) p[i] = static_cast<u8>(v >> 8 * i);
  return p + bytes;
}
constexpr u8* put_imm32(u8* p, i32 v) { return put_imm(p, v, 4); }

// The first bytes of an instruction, lowest first.
struct Bytes {
  u64 bits;
  unsigned count;
  constexpr void before(unsigned byte) {
    bits = bits << 8 | byte;
    ++count;
  }
  constexpr void after(unsigned byte) { bits |= u64{byte} << 8 * count++; }
};

// Prefixes, REX (bits W R X B of `rex`, bit 6: wanted anyway) and opcode: at most 7 bytes.
[[gnu::always_inline]] constexpr Bytes legacy_opcode(Enc e, unsigned rex) {
  Bytes b{e & 0xffffff, opcode_bytes(e)};
  if (rex != 0) b.before((rex | 0x40) & 0xff);
  if ((e >> 32 & 0x3ff) != 0) {
    if (const auto prefix = static_cast<u8>(e >> 32); prefix != 0) b.before(prefix);
    if ((e >> 41 & 1) != 0) b.before(0xf0);
    if ((e >> 40 & 1) != 0) b.before(0x66);
  }
  return b;
}
constexpr u8* put_legacy_opcode(u8* p, Enc e, unsigned rex) {
  const Bytes b = legacy_opcode(e, rex);
  return put_bytes(p, b.bits, b.count);
}

// REX bits of two register codes, with W from the row.
constexpr unsigned rex_bits(Enc e, unsigned reg, unsigned rm) {
  return (wide(e) ? 8U : 0U) | (reg >> 1 & 4U) | (rm >> 3 & 1U) | ((reg | rm) & code_needs_rex);
}
// REX has four bits for a register: xmm16 and above are no operands, nor is a high byte register beside it.
constexpr bool high_byte_conflict(unsigned rex, unsigned codes) {
  return (codes & (rex != 0 ? code_forbids_rex | 16U : 16U)) != 0;
}

// ModRM, SIB and displacement. `reg` is the register number or /digit (low three bits count).
// `shift`: log2 of the unit of an 8-bit displacement (EVEX).
constexpr u8* put_address(u8* p, unsigned reg, const Mem& m, unsigned shift = 0) {
  const unsigned r = (reg & 7) << 3;
  if (m.kind != Mem::Kind::base_index) {  // RIP-relative
    *p = static_cast<u8>(r | 5);
    return put_imm32(p + 1, m.disp);
  }
  const bool indexed = m.index != Mem::none;
  const unsigned scale_index = indexed ? unsigned{m.scale} << 6 | (m.index & 7U) << 3 : 4U << 3;
  if (m.base == Mem::none) {
    p[0] = static_cast<u8>(r | 4);
    p[1] = static_cast<u8>(scale_index | 5);
    return put_imm32(p + 2, m.disp);
  }
  const unsigned base = m.base & 7U;
  const i32 unit = m.disp >> shift;
  const bool is8 = static_cast<i8>(unit) == unit && (static_cast<u32>(unit) << shift) == static_cast<u32>(m.disp);
  const unsigned mod = m.disp == 0 && base != 5 ? 0 : is8 ? 0x40 : 0x80;
  const bool sib = indexed || base == 4;
  const unsigned n = sib ? 2 : 1;
  const u64 head = mod | r | (sib ? 4 | (scale_index | base) << 8 : base);
  const u64 disp = mod == 0x40 ? static_cast<u8>(unit) : static_cast<u32>(m.disp);
  return put_bytes(p, head | disp << 8 * n, n + (mod == 0 ? 0 : mod == 0x40 ? 1 : 4));
}

// The X and B bits of an address (bits 1 and 0).
constexpr unsigned address_bits(const Mem& m) {
  unsigned xb = m.base != Mem::none ? m.base >> 3 & 1U : 0;
  if (m.index != Mem::none) xb |= m.index >> 2 & 2U;
  return xb;
}
constexpr bool bad_index(const Mem& m) { return m.index == 4 && m.kind == Mem::Kind::base_index; }

constexpr u8* put_address_prefixes(u8* p, const Mem& m) {
  constexpr u8 segments[] = {0, 0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65};
  if (m.segment != 0) *p++ = segments[m.segment];
  if (m.addr32) *p++ = 0x67;
  return p;
}

// Neither register is a high byte.
[[gnu::always_inline]] constexpr u8* put_plain_registers(u8* p, Enc e, unsigned reg, unsigned rm) {
  Bytes b = legacy_opcode(e, rex_bits(e, reg, rm));
  b.after(0xc0 | (reg & 7) << 3 | (rm & 7));
  return put_bytes(p, b.bits, b.count);
}
constexpr u8* legacy_rr(u8* p, Enc e, unsigned reg, unsigned rm) {
  return high_byte_conflict(rex_bits(e, reg, rm), reg | rm) ? nullptr : put_plain_registers(p, e, reg, rm);
}
constexpr u8* legacy_mem(u8* p, Enc e, unsigned reg, const Mem& m) {
  const unsigned rex = rex_bits(e, reg, 0) | address_bits(m);
  if (high_byte_conflict(rex, reg) || bad_index(m)) return nullptr;
  p = put_legacy_opcode(put_address_prefixes(p, m), e, rex);
  return put_address(p, reg, m);
}
// The same for a base register with or without an index and any displacement: most addresses.
// `reg` is no byte register that REX changes.
constexpr bool is_plain_address(const MemWords& m, unsigned reg) {
  static_assert(Mem::none == 0x80 && static_cast<u8>(Mem::Kind::base_index) == 0);
  // No kind, segment and addr32; base and index below 16, or no index; the index is not rsp.
  return ((m.high & 0xffffff0070f0) | (reg & (code_needs_rex | code_forbids_rex | 16U))) == 0 && (m.high & 0xff00) != 0x400;
}
// The X and B bits; Mem::none has neither.
constexpr unsigned plain_address_bits(const MemWords& m) {
  return (static_cast<u32>(m.high) >> 10 & 2U) | (static_cast<u32>(m.high) >> 3 & 1U);
}
[[gnu::always_inline]] constexpr u8* put_plain_address(u8* p, unsigned reg, const MemWords& m) {
  const auto high = static_cast<u32>(m.high);
  const auto disp = static_cast<i32>(m.low >> 32);
  const unsigned base = high & 7;
  u64 rest = static_cast<u32>(disp);
  unsigned head = (reg & 7) << 3 | base, count = 5;
  if ((high & 0x8000) == 0 || base == 4) {  // a second byte: scale and index, or only the base
    const unsigned scale_index = (high & 0x8000) != 0 ? 4U << 3 : (high >> 10 & 0xc0) | (high >> 5 & 0x38);
    rest = rest << 8 | scale_index | base;
    head = (reg & 7) << 3 | 4;
    count = 6;
  }
  if (disp == 0 && base != 5)
    count -= 4;
  else if (static_cast<i8>(disp) == disp)
    head |= 0x40, count -= 3;
  else
    head |= 0x80;
  return put_bytes(p, rest << 8 | head, count);
}
[[gnu::always_inline]] constexpr u8* put_plain_memory(u8* p, Enc e, unsigned reg, const MemWords& m) {
  const unsigned rex = (static_cast<u32>(e) >> 26 & 8U) | (reg >> 1 & 4U) | plain_address_bits(m);
  const Bytes b = legacy_opcode(e, rex);
  return put_plain_address(put_bytes(p, b.bits, b.count), reg, m);
}
// No ModRM.
constexpr u8* put_plain(u8* p, Enc e) { return put_legacy_opcode(p, e, wide(e) ? 8 : 0); }
// Register in the low three bits of the opcode.
constexpr u8* legacy_o(u8* p, Enc e, unsigned r) {
  const unsigned rex = rex_bits(e, 0, r);
  if (high_byte_conflict(rex, r)) return nullptr;
  return put_legacy_opcode(p, opcode_plus(e, r & 7), rex);
}

// The VEX prefix and opcode; xb as in address_bits.
constexpr Bytes vex_opcode(Enc e, unsigned reg, unsigned v, unsigned xb) {
  const unsigned r = ~reg << 4 & 0x80U;
  const auto low = static_cast<unsigned>((~v & 15U) << 3 | (e >> 28 & 4U) | (e >> 47 & 3U));
  const auto map = static_cast<unsigned>(e >> 44 & 7U);
  const unsigned opcode = e & 0xff;
  if (xb == 0 && map == 1 && !wide(e)) return {0xc5 | (r | low) << 8 | opcode << 16, 3};
  return {0xc4 | u64{r | (~xb & 3U) << 5 | map} << 8 | u64{low | (wide(e) ? 0x80U : 0U)} << 16 | u64{opcode} << 24, 4};
}
constexpr u8* put_vex(u8* p, Enc e, unsigned reg, unsigned v, unsigned xb) {
  const Bytes b = vex_opcode(e, reg, v, xb);
  return put_bytes(p, b.bits, b.count);
}
constexpr u8* vex_rr(u8* p, Enc e, unsigned reg, unsigned v, unsigned rm) {
  if (((reg | v | rm) & 16) != 0) return nullptr;
  Bytes b = vex_opcode(e, reg, v, rm >> 3 & 1);
  b.after(0xc0 | (reg & 7) << 3 | (rm & 7));
  return put_bytes(p, b.bits, b.count);
}
constexpr u8* vex_mem(u8* p, Enc e, unsigned reg, unsigned v, const Mem& m) {
  const bool high_index = m.index != Mem::none && (m.index & 16) != 0;
  if (((reg | v) & 16) != 0 || high_index || bad_index(m)) return nullptr;
  p = put_vex(put_address_prefixes(p, m), e, reg, v, address_bits(m));
  return put_address(p, reg, m);
}

// The EVEX prefix and opcode. Register numbers have five bits; `xb` as in address_bits, bit 4 of a vector
// index goes to `v`.
constexpr Bytes evex_opcode(Enc e, unsigned reg, unsigned v, unsigned xb) {
  const unsigned p0 = (~reg << 4 & 0x80U) | (~xb & 3U) << 5 | (~reg & 0x10U) | static_cast<unsigned>(e >> 44 & 7U);
  const unsigned p1 = (wide(e) ? 0x80U : 0U) | (~v & 15U) << 3 | 4U | static_cast<unsigned>(e >> 47 & 3U);
  const unsigned p2 = static_cast<unsigned>((e >> 56 & 1U) << 7 | (e >> 30 & 3U) << 5 | (e >> 52 & 1U) << 4 |
                                            (e >> 53 & 7U)) | (~v >> 1 & 8U);
  return {0x62 | u64{p0} << 8 | u64{p1} << 16 | u64{p2} << 24 | (e & 0xff) << 32, 5};
}
constexpr u8* evex_rr(u8* p, Enc e, unsigned reg, unsigned v, unsigned rm) {
  Bytes b = evex_opcode(e, reg, v, (rm >> 3 & 1U) | (rm >> 3 & 2U));
  b.after(0xc0 | (reg & 7) << 3 | (rm & 7));
  return put_bytes(p, b.bits, b.count);
}
constexpr u8* evex_mem(u8* p, Enc e, unsigned reg, unsigned v, const Mem& m) {
  if (bad_index(m)) return nullptr;
  if (m.index != Mem::none && (m.index & Mem::vector_index) != 0) v |= m.index & 16U;
  const Bytes b = evex_opcode(e, reg, v, address_bits(m));
  p = put_bytes(put_address_prefixes(p, m), b.bits, b.count);
  return put_address(p, reg, m, static_cast<unsigned>(e >> 49 & 7U));
}

// ModRM forms of any space. `v` is VEX's third register (0 where there is none).
constexpr u8* put_modrm(u8* p, Enc e, unsigned reg, unsigned v, const Mem& rm) {
  if (space_of(e) == Space::legacy)
    return rm.is_reg() ? legacy_rr(p, e, reg, rm.base) : legacy_mem(p, e, reg, rm);
  if (space_of(e) == Space::evex)
    return rm.is_reg() ? evex_rr(p, e, reg, v, rm.base) : evex_mem(p, e, reg, v, rm);
  return rm.is_reg() ? vex_rr(p, e, reg, v, rm.base) : vex_mem(p, e, reg, v, rm);
}

// The operand size in bits a legacy word stands for.
constexpr unsigned operand_bits(Enc e) {
  if (wide(e)) return 64;
  return (e >> 40 & 1) != 0 ? 16 : 32;
}
constexpr unsigned imm_bytes_of(Enc e) { return operand_bits(e) == 16 ? 2 : 4; }

// Where a row has several encodings of the same operands, its format picks the shortest. Each of these
// takes the main encoding's word; in all of them bit 0 of the opcode tells the 8-bit form.

constexpr bool byte_form(Enc e) { return (opcode_of(e) & 1) == 0; }
constexpr bool is_acc(const Mem& rm) { return rm.is_reg() && rm.base == 0; }

// add ... cmp rm, imm: 80/81 /n, 83 /n with a signed byte, 04/05 + 8n on the accumulator.
constexpr u8* put_alu_imm(u8* p, Enc e, const Mem& rm, i64 v) {
  using namespace table;
  const Enc keep = e & (W1 | OP16 | LOCK);
  if (!byte_form(e)) {
    v = sign_extend(static_cast<u64>(v), operand_bits(e));
    if (fits_signed(v, 8)) {
      p = put_modrm(p, opcode_plus(e, 2), digit_of(e), 0, rm);
      return p ? put_imm(p, v, 1) : p;
    }
  }
  if (is_acc(rm)) {
    const auto acc = static_cast<u8>(digit_of(e) << 3 | (byte_form(e) ? 4 : 5));
    p = put_plain(p, op(acc) | keep);
  } else {
    p = put_modrm(p, e, digit_of(e), 0, rm);
  }
  return p ? put_imm(p, v, byte_form(e) ? 1 : imm_bytes_of(e)) : p;
}

// The same on a register of more than 8 bits; v is sign-extended from the operand size.
[[gnu::always_inline]] constexpr u8* put_alu_register(u8* p, Enc e, unsigned rm, i32 v) {
  const auto low = static_cast<u32>(e);  // the opcode is 0x81
  const unsigned rex = (low >> 26 & 8U) | (rm >> 3 & 1U), digit = low >> 23 & 0x38U;
  const bool is8 = static_cast<i8>(v) == v;
  Bytes b{(0xc0U | digit | (rm & 7)) << 8 | (is8 ? 0x83U : 0x81U), 2};
  if (!is8 && rm == 0) b = {digit | 5, 1};
  if (rex != 0) b.before(rex | 0x40);
  if ((e & (table::OP16 | table::LOCK)) != 0) [[unlikely]] {
    if ((e & table::OP16) != 0) b.before(0x66);
    if ((e & table::LOCK) != 0) b.before(0xf0);
  }
  p = put_bytes(p, b.bits, b.count);
  if (std::is_constant_evaluated()) return put_imm(p, v, is8 ? 1 : imm_bytes_of(e));
  store_code(p, static_cast<u32>(v));
  return p + (is8 ? 1 : (e & table::OP16) != 0 ? 2 : 4);
}
// mov of 32 or 64 bits.
[[gnu::always_inline]] constexpr u8* put_mov_register(u8* p, Enc e, unsigned rm, i64 v) {
  const unsigned rex = (static_cast<u32>(e) >> 26 & 8U) | (rm >> 3 & 1U), r = rm & 7;
  const bool narrow = wide(e) && static_cast<i32>(v) == v;
  Bytes b = narrow ? Bytes{0xc7 | (0xc0U | r) << 8, 2} : Bytes{0xb8 | r, 1};
  if (rex != 0) b.before(rex | 0x40);
  p = put_bytes(p, b.bits, b.count);
  put_bytes(p, static_cast<u64>(v), wide(e) && !narrow ? 8 : 4);
  return p + (wide(e) && !narrow ? 8 : 4);
}

// test rm, imm: F6/F7 /0, A8/A9 on the accumulator.
constexpr u8* put_test_imm(u8* p, Enc e, const Mem& rm, i64 v) {
  using namespace table;
  if (is_acc(rm))
    p = put_plain(p, op(byte_form(e) ? 0xa8 : 0xa9) | (e & (W1 | OP16)));
  else
    p = put_modrm(p, e, 0, 0, rm);
  return p ? put_imm(p, v, byte_form(e) ? 1 : imm_bytes_of(e)) : p;
}

// Shifts by an immediate: C0/C1 /n ib, D0/D1 /n by one.
constexpr u8* put_shift_imm(u8* p, Enc e, const Mem& rm, i64 v) {
  if (v == 1) return put_modrm(p, opcode_plus(e, 0x10), digit_of(e), 0, rm);
  p = put_modrm(p, e, digit_of(e), 0, rm);
  return p ? put_imm(p, v, 1) : p;
}

// mov rm, imm: B0/B8 + r where it is not longer than C6/C7 /0.
constexpr u8* put_mov_imm(u8* p, Enc e, const Mem& rm, i64 v) {
  using namespace table;
  if (rm.is_reg() && (!wide(e) || !fits_signed(v, 32))) {
    p = legacy_o(p, op(byte_form(e) ? 0xb0 : 0xb8) | (e & (W1 | OP16)), rm.base);
    return p ? put_imm(p, v, byte_form(e) ? 1 : operand_bits(e) / 8) : p;
  }
  p = put_modrm(p, e, 0, 0, rm);
  return p ? put_imm(p, v, byte_form(e) ? 1 : imm_bytes_of(e)) : p;
}

// imul r, rm, imm: 69, 6B with a signed byte.
constexpr u8* put_imul_imm(u8* p, Enc e, unsigned reg, const Mem& rm, i64 v) {
  v = sign_extend(static_cast<u64>(v), operand_bits(e));
  const bool is8 = fits_signed(v, 8);
  p = put_modrm(p, is8 ? opcode_plus(e, 2) : e, reg, 0, rm);
  return p ? put_imm(p, v, is8 ? 1 : imm_bytes_of(e)) : p;
}

// push imm: 68, 6A with a signed byte.
constexpr u8* put_push_imm(u8* p, Enc e, i64 v) {
  const bool is8 = fits_signed(v, 8);
  p = put_legacy_opcode(p, is8 ? opcode_plus(e, 2) : e, 0);
  return put_imm(p, v, is8 ? 1 : 4);
}

// int imm: CD ib, CC for 3.
constexpr u8* put_interrupt(u8* p, Enc e, i64 v) {
  if ((v & 0xff) == 3) return put_plain(p, table::op(0xcc));
  return put_imm(put_plain(p, e), v, 1);
}

// 90 + r. With eax that is nop, which would not clear the upper half of rax; with rax it is right.
constexpr u8* put_exchange_opcode(u8* p, Enc e, unsigned r) {
  if (r != 0 || operand_bits(e) == 16) return legacy_o(p, e, r);
  return wide(e) ? put_plain(p, table::op(0x90)) : nullptr;
}

// xchg a, b: 86/87, 90 + r with the accumulator.
constexpr u8* put_xchg(u8* p, Enc e, unsigned a, unsigned b) {
  using namespace table;
  if (!byte_form(e) && (a == 0 || b == 0))
    if (u8* end = put_exchange_opcode(p, op(0x90) | (e & (W1 | OP16)), a | b)) return end;
  return legacy_rr(p, e, a, b);
}

// VEX register moves: the store's opcode where that saves the third prefix byte.
constexpr u8* put_vex_move(u8* p, Enc e, unsigned reg, unsigned v, const Mem& rm) {
  if (!rm.is_reg() || rm.base < 8 || reg >= 8) return put_modrm(p, e, reg, v, rm);
  const u8 opcode = opcode_of(e);  // vmovq 7E has F3, its store D6 has 66
  const Enc flip = opcode == 0x6f ? 0x10 : opcode == 0x7e ? Enc{0x7e ^ 0xd6} | Enc{3} << 47 : 0x01;
  return put_modrm(p, e ^ flip, rm.base, v, Mem::of_register(static_cast<u8>(reg)));
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_ENCODER_HPP
