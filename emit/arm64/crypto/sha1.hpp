// SHA-1's block function with FEAT_SHA1's instructions as native ops: sha1c, sha1p and sha1m do four
// rounds, sha1h the E they start from, sha1su0 and sha1su1 the schedule. The rest is core ops.
//
// A register of the schedule holds four words, the first in its lowest lane; so does A, B, C, D.
// Source: Arm ARM C7.2, the six instructions; FIPS 180-4 section 6.1.2.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_SHA1_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_SHA1_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/sha1.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

struct Isa;

// Fills f, which crypto::declare_block_function() has made. Needs Feature::sha1.
inline void build_sha1(ir::Function<Isa>& f) {
  using ir::Lane;
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  const crypto::BlockParams p = crypto::enter_block_function(b);
  b.position(__LINE__);
  // freeze: made once, not again at each use.
  Value constants[4];
  for (unsigned n = 0; n < 4; ++n) constants[n] = b.freeze(crypto::words(b, crypto::sha1_constants[n]));
  std::array<Value, 2> state = {b.load(Type::v128, p.state), b.load(Type::i32, p.state, 16)};
  crypto::for_each_block(b, p, state, [&](Value data, std::array<Value, 2>& s) {
    static constexpr Form rounds[] = {Form::sha1c, Form::sha1p, Form::sha1m, Form::sha1p};
    Value abcd = s[0], e = b.bitcast(Type::f32, s[1]);
    Value w[4];
    for (unsigned g = 0; g < 20; ++g) {
      b.position(__LINE__ + 1);  // the schedule
      if (g < 4)
        w[g] = native(Form::rev32_v_16b, {b.load(Type::v128, data, 16 * static_cast<i32>(g))});
      else
        w[g % 4] = native(Form::sha1su1, {native(Form::sha1su0, {w[g % 4], w[(g + 1) % 4], w[(g + 2) % 4]}), w[(g + 3) % 4]});
      b.position(__LINE__ + 1);  // four rounds
      const Value k_and_w = b.vadd(Lane::i32, w[g % 4], constants[g / 5]);
      const Value next_e = native(Form::sha1h, {abcd});
      abcd = native(rounds[g / 5], {abcd, e, k_and_w});
      e = next_e;
    }
    b.position(__LINE__);
    s = {b.vadd(Lane::i32, abcd, s[0]), b.add(b.bitcast(Type::i32, e), s[1])};
  });
  b.position(__LINE__);
  b.store(p.state, state[0]);
  b.store(p.state, state[1], 16);
  b.ret();
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_SHA1_HPP
