// SHA-1's block function with the SHA extensions as native ops: sha1rnds4 does four rounds, sha1nexte the
// E they start from, sha1msg1 and sha1msg2 the schedule. Everything around them is core ops.
//
// A register of the schedule holds four words, the first in its highest lane; so does A, B, C, D.
// Source: Intel SDM vol. 2B, the four instructions; FIPS 180-4 section 6.1.2.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_SHA1_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_SHA1_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Isa;

// Fills f, which crypto::declare_block_function() has made. Needs Feature::sha.
inline void build_sha1(ir::Function<Isa>& f) {
  using ir::Lane;
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  static constexpr u8 reversed[16] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
  const crypto::BlockParams p = crypto::enter_block_function(b);
  b.position(__LINE__);
  const Value memory_order = b.load(Type::v128, p.state);
  std::array<Value, 2> state = {crypto::shuffle_words(b, memory_order, memory_order, {3, 2, 1, 0}),
                                b.vinsert(Lane::i32, b.v128(0, 0), b.load(Type::i32, p.state, 16), 3U)};
  crypto::for_each_block(b, p, state, [&](Value data, std::array<Value, 2>& s) {
    const Value abcd_before = s[0], e_before = s[1];
    Value abcd = abcd_before, earlier;  // earlier: abcd four rounds ago, whose A becomes the E of now
    Value w[4];
    for (unsigned g = 0; g < 20; ++g) {
      b.position(__LINE__ + 1);  // the schedule
      if (g < 4) {
        const Value bytes = b.load(Type::v128, data, 16 * static_cast<i32>(g));
        w[g] = b.vshuffle(bytes, bytes, Span<const u8>(reversed));
      } else {
        const Value part = b.vxor(native(Form::sha1msg1_rr, {w[g % 4], w[(g + 1) % 4]}), w[(g + 2) % 4]);
        w[g % 4] = native(Form::sha1msg2_rr, {part, w[(g + 3) % 4]});
      }
      b.position(__LINE__ + 1);  // four rounds
      const Value e_and_w =
          g == 0 ? b.vadd(Lane::i32, e_before, w[0]) : native(Form::sha1nexte_rr, {earlier, w[g % 4]});
      earlier = abcd;
      const i64 function[] = {g / 5};
      abcd = b.result(b.native(Form::sha1rnds4_rri, {abcd, e_and_w}, function));
    }
    b.position(__LINE__);
    s = {b.vadd(Lane::i32, abcd, abcd_before), native(Form::sha1nexte_rr, {earlier, e_before})};
  });
  b.position(__LINE__);
  b.store(p.state, crypto::shuffle_words(b, state[0], state[0], {3, 2, 1, 0}));
  b.store(p.state, b.vextract(Lane::i32, state[1], 3U), 16);
  b.ret();
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_SHA1_HPP
