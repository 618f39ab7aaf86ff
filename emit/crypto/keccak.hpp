// Keccak-f[1600] and the absorption of blocks into its state, for SHA-3 and SHAKE: once over the kind of lane, which is
// a general register or, where a target has instructions for it, half of a vector.
//
//   void f(u64* state, const u8* data, u64 blocks)     state: 25 lanes, lane x + 5 y; blocks of `rate` bytes
//   void f(u64* state, const u8* data, u64 blocks, u64 rate)   the same for any rate of SHA-3 and SHAKE
//
// Source: FIPS 202, sections 3.2 and 4.
#ifndef JITKIT_EMIT_CRYPTO_KECCAK_HPP
#define JITKIT_EMIT_CRYPTO_KECCAK_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>
#include <jitkit/emit/crypto/control.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned keccak_lanes = 25;
inline constexpr u64 keccak_constants[24] = {
    0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009,
    0x000000000000008a, 0x0000000000000088, 0x0000000080008009, 0x000000008000000a,
    0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a,
    0x8000000080008081, 0x8000000000008080, 0x0000000080000001, 0x8000000080008008};
// Rotations of lane x + 5 y (section 3.2.2).
inline constexpr u8 keccak_rotations[keccak_lanes] = {0,  1,  62, 28, 27, 36, 44, 6,  55, 20, 3,  10, 43,
                                                      25, 39, 41, 45, 15, 21, 8,  18, 2,  61, 56, 14};
// Bytes of a block of SHA3-n.
constexpr unsigned sha3_rate(unsigned digest_bits) { return 200 - digest_bits / 4; }

// Lanes in general registers.
struct KeccakScalar {
  // Rows are finished one by one: what is best where lanes wait in memory. Else each lane is moved as its column's
  // parity is known.
  static constexpr bool by_rows = false;
  ir::Builder& b;
  ir::Value load(ir::Value address, i32 at) const { return b.load(ir::Type::i64, address, at); }
  void store(ir::Value address, ir::Value x, i32 at) const { b.store(address, x, at); }
  ir::Value constant(u64 v) const { return b.i64(static_cast<i64>(v)); }
  ir::Value xor_(ir::Value x, ir::Value y) const { return b.xor_(x, y); }
  ir::Value xor3(ir::Value x, ir::Value y, ir::Value z) const { return b.xor_(b.xor_(x, y), z); }
  ir::Value xor_rotated(ir::Value x, ir::Value y) const { return b.xor_(x, b.rotl(y, b.i64(1))); }  // x ^ rotl(y, 1)
  ir::Value rotated_xor(ir::Value x, ir::Value y, unsigned n) const { return b.rotl(b.xor_(x, y), b.i64(n)); }
  ir::Value xor_without(ir::Value x, ir::Value y, ir::Value z) const { return b.xor_(x, b.and_(y, b.not_(z))); }
};

template <class Lanes>
void keccak_round(const Lanes& l, std::array<ir::Value, keccak_lanes>& a, unsigned round) {
  using ir::Value;
  Value column[5], parity[5], next[keccak_lanes];
  for (unsigned x = 0; x < 5; ++x) column[x] = l.xor3(l.xor3(a[x], a[x + 5], a[x + 10]), a[x + 15], a[x + 20]);
  const auto mix = [&](unsigned x) { parity[x] = l.xor_rotated(column[(x + 4) % 5], column[(x + 1) % 5]); };
  const auto move = [&](unsigned x, unsigned y) {
    const unsigned from = x + 5 * y, n = keccak_rotations[from];
    next[y + 5 * ((2 * x + 3 * y) % 5)] = n == 0 ? l.xor_(a[from], parity[x]) : l.rotated_xor(a[from], parity[x], n);
  };
  std::array<Value, keccak_lanes> after;
  const auto finish_row = [&](unsigned y) {
    const Value* const row = next + 5 * y;
    for (unsigned x = 0; x < 5; ++x) after[x + 5 * y] = l.xor_without(row[x], row[(x + 2) % 5], row[(x + 1) % 5]);
  };
  if constexpr (Lanes::by_rows) {
    for (unsigned x = 0; x < 5; ++x) mix(x);
    for (unsigned y = 0; y < 5; ++y) {
      for (unsigned x = 0; x < 5; ++x) move((x + 3 * y) % 5, x);
      finish_row(y);
    }
  } else {
    for (unsigned x = 0; x < 5; ++x) {
      mix(x);
      for (unsigned y = 0; y < 5; ++y) move(x, y);
    }
    for (unsigned y = 0; y < 5; ++y) finish_row(y);
  }
  after[0] = l.xor_(after[0], l.constant(keccak_constants[round]));
  a = after;
}

namespace detail {

// The lanes stay values over all blocks. absorb(data, lanes) takes a block in, step is how long it is.
template <class Lanes, class Absorb, class Step>
void keccak_blocks(ir::Builder& b, const BlockParams& p, Absorb absorb, Step step) {
  using ir::Value;
  const Lanes l{b};
  std::array<Value, keccak_lanes> lanes;
  for (unsigned n = 0; n < keccak_lanes; ++n) lanes[n] = l.load(p.state, static_cast<i32>(8 * n));
  for_each_block(b, p, lanes, [&](Value data, std::array<Value, keccak_lanes>& a) {
    absorb(data, a);
    for (unsigned round = 0; round < 24; ++round) keccak_round(l, a, round);
  }, step);
  for (unsigned n = 0; n < keccak_lanes; ++n) l.store(p.state, lanes[n], static_cast<i32>(8 * n));
  b.ret();
}

}  // namespace detail

// Fills f, which declare_block_function() has made.
template <class Lanes>
void build_keccak(ir::FunctionData& f, unsigned rate) {
  using ir::Value;
  ir::Builder b(f);
  const Lanes l{b};
  detail::keccak_blocks<Lanes>(b, enter_block_function(b), [&](Value data, std::array<Value, keccak_lanes>& a) {
    for (unsigned n = 0; 8 * n < rate; ++n) a[n] = l.xor_(a[n], l.load(data, static_cast<i32>(8 * n)));
  }, rate);
}

// Fills f, whose fourth parameter is the rate: one of 72, 104, 136 and 144.
template <class Lanes>
void build_keccak_of_rate(ir::FunctionData& f) {
  using ir::Value;
  ir::Builder b(f);
  const Lanes l{b};
  const BlockParams p = enter_block_function(b);
  const Value rate = b.param(b.function().entry(), 3);
  detail::keccak_blocks<Lanes>(b, p, [&](Value data, std::array<Value, keccak_lanes>& a) {
    for (unsigned n = 0; n < 9; ++n) a[n] = l.xor_(a[n], l.load(data, static_cast<i32>(8 * n)));
    // Lanes first to last - 1 belong to the rates above 8 * first.
    const auto more = [&]<unsigned first, unsigned last>() {
      std::array<Value, last - first> some;
      for (unsigned n = first; n < last; ++n) some[n - first] = a[n];
      when(b, b.icmp(ir::ICond::ugt, rate, b.i64(8 * first)), some, [&](std::array<Value, last - first>& x) {
        for (unsigned n = first; n < last; ++n) x[n - first] = l.xor_(x[n - first], l.load(data, static_cast<i32>(8 * n)));
      });
      for (unsigned n = first; n < last; ++n) a[n] = some[n - first];
    };
    more.template operator()<9, 13>();
    more.template operator()<13, 17>();
    more.template operator()<17, 18>();
  }, rate);
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_KECCAK_HPP
