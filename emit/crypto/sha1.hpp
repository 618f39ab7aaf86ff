// SHA-1's block function in core ops only: the same template fills a function of any target.
//
// The five working variables and the sixteen words of the schedule that are still needed are values;
// nothing but the state and the message is in memory unless the allocator runs out of registers.
// Source: FIPS 180-4, sections 4.1.1, 4.2.1 and 6.1.2.
#ifndef JITKIT_EMIT_CRYPTO_SHA1_HPP
#define JITKIT_EMIT_CRYPTO_SHA1_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned sha1_words = 5;  // of the state
inline constexpr u32 sha1_start[sha1_words] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
inline constexpr u32 sha1_constants[4] = {0x5a827999, 0x6ed9eba1, 0x8f1bbcdc, 0xca62c1d6};  // by t / 20

namespace detail {

// f_t(x, y, z): Ch, Parity, Maj, Parity. Ch and Maj in forms of one operation less than the standard's.
inline ir::Value sha1_function(ir::Builder& b, unsigned t, ir::Value x, ir::Value y, ir::Value z) {
  if (t < 20) return b.xor_(z, b.and_(x, b.xor_(y, z)));
  if (t >= 40 && t < 60) return b.or_(b.and_(x, y), b.and_(z, b.or_(x, y)));
  return b.xor_(b.xor_(x, y), z);
}

}  // namespace detail

// Fills f, which declare_block_function() has made.
template <class Isa>
void build_sha1(ir::Function<Isa>& f) {
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const BlockParams p = enter_block_function(b);
  std::array<Value, 0> carried;
  for_each_block(b, p, carried, [&](Value data, auto&) {
    const auto rotl = [&](Value x, unsigned n) { return b.rotl(x, b.i32(n)); };
    b.position(__LINE__);
    std::array<Value, sha1_words> s = load_state<sha1_words>(b, Type::i32, p.state);
    Value w[16];  // w[t % 16] is word t of the schedule
    for (unsigned t = 0; t < 80; ++t) {
      b.position(__LINE__ + 1);  // the schedule
      if (t < 16)
        w[t] = b.bswap(b.load(Type::i32, data, 4 * static_cast<i32>(t)));
      else
        w[t % 16] = rotl(b.xor_(b.xor_(w[(t - 3) % 16], w[(t - 8) % 16]), b.xor_(w[(t - 14) % 16], w[t % 16])), 1);
      b.position(__LINE__ + 1);  // the round
      const Value sum = b.add(b.add(s[4], b.i32(sha1_constants[t / 20])), w[t % 16]);
      const Value a = b.add(b.add(sum, detail::sha1_function(b, t, s[1], s[2], s[3])), rotl(s[0], 5));
      s[4] = s[3];
      s[3] = s[2];
      s[2] = rotl(s[1], 30);
      s[1] = s[0];
      s[0] = a;
    }
    b.position(__LINE__);
    update_state(b, p.state, s, [&](Value old, Value now) { return b.add(old, now); });
  });
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_SHA1_HPP
