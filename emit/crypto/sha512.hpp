// SHA-512's block function in core ops only, in two versions: with the schedule in general registers, and with
// the schedule two words at a time in vectors, which leaves the general registers to the rounds.
//
// Rounds are unrolled, so the working variables change places by name alone.
// Source: FIPS 180-4, sections 4.1.3, 4.2.3 and 6.4.2.
#ifndef JITKIT_EMIT_CRYPTO_SHA512_HPP
#define JITKIT_EMIT_CRYPTO_SHA512_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>
#include <jitkit/emit/crypto/control.hpp>
#include <jitkit/emit/crypto/vector.hpp>

#include <array>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned sha512_words = 8;  // of the state
inline constexpr unsigned sha512_block_bytes = 128;
inline constexpr u64 sha512_start[sha512_words] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
inline constexpr u64 sha512_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538,
    0x59f111f1b605d019, 0x923f82a4af194f9b, 0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe,
    0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1, 0x9bdc06a725c71235,
    0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65,
    0x2de92c6f592b0275, 0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab,
    0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4, 0xc6e00bf33da88fc2, 0xd5a79147930aa725,
    0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b,
    0xa2bfe8a14cf10364, 0xa81a664bbc423001, 0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218,
    0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8, 0x1e376c085141ab53,
    0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373,
    0x682e6ff3d6b2b8a3, 0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec,
    0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915, 0xc67178f2e372532b, 0xca273eceea26619c,
    0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc,
    0x431d67c49c100d4c, 0x4cc5d4becb3e42b6, 0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817};

// The constants of rounds 2 * pair and 2 * pair + 1.
inline ir::Value sha512_constant(ir::Builder& b, unsigned pair) {
  return b.v128(sha512_constants[2 * pair], sha512_constants[2 * pair + 1]);
}

namespace detail {

// Byte mask of a shuffle: 64-bit words turned round.
inline constexpr u8 big_endian_words[16] = {7, 6, 5, 4, 3, 2, 1, 0, 15, 14, 13, 12, 11, 10, 9, 8};

using Sha512State = std::array<ir::Value, sha512_words + 1>;  // a to h, and b ^ c

// The state as the last of the values that a loop carries.
template <usize n>
Sha512State sha512_state_of(const std::array<ir::Value, n>& carried) {
  Sha512State s;
  for (usize k = 0; k < s.size(); ++k) s[k] = carried[n - s.size() + k];
  return s;
}
template <usize n>
void set_sha512_state(std::array<ir::Value, n>& carried, const Sha512State& s) {
  for (usize k = 0; k < s.size(); ++k) carried[n - s.size() + k] = s[k];
}

inline void sha512_begin(ir::Builder& b, ir::Value state, Sha512State& s) {
  const auto words = load_state<sha512_words>(b, ir::Type::i64, state);
  for (unsigned n = 0; n < sha512_words; ++n) s[n] = words[n];
  s[8] = b.xor_(s[1], s[2]);
}

// A round; k_and_w: the constant and the word of the schedule, added. The order is that of the code, and counts:
// e first, which the next round waits for, and of its rotations those first that are needed first.
inline void sha512_round(ir::Builder& b, Sha512State& s, ir::Value k_and_w) {
  using ir::Value;
  const auto rotr = [&](Value x, unsigned n) { return b.rotr(x, b.i64(n)); };
  const auto two_rotated = [&](Value x, unsigned n, unsigned m) {
    const Value y = rotr(x, n), z = rotr(x, m);
    return b.xor_(y, z);
  };
  const Value a = s[0], e = s[4];
  Value t = b.add(s[7], k_and_w);
  // What dies here stands first: where an instruction writes its first operand, nothing is copied.
  const Value choice = b.xor_(b.and_(b.xor_(s[5], s[6]), e), s[6]);
  Value sigma = two_rotated(e, 41, 18);
  t = b.add(t, choice);
  sigma = b.xor_(sigma, rotr(e, 14));
  t = b.add(t, sigma);
  s[3] = b.add(s[3], t);
  // Maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, and this round's a ^ b is the next one's b ^ c.
  const Value a_xor_b = b.xor_(s[1], a);
  const Value majority = b.xor_(b.and_(s[8], a_xor_b), s[1]);
  sigma = two_rotated(a, 39, 34);
  t = b.add(t, majority);
  sigma = b.xor_(sigma, rotr(a, 28));
  for (unsigned n = 7; n > 0; --n) s[n] = s[n - 1];
  s[0] = b.add(t, sigma);
  s[8] = a_xor_b;
}

// The state in memory and these values, added, are both from now on.
inline void sha512_end(ir::Builder& b, ir::Value state, Sha512State& s) {
  for (unsigned n = 0; n < sha512_words; ++n) {
    s[n] = b.add(b.load(ir::Type::i64, state, static_cast<i32>(8 * n)), s[n]);
    b.store(state, s[n], static_cast<i32>(8 * n));
  }
  s[8] = b.xor_(s[1], s[2]);
}

}  // namespace detail

