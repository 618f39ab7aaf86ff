// Versions of GHASH and AES-GCM.
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/crypto/gcm.hpp>
#include <jitkit/emit/crypto/gcm_stream.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

#include <cstring>

#include "run_aes.hpp"
#include "run_families.hpp"

namespace crypto_test {
namespace {

using Hash = void(u8*, const u8*, const u8*, u64);
using Gcm = void(const u8*, const u8*, const u8*, u8*, u64, u8*);

std::span<const u8> span_of(const std::string& s) { return {reinterpret_cast<const u8*>(s.data()), s.size()}; }

// The last 32 bits of the counter wrap alone, a few blocks into the text: all at once as block by block. No chosen iv
// leads there.
bool wraps(const crypto::GcmFunctions& f, Gcm* text, const u8* schedule, std::span<const u8> in) {
  constexpr usize blocks = 40;
  u8 h[16] = {}, powers[crypto::ghash_table_bytes], from[16 * blocks] = {}, one[16 * blocks], other[16 * blocks];
  f.block(schedule, h, h, 1);
  f.table(h, powers);
  std::memcpy(from, in.data(), in.size() < sizeof from ? in.size() : sizeof from);
  u8 state[32], step[32];
  for (unsigned n = 0; n < 32; ++n) state[n] = step[n] = n < 12 || n > 15 ? static_cast<u8>(7 * n) : 0xff;
  state[15] = step[15] = static_cast<u8>(0xff - in.size() % blocks);
  text(schedule, powers, from, one, blocks, state);
  for (usize n = 0; n < blocks; ++n) text(schedule, powers, from + 16 * n, other + 16 * n, 1, step);
  return std::memcmp(one, other, sizeof one) == 0 && std::memcmp(state, step, sizeof state) == 0;
}

template <class Aes>
void add_versions(const char* suffix) {
  const auto table = std::make_shared<Code>(
      [](HostFunction& f, ir::Module& m) { crypto::build_ghash_table<Aes>(f, m, "table"); }, host_features());
  const auto ghash = std::make_shared<Code>(
      [](HostFunction& f, ir::Module& m) { crypto::build_ghash<Aes>(f, m, "ghash"); }, host_features());
  const std::string missing = table->missing().empty() ? ghash->missing() : table->missing();
  versions().push_back({Block::ghash, suffixed("ghash", suffix), any,
                        [table, ghash](Places& places, const Case& c, unsigned turn) {
                          u8 powers[crypto::ghash_table_bytes];
                          table->template as<TwoPointers>()(reinterpret_cast<const u8*>(c.key.data()), powers);
                          std::string sum = c.iv;
                          ghash->template as<Hash>()(reinterpret_cast<u8*>(sum.data()), powers, places.input(c.input, turn),
                                            c.input.size() / 16);
                          return sum;
                        },
                        missing});
  for (const AesWay way : {AesWay::encrypt, AesWay::decrypt}) {
    const bool encrypt = way == AesWay::encrypt;
    const BySize block([](HostFunction& f, ir::Module& m, unsigned bits) {
      crypto::build_aes_ecb<Aes>(f, m, "f", AesWay::encrypt, bits);
    });
    const BySize text([way](HostFunction& f, ir::Module& m, unsigned bits) {
      crypto::build_aes_gcm<Aes>(f, m, "f", way, bits);
    });
    versions().push_back(
        {encrypt ? Block::aes_gcm_encrypt : Block::aes_gcm_decrypt,
         suffixed(encrypt ? "aes_gcm_encrypt" : "aes_gcm_decrypt", suffix), any,
         [=](Places& places, const Case& c, unsigned turn) {
           const Keys keys(c.key);
           const Buffers at(places, c.input, turn);
           const crypto::GcmFunctions functions{block.of(c.key).template as<void(const u8*, const u8*, u8*, u64)>(),
                                                table->template as<TwoPointers>(), ghash->template as<Hash>(),
                                                text.of(c.key).template as<Gcm>(), text.of(c.key).template as<Gcm>()};
           crypto::AesGcm gcm(functions, keys.encrypt);
           const std::span<const u8> in{at.in, c.input.size()};
           if (!wraps(functions, functions.encrypt, keys.encrypt, in)) return std::string("a counter wraps wrongly");
           std::string tag(16, '\0');
           u8* const to = reinterpret_cast<u8*>(tag.data());
           if (encrypt)
             gcm.encrypt(span_of(c.iv), span_of(c.extra), in, at.out, to);
           else
             gcm.decrypt(span_of(c.iv), span_of(c.extra), in, at.out, to);
           return places.written() + tag;
         },
         missing.empty() ? text.missing : missing});
  }
}

}  // namespace

void add_gcm() {
  add_versions<host::Aes>("");
#if defined(__x86_64__)
  add_versions<x86_64::Aes256>("_256");
  add_versions<x86_64::Aes512>("_512");
#endif
}

}  // namespace crypto_test
