// Immediates of AArch64 instructions: how each kind becomes bits of the word and back, one constexpr encoder
// and decoder for all layers.
//
// Invariants:
//  - Encoded bits are *exclusive-or*-ed into the word of the form. Mostly that fills zero bits; it also
//    turns add into sub for a negative immediate and a scaled offset into an unscaled one.
//  - encode_imm() and decode_imm() are inverse: decode of an encoded value gives it back.
// Source: Arm ARM C1.2, C3, C6.2, C7.2; shared pseudo-code DecodeBitMasks, VFPExpandImm, AdvSIMDExpandImm.
#ifndef JITKIT_EMIT_ARM64_IMMEDIATES_HPP
#define JITKIT_EMIT_ARM64_IMMEDIATES_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/maybe.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

enum class Cond : u8 { eq, ne, hs, lo, mi, pl, vs, vc, hi, ls, ge, lt, gt, le, al, nv, cs = hs, cc = lo };
constexpr Cond invert(Cond c) { return static_cast<Cond>(static_cast<u8>(c) ^ 1); }

enum class ShiftKind : u8 { lsl, lsr, asr, ror };
enum class ExtendKind : u8 { uxtb, uxth, uxtw, uxtx, sxtb, sxth, sxtw, sxtx };

// A shift or extension as an immediate: amount, kind << 8, and whether the amount was written (a byte
// access by register offset encodes `lsl #0` and no shift differently).
inline constexpr i64 amount_written = 0x80;
constexpr i64 pack_shift(ShiftKind k, i64 amount) { return static_cast<i64>(k) << 8 | amount; }
constexpr i64 pack_extend(ExtendKind k) { return static_cast<i64>(k) << 8; }
constexpr i64 pack_extend(ExtendKind k, i64 amount) {
  return static_cast<i64>(k) << 8 | amount_written | amount;
}
// Position and width of a bit-field as one immediate.
constexpr i64 pack_field(i64 lsb, i64 width) { return lsb | width << 8; }

enum class ImmKind : u8 {
  uimm,        // value >> scale, unsigned, at lsb
  simm,        // value >> scale, signed, at lsb
  down,        // scale - value, for values 1..width (both up to 64), at lsb
  addsub,      // 12 bits, shifted by 12 if need be; negative: the opposite operation (bit 30)
  logical,     // bit-mask immediate of a register of `width` bits
  mov,         // movz, movn or orr of a register of `width` bits
  lsl,         // ubfm alias of a register of `width` bits
  extract,     // packed field, ubfx style
  insert,      // packed field, bfi style
  shift,       // packed shift, amounts below `width`, kinds below `scale`
  extend,      // packed extend of add/sub; scale: 0 of a W register (which may be called x), 1 of an X register
  index,       // packed extend of a memory index, shifted by `scale` or not; width 32 or 64
  offset,      // unsigned 12 bits scaled, else signed 9 bits unscaled (bit 24)
  test_bit,    // tbz: bits 19 and 31
  adr,         // immlo and immhi, in units of 1 << scale
  auth,        // ldraa: 10 bits scaled by 8, sign at 22
  not_cond,    // an inverted condition, not al or nv, at lsb
  fp8,         // the bits of a double that 8 bits can express, at lsb
  vec_fp8,     // the same in a:b:c, d:e:f:g:h
  vec8,        // 8 bits in a:b:c, d:e:f:g:h
  vec_mask,    // a 64-bit value of bytes 00 and ff in a:b:c, d:e:f:g:h
  msl,         // 8 or 16, at lsb
  rotation,    // multiples of 90 at lsb
  rotation_odd,  // 90 or 270 at lsb
  pstate,      // a PState: op1 at 16, op2 at 5
  exact,       // `scale` only, no bits
  lane,        // `width` bits of a by-element lane number, from the top in bits 11, 21, 20
  lane_q,      // the same of a structure access, in bits 30, 12, 11, 10
};

struct ImmSpec {
  ImmKind kind;
  u8 lsb = 0;
  u8 width = 0;
  u8 scale = 0;
};

// Field bits, or `refused`.
using Encoded = i64;
inline constexpr Encoded refused = -1;

