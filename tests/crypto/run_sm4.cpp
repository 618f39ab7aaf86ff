// Versions of SM4.
#include <jitkit/emit/arm64/crypto/sm4.hpp>

#include "run_aes.hpp"
#include "run_families.hpp"

namespace crypto_test {

#if defined(__aarch64__)

void add_sm4() {
  const auto expand = std::make_shared<Code>(
      [](HostFunction& f, ir::Module& m) { arm64::build_sm4_expand(f, m, "expand"); }, host_features());
  const auto invert = std::make_shared<Code>(
      [](HostFunction& f, ir::Module& m) { arm64::build_sm4_invert(f, m, "invert"); }, host_features());
  const auto ecb = std::make_shared<Code>(
      [](HostFunction& f, ir::Module& m) { arm64::build_sm4_ecb(f, m, "ecb"); }, host_features());
  for (const bool encrypt : {true, false})
    versions().push_back({encrypt ? Block::sm4_encrypt : Block::sm4_decrypt, encrypt ? "sm4_encrypt" : "sm4_decrypt", any,
                          [=](Places& places, const Case& c, unsigned turn) {
                            alignas(16) u8 keys[2][arm64::sm4_schedule_bytes];
                            expand->as<TwoPointers>()(reinterpret_cast<const u8*>(c.key.data()), keys[0]);
                            invert->as<TwoPointers>()(keys[0], keys[1]);
                            const Buffers at(places, c.input, turn);
                            ecb->as<void(const u8*, const u8*, u8*, u64)>()(keys[encrypt ? 0 : 1], at.in, at.out,
                                                                           c.input.size() / 16);
                            return places.written();
                          },
                          ecb->missing()});
}

#else

void add_sm4() {}

#endif

}  // namespace crypto_test
