// SHA-256's block function with the SHA extensions as native ops: sha256rnds2 does two rounds,
// sha256msg1 and sha256msg2 the schedule. Everything around them is core ops.
//
// The state is in two registers, from the lowest lane up: F, E, B, A and H, G, D, C. Two rounds give the
// next F, E, B, A; the last ones are then H, G, D, C.
// Source: Intel SDM vol. 2B, the three instructions; FIPS 180-4 section 6.2.2.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_SHA256_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_SHA256_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Isa;

// Fills f, which crypto::declare_block_function() has made. Needs Feature::sha.
inline void build_sha256(ir::Function<Isa>& f) {
  using crypto::shuffle_words;
  using ir::Lane;
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  static constexpr u8 big_endian[16] = {3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12};
  const crypto::BlockParams p = crypto::enter_block_function(b);
  b.position(__LINE__);
  const Value low = b.load(Type::v128, p.state), high = b.load(Type::v128, p.state, 16);
  std::array<Value, 2> state = {shuffle_words(b, low, high, {5, 4, 1, 0}), shuffle_words(b, low, high, {7, 6, 3, 2})};
  crypto::for_each_block(b, p, state, [&](Value data, std::array<Value, 2>& s) {
    Value abef = s[0], cdgh = s[1];
    Value w[4];
    for (unsigned g = 0; g < 16; ++g) {
      b.position(__LINE__ + 1);  // the schedule
      if (g < 4) {
        const Value bytes = b.load(Type::v128, data, 16 * static_cast<i32>(g));
        w[g] = b.vshuffle(bytes, bytes, Span<const u8>(big_endian));
      } else {
        const Value sigma0 = native(Form::sha256msg1_rr, {w[g % 4], w[(g + 1) % 4]});
        const Value seven_ago = shuffle_words(b, w[(g + 2) % 4], w[(g + 3) % 4], {1, 2, 3, 4});
        w[g % 4] = native(Form::sha256msg2_rr, {b.vadd(Lane::i32, sigma0, seven_ago), w[(g + 3) % 4]});
      }
      b.position(__LINE__ + 1);  // four rounds
      const Value k_and_w = b.vadd(Lane::i32, w[g % 4], crypto::sha256_constant(b, g));
      cdgh = native(Form::sha256rnds2_rrx, {cdgh, abef, k_and_w});
      abef = native(Form::sha256rnds2_rrx, {abef, cdgh, shuffle_words(b, k_and_w, k_and_w, {2, 3, 0, 0})});
    }
    b.position(__LINE__);
    s = {b.vadd(Lane::i32, abef, s[0]), b.vadd(Lane::i32, cdgh, s[1])};
  });
  b.position(__LINE__);
  b.store(p.state, shuffle_words(b, state[0], state[1], {3, 2, 7, 6}));
  b.store(p.state, shuffle_words(b, state[0], state[1], {1, 0, 5, 4}), 16);
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_SHA256_HPP
