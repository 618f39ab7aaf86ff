// The blocks of aes.hpp as C functions, one per size of key:
//   expand   void f(const u8* key, u8* schedule)                            the schedule for encryption
//   invert   void f(const u8* schedule, u8* inverse)                        that for decryption
//   ecb      void f(const u8* schedule, const u8* in, u8* out, u64 blocks)
//   cbc      void f(const u8* schedule, const u8* in, u8* out, u64 blocks, u8* iv)
//   ctr      void f(const u8* schedule, const u8* in, u8* out, u64 bytes, u8* counter)
// A way that decrypts takes the inverse schedule; iv and counter are left as the next call needs them.
#ifndef JITKIT_EMIT_CRYPTO_AES_FUNCTIONS_HPP
#define JITKIT_EMIT_CRYPTO_AES_FUNCTIONS_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/crypto/aes.hpp>

namespace jitkit::inline JITKIT_ABI::crypto {

// Makes f the function `name` and calls body(builder, parameters).
template <usize n, class Body>
void build_function(ir::FunctionData& f, ir::Module& module, std::string_view name, const ir::Type (&types)[n],
                    Body body) {
  ir::Param params[n];
  for (usize k = 0; k < n; ++k) params[k].type = types[k];
  f.module = &module;
  f.signature = module.add_signature(params, {});
  f.symbol = module.declare_function(name, f.signature);
  module.symbol(f.symbol).linkage = ir::Linkage::exported;
  ir::Builder b(f);
  const ir::Block entry = b.entry();
  std::array<ir::Value, n> p;
  for (u32 k = 0; k < n; ++k) p[k] = b.param(entry, k);
  body(b, p);
  b.ret();
}

namespace detail {
inline constexpr ir::Type two_pointers[] = {ir::Type::ptr, ir::Type::ptr};
inline constexpr ir::Type buffers[] = {ir::Type::ptr, ir::Type::ptr, ir::Type::ptr, ir::Type::i64};
inline constexpr ir::Type buffers_and_iv[] = {ir::Type::ptr, ir::Type::ptr, ir::Type::ptr, ir::Type::i64,
                                              ir::Type::ptr};
}  // namespace detail

inline void build_aes_expand(ir::FunctionData& f, ir::Module& m, std::string_view name, unsigned key_bits) {
  build_function(f, m, name, detail::two_pointers,
                 [&](ir::Builder& b, const auto& p) { aes_expand_key(b, key_bits, p[0], p[1]); });
}
inline void build_aes_invert(ir::FunctionData& f, ir::Module& m, std::string_view name, unsigned key_bits) {
  build_function(f, m, name, detail::two_pointers,
                 [&](ir::Builder& b, const auto& p) { aes_invert_key(b, key_bits, p[0], p[1]); });
}
template <class Aes>
void build_aes_ecb(ir::FunctionData& f, ir::Module& m, std::string_view name, AesWay way, unsigned key_bits) {
  build_function(f, m, name, detail::buffers, [&](ir::Builder& b, const auto& p) {
    aes_ecb<Aes>(b, way, key_bits, p[0], {p[1], p[2]}, p[3]);
  });
}
template <class Aes>
void build_aes_cbc(ir::FunctionData& f, ir::Module& m, std::string_view name, AesWay way, unsigned key_bits) {
  build_function(f, m, name, detail::buffers_and_iv, [&](ir::Builder& b, const auto& p) {
    const ir::Value iv = b.load(ir::Type::v128, p[4]);
    const AesBuffers at{p[1], p[2]};
    b.store(p[4], way == AesWay::encrypt ? aes_cbc_encrypt<Aes>(b, key_bits, p[0], at, iv, p[3])
                                         : aes_cbc_decrypt<Aes>(b, key_bits, p[0], at, iv, p[3]));
  });
}
template <class Aes>
void build_aes_ctr(ir::FunctionData& f, ir::Module& m, std::string_view name, unsigned key_bits) {
  build_function(f, m, name, detail::buffers_and_iv, [&](ir::Builder& b, const auto& p) {
    aes_ctr<Aes>(b, key_bits, p[0], {p[1], p[2]}, p[3], p[4]);
  });
}

}  // namespace jitkit::inline JITKIT_ABI::crypto

#endif  // JITKIT_EMIT_CRYPTO_AES_FUNCTIONS_HPP
