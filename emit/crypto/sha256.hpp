// SHA-256's block function in core ops only: the same template fills a function of any target.
//
// The eight working variables and the sixteen words of the schedule that are still needed are values;
// nothing but the state and the message is in memory unless the allocator runs out of registers.
// Source: FIPS 180-4, sections 4.1.2, 4.2.2 and 6.2.2.
#ifndef JITKIT_EMIT_CRYPTO_SHA256_HPP
#define JITKIT_EMIT_CRYPTO_SHA256_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned sha256_words = 8;  // of the state
inline constexpr u32 sha256_start[sha256_words] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                                   0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
inline constexpr u32 sha256_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

// Constants of rounds 4 * group to 4 * group + 3, for code that makes four rounds at a time.
inline ir::Value sha256_constant(ir::Builder& b, unsigned group) {
  const u32* k = sha256_constants + 4 * group;
  return words(b, k[0], k[1], k[2], k[3]);
}

// Fills f, which declare_block_function() has made.
template <class Isa>
void build_sha256(ir::Function<Isa>& f) {
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const BlockParams p = enter_block_function(b);
  std::array<Value, 0> carried;
  for_each_block(b, p, carried, [&](Value data, auto&) {
    const auto rotr = [&](Value x, unsigned n) { return b.rotr(x, b.i32(n)); };
    const auto xor3 = [&](Value x, Value y, Value z) { return b.xor_(b.xor_(x, y), z); };
    b.position(__LINE__);
    std::array<Value, sha256_words> s = load_state<sha256_words>(b, Type::i32, p.state);
    Value w[16];  // w[t % 16] is word t of the schedule
    Value b_xor_c = b.xor_(s[1], s[2]);
    for (unsigned t = 0; t < 64; ++t) {
      b.position(__LINE__ + 1);  // the schedule
      if (t < 16) {
        w[t] = b.bswap(b.load(Type::i32, data, 4 * static_cast<i32>(t)));
      } else {
        const Value x = w[(t - 15) % 16], y = w[(t - 2) % 16];
        const Value s0 = xor3(rotr(x, 7), rotr(x, 18), b.lshr(x, b.i32(3)));
        const Value s1 = xor3(rotr(y, 17), rotr(y, 19), b.lshr(y, b.i32(10)));
        w[t % 16] = b.add(b.add(w[t % 16], w[(t - 7) % 16]), b.add(s0, s1));
      }
      b.position(__LINE__ + 1);  // the round
      const Value a = s[0], e = s[4];
      const Value choice = b.xor_(s[6], b.and_(e, b.xor_(s[5], s[6])));
      // Maj(a, b, c) = ((a ^ b) & (b ^ c)) ^ b, and this round's a ^ b is the next one's b ^ c.
      const Value a_xor_b = b.xor_(a, s[1]);
      const Value majority = b.xor_(b.and_(a_xor_b, b_xor_c), s[1]);
      b_xor_c = a_xor_b;
      const Value sum = b.add(b.add(s[7], b.i32(sha256_constants[t])), w[t % 16]);
      const Value t1 = b.add(b.add(sum, choice), xor3(rotr(e, 6), rotr(e, 11), rotr(e, 25)));
      const Value t2 = b.add(xor3(rotr(a, 2), rotr(a, 13), rotr(a, 22)), majority);
      for (unsigned n = 7; n > 0; --n) s[n] = s[n - 1];
      s[4] = b.add(s[4], t1);
      s[0] = b.add(t1, t2);
    }
    b.position(__LINE__);
    update_state(b, p.state, s, [&](Value old, Value now) { return b.add(old, now); });
  });
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_SHA256_HPP
