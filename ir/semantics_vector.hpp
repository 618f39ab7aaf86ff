// Vector lanes, shuffles and crypto steps on bit patterns, for semantics.hpp.
//
// Invariant: byte i of a vector is byte i of its image in memory, so lane 0 is in the low bits.
// Sources: FIPS 197 (AES), RFC 3720 appendix B.4 (CRC-32C).
#ifndef JITKIT_IR_SEMANTICS_VECTOR_HPP
#define JITKIT_IR_SEMANTICS_VECTOR_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/opcode.hpp>
#include <jitkit/ir/semantics_float.hpp>
#include <jitkit/ir/support/bits.hpp>
#include <jitkit/ir/support/span.hpp>
#include <jitkit/ir/support/wide.hpp>
#include <jitkit/ir/type.hpp>

#include <array>

namespace jitkit::inline JITKIT_ABI::ir::semantics {

constexpr u64 get_lane(Bits v, unsigned n, unsigned i) {
  const unsigned at = i * n;
  return (at < 64 ? v.lo >> at : v.hi >> (at - 64)) & low_mask(n);
}
constexpr void set_lane(Bits& v, unsigned n, unsigned i, u64 x) {
  const unsigned at = i * n;
  u64& word = at < 64 ? v.lo : v.hi;
  word = (word & ~(low_mask(n) << (at & 63))) | (x & low_mask(n)) << (at & 63);
}
constexpr u8 get_byte(Bits v, unsigned i) { return static_cast<u8>(get_lane(v, 8, i)); }

constexpr bool is_float(Lane l) { return l == Lane::f16 || l == Lane::f32 || l == Lane::f64; }

// An op of two lanes of n bits; the result's bits above n are cut off by set_lane.
constexpr u64 lane_pair(Opcode op, u64 x, u64 y, unsigned n) {
  const i64 sx = sign_extend(x, n), sy = sign_extend(y, n);
  switch (op) {
    case Opcode::vadd: return x + y;
    case Opcode::vsub: return x - y;
    case Opcode::vmul: return x * y;
    case Opcode::vsmin: return sx < sy ? x : y;
    case Opcode::vsmax: return sx < sy ? y : x;
    case Opcode::vumin: return x < y ? x : y;
    case Opcode::vumax: return x < y ? y : x;
    case Opcode::vcmpeq: return x == y ? ~u64{0} : 0;
    case Opcode::vcmpgt: return sx > sy ? ~u64{0} : 0;
    default: check(false); return 0;
  }
}
constexpr u64 float_pair(Opcode op, u64 x, u64 y, unsigned n) {
  switch (op) {
    case Opcode::vadd: return float_op(Opcode::fadd, x, y, n);
    case Opcode::vsub: return float_op(Opcode::fsub, x, y, n);
    case Opcode::vmul: return float_op(Opcode::fmul, x, y, n);
    case Opcode::vfdiv: return float_op(Opcode::fdiv, x, y, n);
    default: check(false); return 0;
  }
}
constexpr u64 lane_shift(Opcode op, u64 x, unsigned count, unsigned n) {
  switch (op) {
    case Opcode::vshl_imm: return x << count;
    case Opcode::vlshr_imm: return x >> count;
    case Opcode::vashr_imm: return static_cast<u64>(sign_extend(x, n) >> count);
    default: check(false); return 0;
  }
}

// An op with a lane shape on vectors of `size` bytes. A lane number or count out of range, which the
// verifier refuses, counts modulo the lanes or the lane's bits.
constexpr Bits lane_op(Opcode op, unsigned size, Lane lane, u32 aux, Bits x, Bits y) {
  const unsigned n = lane_bits(lane), count = size * 8 / n, chosen = aux & (count - 1);
  Bits r;
  switch (op) {
    case Opcode::vextract: return {get_lane(x, n, chosen), 0};
    case Opcode::vinsert:
      r = x;
      set_lane(r, n, chosen, y.lo);
      return r;
    case Opcode::vsplat:
      for (unsigned i = 0; i < count; ++i) set_lane(r, n, i, x.lo);
      return r;
    case Opcode::vshl_imm:
    case Opcode::vlshr_imm:
    case Opcode::vashr_imm:
      for (unsigned i = 0; i < count; ++i)
        set_lane(r, n, i, lane_shift(op, get_lane(x, n, i), aux & (n - 1), n));
      return r;
    default:
      for (unsigned i = 0; i < count; ++i) {
        const u64 a = get_lane(x, n, i), b = get_lane(y, n, i);
        set_lane(r, n, i, is_float(lane) ? float_pair(op, a, b, n) : lane_pair(op, a, b, n));
      }
      return r;
  }
}

// One result byte per mask byte; a mask byte counts through x and then y, modulo both.
constexpr Bits shuffle(Bits x, Bits y, Span<const u8> mask) {
  const unsigned size = static_cast<unsigned>(mask.size());
  Bits r;
  for (unsigned i = 0; i < size; ++i) {
    const unsigned from = mask[i] & (2 * size - 1);
    set_lane(r, 8, i, from < size ? get_byte(x, from) : get_byte(y, from - size));
  }
  return r;
}
constexpr Bits table_lookup(Bits table, Bits indices, unsigned size) {
  Bits r;
  for (unsigned i = 0; i < size; ++i) {
    const u8 from = get_byte(indices, i);
    set_lane(r, 8, i, from < size ? get_byte(table, from) : 0);
  }
  return r;
}

// Product in GF(2^8) modulo x^8 + x^4 + x^3 + x + 1.
constexpr u8 aes_product(u8 x, u8 y) {
  unsigned r = 0, a = x;
  for (unsigned i = 0; i < 8; ++i) {
    if ((y >> i & 1) != 0) r ^= a;
    a = a << 1 ^ ((a & 0x80) != 0 ? 0x11bU : 0U);
  }
  return static_cast<u8>(r);
}

struct AesBoxes {
  std::array<u8, 256> forward{};
  std::array<u8, 256> inverse{};
};
// 3 generates the field, and its inverse is 0xf6: walking both powers pairs every byte with its
// inverse. The affine map follows.
constexpr AesBoxes make_aes_boxes() {
  AesBoxes t;
  u8 power = 1, inverse = 1;
  const auto put = [&t](u8 at, u8 inv) {
    u8 s = 0x63;
    for (int k = 0; k < 5; ++k) s = static_cast<u8>(s ^ std::rotl(inv, k));
    t.forward[at] = s;
    t.inverse[s] = at;
  };
  put(0, 0);
  for (int i = 0; i < 255; ++i) {
    put(power, inverse);
    power = aes_product(power, 3);
    inverse = aes_product(inverse, 0xf6);
  }
  return t;
}
inline constexpr AesBoxes aes_boxes = make_aes_boxes();

// The first row of the circulant matrix of MixColumns and of its inverse.
inline constexpr std::array<u8, 4> aes_mix{2, 3, 1, 1};
inline constexpr std::array<u8, 4> aes_inverse_mix{14, 11, 13, 9};

constexpr Bits aes_mix_columns(Bits state, const std::array<u8, 4>& row) {
  Bits r;
  for (unsigned i = 0; i < 16; ++i) {
    unsigned sum = 0;
    for (unsigned k = 0; k < 4; ++k)
      sum ^= aes_product(get_byte(state, (i & 12) + k), row[(k - i) & 3]);
    set_lane(r, 8, i, sum);
  }
  return r;
}

constexpr Bits aes_round(Opcode op, Bits state, Bits key) {
  const bool inverse = op == Opcode::aes_dec || op == Opcode::aes_declast;
  const std::array<u8, 256>& box = inverse ? aes_boxes.inverse : aes_boxes.forward;
  Bits r;
  for (unsigned i = 0; i < 16; ++i) {  // row i % 4 turns by i % 4 columns
    const unsigned from = inverse ? i - 4 * (i & 3) : i + 4 * (i & 3);
    set_lane(r, 8, i, box[get_byte(state, from & 15)]);
  }
  if (op == Opcode::aes_enc) r = aes_mix_columns(r, aes_mix);
  if (op == Opcode::aes_dec) r = aes_mix_columns(r, aes_inverse_mix);
  return {r.lo ^ key.lo, r.hi ^ key.hi};
}

constexpr Bits carryless_product(u64 x, u64 y) {
  u128 r = 0;
  for (unsigned i = 0; i < 64; ++i)
    if ((y >> i & 1) != 0) r ^= u128{x} << i;
  return Bits::of(r);
}

// The reflected CRC state advanced by the n bits of data, low bit first.
constexpr u32 crc32c_step(u32 state, u64 data, unsigned n) {
  for (unsigned i = 0; i < n; ++i) {
    const bool carry = ((state ^ data >> i) & 1) != 0;
    state = state >> 1 ^ (carry ? 0x82f63b78U : 0U);
  }
  return state;
}

}  // namespace jitkit::inline JITKIT_ABI::ir::semantics

#endif  // JITKIT_IR_SEMANTICS_VECTOR_HPP
