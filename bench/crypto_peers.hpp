// What crypto blocks are measured against: libcrypto's EVP and zlib, one call for a whole buffer. Their headers
// stay in crypto_peers.cpp.
#ifndef JITKIT_BENCH_CRYPTO_PEERS_HPP
#define JITKIT_BENCH_CRYPTO_PEERS_HPP

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace bench {

// out(in, out, bytes), ready to be called again; results go behind the text in `out`.
using Peer = std::function<void(const std::uint8_t* in, std::uint8_t* out, std::size_t bytes)>;

Peer evp_digest(const std::string& name);
Peer evp_cipher(const std::string& name, const std::uint8_t* key, const std::uint8_t* iv);
// Encryption with a tag behind the text.
Peer evp_gcm(const std::string& name, const std::uint8_t* key, const std::uint8_t* iv);
Peer zlib_crc32();
Peer zlib_adler32();

}  // namespace bench

#endif  // JITKIT_BENCH_CRYPTO_PEERS_HPP
