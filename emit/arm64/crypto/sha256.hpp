// SHA-256's block function with FEAT_SHA256's instructions as native ops: sha256h and sha256h2 do four
// rounds, sha256su0 and sha256su1 the schedule. The rest is core ops.
//
// A register of the schedule holds four words, the first in its lowest lane; so do A, B, C, D and
// E, F, G, H.
// Source: Arm ARM C7.2, the four instructions; FIPS 180-4 section 6.2.2.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_SHA256_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_SHA256_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/sha256.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

struct Isa;

// Fills f, which crypto::declare_block_function() has made. Needs Feature::sha2.
inline void build_sha256(ir::Function<Isa>& f) {
  using ir::Lane;
  using ir::Type;
  using ir::Value;
  ir::Builder b(f);
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  const crypto::BlockParams p = crypto::enter_block_function(b);
  b.position(__LINE__);
  // freeze: made once, not again at each use. With 16 of these all 32 registers have work.
  Value constants[16];
  for (unsigned g = 0; g < 16; ++g) constants[g] = b.freeze(crypto::sha256_constant(b, g));
  std::array<Value, 2> state = {b.load(Type::v128, p.state), b.load(Type::v128, p.state, 16)};
  crypto::for_each_block(b, p, state, [&](Value data, std::array<Value, 2>& s) {
    Value abcd = s[0], efgh = s[1];
    Value w[4];
    b.position(__LINE__ + 1);
    for (unsigned g = 0; g < 4; ++g)
      w[g] = native(Form::rev32_v_16b, {b.load(Type::v128, data, 16 * static_cast<i32>(g))});
    const auto k_and_w = [&](unsigned g) { return b.vadd(Lane::i32, w[g % 4], constants[g]); };
    // The rounds are one chain. What the next four and the schedule need stands before these, so that none of it waits
    // behind them for the one crypto unit (Cortex-A72); what the schedule makes is wanted four groups on.
    Value sum = k_and_w(0);
    for (unsigned g = 0; g < 16; ++g) {
      b.position(__LINE__ + 1);
      const Value next_sum = g < 15 ? k_and_w(g + 1) : Value();
      Value& x = w[g % 4];
      b.position(__LINE__ + 1);  // the schedule
      if (g < 12) x = native(Form::sha256su0, {x, w[(g + 1) % 4]});
      b.position(__LINE__ + 1);  // four rounds
      const Value next = native(Form::sha256h, {abcd, efgh, sum});
      efgh = native(Form::sha256h2, {efgh, abcd, sum});
      abcd = next;
      b.position(__LINE__ + 1);  // the schedule
      if (g < 12) x = native(Form::sha256su1, {x, w[(g + 2) % 4], w[(g + 3) % 4]});
      sum = next_sum;
    }
    b.position(__LINE__);
    s = {b.vadd(Lane::i32, abcd, s[0]), b.vadd(Lane::i32, efgh, s[1])};
  });
  b.position(__LINE__);
  b.store(p.state, state[0]);
  b.store(p.state, state[1], 16);
  b.ret();
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_SHA256_HPP
