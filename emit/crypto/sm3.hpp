// SM3's block function in core ops only: the same template fills a function of any target.
//
// Source: GB/T 32905-2016, sections 4 and 5.3.
#ifndef JITKIT_EMIT_CRYPTO_SM3_HPP
#define JITKIT_EMIT_CRYPTO_SM3_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/block_function.hpp>

#include <bit>

namespace jitkit::inline JITKIT_ABI::crypto {

inline constexpr unsigned sm3_words = 8;  // of the state
inline constexpr u32 sm3_start[sm3_words] = {0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600,
                                             0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e};
// The constant of round t, rotated as the round wants it.
constexpr u32 sm3_constant(unsigned t) { return std::rotl(t < 16 ? 0x79cc4519U : 0x7a879d8aU, static_cast<int>(t % 32)); }

// Fills f, which declare_block_function() has made.
template <class Isa>
void build_sm3(ir::Function<Isa>& f) {
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const BlockParams p = enter_block_function(b);
  std::array<Value, 0> carried;
  for_each_block(b, p, carried, [&](Value data, auto&) {
    const auto rotl = [&](Value x, unsigned n) { return b.rotl(x, b.i32(n)); };
    const auto xor3 = [&](Value x, Value y, Value z) { return b.xor_(b.xor_(x, y), z); };
    const auto either = [&](Value x, Value y, Value z) { return b.xor_(z, b.and_(x, b.xor_(y, z))); };
    const auto most = [&](Value x, Value y, Value z) { return b.or_(b.and_(x, y), b.and_(z, b.or_(x, y))); };
    b.position(__LINE__);
    std::array<Value, sm3_words> s = load_state<sm3_words>(b, Type::i32, p.state);
    Value w[16];  // w[t % 16] is word t of the schedule, made four rounds before it is used as W'
    for (unsigned t = 0; t < 68; ++t) {
      b.position(__LINE__ + 1);  // the schedule
      if (t < 16) {
        w[t] = b.bswap(b.load(Type::i32, data, 4 * static_cast<i32>(t)));
      } else {
        const Value x = xor3(w[t % 16], w[(t - 9) % 16], rotl(w[(t - 3) % 16], 15));
        w[t % 16] = xor3(xor3(x, rotl(x, 15), rotl(x, 23)), rotl(w[(t - 13) % 16], 7), w[(t - 6) % 16]);
      }
      if (t < 4) continue;
      b.position(__LINE__ + 1);  // the round
      const unsigned r = t - 4;
      const Value a12 = rotl(s[0], 12);
      const Value ss1 = rotl(b.add(b.add(a12, s[4]), b.i32(sm3_constant(r))), 7);
      const Value ff = r < 16 ? xor3(s[0], s[1], s[2]) : most(s[0], s[1], s[2]);
      const Value gg = r < 16 ? xor3(s[4], s[5], s[6]) : either(s[4], s[5], s[6]);
      const Value tt1 = b.add(b.add(ff, s[3]), b.add(b.xor_(ss1, a12), b.xor_(w[r % 16], w[t % 16])));
      const Value tt2 = b.add(b.add(gg, s[7]), b.add(ss1, w[r % 16]));
      s = {tt1, s[0], rotl(s[1], 9), s[2], xor3(tt2, rotl(tt2, 9), rotl(tt2, 17)), s[4], rotl(s[5], 19), s[6]};
    }
    b.position(__LINE__);
    update_state(b, p.state, s, [&](Value old, Value now) { return b.xor_(old, now); });
  });
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_SM3_HPP
