// Constants as instructions: the fewest of movz, movn, orr and movk for an integer, the one movi, mvni or
// fmov for a vector where there is one. The macro-assembler and the compiler's emitter both ask here.
//
// Invariant: a plan's words have register 0 as destination, and as the only register they touch; or its
// number into each of them. The first word sets the whole register, the others are movk.
//
// Why the search is complete. Let k of the four 16-bit parts be set by movk. The others must be those of
// what movz, movn or orr (of 64 or, with the upper half zero, of 32 bits) made. movz and movn leave equal
// parts 0 or ffff. A bit-mask immediate is a rotated run of ones in an element of 2 to 64 bits: if it has
// an element of at most 32 bits, the parts under movk repeat the others or finish their run, and in an
// element of 64 bits they finish the one run. In both cases 0, ffff or a copy of another part does, so
// these are all that is tried.
// Source: Arm ARM C6.2 (MOV aliases), C7.2 (MOVI, MVNI, FMOV), DecodeBitMasks, AdvSIMDExpandImm.
#ifndef JITKIT_EMIT_ARM64_CONSTANTS_HPP
#define JITKIT_EMIT_ARM64_CONSTANTS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/operands.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// ---- integers ----

struct ConstantPlan {
  u32 words[4] = {};
  u8 count = 0;
  constexpr void add(u32 word) { words[count++] = word; }
};

namespace detail {

inline constexpr u32 mov_w_bits = 0x12000000;  // what movz, movn and orr have in common (mov_imm_w)
inline constexpr u32 movk_x_bits = 0xf2800000;
inline constexpr u32 sf_bit = 0x80000000;

constexpr u64 part_of(u64 v, unsigned n) { return v >> n * 16 & 0xffff; }
constexpr u64 with_part(u64 v, unsigned n, u64 part) { return (v & ~(u64{0xffff} << n * 16)) | part << n * 16; }

// The one instruction that makes v, or refused.
constexpr Encoded one_word(u64 v) {
  const Encoded wide = encode_mov(static_cast<i64>(v), 64);
  if (wide != refused) return wide | Encoded{mov_w_bits | sf_bit};
  if (v > 0xffffffff) return refused;
  const Encoded word = encode_mov(static_cast<i64>(v), 32);
  return word == refused ? refused : word | Encoded{mov_w_bits};
}

// `first` makes `start`; movk each part in which v differs.
constexpr ConstantPlan complete(Encoded first, u64 start, u64 v) {
  ConstantPlan p;
  p.add(static_cast<u32>(first));
  for (unsigned n = 0; n < 4; ++n)
    if (part_of(start, n) != part_of(v, n))
      p.add(movk_x_bits | n << 21 | static_cast<u32>(part_of(v, n)) << 5);
  return p;
}

// Some bit-mask immediate that agrees with v but in part n, or in parts n and m.
constexpr bool mask_near(u64 v, unsigned n, unsigned m, u64& mask) {
  u64 fills[6] = {0, 0xffff};
  unsigned count = 2;
  for (unsigned i = 0; i < 4; ++i)
    if (i != n && i != m) fills[count++] = part_of(v, i);
  for (unsigned i = 0; i < count; ++i) {
    const u64 one = with_part(v, n, fills[i]);
    for (unsigned j = 0; j < (n == m ? 1 : count); ++j) {
      mask = n == m ? one : with_part(one, m, fills[j]);
      if (encode_logical(mask, 64) != refused) return true;
    }
  }
  return false;
}

}  // namespace detail

