// SHA-512's block function in core ops only, in two versions: with the schedule in general registers, and with
// the schedule two words at a time in vectors, which leaves the general registers to the rounds.
//
// Rounds are unrolled, so the working variables change places by name alone.
// Source: FIPS 180-4, sections 4.1.3, 4.2.3 and 6.4.2.
#ifndef JITKIT_EMIT_CRYPTO_SHA512_HPP
#define JITKIT_EMIT_CRYPTO_SHA512_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>
#include <jitkit/emit/crypto/vector.hpp>

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

struct Sha512Rounds {
  ir::Builder& b;
  std::array<ir::Value, sha512_words> s;
  ir::Value b_xor_c;

  Sha512Rounds(ir::Builder& builder, ir::Value state)
      : b(builder), s(load_state<sha512_words>(b, ir::Type::i64, state)), b_xor_c(b.xor_(s[1], s[2])) {}
  // A round; k_and_w: the constant and the word of the schedule, added.
  void operator()(ir::Value k_and_w) {
    using ir::Value;
    const auto rotr = [&](Value x, unsigned n) { return b.rotr(x, b.i64(n)); };
    const auto xor3 = [&](Value x, Value y, Value z) { return b.xor_(b.xor_(x, y), z); };
    const Value a = s[0], e = s[4];
    // What dies here stands first: where an instruction writes its first operand, nothing is copied.
    const Value choice = b.xor_(b.and_(b.xor_(s[5], s[6]), e), s[6]);
    // Maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, and this round's a ^ b is the next one's b ^ c.
    const Value a_xor_b = b.xor_(a, s[1]);
    const Value majority = b.xor_(b.and_(b_xor_c, a_xor_b), s[1]);
    b_xor_c = a_xor_b;
    const Value t1 = b.add(b.add(b.add(s[7], k_and_w), choice), xor3(rotr(e, 14), rotr(e, 18), rotr(e, 41)));
    const Value t2 = b.add(xor3(rotr(a, 28), rotr(a, 34), rotr(a, 39)), majority);
    for (unsigned n = 7; n > 0; --n) s[n] = s[n - 1];
    s[4] = b.add(s[4], t1);
    s[0] = b.add(t1, t2);
  }
  void add_to(ir::Value state) {
    update_state(b, state, s, [&](ir::Value old, ir::Value now) { return b.add(old, now); });
  }
};

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
    detail::Sha512Rounds round(b, p.state);
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
      round(b.add(b.i64(static_cast<i64>(sha512_constants[t])), w[t % 16]));
    }
    b.position(__LINE__);
    round.add_to(p.state);
  }, sha512_block_bytes);
  b.ret();
}

// Two words of the schedule at a time, in core ops.
struct Sha512Sigma {
  static ir::Value rotr(ir::Builder& b, ir::Value x, unsigned n) {
    return b.vxor(b.vlshr_imm(ir::Lane::i64, x, n), b.vshl_imm(ir::Lane::i64, x, 64 - n));
  }
  ir::Value operator()(ir::Builder& b, ir::Value x, unsigned first, unsigned second, unsigned shift) const {
    return b.vxor(b.vxor(rotr(b, x, first), rotr(b, x, second)), b.vlshr_imm(ir::Lane::i64, x, shift));
  }
};

// The same with vectors for the schedule. Needs nothing that the baseline of a target lacks, and is faster where
// bytes are shuffled in one instruction. `Sigma` may do better with what a target has.
template <class Isa, class Sigma = Sha512Sigma>
void build_sha512_by_vectors(ir::Function<Isa>& f) {
  using ir::Lane;
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const BlockParams p = enter_block_function(b);
  const Value slot = b.stack_addr(b.new_slot(2 * 16, 16));
  std::array<Value, 0> carried;
  for_each_block(b, p, carried, [&](Value data, auto&) {
    constexpr Sigma sigma;
    // Words 2 n + 1 and 2 n + 2, of words 2 n and 2 n + 1 and the pair behind.
    const auto between = [&](Value x, Value y) { return shuffle(b, x, y, exchanged_halves); };
    b.position(__LINE__);
    detail::Sha512Rounds round(b, p.state);
    Value w[8];  // w[t / 2 % 8] holds words t and t + 1
    // The words of a pair of rounds go through memory, ready a pair before they are read.
    const auto schedule = [&](unsigned pair) {
      Value& x = w[pair % 8];
      if (pair < 8) {
        const Value bytes = b.load(Type::v128, data, 16 * static_cast<i32>(pair));
        x = b.vshuffle(bytes, bytes, std::span<const u8>(detail::big_endian_words));
      } else {
        const Value s0 = sigma(b, between(x, w[(pair + 1) % 8]), 1, 8, 7);
        const Value s1 = sigma(b, w[(pair + 7) % 8], 19, 61, 6);
        const Value seven_ago = between(w[(pair + 4) % 8], w[(pair + 5) % 8]);
        x = b.vadd(Lane::i64, b.vadd(Lane::i64, x, seven_ago), b.vadd(Lane::i64, s0, s1));
      }
      b.store(slot, b.vadd(Lane::i64, x, sha512_constant(b, pair)), 16 * static_cast<i32>(pair % 2));
    };
    schedule(0);
    for (unsigned pair = 0; pair < 40; ++pair) {
      b.position(__LINE__ + 1);
      if (pair + 1 < 40) schedule(pair + 1);
      b.position(__LINE__ + 1);
      for (unsigned n = 0; n < 2; ++n) round(b.load(Type::i64, slot, static_cast<i32>(16 * (pair % 2) + 8 * n)));
    }
    b.position(__LINE__);
    round.add_to(p.state);
  }, sha512_block_bytes);
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_SHA512_HPP
