// AES-GCM's functions for JitkitProvider (provider.cpp), for a target's Aes: `jitkit_gcm_<function><key bits>_<code>`.
#ifndef JITKIT_CONSUMERS_JVM_GCM_HPP
#define JITKIT_CONSUMERS_JVM_GCM_HPP

#include <jitkit/consumers/jvm/adapter.hpp>
#include <jitkit/emit/crypto/gcm.hpp>

namespace jitkit::inline JITKIT_ABI::hotspot {

template <class Aes>
void add_gcm(Adapter& adapter) {
  using Way = crypto::AesWay;
  const auto make = [&](const std::string& name, auto build) {
    adapter.add_function("jitkit_gcm_" + name, [&](auto& f, ir::Module& m, const std::string& full) { build(f, m, full); });
  };
  for (const unsigned bits : {128U, 192U, 256U}) {
    const std::string size = std::to_string(bits);
    make("expand" + size, [&](auto& f, auto& m, auto& n) { crypto::build_aes_expand(f, m, n, bits); });
    make("block" + size, [&](auto& f, auto& m, auto& n) { crypto::build_aes_ecb<Aes>(f, m, n, Way::encrypt, bits); });
    make("encrypt" + size, [&](auto& f, auto& m, auto& n) { crypto::build_aes_gcm<Aes>(f, m, n, Way::encrypt, bits); });
    make("decrypt" + size, [&](auto& f, auto& m, auto& n) { crypto::build_aes_gcm<Aes>(f, m, n, Way::decrypt, bits); });
  }
  make("table", [&](auto& f, auto& m, auto& n) { crypto::build_ghash_table<Aes>(f, m, n); });
  make("ghash", [&](auto& f, auto& m, auto& n) { crypto::build_ghash<Aes>(f, m, n); });
}

}  // namespace jitkit::inline JITKIT_ABI::hotspot

#endif  // JITKIT_CONSUMERS_JVM_GCM_HPP