// Fills f, which declare_block_function() has made.
template <class Isa>
void build_sha512(ir::Function<Isa>& f) {
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const BlockParams p = enter_block_function(b);
  std::array<Value, 0> carried;
  for_each_block(b, p, carried, [&](Value data, auto&) {
    const auto rotr = [&](Value x, unsigned n) { return b.rotr(x, b.i64(n)); };
    b.position(__LINE__);
    detail::Sha512State s;
    detail::sha512_begin(b, p.state, s);
    Value w[16];  // w[t % 16] is word t of the schedule
    for (unsigned t = 0; t < 80; ++t) {
      b.position(__LINE__ + 1);  // the schedule
      if (t < 16) {
        w[t] = b.bswap(b.load(Type::i64, data, 8 * static_cast<i32>(t)));
      } else {
        const Value x = w[(t - 15) % 16], y = w[(t - 2) % 16];
        const Value s0 = b.xor_(b.xor_(rotr(x, 1), rotr(x, 8)), b.lshr(x, b.i64(7)));
        const Value s1 = b.xor_(b.xor_(rotr(y, 19), rotr(y, 61)), b.lshr(y, b.i64(6)));
        w[t % 16] = b.add(b.add(w[t % 16], w[(t - 7) % 16]), b.add(s0, s1));
      }
      b.position(__LINE__ + 1);  // the round
      detail::sha512_round(b, s, b.add(b.i64(static_cast<i64>(sha512_constants[t])), w[t % 16]));
    }
    b.position(__LINE__);
    detail::sha512_end(b, p.state, s);
  }, sha512_block_bytes);
  b.ret();
}

// What the schedule takes from vectors, here of one block and in core ops: two words of each block at a time.
struct Sha512Vector : Vector128 {
  // 16 bytes of each block; words turned round by what order() made.
  ir::Value gather(const std::array<ir::Value, 1>& from, i32 offset) const { return load(from[0], offset); }
  ir::Value order() const { return {}; }
  ir::Value ordered(ir::Value x, ir::Value) const { return b.vshuffle(x, x, Span<const u8>(detail::big_endian_words)); }
  // Words 2 n + 1 and 2 n + 2, of words 2 n and 2 n + 1 and the pair behind.
  ir::Value between(ir::Value x, ir::Value y) const { return shuffle(b, x, y, exchanged_halves); }
  ir::Value sigma(ir::Value x, unsigned first, unsigned second, unsigned shift) const {
    return xor3(rotr(x, first), rotr(x, second), b.vlshr_imm(ir::Lane::i64, x, shift));
  }

 private:
  ir::Value rotr(ir::Value x, unsigned n) const {
    return b.vxor(b.vlshr_imm(ir::Lane::i64, x, n), b.vshl_imm(ir::Lane::i64, x, 64 - n));
  }
};

// The same with the schedules of V::blocks blocks in vectors, side by side, which leaves the general registers to
// the rounds. Words go through memory with their constants added: those of all the blocks are there when the first
// one is 16 rounds from its end. Where fewer blocks are left than V has, the first stands for those that lack.
template <class Isa, class V = Sha512Vector>
class Sha512ByVectors {
 public:
  explicit Sha512ByVectors(ir::Function<Isa>& f) : b_(f), v_{b_}, p_(enter_block_function(b_)) {}

  void build() {
    std::array<Value, 2> all = {p_.blocks, p_.data};
    when(b_, b_.icmp(ir::ICond::ne, p_.blocks, b_.i64(0)), all, [&](std::array<Value, 2>& start) {
      b_.position(__LINE__);
      order_ = v_.order();
      words_ = b_.stack_addr(b_.new_slot(2 * constants, pair_bytes));
      for (unsigned n = 0; n < constants / pair_bytes; ++n)
        b_.store(words_, sha512_constant(b_, n), constants + pair_bytes * static_cast<i32>(n));
      do_while(b_, start, [&](std::array<Value, 2>& left) { some_blocks(left); });
    });
    b_.ret();
  }

