// Adler-32's steps on 16 bytes: pairwise sums into wider lanes, and products with the weights.
//
// Source: Arm ARM C7.2, uaddlp, uadalp, umull and umlal.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_ADLER_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_ADLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/adler.hpp>
#include <jitkit/emit/crypto/block_function.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

class AdlerSteps {
 public:
  using Value = ir::Value;
  static constexpr unsigned bytes = 16;
  static constexpr ir::Type type = ir::Type::v128;

  explicit AdlerSteps(ir::Builder& b)
      : b_(b), weights_(b.freeze(b.v128(0x090a0b0c0d0e0f10, 0x0102030405060708))) {}

  Value zero() const { return b_.v128(0, 0); }
  // The word in one lane, zeroes in the others.
  Value first(Value word) const { return b_.vinsert(ir::Lane::i32, zero(), word, 0U); }
  Value add(Value x, Value y) const { return b_.vadd(ir::Lane::i32, x, y); }
  Value add_bytes(Value sum, Value block) const {
    return native(Form::uadalp_8h, {sum, native(Form::uaddlp_16b, {block})});
  }
  // Byte n of the block 16 - n times: below 2^16 for two of them.
  Value add_weighted(Value sum, Value block) const {
    const Value low = native(Form::umull_8b, {block, weights_});
    return native(Form::uadalp_8h, {sum, native(Form::umlal2_16b, {low, block, weights_})});
  }
  Value total(Value x) const {
    x = add(x, crypto::shuffle_words(b_, x, x, {2, 3, 0, 1}));
    x = add(x, crypto::shuffle_words(b_, x, x, {1, 0, 3, 2}));
    return b_.vextract(ir::Lane::i32, x, 0U);
  }

 private:
  Value native(Form form, ir::Values operands) const { return b_.result(b_.native(form, operands)); }

  ir::Builder& b_;
  Value weights_;
};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_ADLER_HPP
