// Lanes of Keccak with AVX-512VL's instructions as native ops: a rotation is one, a sum of three too, and so is what
// takes a general register two or three at the end of a round. A lane is in both halves of a register.
//
// Source: Intel SDM vol. 2, VPROLQ and VPTERNLOGQ.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_KECCAK_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_KECCAK_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/keccak.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// For crypto::build_keccak(). Needs Feature::avx512vl.
struct KeccakVectors {
  static constexpr bool by_rows = true;
  ir::Builder& b;
  using Value = ir::Value;
  Value load(Value address, i32 at) const {
    return b.vsplat(ir::Type::v128, ir::Lane::i64, b.load(ir::Type::i64, address, at));
  }
  void store(Value address, Value x, i32 at) const { b.store(address, b.vextract(ir::Lane::i64, x, 0U), at); }
  Value constant(u64 v) const { return b.v128(v, v); }
  Value xor_(Value x, Value y) const { return b.vxor(x, y); }
  Value xor3(Value x, Value y, Value z) const { return of_three(x, y, z, 0x96); }
  Value xor_rotated(Value x, Value y) const { return b.vxor(x, rotated(y, 1)); }
  Value rotated_xor(Value x, Value y, unsigned n) const { return rotated(b.vxor(x, y), n); }
  Value xor_without(Value x, Value y, Value z) const { return of_three(x, y, z, 0xb4); }  // x ^ (y & ~z)

 private:
  // Bit 4 i + 2 j + k of the table is the result for bits i, j, k of x, y, z.
  Value of_three(Value x, Value y, Value z, i64 table) const {
    return b.result(b.native(evex_form(EvexId::vpternlogq, 128), {x, y, z}, std::array<i64, 1>{table}));
  }
  Value rotated(Value x, i64 n) const {
    return b.result(b.native(evex_form(EvexId::vprolq, 128), {x}, std::array<i64, 1>{n}));
  }
};

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_KECCAK_HPP