// ---- bit-mask immediates ----

// N, immr, imms at bits 22, 16, 10 for a mask of `width` (32 or 64) bits. A mask is a rotated run of
// ones, repeated in elements of 2 to 64 bits.
constexpr Encoded encode_logical(u64 v, unsigned width) {
  if (width == 32) {
    if ((v >> 32) != 0 && (v >> 32) != low_mask(32)) return refused;
    v = (v & low_mask(32)) | v << 32;
  }
  if (v == 0 || v == ~u64{0}) return refused;
  unsigned size = 64;
  while (size > 2 && ((v ^ v >> size / 2) & low_mask(size / 2)) == 0) size /= 2;
  // Rotate the element right until the run of ones starts at bit 0.
  const u64 element_mask = low_mask(size);
  const u64 e = v & element_mask;
  const unsigned start = (e & 1) == 0 ? ctz(e) : size - static_cast<unsigned>(std::countl_one(e << (64 - size)));
  const unsigned turn = start % size;
  const u64 run = turn == 0 ? e : (e >> turn | e << (size - turn)) & element_mask;
  if ((run & (run + 1)) != 0) return refused;
  const unsigned ones = static_cast<unsigned>(std::countr_one(run));
  const unsigned immr = (size - turn) % size;
  const unsigned imms = ((64 - 2 * size) | (ones - 1)) & 63;
  return static_cast<Encoded>((size == 64 ? 1U << 22 : 0U) | immr << 16 | imms << 10);
}

constexpr bool decode_logical(u32 word, unsigned width, u64& v) {
  const u32 n = word >> 22 & 1;
  const u32 immr = word >> 16 & 63;
  const u32 imms = word >> 10 & 63;
  const u32 length = n << 6 | (~imms & 63);
  if (length < 2 || (width == 32 && n != 0)) return false;
  const unsigned size = 1U << log2_floor(length);
  const unsigned ones = (imms & (size - 1)) + 1;
  if (ones == size) return false;
  const unsigned turn = immr & (size - 1);
  const u64 run = low_mask(ones);
  u64 e = turn == 0 ? run : (run >> turn | run << (size - turn)) & low_mask(size);
  for (unsigned filled = size; filled < width; filled *= 2) e |= e << filled;
  v = e;
  return true;
}

// ---- FP immediates ----

// imm8 of a double that is +-n/16 * 2^r, 16 <= n <= 31, -3 <= r <= 4.
constexpr Encoded encode_fp8(u64 bits) {
  if ((bits & low_mask(48)) != 0) return refused;
  const u64 exponent = bits >> 54 & 0x1ff;  // all but the two low bits of the 11
  if (exponent != 0x100 && exponent != 0xff) return refused;
  return static_cast<Encoded>((bits >> 56 & 0x80) | (bits >> 48 & 0x7f));
}
constexpr u64 decode_fp8(u32 imm8) {
  const u64 b = imm8 >> 6 & 1;
  return u64{imm8 >> 7} << 63 | (b != 0 ? u64{0xff} : u64{0x100}) << 54 | u64{imm8 & 0x3f} << 48;
}

// ---- the common encoder ----

