// GHASH: the universal hash of GCM, by carry-less multiplication with one reduction for many blocks.
//
// A block with its bytes reversed is a polynomial of degree 127 whose bit 127 - k is the coefficient of x^k.
// The product of two registers of 128 bits has 255, one too few for that order, so each power of H is kept
// divided by x. A table holds the powers 16 to 1 in that order, so that a vector of blocks meets its powers at
// one address, and behind them the exclusive-or of each power's halves for Karatsuba's middle product.
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

// Adds the product of x and a vector of powers whose first is `power`. With four products of halves, or with
// three and the table's exclusive-ors.
template <class V>
void ghash_add(const V& v, GhashSum& sum, ir::Value x, ir::Value table, unsigned power, bool karatsuba) {
  using ir::Value;
  const Value h = v.load(table, ghash_power_at(power));
  const auto add = [&](Value& to, Value product) { to = to ? v.xor_(to, product) : product; };
  add(sum.low, v.clmul(x, h, 0x00U));
  add(sum.high, v.clmul(x, h, 0x11U));
  if (karatsuba) {
    const Value halves = v.xor_(x, v.exchange_halves(x));
    add(sum.middle, v.clmul(halves, v.load(table, ghash_halves_at(power)), 0x00U));
  } else {
    add(sum.middle, v.clmul(x, h, 0x01U));
    add(sum.middle, v.clmul(x, h, 0x10U));
  }
}

// The sum modulo x^128 + x^7 + x^2 + x + 1.
inline ir::Value ghash_reduce(ir::Builder& b, GhashSum s, bool karatsuba) {
  using ir::Value;
  const Vector128 v{b};
  if (karatsuba) s.middle = v.xor_(s.middle, v.xor_(s.low, s.high));
  Value low = v.xor_(s.low, bytes_up(b, s.middle, 8));
  const Value high = v.xor_(s.high, bytes_down(b, s.middle, 8));
  const Value reducer = v.constant(ghash_reducer, 0);
  for (int n = 0; n < 2; ++n) low = v.xor_(v.exchange_halves(low), v.clmul(low, reducer, 0x00U));
  return v.xor_(low, high);
}

template <class V>
ir::Value ghash_reduce(const V& v, const GhashSum& s, bool karatsuba) {
  GhashSum all{v.block(s.low, 0), v.block(s.middle, 0), v.block(s.high, 0)};
  for (unsigned n = 1; n < V::blocks; ++n) {
    all.low = v.b.vxor(all.low, v.block(s.low, n));
    all.middle = v.b.vxor(all.middle, v.block(s.middle, n));
    all.high = v.b.vxor(all.high, v.block(s.high, n));
  }
  return ghash_reduce(v.b, all, karatsuba);
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
      Value block = v.reverse(v.load(x[1], static_cast<i32>(16 * n * V::blocks)), reversal);
      if (n == 0) block = v.xor_(block, v.first(x[0], block));
      ghash_add(v, products, block, table, count - n * V::blocks, Aes::karatsuba);
    }
    x = {ghash_reduce(v, products, Aes::karatsuba), b.ptr_add(x[1], b.i64(16 * count))};
  });
  sum = s[0];
  data = s[1];
  return blocks;
}

}  // namespace detail

// Writes the table for the hash key H, 16 bytes at `h`; a loop over fewer blocks at a time needs fewer powers.
inline void ghash_make_table(ir::Builder& b, ir::Value h, ir::Value table, bool karatsuba,
                             unsigned powers = ghash_powers) {
  using ir::Value;
  const Vector128 v{b};
  const Value x = v.reverse(b.load(ir::Type::v128, h), v.reversal());
  // Divided by x: moved up by one bit; a bit that falls out is a 1, and 1 / x is a constant.
  const Value carries = b.vlshr_imm(ir::Lane::i64, x, 63U);
  const Value doubled = b.vor(b.vadd(ir::Lane::i64, x, x), bytes_up(b, carries, 8));
  const Value out = shuffle(b, b.vashr_imm(ir::Lane::i32, x, 31U),
                            Bytes16{12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15, 12, 13, 14, 15});
  const Value by_x = v.xor_(doubled, b.vand(out, b.v128(1, detail::ghash_reducer)));
  Value power = by_x;
  for (unsigned n = 1; n <= powers; ++n) {
    b.store(table, power, detail::ghash_power_at(n));
    b.store(table, v.xor_(power, v.exchange_halves(power)), detail::ghash_halves_at(n));
    if (n == powers) break;
    GhashSum product;
    // Power 1 stands in the table by now.
    detail::ghash_add(v, product, power, table, 1, karatsuba);
    power = detail::ghash_reduce(b, product, karatsuba);
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