 private:
  using Value = ir::Value;
  using State = detail::Sha512State;
  static constexpr usize state_size = std::tuple_size_v<State>;
  static constexpr unsigned turn = 8;  // pairs of rounds in a turn of a loop
  static constexpr i32 pair_bytes = 16 * V::blocks, turn_bytes = turn * pair_bytes;
  static constexpr i32 constants = 5 * turn_bytes;  // behind the words, in the first bytes of each pair's room

  void some_blocks(std::array<Value, 2>& left) {
    const Value data = left[1], count = b_.umin(left[0], b_.i64(V::blocks));
    std::array<Value, V::blocks> from = {data};
    for (unsigned n = 1; n < V::blocks; ++n)
      from[n] = b_.ptr_add(data, b_.select(b_.icmp(ir::ICond::ugt, count, b_.i64(n)), b_.i64(n * sha512_block_bytes), b_.i64(0)));
    std::array<Value, turn + state_size> x;  // x[n % turn] is pair n of the schedule; the state
    b_.position(__LINE__);
    for (unsigned n = 0; n < turn; ++n) {
      x[n] = v_.ordered(v_.gather(from, 16 * static_cast<i32>(n)), order_);
      put(words_, x[n], pair_bytes * static_cast<i32>(n));
    }
    State s;
    detail::sha512_begin(b_, p_.state, s);
    detail::set_sha512_state(x, s);
    repeat(b_, 4 * turn_bytes, turn_bytes, x, [&](auto& now, Value k) { scheduled_turn(now, b_.ptr_add(words_, k)); });
    // The first block's last turn, then all of the others'.
    std::array<Value, 4 + state_size> block = {count, words_, b_.ptr_add(words_, b_.i64(4 * turn_bytes)), b_.i64(1)};
    detail::set_sha512_state(block, detail::sha512_state_of(x));
    do_while(b_, block, [&](auto& now) { rest_of_block(now); });
    left = {b_.sub(left[0], count), b_.ptr_add(data, b_.shl(count, b_.i64(7)))};
  }

  // 16 rounds, and the schedule for the 16 behind them.
  void scheduled_turn(std::array<Value, turn + state_size>& x, Value at) {
    State s = detail::sha512_state_of(x);
    for (unsigned n = 0; n < turn; ++n) {
      b_.position(__LINE__ + 1);
      const auto pair = [&](unsigned later) { return x[(n + later) % turn]; };
      const Value early = v_.sigma(v_.between(pair(0), pair(1)), 1, 8, 7);
      x[n] = v_.add64(v_.add64(x[n], v_.between(pair(4), pair(5))), early);
      round(s, at, 2 * n);
      x[n] = v_.add64(x[n], v_.sigma(pair(7), 19, 61, 6));
      put(at, x[n], turn_bytes + pair_bytes * static_cast<i32>(n));
      round(s, at, 2 * n + 1);
    }
    detail::set_sha512_state(x, s);
  }

  // Turns that are left of a block, whose words are at block[2], and of the state after it.
  void rest_of_block(std::array<Value, 4 + state_size>& block) {
    std::array<Value, 2 + state_size> x = {block[3], block[2]};
    detail::set_sha512_state(x, detail::sha512_state_of(block));
    do_while(b_, x, [&](std::array<Value, 2 + state_size>& now) {
      State s = detail::sha512_state_of(now);
      for (unsigned n = 0; n < 2 * turn; ++n) round(s, now[1], n);
      now = {b_.sub(now[0], b_.i64(1)), b_.ptr_add(now[1], b_.i64(turn_bytes))};
      detail::set_sha512_state(now, s);
    });
    State s = detail::sha512_state_of(x);
    detail::sha512_end(b_, p_.state, s);
    const Value next = b_.ptr_add(block[1], b_.i64(16));
    block = {b_.sub(block[0], b_.i64(1)), next, next, b_.i64(5)};
    detail::set_sha512_state(block, s);
  }

  void put(Value at, Value x, i32 offset) {
    v_.store(at, v_.add64(x, v_.broadcast(at, offset + constants)), offset);
  }
  void round(State& s, Value at, unsigned n) {
    detail::sha512_round(b_, s, b_.load(ir::Type::i64, at, static_cast<i32>(n / 2) * pair_bytes + static_cast<i32>(n % 2) * 8));
  }

  ir::Builder b_;
  V v_;
  BlockParams p_;
  Value order_, words_;
};

// Fills f, which declare_block_function() has made.
template <class Isa, class V = Sha512Vector>
void build_sha512_by_vectors(ir::Function<Isa>& f) {
  Sha512ByVectors<Isa, V>(f).build();
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_SHA512_HPP