[[gnu::always_inline]] constexpr Encoded encode_uimm(ImmSpec s, i64 v) {
  if (v < 0 || (static_cast<u64>(v) & low_mask(s.scale)) != 0) return refused;
  const u64 field = static_cast<u64>(v) >> s.scale;
  return fits_unsigned(field, s.width) ? static_cast<Encoded>(field << s.lsb) : refused;
}
[[gnu::always_inline]] constexpr Encoded encode_simm(ImmSpec s, i64 v) {
  if ((static_cast<u64>(v) & low_mask(s.scale)) != 0 || !fits_signed(v >> s.scale, s.width)) return refused;
  return static_cast<Encoded>((static_cast<u64>(v >> s.scale) & low_mask(s.width)) << s.lsb);
}
[[gnu::always_inline]] constexpr Encoded encode_addsub(i64 v) {
  const u64 opposite = v < 0 ? u64{1} << 30 : 0;
  const u64 m = v < 0 ? ~static_cast<u64>(v) + 1 : static_cast<u64>(v);
  if (m <= 0xfff) return static_cast<Encoded>(opposite | m << 10);
  if ((m & 0xfff) == 0 && m <= 0xfff000) return static_cast<Encoded>(opposite | 1U << 22 | m >> 2);
  return refused;
}
// mov: the bits that tell movz, movn and orr apart are part of the field (the row's bits are what the
// three have in common).
inline constexpr u32 mov_z = 0x40800000;
inline constexpr u32 mov_n = 0x00800000;
inline constexpr u32 mov_orr = 0x200003e0;
constexpr Encoded encode_mov(i64 value, unsigned width) {
  u64 v = static_cast<u64>(value);
  if (width == 32) {
    if ((v >> 32) != 0 && (v >> 32) != low_mask(32)) return refused;
    v &= low_mask(32);
  }
  const u64 inverse = ~v & low_mask(width);
  for (unsigned hw = 0; hw < width / 16; ++hw)
    if ((v & ~(u64{0xffff} << hw * 16)) == 0) return static_cast<Encoded>(mov_z | hw << 21 | (v >> hw * 16) << 5);
  for (unsigned hw = 0; hw < width / 16; ++hw)
    if ((inverse & ~(u64{0xffff} << hw * 16)) == 0)
      return static_cast<Encoded>(mov_n | hw << 21 | (inverse >> hw * 16) << 5);
  const Encoded mask = encode_logical(v, width);
  return mask == refused ? refused : mask | Encoded{mov_orr};
}
constexpr Encoded encode_vec8(u64 imm8) { return static_cast<Encoded>((imm8 >> 5 & 7) << 16 | (imm8 & 31) << 5); }
constexpr Encoded encode_vec_mask(u64 v) {
  u64 imm8 = 0;
  for (unsigned i = 0; i < 8; ++i) {
    const u64 byte = v >> i * 8 & 0xff;
    if (byte != 0 && byte != 0xff) return refused;
    imm8 |= (byte & 1) << i;
  }
  return encode_vec8(imm8);
}
constexpr Encoded encode_field(ImmSpec s, i64 v) {
  const i64 lsb = v & 0xff;
  const i64 bits = v >> 8;
  if (v < 0 || lsb >= s.width || bits < 1 || bits > s.width - lsb) return refused;
  const i64 immr = s.kind == ImmKind::extract ? lsb : (s.width - lsb) % s.width;
  const i64 imms = s.kind == ImmKind::extract ? lsb + bits - 1 : bits - 1;
  return immr << 16 | imms << 10;
}
constexpr Encoded encode_index(ImmSpec s, i64 v) {
  const i64 amount = v & 0x7f;
  const i64 kind = v >> 8;
  const bool wide = s.width == 64;
  const bool known = wide ? kind == 3 || kind == 7 : kind == 2 || kind == 6;
  if (v < 0 || !known || (amount != 0 && amount != s.scale)) return refused;
  const bool shifted = s.scale == 0 ? (v & amount_written) != 0 : amount != 0;
  return kind << 13 | (shifted ? 1 << 12 : 0);
}

// Lane numbers in pieces: where each bit stands, from the top.
struct LaneBits {
  u8 at[4];
};
constexpr LaneBits lane_bits(ImmSpec s) {
  return s.kind == ImmKind::lane ? LaneBits{{11, 21, 20, 0}} : LaneBits{{30, 12, 11, 10}};
}
constexpr Encoded encode_lane(ImmSpec s, i64 v) {
  if (v < 0 || !fits_unsigned(static_cast<u64>(v), s.width)) return refused;
  Encoded bits = 0;
  for (unsigned i = 0; i < s.width; ++i) bits |= (v >> (s.width - 1 - i) & 1) << lane_bits(s).at[i];
  return bits;
}
constexpr i64 decode_lane(ImmSpec s, u32 word) {
  i64 v = 0;
  for (unsigned i = 0; i < s.width; ++i) v = v << 1 | (word >> lane_bits(s).at[i] & 1);
  return v;
}

