// SHA-512's block function with the schedules of two blocks side by side (AVX2), or of four (AVX-512, whose rotations
// and three-way sums are one instruction each). The rest is that of emit/crypto/sha512.hpp.
//
// Source: Intel SDM vol. 2, VPALIGNR, VPRORQ and VPTERNLOGQ.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_SHA512_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_SHA512_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/sha512.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Isa;

struct Sha512Vector256 : Vector256 {
  ir::Value gather(const std::array<ir::Value, 2>& from, i32 offset) const {
    return native(Form::vinserti128_rrri, {broadcast(from[0], offset), b.load(ir::Type::v128, from[1], offset)}, {1});
  }
  ir::Value order() const { return constant(0x0001020304050607, 0x08090a0b0c0d0e0f); }
  ir::Value ordered(ir::Value x, ir::Value order) const { return reverse(x, order); }
  ir::Value between(ir::Value x, ir::Value y) const { return native(Form::vpalignr_rrri_256, {y, x}, {8}); }
  ir::Value sigma(ir::Value x, i64 first, i64 second, i64 shift) const {
    return xor3(rotr(x, first), rotr(x, second), native(Form::vpsrlq_rri_256, {x}, {shift}));
  }

 private:
  ir::Value rotr(ir::Value x, i64 n) const {
    return xor_(native(Form::vpsrlq_rri_256, {x}, {n}), native(Form::vpsllq_rri_256, {x}, {64 - n}));
  }
};

struct Sha512Vector512 : Vector512 {
  ir::Value gather(const std::array<ir::Value, 4>& from, i32 offset) const {
    ir::Value x = broadcast(from[0], offset);
    for (unsigned n = 1; n < 4; ++n)
      x = native(EvexId::vinserti32x4, {x, b.load(ir::Type::v128, from[n], offset)}, {static_cast<i64>(n)});
    return x;
  }
  ir::Value order() const { return constant(0x0001020304050607, 0x08090a0b0c0d0e0f); }
  ir::Value ordered(ir::Value x, ir::Value order) const { return reverse(x, order); }
  ir::Value between(ir::Value x, ir::Value y) const { return native(EvexId::vpalignr, {y, x}, {8}); }
  ir::Value sigma(ir::Value x, i64 first, i64 second, i64 shift) const {
    return xor3(native(EvexId::vpsrlq_i, {x}, {shift}), native(EvexId::vprorq, {x}, {first}),
                native(EvexId::vprorq, {x}, {second}));
  }
};

// Each fills f, which declare_block_function() has made.
inline void build_sha512(ir::Function<Isa>& f) { crypto::build_sha512_by_vectors<Isa, Sha512Vector512>(f); }
inline void build_sha512_avx2(ir::Function<Isa>& f) { crypto::build_sha512_by_vectors<Isa, Sha512Vector256>(f); }

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_SHA512_HPP
