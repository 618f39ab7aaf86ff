// Versions of the hashes, each as a stream that pads and ends.
#include <jitkit/emit/arm64/crypto/keccak.hpp>
#include <jitkit/emit/arm64/crypto/sha1.hpp>
#include <jitkit/emit/arm64/crypto/sha256.hpp>
#include <jitkit/emit/arm64/crypto/sha512.hpp>
#include <jitkit/emit/arm64/crypto/sm3.hpp>
#include <jitkit/emit/crypto/keccak.hpp>
#include <jitkit/emit/crypto/md5.hpp>
#include <jitkit/emit/crypto/sha1.hpp>
#include <jitkit/emit/crypto/sha256.hpp>
#include <jitkit/emit/crypto/sha512.hpp>
#include <jitkit/emit/crypto/sm3.hpp>
#include <jitkit/emit/crypto/stream.hpp>
#include <jitkit/emit/x86_64/crypto/keccak.hpp>
#include <jitkit/emit/x86_64/crypto/sha1.hpp>
#include <jitkit/emit/x86_64/crypto/sha256.hpp>
#include <jitkit/emit/x86_64/crypto/sha512.hpp>

#include <memory>

#include "run.hpp"
#include "run_families.hpp"

namespace crypto_test {
namespace {

std::shared_ptr<Code> compiled(const std::function<void(HostFunction&)>& build) {
  return std::make_shared<Code>(
      [&](HostFunction& f, ir::Module& m) {
        crypto::declare_block_function(f, m, "blocks");
        build(f);
      },
      host_features());
}

template <crypto::ByteOrder order = crypto::ByteOrder::big, class Word, usize n>
void add(Block block, const char* name, const Word (&start)[n], void (*build)(HostFunction&)) {
  const auto code = compiled(build);
  versions().push_back({block, name, [](const Case&) { return true; },
                        [code, &start](Places& places, const Case& c, unsigned turn) {
                          crypto::HashStreamOf<Word, order> stream(code->as<crypto::BlockFunctionOf<Word>>(), start);
                          const u8* const in = places.input(c.input, turn);
                          const usize first = turn % 4 == 0 ? c.input.size() / 3 : 0;  // some in two pieces
                          stream.update({in, first});
                          stream.update({in + first, c.input.size() - first});
                          std::string digest(n * sizeof(Word), '\0');
                          stream.finish(reinterpret_cast<u8*>(digest.data()));
                          return digest;
                        },
                        code->missing()});
}

template <class Lanes>
void add_sha3(const char* name) {
  for (const unsigned bits : {224U, 256U, 384U, 512U}) {
    const unsigned rate = crypto::sha3_rate(bits);
    const auto code = compiled([rate](HostFunction& f) { crypto::build_keccak<Lanes>(f, rate); });
    versions().push_back({Block::sha3, name + std::to_string(bits), [bits](const Case& c) { return c.parameter == bits; },
                          [code, rate](Places& places, const Case& c, unsigned turn) {
                            crypto::Sponge sponge(code->template as<crypto::BlockFunction64>(), rate);
                            std::string digest(c.parameter / 8, '\0');
                            sponge.hash({places.input(c.input, turn), c.input.size()}, 0x06,
                                        {reinterpret_cast<u8*>(digest.data()), digest.size()});
                            return digest;
                          },
                          code->missing()});
  }
}

// The function for any rate as one for the rate that a case has.
using AbsorbOfRate = void(u64*, const u8*, u64, u64);
AbsorbOfRate* absorb_of_rate;
u64 rate_now;
void absorb(u64* state, const u8* data, u64 blocks) { absorb_of_rate(state, data, blocks, rate_now); }

template <class Lanes>
void add_sha3_of_rate(const char* name) {
  const auto code = std::make_shared<Code>(
      [&](HostFunction& f, ir::Module& m) {
        crypto::declare_function(f, m, "blocks", {ir::Type::ptr, ir::Type::ptr, ir::Type::i64, ir::Type::i64}, {});
        crypto::build_keccak_of_rate<Lanes>(f);
      },
      host_features());
  versions().push_back({Block::sha3, name, [](const Case&) { return true; },
                        [code](Places& places, const Case& c, unsigned turn) {
                          absorb_of_rate = code->template as<AbsorbOfRate>();
                          rate_now = crypto::sha3_rate(c.parameter);
                          crypto::Sponge sponge(absorb, rate_now);
                          std::string digest(c.parameter / 8, '\0');
                          sponge.hash({places.input(c.input, turn), c.input.size()}, 0x06,
                                      {reinterpret_cast<u8*>(digest.data()), digest.size()});
                          return digest;
                        },
                        code->missing()});
}

}  // namespace

void add_hashes() {
  add<crypto::ByteOrder::little>(Block::md5, "md5_portable", crypto::md5_start, crypto::build_md5<host::Isa>);
  add(Block::sha1, "sha1_portable", crypto::sha1_start, crypto::build_sha1<host::Isa>);
  add(Block::sha1, "sha1", crypto::sha1_start, host::build_sha1);
  add(Block::sha256, "sha256_portable", crypto::sha256_start, crypto::build_sha256<host::Isa>);
  add(Block::sha256, "sha256", crypto::sha256_start, host::build_sha256);
  add(Block::sha512, "sha512_portable", crypto::sha512_start, crypto::build_sha512<host::Isa>);
  add(Block::sha512, "sha512_by_vectors", crypto::sha512_start, crypto::build_sha512_by_vectors<host::Isa>);
  add(Block::sm3, "sm3_portable", crypto::sm3_start, crypto::build_sm3<host::Isa>);
  add_sha3<crypto::KeccakScalar>("sha3_portable_");
  add_sha3_of_rate<crypto::KeccakScalar>("sha3_portable_of_rate");
  add(Block::sha512, "sha512", crypto::sha512_start, host::build_sha512);
#if defined(__x86_64__)
  add(Block::sha512, "sha512_avx2", crypto::sha512_start, x86_64::build_sha512_avx2);
  add_sha3<x86_64::KeccakVectors>("sha3_");
  add_sha3_of_rate<x86_64::KeccakVectors>("sha3_of_rate");
#else
  add(Block::sm3, "sm3", crypto::sm3_start, host::build_sm3);
  add_sha3<arm64::KeccakVectors>("sha3_");
  add_sha3_of_rate<arm64::KeccakVectors>("sha3_of_rate");
#endif
}

}  // namespace crypto_test