// The bits of value v in a field of kind s.
constexpr Encoded encode_imm(ImmSpec s, i64 v) {
  const auto at = [&](i64 field) { return static_cast<Encoded>(static_cast<u64>(field) << s.lsb); };
  switch (s.kind) {
    case ImmKind::uimm: return encode_uimm(s, v);
    case ImmKind::simm: return encode_simm(s, v);
    case ImmKind::down: return v >= 1 && v <= s.width ? at(s.scale - v) : refused;
    case ImmKind::addsub: return encode_addsub(v);
    case ImmKind::logical: return encode_logical(static_cast<u64>(v), s.width);
    case ImmKind::mov: return encode_mov(v, s.width);
    case ImmKind::lsl:
      return v >= 0 && v < s.width ? (s.width - v) % s.width << 16 | (s.width - 1 - v) << 10 : refused;
    case ImmKind::extract:
    case ImmKind::insert: return encode_field(s, v);
    case ImmKind::shift:
      return v >= 0 && (v & 0x7f) < s.width && (v >> 8) < s.scale ? (v >> 8) << 22 | (v & 0x7f) << 10 : refused;
    case ImmKind::extend:
      if (v < 0 || (v & 0x7f) > 4 || (v >> 8) > 7 || (s.scale == 1 && (v >> 8 & 3) != 3)) return refused;
      return (v >> 8) << 13 | (v & 0x7f) << 10;
    case ImmKind::index: return encode_index(s, v);
    case ImmKind::offset: {
      const Encoded scaled = encode_uimm({ImmKind::uimm, 10, 12, s.scale}, v);
      if (scaled != refused) return scaled | 1 << 24;
      return encode_simm({ImmKind::simm, 12, 9, 0}, v);
    }
    case ImmKind::test_bit: return v >= 0 && v < s.width ? (v >> 5) << 31 | (v & 31) << 19 : refused;
    case ImmKind::adr: {
      const Encoded field = encode_simm({ImmKind::simm, 0, 21, s.scale}, v);
      return field == refused ? refused : (field & 3) << 29 | (field >> 2) << 5;
    }
    case ImmKind::auth: {
      const Encoded field = encode_simm({ImmKind::simm, 0, 10, 3}, v);
      return field == refused ? refused : (field >> 9) << 22 | (field & 0x1ff) << 12;
    }
    case ImmKind::not_cond: return v >= 0 && v < 14 ? at(v ^ 1) : refused;
    case ImmKind::fp8: {
      const Encoded imm8 = encode_fp8(static_cast<u64>(v));
      return imm8 == refused ? refused : at(imm8);
    }
    case ImmKind::vec_fp8: {
      const Encoded imm8 = encode_fp8(static_cast<u64>(v));
      return imm8 == refused ? refused : encode_vec8(static_cast<u64>(imm8));
    }
    case ImmKind::vec8: return v >= 0 && v <= 255 ? encode_vec8(static_cast<u64>(v)) : refused;
    case ImmKind::vec_mask: return encode_vec_mask(static_cast<u64>(v));
    case ImmKind::msl: return v == 8 || v == 16 ? at((v - 8) / 8) : refused;
    case ImmKind::rotation: return v >= 0 && v <= 270 && v % 90 == 0 ? at(v / 90) : refused;
    case ImmKind::rotation_odd: return v == 90 || v == 270 ? at(v / 180) : refused;
    case ImmKind::pstate: return v >= 0 && v < 64 ? (v >> 3) << 16 | (v & 7) << 5 : refused;
    case ImmKind::exact: return v == s.scale ? 0 : refused;
    case ImmKind::lane:
    case ImmKind::lane_q: return encode_lane(s, v);
  }
  return refused;
}

