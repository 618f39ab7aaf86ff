// Versions of AES and its modes.
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

#include "run_aes.hpp"
#include "run_families.hpp"

namespace crypto_test {
namespace {

using Blocks = void(const u8*, const u8*, u8*, u64);
using WithIv = void(const u8*, const u8*, u8*, u64, u8*);

template <class Aes>
void add_modes(const char* suffix) {
  for (const AesWay way : {AesWay::encrypt, AesWay::decrypt}) {
    const bool encrypt = way == AesWay::encrypt;
    const BySize ecb([way](HostFunction& f, ir::Module& m, unsigned bits) { crypto::build_aes_ecb<Aes>(f, m, "f", way, bits); });
    versions().push_back({encrypt ? Block::aes_ecb_encrypt : Block::aes_ecb_decrypt,
                          suffixed(encrypt ? "aes_ecb_encrypt" : "aes_ecb_decrypt", suffix), any,
                          [ecb, way](Places& places, const Case& c, unsigned turn) {
                            const Keys keys(c.key);
                            const Buffers at(places, c.input, turn);
                            ecb.of(c.key).template as<Blocks>()(keys.of(way), at.in, at.out, c.input.size() / 16);
                            return places.written();
                          },
                          ecb.missing});
    const BySize cbc([way](HostFunction& f, ir::Module& m, unsigned bits) { crypto::build_aes_cbc<Aes>(f, m, "f", way, bits); });
    versions().push_back({encrypt ? Block::aes_cbc_encrypt : Block::aes_cbc_decrypt,
                          suffixed(encrypt ? "aes_cbc_encrypt" : "aes_cbc_decrypt", suffix), any,
                          [cbc, way](Places& places, const Case& c, unsigned turn) {
                            const Keys keys(c.key);
                            const Buffers at(places, c.input, turn);
                            std::string iv = c.iv;
                            cbc.of(c.key).template as<WithIv>()(keys.of(way), at.in, at.out, c.input.size() / 16,
                                                       reinterpret_cast<u8*>(iv.data()));
                            return places.written() + iv;
                          },
                          cbc.missing});
  }
  const BySize ctr([](HostFunction& f, ir::Module& m, unsigned bits) { crypto::build_aes_ctr<Aes>(f, m, "f", bits); });
  versions().push_back({Block::aes_ctr, suffixed("aes_ctr", suffix), any,
                        [ctr](Places& places, const Case& c, unsigned turn) {
                          const Keys keys(c.key);
                          const Buffers at(places, c.input, turn);
                          std::string counter = c.iv;
                          ctr.of(c.key).template as<WithIv>()(keys.encrypt, at.in, at.out, c.input.size(),
                                                     reinterpret_cast<u8*>(counter.data()));
                          return places.written() + counter;
                        },
                        ctr.missing});
}

}  // namespace

void add_aes() {
  const BySize expand([](HostFunction& f, ir::Module& m, unsigned bits) { crypto::build_aes_expand(f, m, "e", bits); });
  versions().push_back({Block::aes_key, "aes_key", any,
                        [](Places&, const Case& c, unsigned) {
                          const Keys keys(c.input);
                          return std::string(reinterpret_cast<const char*>(keys.encrypt),
                                             crypto::aes_schedule_bytes(static_cast<unsigned>(8 * c.input.size())));
                        },
                        expand.missing});
  add_modes<host::Aes>("");
#if defined(__x86_64__)
  add_modes<x86_64::Aes256>("_256");
  add_modes<x86_64::Aes512>("_512");
#endif
}

}  // namespace crypto_test
