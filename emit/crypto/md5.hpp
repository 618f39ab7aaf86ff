// MD5's block function in core ops only: the same template fills a function of any target.
//
// The four working variables stay values over all blocks. What a step adds to the variable it replaces (constant and
// word) does not depend on the step before it, and stands first; of the second round's choice (d & b) | (~d & c),
// whose halves have no bit in common, so does the half without b.
//
// Source: RFC 1321, section 3.4.
#ifndef JITKIT_EMIT_CRYPTO_MD5_HPP
#define JITKIT_EMIT_CRYPTO_MD5_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned md5_words = 4;  // of the state
inline constexpr u32 md5_start[md5_words] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
// The whole part of 2^32 times |sin(t + 1)|.
inline constexpr u32 md5_constants[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391};

namespace detail {

// The word that step t takes, and how far it rotates.
constexpr unsigned md5_word(unsigned t) {
  constexpr u8 factor[4] = {1, 5, 3, 7}, start[4] = {0, 1, 5, 0};
  return (factor[t / 16] * t + start[t / 16]) % 16;
}
constexpr unsigned md5_rotation(unsigned t) {
  constexpr u8 by[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  return by[t / 16][t % 4];
}

}  // namespace detail

// Fills f, which declare_block_function() has made.
template <class Isa>
void build_md5(ir::Function<Isa>& f) {
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const BlockParams p = enter_block_function(b);
  std::array<Value, md5_words> state = load_state<md5_words>(b, Type::i32, p.state);
  for_each_block(b, p, state, [&](Value data, std::array<Value, md5_words>& s) {
    std::array<Value, md5_words> v = s;  // a, b, c, d
    b.position(__LINE__ + 1);
    for (unsigned t = 0; t < 64; ++t) {
      const Value word = b.load(Type::i32, data, 4 * static_cast<i32>(detail::md5_word(t)));
      Value sum = b.add(b.add(v[0], word), b.i32(md5_constants[t]));
      switch (t / 16) {
        case 0: sum = b.add(sum, b.xor_(v[3], b.and_(v[1], b.xor_(v[2], v[3])))); break;
        case 1: sum = b.add(b.add(sum, b.and_(b.not_(v[3]), v[2])), b.and_(v[3], v[1])); break;
        case 2: sum = b.add(sum, b.xor_(b.xor_(v[2], v[3]), v[1])); break;
        default: sum = b.add(sum, b.xor_(b.or_(b.not_(v[3]), v[1]), v[2])); break;
      }
      const Value next = b.add(b.rotl(sum, b.i32(detail::md5_rotation(t))), v[1]);
      v = {v[3], next, v[1], v[2]};
    }
    b.position(__LINE__);
    for (unsigned n = 0; n < md5_words; ++n) s[n] = b.add(s[n], v[n]);
  });
  for (unsigned n = 0; n < md5_words; ++n) b.store(p.state, state[n], 4 * static_cast<i32>(n));
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_MD5_HPP