// The same for a kind known at compile time: the common ones are a few instructions where they are used,
// and the answer is no path of its own.
template <ImmSpec S>
[[gnu::always_inline]] constexpr Maybe<u32> encode_as(i64 value) {
  const u64 v = static_cast<u64>(value);
  if constexpr (S.kind == ImmKind::uimm) {
    return {static_cast<u32>(v >> S.scale << S.lsb), (v & ~(low_mask(S.width) << S.scale)) == 0};
  } else if constexpr (S.kind == ImmKind::simm) {
    const bool fits = ((v + (u64{1} << (S.width + S.scale - 1))) & ~(low_mask(S.width) << S.scale)) == 0;
    return {static_cast<u32>((v >> S.scale & low_mask(S.width)) << S.lsb), fits};
  } else if constexpr (S.kind == ImmKind::addsub) {
    const u32 opposite = static_cast<u32>(v >> 63) << 30;
    const u64 m = value < 0 ? ~v + 1 : v;
    const bool high = m > 0xfff;
    const u32 bits = high ? u32{1} << 22 | static_cast<u32>(m >> 2) : static_cast<u32>(m << 10);
    return {opposite | bits, (m & (high ? ~u64{0xfff000} : ~u64{0xfff})) == 0};
  } else if constexpr (S.kind == ImmKind::offset) {
    const Maybe<u32> scaled = encode_as<ImmSpec{ImmKind::uimm, 10, 12, S.scale}>(value);
    if (scaled) [[likely]] return {*scaled | u32{1} << 24, true};
    return encode_as<ImmSpec{ImmKind::simm, 12, 9, 0}>(value);
  } else {
    const Encoded e = S.kind == ImmKind::logical ? encode_logical(v, S.width) : encode_imm(S, value);
    return {static_cast<u32>(e), e != refused};
  }
}

// The bits of the word that a field of kind s occupies.
constexpr u32 imm_mask(ImmSpec s) {
  const auto field = [&](unsigned bits) { return static_cast<u32>(low_mask(bits) << s.lsb); };
  switch (s.kind) {
    case ImmKind::uimm:
    case ImmKind::simm: return field(s.width);
    case ImmKind::down: return field(log2_floor(u64{s.scale} * 2 - 1));
    case ImmKind::addsub: return 0x007ffc00;  // bit 30 tells add from sub: the rows'
    case ImmKind::logical: return s.width == 32 ? 0x003ffc00 : 0x007ffc00;
    case ImmKind::mov: return 0x60ffffe0;
    case ImmKind::lsl:
    case ImmKind::extract:
    case ImmKind::insert: return s.width == 32 ? 0x001f7c00 : 0x003ffc00;
    case ImmKind::shift: return 0x00c00000 | (s.width == 32 ? 0x7c00U : 0xfc00U);
    case ImmKind::extend: return 0x0000fc00;
    case ImmKind::index: return 0x0000f000;
    case ImmKind::offset: return 0x013ffc00;
    case ImmKind::test_bit: return 0x80f80000;
    case ImmKind::adr: return 0x60ffffe0;
    case ImmKind::auth: return 0x005ff000;
    case ImmKind::not_cond: return field(4);
    case ImmKind::fp8: return field(8);
    case ImmKind::vec_fp8:
    case ImmKind::vec8:
    case ImmKind::vec_mask: return 0x000703e0;
    case ImmKind::msl: return field(1);
    case ImmKind::rotation: return field(2);
    case ImmKind::rotation_odd: return field(1);
    case ImmKind::pstate: return 0x000700e0;
    case ImmKind::exact: return 0;
    case ImmKind::lane:
    case ImmKind::lane_q: return static_cast<u32>(encode_lane(s, static_cast<i64>(low_mask(s.width))));
  }
  return 0;
}

