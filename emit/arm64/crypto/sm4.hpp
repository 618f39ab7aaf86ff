// SM4 with FEAT_SM4's instructions as native ops: key schedule, and ECB on eight blocks side by side.
//
//   expand   void f(const u8* key, u8* schedule)                             32 words in the order of use
//   invert   void f(const u8* schedule, u8* inverse)                         in the order of decryption
//   ecb      void f(const u8* schedule, const u8* in, u8* out, u64 blocks)   either way, by its schedule
//
// Invariant: no branch and no address depends on key or data. Output may be the input.
// Source: Arm ARM C7.2, sm4e and sm4ekey; GB/T 32907-2016 sections 6 and 7.
#ifndef JITKIT_EMIT_ARM64_CRYPTO_SM4_HPP
#define JITKIT_EMIT_ARM64_CRYPTO_SM4_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/arm64/formats.hpp>
#include <jitkit/emit/crypto/aes_functions.hpp>
#include <jitkit/emit/crypto/block_function.hpp>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

inline constexpr unsigned sm4_schedule_bytes = 128;

namespace detail {

// Word n of CK: its bytes are (4 n + j) * 7.
constexpr u32 sm4_ck(unsigned n) {
  u32 word = 0;
  for (unsigned j = 0; j < 4; ++j) word = word << 8 | ((4 * n + j) * 7 & 0xff);
  return word;
}

template <unsigned wide>
ir::Value sm4_ecb_loop(ir::Builder& b, const std::array<ir::Value, 8>& keys, std::array<ir::Value, 2>& at,
                       ir::Value blocks) {
  using ir::Value;
  const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
  return crypto::while_at_least(b, blocks, wide, at, [&](std::array<Value, 2>& x) {
    std::array<Value, wide> s;
    for (unsigned n = 0; n < wide; ++n)
      s[n] = native(Form::rev32_v_16b, {b.load(ir::Type::v128, x[0], static_cast<i32>(16 * n))});
    for (const Value key : keys)
      for (Value& v : s) v = native(Form::sm4e, {v, key});
    // The last four words leave in reverse order, each big-endian: all bytes reversed.
    for (unsigned n = 0; n < wide; ++n)
      b.store(x[1], crypto::shuffle(b, s[n], crypto::reversed_bytes), static_cast<i32>(16 * n));
    for (Value& v : x) v = b.ptr_add(v, b.i64(16 * wide));
  });
}

}  // namespace detail

inline void build_sm4_expand(ir::FunctionData& f, ir::Module& m, std::string_view name) {
  crypto::build_function(f, m, name, crypto::detail::two_pointers, [](ir::Builder& b, const auto& p) {
    const auto native = [&](Form form, ir::Values operands) { return b.result(b.native(form, operands)); };
    const ir::Value fk = crypto::words(b, 0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc);
    ir::Value key = b.vxor(native(Form::rev32_v_16b, {b.load(ir::Type::v128, p[0])}), fk);
    for (unsigned n = 0; n < 8; ++n) {
      using detail::sm4_ck;
      key = native(Form::sm4ekey, {key, crypto::words(b, sm4_ck(4 * n), sm4_ck(4 * n + 1), sm4_ck(4 * n + 2), sm4_ck(4 * n + 3))});
      b.store(p[1], key, static_cast<i32>(16 * n));
    }
  });
}
inline void build_sm4_invert(ir::FunctionData& f, ir::Module& m, std::string_view name) {
  crypto::build_function(f, m, name, crypto::detail::two_pointers, [](ir::Builder& b, const auto& p) {
    for (unsigned n = 0; n < 8; ++n) {
      const ir::Value key = b.load(ir::Type::v128, p[0], static_cast<i32>(16 * (7 - n)));
      b.store(p[1], crypto::shuffle_words(b, key, key, {3, 2, 1, 0}), static_cast<i32>(16 * n));
    }
  });
}
inline void build_sm4_ecb(ir::FunctionData& f, ir::Module& m, std::string_view name) {
  crypto::build_function(f, m, name, crypto::detail::buffers, [](ir::Builder& b, const auto& p) {
    std::array<ir::Value, 8> keys;
    for (unsigned n = 0; n < 8; ++n) keys[n] = b.load(ir::Type::v128, p[0], static_cast<i32>(16 * n));
    std::array<ir::Value, 2> at = {p[1], p[2]};
    const ir::Value left = detail::sm4_ecb_loop<8>(b, keys, at, p[3]);
    detail::sm4_ecb_loop<1>(b, keys, at, left);
  });
}

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_CRYPTO_SM4_HPP
