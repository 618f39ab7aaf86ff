// GHASH: the universal hash of GCM, by carry-less multiplication with one reduction for many blocks.
//
// A block with its bytes reversed is a polynomial of degree 127 whose bit 127 - k is the coefficient of x^k.
// The product of two registers of 128 bits has 255, one too few for that order, so each power of H is kept
// divided by x. A table holds the powers 16 to 1 in that order, so that a vector of blocks meets its powers at
// one address, and behind them the exclusive-or of each power's halves for Karatsuba's middle product.
// With Karatsuba, which takes the same half of both factors, blocks and powers have their halves exchanged: to turn
// the bytes of a block round within its halves takes no mask. Sums and the hash are in order both ways.
// Sums of products stay unreduced, 256 bits in three parts, until a whole chunk is in them.
//
// Invariant: no branch and no address depends on key or data.
// Sources: NIST SP 800-38D 6.3, 6.4; S. Gueron, M. Kounavis, "Intel Carry-Less Multiplication Instruction and
// its Usage for Computing the GCM Mode" (2010).
#ifndef JITKIT_EMIT_CRYPTO_GHASH_HPP
#define JITKIT_EMIT_CRYPTO_GHASH_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/control.hpp>
#include <jitkit/emit/crypto/vector.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned ghash_powers = 16;
inline constexpr unsigned ghash_table_bytes = 2 * 16 * ghash_powers;

// The low and the high half of a sum of products and what stands across them.
struct GhashSum {
  ir::Value low, middle, high;
};

namespace detail {

// x^127 + x^6 + x + 1, which is x^-1, without the last two: the multiplier of either reduction step.
inline constexpr u64 ghash_reducer = 0xc200000000000000;

// Power `power` in the table, and the exclusive-or of its halves.
constexpr i32 ghash_power_at(unsigned power) { return static_cast<i32>(16 * (ghash_powers - power)); }
constexpr i32 ghash_halves_at(unsigned power) { return ghash_power_at(power) + static_cast<i32>(16 * ghash_powers); }

template <class Aes, class V>
ir::Value ghash_factor(const V& v, ir::Value x) {
  return Aes::karatsuba ? v.exchange_halves(x) : x;
}

// Adds the product of x, as ghash_factor() has it, and a vector of powers whose first is `power`. With four products of
// halves, or with three and the table's exclusive-ors.
template <class Aes, class V>
void ghash_add(const V& v, GhashSum& sum, ir::Value x, ir::Value table, unsigned power) {
  using ir::Value;
  const Value h = v.load(table, ghash_power_at(power));
  const auto add = [&](Value& to, Value product) { to = to ? v.xor_(to, product) : product; };
  add(sum.low, v.clmul(x, h, Aes::karatsuba ? 0x11U : 0x00U));
  add(sum.high, v.clmul(x, h, Aes::karatsuba ? 0x00U : 0x11U));
  if (Aes::karatsuba) {
    const Value halves = v.xor_(x, v.exchange_halves(x));
    add(sum.middle, v.clmul(halves, v.load(table, ghash_halves_at(power)), 0x00U));
  } else {
    add(sum.middle, v.clmul(x, h, 0x01U));
    add(sum.middle, v.clmul(x, h, 0x10U));
  }
}

// The same of a vector of blocks as they are in memory; `before`, if there is one, is the hash of those before.
template <class Aes, class V>
void ghash_block(const V& v, GhashSum& sum, ir::Value x, ir::Value before, ir::Value reversal, ir::Value table,
                 unsigned power) {
  if constexpr (Aes::karatsuba)
    x = Aes::reverse_in_halves(v, x);
  else
    x = v.reverse(x, reversal);
  if (before) x = v.xor_(x, v.first(ghash_factor<Aes>(v, before), x));
  ghash_add<Aes>(v, sum, x, table, power);
}

// The sum modulo x^128 + x^7 + x^2 + x + 1: what stands lowest goes up by 64 bits, twice.
template <class Aes>
ir::Value ghash_reduce(ir::Builder& b, GhashSum s) {
  using ir::Value;
  const Vector128 v{b};
  if (Aes::karatsuba) s.middle = v.xor_(s.middle, v.xor_(s.low, s.high));
  const Value reducer = v.constant(ghash_reducer, 0);
  const auto up = [&](Value x) { return v.xor_(v.exchange_halves(x), v.clmul(x, reducer, 0x00U)); };
  return v.xor_(s.high, up(v.xor_(s.middle, up(s.low))));
}

template <class Aes, class V>
ir::Value ghash_reduce(const V& v, const GhashSum& s) {
  GhashSum all{v.block(s.low, 0), v.block(s.middle, 0), v.block(s.high, 0)};
  for (unsigned n = 1; n < V::blocks; ++n) {
    all.low = v.b.vxor(all.low, v.block(s.low, n));
    all.middle = v.b.vxor(all.middle, v.block(s.middle, n));
    all.high = v.b.vxor(all.high, v.block(s.high, n));
  }
  return ghash_reduce<Aes>(v.b, all);
}

// One width of GHASH: `wide` vectors of V, with one reduction, while there are that many blocks.
template <class Aes, class V, unsigned wide>
ir::Value ghash_loop(ir::Builder& b, ir::Value table, ir::Value& sum, ir::Value& data, ir::Value blocks) {
  using ir::Value;
  constexpr unsigned count = wide * V::blocks;
  const V v{b};
  const Value reversal = v.reversal();
  std::array<Value, 2> s = {sum, data};
  blocks = while_at_least(b, blocks, count, s, [&](std::array<Value, 2>& x) {
    GhashSum products;
    for (unsigned n = 0; n < wide; ++n) {
      const Value block = v.load(x[1], static_cast<i32>(16 * n * V::blocks));
      ghash_block<Aes>(v, products, block, n == 0 ? x[0] : Value(), reversal, table, count - n * V::blocks);
    }
    x = {ghash_reduce<Aes>(v, products), b.ptr_add(x[1], b.i64(16 * count))};
  });
  sum = s[0];
  data = s[1];
  return blocks;
}

}  // namespace detail

