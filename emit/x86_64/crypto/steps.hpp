// What the kernels of emit/crypto take from x86-64: blocks of 16 bytes, two in a 256-bit register (VAES,
// VPCLMULQDQ, AVX2), four in one of 512 bits (AVX-512), and the steps that the targets do in different ways.
//
// Source: Intel SDM vol. 2.
#ifndef JITKIT_EMIT_X86_64_CRYPTO_STEPS_HPP
#define JITKIT_EMIT_X86_64_CRYPTO_STEPS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/aes.hpp>
#include <jitkit/emit/crypto/crc.hpp>
#include <jitkit/emit/x86_64/formats.hpp>

namespace jitkit::inline JITKIT_ABI::x86_64 {

// SSE4.2's instruction knows CRC-32C alone.
struct CrcStep {
  ir::Builder& b;
  crypto::Crc crc;
  ir::Value operator()(ir::Value state, ir::Value x) const {
    check(crc == crypto::Crc::crc32c);
    return b.crc32c(state, x);
  }
};

struct Vector256 {
  static constexpr unsigned blocks = 2;
  static constexpr ir::Type type = ir::Type::v256;

  ir::Builder& b;

  ir::Value load(ir::Value address, i32 offset = 0) const { return b.load(type, address, offset); }
  void store(ir::Value address, ir::Value x, i32 offset = 0) const { b.store(address, x, offset); }
  ir::Value constant(u64 lo, u64 hi) const { return spread(b.v128(lo, hi)); }
  ir::Value broadcast(ir::Value address, i32 offset = 0) const {
    return native(Form::vbroadcasti128_rm, {address, ir::Value()}, {0, offset});
  }
  // A 128-bit register is no part of a 256-bit value, so each half is spread by itself.
  ir::Value spread(ir::Value block) const {
    const ir::Value low = native(Form::vpbroadcastq_rr_256, {block});
    const ir::Value high = native(Form::vpbroadcastq_rr_256, {crypto::shuffle(b, block, crypto::exchanged_halves)});
    return native(Form::vpblendd_rrri_256, {low, high}, {0xcc});
  }
  ir::Value xor_(ir::Value x, ir::Value y) const { return native(Form::vpxor_rrr_256, {x, y}); }
  ir::Value xor3(ir::Value x, ir::Value y, ir::Value z) const { return xor_(xor_(x, y), z); }
  ir::Value add64(ir::Value x, ir::Value y) const { return native(Form::vpaddq_rrr_256, {x, y}); }
  ir::Value add32(ir::Value x, ir::Value y) const { return native(Form::vpaddd_rrr_256, {x, y}); }
  ir::Value reversal() const { return b.freeze(constant(0x08090a0b0c0d0e0f, 0x0001020304050607)); }
  ir::Value reverse(ir::Value x, ir::Value mask) const { return native(Form::vpshufb_rrr_256, {x, mask}); }
  ir::Value exchange_halves(ir::Value x) const { return native(Form::vpshufd_rri_256, {x}, {0x4e}); }
  ir::Value aes_enc(ir::Value x, ir::Value key) const { return native(Form::vaesenc_rrr_256, {x, key}); }
  ir::Value aes_enclast(ir::Value x, ir::Value key) const { return native(Form::vaesenclast_rrr_256, {x, key}); }
  ir::Value aes_dec(ir::Value x, ir::Value key) const { return native(Form::vaesdec_rrr_256, {x, key}); }
  ir::Value aes_declast(ir::Value x, ir::Value key) const { return native(Form::vaesdeclast_rrr_256, {x, key}); }
  ir::Value clmul(ir::Value x, ir::Value y, u32 halves) const {
    return native(Form::vpclmulqdq_rrri_256, {x, y}, {static_cast<i64>(halves)});
  }
  ir::Value block(ir::Value x, unsigned n) const { return native(Form::vextracti128_rri, {x}, {static_cast<i64>(n)}); }
  ir::Value replace_first(ir::Value x, ir::Value block) const {
    return native(Form::vinserti128_rrri, {x, block}, {0});
  }
  // A vector exclusive-or itself is known to be 0 before it is computed.
  ir::Value first(ir::Value block, ir::Value any) const { return replace_first(xor_(any, any), block); }
  ir::Value after(ir::Value before, ir::Value x) const {
    return native(Form::vperm2i128_rrri, {before, x}, {0x21});
  }
  ir::Value numbers() const {
    return native(Form::vpblendd_rrri_256, {constant(0, 0), constant(1, 0)}, {0xf0});
  }

 protected:
  ir::Value native(Form form, ir::Values operands, std::initializer_list<i64> immediates = {}) const {
    return b.result(b.native(form, operands, Span<const i64>(immediates.begin(), immediates.size())));
  }
};

struct Vector512 {
  static constexpr unsigned blocks = 4;
  static constexpr ir::Type type = ir::Type::v512;

  ir::Builder& b;