// The value in the word's field of kind s; false if the field is not one of this kind.
constexpr bool decode_imm(ImmSpec s, u32 word, i64& v) {
  const auto field = [&](unsigned lsb, unsigned bits) { return static_cast<i64>(word >> lsb & low_mask(bits)); };
  const auto signed_field = [&](unsigned lsb, unsigned bits) { return sign_extend(word >> lsb & low_mask(bits), bits); };
  const i64 immr = field(16, 6);
  const i64 imms = field(10, 6);
  const i64 vec8 = field(16, 3) << 5 | field(5, 5);
  u64 mask = 0;
  switch (s.kind) {
    case ImmKind::uimm: v = field(s.lsb, s.width) << s.scale; return true;
    case ImmKind::simm: v = signed_field(s.lsb, s.width) * (i64{1} << s.scale); return true;
    case ImmKind::down: v = s.scale - field(s.lsb, log2_floor(u64{s.scale} * 2 - 1)); return v >= 1 && v <= s.width;
    case ImmKind::addsub: v = field(10, 12) << (field(22, 1) * 12); return true;
    case ImmKind::logical:
      if (!decode_logical(word, s.width, mask)) return false;
      v = static_cast<i64>(mask);
      return true;
    case ImmKind::mov: {
      const u32 kind = word & 0x60800000;
      if (kind == 0x20000000) {
        if ((word & 0x3e0) != 0x3e0 || !decode_logical(word, s.width, mask)) return false;
      } else if (kind == mov_z || kind == mov_n) {
        if (field(21, 2) >= s.width / 16) return false;
        mask = static_cast<u64>(field(5, 16)) << (field(21, 2) * 16);
        if (kind == mov_n) mask = ~mask & low_mask(s.width);
      } else {
        return false;
      }
      v = static_cast<i64>(mask);
      return encode_mov(v, s.width) == static_cast<Encoded>(word & imm_mask(s));
    }
    case ImmKind::lsl: v = s.width - 1 - imms; return v >= 0 && imms != s.width - 1 && immr == imms + 1;
    case ImmKind::extract: v = pack_field(immr, imms - immr + 1); return imms >= immr && imms < s.width;
    case ImmKind::insert:
      v = pack_field((s.width - immr) % s.width, imms + 1);
      return imms < immr && immr < s.width;
    case ImmKind::shift: v = field(22, 2) << 8 | imms; return field(22, 2) < s.scale && imms < s.width;
    case ImmKind::extend:
      v = field(13, 3) << 8 | amount_written | field(10, 3);
      return field(10, 3) <= 4 && (s.scale == 2 || (s.scale == 1) == (field(13, 2) == 3));
    case ImmKind::index: {
      const i64 kind = field(13, 3);
      if ((kind & 2) == 0 || (kind & 1) != (s.width == 64 ? 1 : 0)) return false;
      v = kind << 8 | (field(12, 1) != 0 ? amount_written | s.scale : 0);
      return true;
    }
    case ImmKind::offset:
      if (field(24, 1) != 0) {
        v = field(10, 12) << s.scale;
        return true;
      }
      v = signed_field(12, 9);  // unscaled words are those of ldur
      return false;
    case ImmKind::test_bit: v = field(31, 1) << 5 | field(19, 5); return v < s.width;
    case ImmKind::adr: v = sign_extend(static_cast<u64>(field(5, 19) << 2 | field(29, 2)), 21) * (i64{1} << s.scale); return true;
    case ImmKind::auth: v = sign_extend(static_cast<u64>(field(22, 1) << 9 | field(12, 9)), 10) * 8; return true;
    case ImmKind::not_cond: v = field(s.lsb, 4) ^ 1; return v < 14;
    case ImmKind::fp8: v = static_cast<i64>(decode_fp8(static_cast<u32>(field(s.lsb, 8)))); return true;
    case ImmKind::vec_fp8: v = static_cast<i64>(decode_fp8(static_cast<u32>(vec8))); return true;
    case ImmKind::vec8: v = vec8; return true;
    case ImmKind::vec_mask:
      for (unsigned i = 0; i < 8; ++i)
        if ((vec8 >> i & 1) != 0) mask |= u64{0xff} << i * 8;
      v = static_cast<i64>(mask);
      return true;
    case ImmKind::msl: v = field(s.lsb, 1) * 8 + 8; return true;
    case ImmKind::rotation: v = field(s.lsb, 2) * 90; return true;
    case ImmKind::rotation_odd: v = field(s.lsb, 1) * 180 + 90; return true;
    case ImmKind::pstate: v = field(16, 3) << 3 | field(5, 3); return true;
    case ImmKind::exact: v = s.scale; return true;
    case ImmKind::lane:
    case ImmKind::lane_q: v = decode_lane(s, word); return true;
  }
  return false;
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_IMMEDIATES_HPP
