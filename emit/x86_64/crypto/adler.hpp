// Adler-32's steps on 32 bytes with AVX2: psadbw sums bytes by eights, pmaddubsw weighs them.
//
// Source: Intel SDM vol. 2.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_ADLER_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_ADLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/adler.hpp>
#include <jitkit/emit/crypto/block_function.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

class AdlerSteps {
 public:
  using Value = ir::Value;
  static constexpr unsigned bytes = 32;
  static constexpr ir::Type type = ir::Type::v256;

  explicit AdlerSteps(ir::Builder& b)
      : b_(b), v_{b}, zero_(v_.constant(0, 0)),
        ones_(v_.constant(0x0001000100010001, 0x0001000100010001)),
        weights_(native(Form::vpblendd_rrri_256,
                        {v_.constant(0x191a1b1c1d1e1f20, 0x1112131415161718), v_.constant(0x090a0b0c0d0e0f10, 0x0102030405060708)},
                        {0xf0})) {}

  Value zero() const { return zero_; }
  // The word in one lane, zeroes in the others.
  Value first(Value word) const { return v_.first(b_.vinsert(ir::Lane::i32, b_.v128(0, 0), word, 0U), zero_); }
  Value add(Value x, Value y) const { return v_.add32(x, y); }
  Value add_bytes(Value sum, Value block) const { return add(sum, native(Form::vpsadbw_rrr_256, {block, zero_})); }
  // Byte n of the block 32 - n times.
  Value add_weighted(Value sum, Value block) const {
    const Value pairs = native(Form::vpmaddubsw_rrr_256, {block, weights_});
    return add(sum, native(Form::vpmaddwd_rrr_256, {pairs, ones_}));
  }
  Value total(Value x) const {
    Value t = b_.vadd(ir::Lane::i32, v_.block(x, 0), v_.block(x, 1));
    t = b_.vadd(ir::Lane::i32, t, crypto::shuffle_words(b_, t, t, {2, 3, 0, 1}));
    t = b_.vadd(ir::Lane::i32, t, crypto::shuffle_words(b_, t, t, {1, 0, 3, 2}));
    return b_.vextract(ir::Lane::i32, t, 0U);
  }

 private:
  Value native(Form form, ir::Values operands, std::initializer_list<i64> immediates = {}) const {
    return b_.result(b_.native(form, operands, Span<const i64>(immediates.begin(), immediates.size())));
  }

  ir::Builder& b_;
  Vector256 v_;
  Value zero_, ones_, weights_;
};

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_ADLER_HPP