  ir::Value load(ir::Value address, i32 offset = 0) const { return b.load(type, address, offset); }
  void store(ir::Value address, ir::Value x, i32 offset = 0) const { b.store(address, x, offset); }
  ir::Value constant(u64 lo, u64 hi) const { return spread(b.v128(lo, hi)); }
  ir::Value broadcast(ir::Value address, i32 offset = 0) const {
    return b.result(b.native(evex_form(EvexId::vbroadcasti32x4, 512, EvexVariant::memory), {address, ir::Value()},
                             std::array<i64, 2>{0, offset}));
  }
  ir::Value spread(ir::Value block) const {
    const ir::Value low = native(EvexId::vpbroadcastq, {block});
    return native(EvexId::vpunpcklqdq, {low, native(EvexId::vpbroadcastq, {crypto::shuffle(b, block, crypto::exchanged_halves)})});
  }
  ir::Value xor_(ir::Value x, ir::Value y) const { return native(EvexId::vpxorq, {x, y}); }
  ir::Value xor3(ir::Value x, ir::Value y, ir::Value z) const { return native(EvexId::vpternlogq, {x, y, z}, {0x96}); }
  ir::Value add64(ir::Value x, ir::Value y) const { return native(EvexId::vpaddq, {x, y}); }
  ir::Value add32(ir::Value x, ir::Value y) const { return native(EvexId::vpaddd, {x, y}); }
  ir::Value reversal() const { return b.freeze(constant(0x08090a0b0c0d0e0f, 0x0001020304050607)); }
  ir::Value reverse(ir::Value x, ir::Value mask) const { return native(EvexId::vpshufb, {x, mask}); }
  ir::Value exchange_halves(ir::Value x) const { return native(EvexId::vpshufd, {x}, {0x4e}); }
  ir::Value aes_enc(ir::Value x, ir::Value key) const { return native(EvexId::vaesenc, {x, key}); }
  ir::Value aes_enclast(ir::Value x, ir::Value key) const { return native(EvexId::vaesenclast, {x, key}); }
  ir::Value aes_dec(ir::Value x, ir::Value key) const { return native(EvexId::vaesdec, {x, key}); }
  ir::Value aes_declast(ir::Value x, ir::Value key) const { return native(EvexId::vaesdeclast, {x, key}); }
  ir::Value clmul(ir::Value x, ir::Value y, u32 halves) const {
    return native(EvexId::vpclmulqdq, {x, y}, {static_cast<i64>(halves)});
  }
  ir::Value block(ir::Value x, unsigned n) const { return native(EvexId::vextracti32x4, {x}, {static_cast<i64>(n)}); }
  ir::Value replace_first(ir::Value x, ir::Value block) const { return native(EvexId::vinserti32x4, {x, block}, {0}); }
  ir::Value first(ir::Value block, ir::Value any) const { return replace_first(xor_(any, any), block); }
  ir::Value after(ir::Value before, ir::Value x) const { return native(EvexId::valignq, {x, before}, {6}); }
  ir::Value numbers() const {
    ir::Value n = constant(0, 0);
    for (const i64 k : {1, 2, 3}) n = native(EvexId::vinserti32x4, {n, b.v128(static_cast<u64>(k), 0)}, {k});
    return n;
  }

 protected:
  ir::Value native(EvexId id, ir::Values operands, std::initializer_list<i64> immediates = {}) const {
    return b.result(b.native(evex_form(id, 512), operands, Span<const i64>(immediates.begin(), immediates.size())));
  }
};

// AES on vectors of V: a round is one instruction, which adds its key last.
template <class V>
struct AesOn {
  using Vector = V;
  static constexpr bool keeps_keys = false;  // 16 registers are for states; a key comes from memory per round
  static constexpr bool counters_in_memory = false;
  static constexpr bool karatsuba = false;
  static constexpr unsigned gcm_wide = V::blocks > 2 ? 4 : 6;  // vectors: their powers are in the table

  // Each state through the cipher, exclusive-or with[n] if there are any. after(n) is called behind round n but
  // the last, to put other work there.
  template <class W, class After = decltype(crypto::nothing_after)>
  static void encrypt(const W& v, const crypto::AesKeys<W>& keys, Span<ir::Value> states,
                      Span<const ir::Value> with, After after = {}) {
    rounds(v, keys, states, with, &W::aes_enc, &W::aes_enclast, after);
  }
  template <class W>
  static void decrypt(const W& v, const crypto::AesKeys<W>& keys, Span<ir::Value> states,
                      Span<const ir::Value> with) {
    rounds(v, keys, states, with, &W::aes_dec, &W::aes_declast, crypto::nothing_after);
  }
  // Writes the vectors one behind the other; returns the address behind them.
  template <class W>
  static ir::Value store(const W& v, ir::Value to, Span<const ir::Value> vectors) {
    constexpr unsigned bytes = 16 * W::blocks;
    for (usize n = 0; n < vectors.size(); ++n) v.store(to, vectors[n], static_cast<i32>(bytes * n));
    return v.b.ptr_add(to, v.b.i64(static_cast<i64>(bytes * vectors.size())));
  }

 private:
  template <class W, class Step, class After>
  static void rounds(const W& v, const crypto::AesKeys<W>& keys, Span<ir::Value> states,
                     Span<const ir::Value> with, Step step, Step last, After after) {
    for (unsigned n = 0; n < keys.rounds(); ++n) {
      const ir::Value key = keys(n);
      for (ir::Value& s : states) s = n == 0 ? v.xor_(s, key) : (v.*step)(s, key);
      after(n);
    }
    const ir::Value key = keys(keys.rounds());
    for (usize n = 0; n < states.size(); ++n)
      states[n] = (v.*last)(states[n], with.empty() ? key : v.xor_(key, with[n]));
  }
};
using Aes = AesOn<crypto::Vector128>;
using Aes256 = AesOn<Vector256>;
using Aes512 = AesOn<Vector512>;

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_CRYPTO_STEPS_HPP
