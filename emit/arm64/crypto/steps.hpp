// What the kernels of emit/crypto take from AArch64: the steps that the targets do in different ways.
//
// Source: Arm ARM C6.2, C7.2.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_STEPS_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_STEPS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/aes.hpp>
#include <jitkit/emit/crypto/crc.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

// FEAT_CRC32 has an instruction for either generator.
struct CrcStep {
  ir::Builder& b;
  crypto::Crc crc;
  ir::Value operator()(ir::Value state, ir::Value x) const {
    if (crc == crypto::Crc::crc32c) return b.crc32c(state, x);
    static constexpr Form by_size[] = {Form::crc32b, Form::crc32h, Form::crc32w, Form::crc32x};
    const unsigned size = log2_floor(ir::bytes(b.function().type(x)));
    // The narrow forms read a W register: the bits above those they use are of no account.
    return b.result(b.native(by_size[size], {state, size < 2 ? b.zext(ir::Type::i32, x) : x}));
  }
};

// AES: aese and aesd add their key first; CPUs fuse them with the aesmc or aesimc that follows at once.
struct Aes {
  using Vector = crypto::Vector128;
  static constexpr bool keeps_keys = true;
  static constexpr bool counters_in_memory = true;
  static constexpr bool karatsuba = true;
  static constexpr unsigned gcm_wide = 6;

  // Each state through the cipher, exclusive-or with[n] if there are any. after(n) is called behind round n but
  // the last two, to put other work there.
  template <class After = decltype(crypto::nothing_after)>
  static void encrypt(const Vector& v, const crypto::AesKeys<Vector>& keys, Span<ir::Value> states,
                      Span<const ir::Value> with, After after = {}) {
    rounds(v, keys, states, with, Form::aese, Form::aesmc, after);
  }
  static void decrypt(const Vector& v, const crypto::AesKeys<Vector>& keys, Span<ir::Value> states,
                      Span<const ir::Value> with) {
    rounds(v, keys, states, with, Form::aesd, Form::aesimc, crypto::nothing_after);
  }
  // Writes the blocks one behind the other; returns the address behind them. By st1, which takes either vector unit of
  // Neoverse N1; stp takes both, and one of them is that of aese.
  static ir::Value store(const Vector& v, ir::Value to, Span<const ir::Value> blocks) {
    const i64 step[] = {16};
    const ir::Type address[] = {ir::Type::ptr};
    for (const ir::Value x : blocks) to = v.b.result(v.b.native(Form::st1_16b_post, {x, to}, step, address));
    return to;
  }
  // For GHASH.
  static ir::Value reverse_in_halves(const Vector& v, ir::Value x) {
    return v.b.result(v.b.native(Form::rev64_v_16b, {x}));
  }

 private:
  template <class After>
  static void rounds(const Vector& v, const crypto::AesKeys<Vector>& keys, Span<ir::Value> states,
                     Span<const ir::Value> with, Form step, Form mix, After after) {
    const auto round = [&](unsigned n, Span<ir::Value> of) {
      const ir::Value key = keys(n);
      for (ir::Value& x : of) {
        x = v.b.result(v.b.native(step, {x, key}));
        if (n + 1 < keys.rounds()) x = v.b.result(v.b.native(mix, {x}));
      }
    };
    const unsigned end = keys.rounds();
    for (unsigned n = 0; n + 2 < end; ++n) {
      round(n, states);
      after(n);
    }
    // Half of the states are done before the others: what follows a state is spread over more cycles, and leaves the
    // one vector unit of Neoverse N1 and Cortex-A72 that has AES to it.
    const usize half = (states.size() + 1) / 2;
    for (const Span<ir::Value> of : {states.first(half), states.subspan(half)})
      for (unsigned n = end - 2; n < end && !of.empty(); ++n) round(n, of);
    const ir::Value key = keys(end);
    for (usize n = 0; n < states.size(); ++n)
      states[n] = v.xor_(states[n], with.empty() ? key : v.xor_(key, with[n]));
  }
};

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_STEPS_HPP
