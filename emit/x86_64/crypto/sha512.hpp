// SHA-512's block function with AVX-512VL: the schedule's rotations and three-way sums are one instruction each, the
// rest is that of emit/crypto/sha512.hpp.
//
// Source: Intel SDM vol. 2, PRORQ and VPTERNLOGQ.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_SHA512_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_SHA512_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/sha512.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Isa;

struct Sha512Sigma {
  ir::Value operator()(ir::Builder& b, ir::Value x, unsigned first, unsigned second, unsigned shift) const {
    const auto native = [&](EvexId id, ir::Values operands, i64 immediate) {
      return b.result(b.native(evex_form(id, 128), operands, std::array<i64, 1>{immediate}));
    };
    constexpr i64 xor3 = 0x96;  // the truth table
    return native(EvexId::vpternlogq, {b.vlshr_imm(ir::Lane::i64, x, shift), native(EvexId::vprorq, {x}, first),
                                       native(EvexId::vprorq, {x}, second)}, xor3);
  }
};

// Fills f, which declare_block_function() has made.
inline void build_sha512(ir::Function<Isa>& f) { crypto::build_sha512_by_vectors<Isa, Sha512Sigma>(f); }

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_SHA512_HPP
