// Blocks of 16 bytes in one register: the 128-bit vectors that both targets have, in core ops. Kernels are
// templates over such a class; a target with wider registers has more of them (Vector256 of x86-64), and
// the same kernel then works on several blocks with each instruction.
//
// Invariant: block 0 stands in the lowest bits; every operation works on each block alone.
#ifndef JITKIT_EMIT_CRYPTO_VECTOR_HPP
#define JITKIT_EMIT_CRYPTO_VECTOR_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/builder.hpp>

#include <array>

namespace jitkit::inline JITKIT_ABI::crypto {

using Bytes16 = std::array<u8, 16>;
inline constexpr Bytes16 reversed_bytes = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};
// Of x twice; of x and y: the upper half of x and the lower one of y. A run of bytes, which both targets have one
// instruction for.
inline constexpr Bytes16 exchanged_halves = {8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23};

inline ir::Value shuffle(ir::Builder& b, ir::Value x, const Bytes16& mask) {
  return b.vshuffle(x, x, Span<const u8>(mask));
}
inline ir::Value shuffle(ir::Builder& b, ir::Value x, ir::Value y, const Bytes16& mask) {
  return b.vshuffle(x, y, Span<const u8>(mask));
}
// x moved by whole bytes towards the low or the high end, zeroes in.
inline ir::Value bytes_down(ir::Builder& b, ir::Value x, unsigned count) {
  Bytes16 mask;
  for (unsigned n = 0; n < 16; ++n) mask[n] = static_cast<u8>(n + count);
  return shuffle(b, x, b.v128(0, 0), mask);
}
inline ir::Value bytes_up(ir::Builder& b, ir::Value x, unsigned count) {
  Bytes16 mask;
  for (unsigned n = 0; n < 16; ++n) mask[n] = static_cast<u8>(16 - count + n);
  return shuffle(b, b.v128(0, 0), x, mask);
}

struct Vector128 {
  static constexpr unsigned blocks = 1;
  static constexpr ir::Type type = ir::Type::v128;

  ir::Builder& b;

  ir::Value load(ir::Value address, i32 offset = 0) const { return b.load(type, address, offset); }
  void store(ir::Value address, ir::Value x, i32 offset = 0) const { b.store(address, x, offset); }
  // A constant, or the block at an address, in each block.
  ir::Value constant(u64 lo, u64 hi) const { return b.freeze(b.v128(lo, hi)); }
  ir::Value broadcast(ir::Value address, i32 offset = 0) const { return load(address, offset); }
  ir::Value spread(ir::Value block) const { return block; }
  ir::Value xor_(ir::Value x, ir::Value y) const { return b.vxor(x, y); }
  ir::Value xor3(ir::Value x, ir::Value y, ir::Value z) const { return b.vxor(b.vxor(x, y), z); }
  ir::Value add64(ir::Value x, ir::Value y) const { return b.vadd(ir::Lane::i64, x, y); }
  ir::Value add32(ir::Value x, ir::Value y) const { return b.vadd(ir::Lane::i32, x, y); }
  // The 16 bytes in reverse order; `reversal` is what it takes, made once.
  ir::Value reversal() const { return {}; }
  ir::Value reverse(ir::Value x, ir::Value) const { return crypto::shuffle(b, x, reversed_bytes); }
  ir::Value exchange_halves(ir::Value x) const { return crypto::shuffle(b, x, exchanged_halves); }
  // Halves as in the core op: bit 0 picks that of x, bit 4 that of y.
  ir::Value clmul(ir::Value x, ir::Value y, u32 halves) const { return b.clmul(x, y, halves); }
  ir::Value aes_enc(ir::Value x, ir::Value key) const { return b.aes_enc(x, key); }
  ir::Value aes_enclast(ir::Value x, ir::Value key) const { return b.aes_enclast(x, key); }
  ir::Value aes_dec(ir::Value x, ir::Value key) const { return b.aes_dec(x, key); }
  ir::Value aes_declast(ir::Value x, ir::Value key) const { return b.aes_declast(x, key); }
  ir::Value block(ir::Value x, unsigned) const { return x; }
  // x with `block` as its block 0.
  ir::Value replace_first(ir::Value, ir::Value block) const { return block; }
  // `block` as block 0, zeroes elsewhere; `any` is a vector at hand.
  ir::Value first(ir::Value block, ir::Value) const { return block; }
  // The last block of `before`, then those of x but the last.
  ir::Value after(ir::Value before, ir::Value) const { return before; }
  // 0, 1 ... in the blocks.
  ir::Value numbers() const { return b.v128(0, 0); }
};

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_VECTOR_HPP