// v into a 64-bit register. For 32 bits: zero-extend v; then it takes at most two instructions.
constexpr ConstantPlan plan_constant(u64 v) {
  using namespace detail;
  ConstantPlan p;
  if (const Encoded one = one_word(v); one != refused) {
    p.add(static_cast<u32>(one));
    return p;
  }
  unsigned zeroes = 0, ones = 0, first_set = 4, first_clear = 4;
  for (unsigned n = 4; n-- > 0;) {
    zeroes += part_of(v, n) == 0 ? 1 : 0;
    ones += part_of(v, n) == 0xffff ? 1 : 0;
    if (part_of(v, n) != 0) first_set = n;
    if (part_of(v, n) != 0xffff) first_clear = n;
  }
  const unsigned by_moves = 4 - (zeroes > ones ? zeroes : ones);
  u64 start = 0;
  if (by_moves > 2) {
    for (unsigned n = 0; n < 4; ++n)
      if (mask_near(v, n, n, start)) return complete(one_word(start), start, v);
    // A mask of 32 bits, which clears the upper half.
    const u64 low = v & 0xffffffff;
    if (one_word(low) != refused && (part_of(v, 2) == 0 || part_of(v, 3) == 0)) return complete(one_word(low), low, v);
    if (by_moves > 3) {
      if (one_word(low) != refused) return complete(one_word(low), low, v);
      for (unsigned n = 0; n < 4; ++n)
        for (unsigned m = n + 1; m < 4; ++m)
          if (mask_near(v, n, m, start)) return complete(one_word(start), start, v);
    }
  }
  start = ones > zeroes ? with_part(~u64{0}, first_clear, part_of(v, first_clear))
                        : with_part(0, first_set, part_of(v, first_set));
  return complete(one_word(start), start, v);
}

// ---- vectors ----

namespace detail {

// A float with an 8-bit immediate is a double with the same one.
constexpr Encoded encode_single_fp8(u32 bits) {
  const u32 exponent = bits >> 23 & 0xff;
  if (exponent == 0 || exponent == 255) return refused;
  return encode_fp8(u64{bits >> 31} << 63 | u64{exponent + 896} << 52 | u64{bits & 0x7fffff} << 29);
}

// imm8 in the word of a modified immediate whose elements are v's low 64 bits, or refused. `q`: bit 30.
constexpr Encoded movi_word(u64 v, u32 q) {
  constexpr u32 inverted = 0x20000000;
  const auto word = [&](u32 bits, u64 imm8) { return Encoded{bits} | encode_vec8(imm8) | Encoded{q}; };
  const Encoded mask = encode_vec_mask(v);
  if (mask != refused) return mask | Encoded{0x2f00e400 | q};  // movi d, movi v.2d
  const u32 low = static_cast<u32>(v);
  if (v >> 32 == low) {
    for (const u32 flip : {u32{0}, inverted}) {
      const u32 s = flip != 0 ? ~low : low;
      for (u32 n = 0; n < 4; ++n)
        if ((s & ~(0xffU << n * 8)) == 0) return word(0x0f000400 | flip | n << 13, s >> n * 8);
      if ((s & 0xffff00ff) == 0x000000ff) return word(0x0f00c400 | flip, s >> 8);
      if ((s & 0xff00ffff) == 0x0000ffff) return word(0x0f00d400 | flip, s >> 16);
      const u32 h = s & 0xffff;
      if (s >> 16 == h && h <= 0xff) return word(0x0f008400 | flip, h);
      if (s >> 16 == h && (h & 0xff) == 0) return word(0x0f00a400 | flip, h >> 8);
    }
    const u32 b = low & 0xff;
    if (low == b * 0x01010101) return word(0x0f00e400, b);
    const Encoded fp8 = encode_single_fp8(low);
    if (fp8 != refused) return word(0x0f00f400, static_cast<u64>(fp8));
  }
  const Encoded fp8 = encode_fp8(v);
  if (fp8 == refused) return refused;
  // fmov v.2d; of one double it is the scalar form.
  return q != 0 ? word(0x2f00f400, static_cast<u64>(fp8)) : Encoded{0x1e601000} | fp8 << 13;
}

}  // namespace detail

// The one instruction that sets register 0 to these 128 bits, or refused.
constexpr Encoded vector_word(u64 low, u64 high) {
  if (low == high) return detail::movi_word(low, 1U << 30);
  return high == 0 ? detail::movi_word(low, 0) : refused;
}
// The one that sets it to these 32 bits and clears the rest.
constexpr Encoded single_word(u32 low) {
  const Encoded fp8 = detail::encode_single_fp8(low);
  return fp8 != refused ? Encoded{0x1e201000} | fp8 << 13 : detail::movi_word(low, 0);
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CONSTANTS_HPP
