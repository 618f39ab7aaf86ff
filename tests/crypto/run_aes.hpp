// What the versions of AES share: functions by size of key, schedules, buffers.
#ifndef JITKIT_TESTS_CRYPTO_RUN_AES_HPP
#define JITKIT_TESTS_CRYPTO_RUN_AES_HPP

#include <jitkit/emit/crypto/aes_functions.hpp>

#include <cstring>
#include <memory>

#include "run.hpp"

namespace crypto_test {

using crypto::AesWay;
using TwoPointers = void(const u8*, u8*);

// A function per size of key.
struct BySize {
  std::shared_ptr<Code> code[3];
  std::string missing;

  template <class Build>
  explicit BySize(Build build) {
    for (unsigned n = 0; n < 3; ++n) {
      code[n] = std::make_shared<Code>([&](HostFunction& f, ir::Module& m) { build(f, m, 128 + 64 * n); }, host_features());
      missing = code[n]->missing();
    }
  }
  const Code& of(const std::string& key) const { return *code[(key.size() - 16) / 8]; }
};

struct Keys {
  alignas(16) u8 encrypt[240], decrypt[240];

  explicit Keys(const std::string& key) {
    static const BySize expand([](HostFunction& f, ir::Module& m, unsigned bits) { crypto::build_aes_expand(f, m, "e", bits); });
    static const BySize invert([](HostFunction& f, ir::Module& m, unsigned bits) { crypto::build_aes_invert(f, m, "i", bits); });
    expand.of(key).as<TwoPointers>()(reinterpret_cast<const u8*>(key.data()), encrypt);
    invert.of(key).as<TwoPointers>()(encrypt, decrypt);
  }
  const u8* of(AesWay way) const { return way == AesWay::encrypt ? encrypt : decrypt; }
};

inline bool any(const Case&) { return true; }
inline std::string suffixed(const char* name, const char* suffix) { return std::string(name) + suffix; }

// Every third case works in place.
struct Buffers {
  const u8* in;
  u8* out;

  Buffers(Places& places, const std::string& input, unsigned turn) {
    out = places.output(input.size(), turn);
    in = places.input(input, turn);
    if (turn % 3 != 0) return;
    std::memcpy(out, in, input.size());
    in = out;
  }
};

}  // namespace crypto_test

#endif  // JITKIT_TESTS_CRYPTO_RUN_AES_HPP
