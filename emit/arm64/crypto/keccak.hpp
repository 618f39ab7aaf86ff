// Lanes of Keccak for FEAT_SHA3's instructions as native ops: eor3, rax1, xar and bcax each do what takes a general
// register two to four. A lane is in both halves of a register.
//
// Source: Arm ARM C7.2, the four instructions.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_KECCAK_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_KECCAK_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/keccak.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// For crypto::build_keccak(). Needs Feature::sha3.
struct KeccakVectors {
  static constexpr bool by_rows = false;
  ir::Builder& b;
  using Value = ir::Value;
  Value load(Value address, i32 at) const {
    return b.vsplat(ir::Type::v128, ir::Lane::i64, b.load(ir::Type::i64, address, at));
  }
  void store(Value address, Value x, i32 at) const { b.store(address, b.vextract(ir::Lane::i64, x, 0U), at); }
  Value constant(u64 v) const { return b.v128(v, v); }
  Value xor_(Value x, Value y) const { return b.vxor(x, y); }
  Value xor3(Value x, Value y, Value z) const { return native(Form::eor3, {x, y, z}); }
  Value xor_rotated(Value x, Value y) const { return native(Form::rax1, {x, y}); }
  Value rotated_xor(Value x, Value y, unsigned n) const {
    const i64 right[] = {64 - static_cast<i64>(n)};
    return b.result(b.native(Form::xar, {x, y}, right));
  }
  Value xor_without(Value x, Value y, Value z) const { return native(Form::bcax, {x, y, z}); }

 private:
  Value native(Form form, ir::Values operands) const { return b.result(b.native(form, operands)); }
};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_KECCAK_HPP
