// Versions of the checksums.
#include <jitkit/emit/arm64/crypto/adler.hpp>
#include <jitkit/emit/arm64/crypto/steps.hpp>
#include <jitkit/emit/x86_64/crypto/adler.hpp>
#include <jitkit/emit/x86_64/crypto/steps.hpp>

#include <memory>

#include "run.hpp"
#include "run_families.hpp"

namespace crypto_test {
namespace {

using Sum = u32(u32, const u8*, u64);

void add(Block block, const char* name, void (*build)(HostFunction&)) {
  const auto code = std::make_shared<Code>(
      [&](HostFunction& f, ir::Module& m) {
        crypto::declare_crc(f, m, name);
        build(f);
      },
      host_features());
  versions().push_back({block, name, [](const Case&) { return true; },
                        [code](Places& places, const Case& c, unsigned turn) {
                          u32 before;
                          std::memcpy(&before, c.iv.data(), sizeof before);
                          const u32 after = code->as<Sum>()(before, places.input(c.input, turn), c.input.size());
                          return std::string(reinterpret_cast<const char*>(&after), sizeof after);
                        },
                        code->missing()});
}

template <class V, crypto::Crc crc>
void folding(HostFunction& f) {
  crypto::build_crc_by_folding<V>(f, crc);
}
template <crypto::Crc crc>
void chains(HostFunction& f) {
  crypto::build_crc_by_chains<host::CrcStep>(f, crc);
}
template <crypto::Crc crc>
void both(HostFunction& f) {
  crypto::build_crc_by_both<host::CrcStep>(f, crc);
}

}  // namespace

void add_sums() {
  add(Block::crc32, "crc32_folding", folding<crypto::Vector128, crypto::Crc::crc32>);
  add(Block::crc32c, "crc32c_folding", folding<crypto::Vector128, crypto::Crc::crc32c>);
  add(Block::crc32c, "crc32c_chains", chains<crypto::Crc::crc32c>);
  add(Block::crc32c, "crc32c_both", both<crypto::Crc::crc32c>);
  add(Block::adler32, "adler32", [](HostFunction& f) { crypto::build_adler32<host::AdlerSteps>(f); });
#if defined(__x86_64__)
  add(Block::crc32, "crc32_folding_256", folding<x86_64::Vector256, crypto::Crc::crc32>);
  add(Block::crc32c, "crc32c_folding_256", folding<x86_64::Vector256, crypto::Crc::crc32c>);
  add(Block::crc32, "crc32_folding_512", folding<x86_64::Vector512, crypto::Crc::crc32>);
  add(Block::crc32c, "crc32c_folding_512", folding<x86_64::Vector512, crypto::Crc::crc32c>);
#else
  add(Block::crc32, "crc32_chains", chains<crypto::Crc::crc32>);
  add(Block::crc32, "crc32_both", both<crypto::Crc::crc32>);
#endif
}

}  // namespace crypto_test
