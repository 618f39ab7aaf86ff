// libcrypto and zlib. Algorithms are fetched once and contexts are kept, so that what is timed is the work.
#include "crypto_peers.hpp"

#include <openssl/evp.h>
#include <zlib.h>

#include <cstring>

#include "case.hpp"

namespace bench {

Peer evp_digest(const std::string& name) {
  EVP_MD* const md = EVP_MD_fetch(nullptr, name.c_str(), nullptr);
  EVP_MD_CTX* const ctx = EVP_MD_CTX_new();
  require(md != nullptr && ctx != nullptr && EVP_DigestInit_ex2(ctx, md, nullptr) == 1, "libcrypto has no " + name);
  return [ctx](const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) {
    EVP_DigestInit_ex2(ctx, nullptr, nullptr);
    EVP_DigestUpdate(ctx, in, bytes);
    EVP_DigestFinal_ex(ctx, out, nullptr);
  };
}

namespace {

// For the whole run.
EVP_CIPHER_CTX* cipher_context(const std::string& name, const std::uint8_t* key, const std::uint8_t* iv) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr);
  EVP_CIPHER_CTX* const ctx = EVP_CIPHER_CTX_new();
  require(cipher != nullptr && ctx != nullptr && EVP_EncryptInit_ex2(ctx, cipher, key, iv, nullptr) == 1,
          "libcrypto has no " + name);
  return ctx;
}

}  // namespace

Peer evp_cipher(const std::string& name, const std::uint8_t* key, const std::uint8_t* iv) {
  EVP_CIPHER_CTX* const ctx = cipher_context(name, key, iv);
  return [ctx, iv](const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) {
    int n = 0;
    EVP_EncryptInit_ex2(ctx, nullptr, nullptr, iv, nullptr);
    EVP_EncryptUpdate(ctx, out, &n, in, static_cast<int>(bytes));
  };
}

Peer evp_gcm(const std::string& name, const std::uint8_t* key, const std::uint8_t* iv) {
  EVP_CIPHER_CTX* const ctx = cipher_context(name, key, iv);
  return [ctx, iv](const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) {
    int n = 0;
    EVP_EncryptInit_ex2(ctx, nullptr, nullptr, iv, nullptr);
    EVP_EncryptUpdate(ctx, out, &n, in, static_cast<int>(bytes));
    EVP_EncryptFinal_ex(ctx, out + bytes, &n);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, out + bytes);
  };
}

Peer zlib_crc32() {
  return [](const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) {
    const std::uint32_t crc = static_cast<std::uint32_t>(crc32(0, in, static_cast<uInt>(bytes)));
    std::memcpy(out, &crc, sizeof crc);
  };
}

Peer zlib_adler32() {
  return [](const std::uint8_t* in, std::uint8_t* out, std::size_t bytes) {
    const std::uint32_t sum = static_cast<std::uint32_t>(adler32(1, in, static_cast<uInt>(bytes)));
    std::memcpy(out, &sum, sizeof sum);
  };
}

}  // namespace bench
