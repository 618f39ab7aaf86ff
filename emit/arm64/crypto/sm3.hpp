// SM3's block function with FEAT_SM3's instructions as native ops: sm3ss1, sm3tt1 and sm3tt2 do a round, sm3partw1 and
// sm3partw2 the schedule, four words at a time. The rest is core ops.
//
// A register of the schedule holds four words, the first in its lowest lane; the working variables are in two
// registers, A and E in the highest lanes.
// Source: Arm ARM C7.2, the seven instructions; GB/T 32905-2016 section 5.3.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_SM3_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_SM3_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/sm3.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

struct Isa;

// Fills f, which crypto::declare_block_function() has made. Needs Feature::sm3.
inline void build_sm3(ir::Function<Isa>& f) {
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  const auto reversed = [&](Value x) { return crypto::shuffle_words(b, x, x, {3, 2, 1, 0}); };
  const crypto::BlockParams p = crypto::enter_block_function(b);
  b.position(__LINE__);
  std::array<Value, 2> state = {reversed(b.load(Type::v128, p.state)), reversed(b.load(Type::v128, p.state, 16))};
  crypto::for_each_block(b, p, state, [&](Value data, std::array<Value, 2>& s) {
    Value abcd = s[0], efgh = s[1];
    Value w[5];  // w[g % 5]: words 4 g to 4 g + 3
    for (unsigned g = 0; g < 4; ++g)
      w[g] = native(Form::rev32_v_16b, {b.load(Type::v128, data, 16 * static_cast<i32>(g))});
    for (unsigned g = 0; g < 16; ++g) {
      const Value now = w[g % 5], second = w[(g + 1) % 5], third = w[(g + 2) % 5], last = w[(g + 3) % 5];
      b.position(__LINE__ + 1);  // the schedule: words 16 from here
      if (g < 13) {
        const Value seven = crypto::shuffle_words(b, second, third, {3, 4, 5, 6});
        const Value three = crypto::shuffle_words(b, now, second, {3, 4, 5, 6});
        const Value ten = crypto::shuffle_words(b, third, last, {2, 3, 4, 5});
        w[(g + 4) % 5] = native(Form::sm3partw2, {native(Form::sm3partw1, {seven, now, last}), ten, three});
      }
      b.position(__LINE__ + 1);  // four rounds
      const Value mixed = b.vxor(now, second);
      for (unsigned n = 0; n < 4; ++n) {
        const unsigned t = 4 * g + n;
        const i64 lane[] = {n};
        const Value constant = crypto::words(b, 0, 0, 0, crypto::sm3_constant(t));
        const Value ss1 = native(Form::sm3ss1, {abcd, constant, efgh});
        abcd = b.result(b.native(t < 16 ? Form::sm3tt1a : Form::sm3tt1b, {abcd, ss1, mixed}, lane));
        efgh = b.result(b.native(t < 16 ? Form::sm3tt2a : Form::sm3tt2b, {efgh, ss1, now}, lane));
      }
    }
    b.position(__LINE__);
    s = {b.vxor(abcd, s[0]), b.vxor(efgh, s[1])};
  });
  b.position(__LINE__);
  b.store(p.state, reversed(state[0]));
  b.store(p.state, reversed(state[1]), 16);
  b.ret();
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_SM3_HPP