// Writes the table for the hash key H, 16 bytes at `h`; a loop over fewer blocks at a time needs fewer powers.
template <class Aes>
void ghash_make_table(ir::Builder& b, ir::Value h, ir::Value table, unsigned powers = ghash_powers) {
  using ir::Value;
  const Vector128 v{b};
  const Value x = v.reverse(b.load(ir::Type::v128, h), v.reversal());
  // Divided by x: moved up by one bit; a bit that falls out is a 1, and 1 / x is a constant.
  const Value carries = b.vlshr_imm(ir::Lane::i64, x, 63U);
  const Value doubled = b.vor(b.vadd(ir::Lane::i64, x, x), bytes_up(b, carries, 8));
  const Value out = shuffle(b, b.vashr_imm(ir::Lane::i32, x, 31U),
                            Bytes16{12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15});
  const Value by_x = v.xor_(doubled, b.vand(out, b.v128(1, detail::ghash_reducer)));
  Value power = detail::ghash_factor<Aes>(v, by_x);
  for (unsigned n = 1; n <= powers; ++n) {
    b.store(table, power, detail::ghash_power_at(n));
    b.store(table, v.xor_(power, v.exchange_halves(power)), detail::ghash_halves_at(n));
    if (n == powers) break;
    GhashSum product;
    // Power 1 stands in the table by now.
    detail::ghash_add<Aes>(v, product, power, table, 1);
    power = detail::ghash_factor<Aes>(v, detail::ghash_reduce<Aes>(b, product));
  }
}

// The hash after `blocks` blocks at `data`; `sum` is in the order of the table, its bytes reversed.
template <class Aes>
ir::Value ghash(ir::Builder& b, ir::Value table, ir::Value sum, ir::Value data, ir::Value blocks) {
  using V = typename Aes::Vector;
  // As many vectors as the table has powers for.
  constexpr unsigned wide = V::blocks > 2 ? ghash_powers / V::blocks : 8;
  blocks = detail::ghash_loop<Aes, V, wide>(b, table, sum, data, blocks);
  detail::ghash_loop<Aes, Vector128, 1>(b, table, sum, data, blocks);
  return sum;
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_GHASH_HPP
