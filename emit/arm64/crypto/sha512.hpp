// SHA-512's block function with FEAT_SHA512's instructions as native ops: sha512h and sha512h2 do two rounds,
// sha512su0 and sha512su1 the schedule. The rest is core ops.
//
// A register holds two words, the first in its low half: of the schedule, and of A to H in pairs.
// Source: Arm ARM C7.2, the four instructions; FIPS 180-4 section 6.4.2.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_SHA512_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_SHA512_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/sha512.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

struct Isa;

// Fills f, which crypto::declare_block_function() has made. Needs Feature::sha512.
inline void build_sha512(ir::Function<Isa>& f) {
  using ir::Lane;
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  // The second word of x and the first of y.
  const auto between = [&](Value x, Value y) { return crypto::shuffle(b, x, y, crypto::exchanged_halves); };
  const crypto::BlockParams p = crypto::enter_block_function(b);
  b.position(__LINE__);
  std::array<Value, 4> state;
  for (unsigned n = 0; n < 4; ++n) state[n] = b.load(Type::v128, p.state, 16 * static_cast<i32>(n));
  crypto::for_each_block(b, p, state, [&](Value data, std::array<Value, 4>& s) {
    Value ab = s[0], cd = s[1], ef = s[2], gh = s[3];
    Value w[8];
    for (unsigned pair = 0; pair < 40; ++pair) {
      b.position(__LINE__ + 1);  // the schedule
      Value& x = w[pair % 8];
      if (pair < 8)
        x = native(Form::rev64_v_16b, {b.load(Type::v128, data, 16 * static_cast<i32>(pair))});
      else
        x = native(Form::sha512su1, {native(Form::sha512su0, {x, w[(pair + 1) % 8]}), w[(pair + 7) % 8],
                                     between(w[(pair + 4) % 8], w[(pair + 5) % 8])});
      b.position(__LINE__ + 1);  // two rounds
      const Value k_and_w = b.vadd(Lane::i64, x, crypto::sha512_constant(b, pair));
      const Value h = b.vadd(Lane::i64, gh, between(k_and_w, k_and_w));
      const Value t1 = native(Form::sha512h, {h, between(ef, gh), between(cd, ef)});
      gh = ef;
      ef = b.vadd(Lane::i64, cd, t1);  // before t1's register is written
      const Value next_ab = native(Form::sha512h2, {t1, cd, ab});
      cd = ab;
      ab = next_ab;
    }
    b.position(__LINE__);
    // The pair that moved last comes home first: each leaves the register that the next comes home to.
    const Value now[4] = {ab, cd, ef, gh};
    for (unsigned n = 4; n-- > 0;) s[n] = b.vadd(Lane::i64, now[n], s[n]);
  }, crypto::sha512_block_bytes);
  b.position(__LINE__);
  for (unsigned n = 0; n < 4; ++n) b.store(p.state, state[n], 16 * static_cast<i32>(n));
  b.ret();
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_SHA512_HPP
