// AES and SM4 by libcrypto.
#include <openssl/evp.h>

#include <stdexcept>

#include "reference.hpp"

namespace crypto_test {
namespace {

void require(bool good) {
  if (!good) throw std::runtime_error("libcrypto refused");
}

std::string evp(const std::string& name, bool encrypt, const std::string& key, const std::string& iv,
                const std::string& input) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name.c_str(), nullptr);
  EVP_CIPHER_CTX* const ctx = EVP_CIPHER_CTX_new();
  require(cipher != nullptr && ctx != nullptr);
  std::string out(input.size() + 32, '\0');
  int n = 0, more = 0;
  require(EVP_CipherInit_ex2(ctx, cipher, data(key), iv.empty() ? nullptr : data(iv), encrypt ? 1 : 0, nullptr) == 1);
  EVP_CIPHER_CTX_set_padding(ctx, 0);
  require(EVP_CipherUpdate(ctx, data(out), &n, data(input), static_cast<int>(input.size())) == 1);
  require(EVP_CipherFinal_ex(ctx, data(out) + n, &more) == 1);
  out.resize(static_cast<std::size_t>(n + more));
  EVP_CIPHER_CTX_free(ctx);
  EVP_CIPHER_free(cipher);
  return out;
}

std::string aes(const Case& c, const char* mode) { return "AES-" + std::to_string(8 * c.key.size()) + "-" + mode; }

// Parameters are sizes of the key in bits, kept in the case by its key alone.
void draw_key(Random& r, Case& c) {
  c.key = random_bytes(r, c.parameter / 8);
  c.parameter = 0;
}

// The counter after `blocks`.
std::string advanced(std::string counter, std::size_t blocks) {
  for (std::size_t n = 16; n-- > 0;) {
    blocks += static_cast<unsigned char>(counter[n]);
    counter[n] = static_cast<char>(blocks);
    blocks >>= 8;
  }
  return counter;
}

const std::vector<std::uint32_t> sizes = {128, 192, 256};

const AddMaker ecb_encrypt({Block::aes_ecb_encrypt, sizes, 16, 36, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.output = evp(aes(c, "ECB"), true, c.key, "", c.input);
}});
const AddMaker ecb_decrypt({Block::aes_ecb_decrypt, sizes, 16, 36, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.output = evp(aes(c, "ECB"), false, c.key, "", c.input);
}});
const AddMaker cbc_encrypt({Block::aes_cbc_encrypt, sizes, 16, 6, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.iv = random_bytes(r, 16);
  c.output = evp(aes(c, "CBC"), true, c.key, c.iv, c.input);
  c.output += (c.iv + c.output).substr(c.output.size());
}});
const AddMaker cbc_decrypt({Block::aes_cbc_decrypt, sizes, 16, 28, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.iv = random_bytes(r, 16);
  c.output = evp(aes(c, "CBC"), false, c.key, c.iv, c.input) + (c.iv + c.input).substr(c.input.size());
}});
// Counters near the ends of their halves are as frequent as others.
const AddMaker ctr({Block::aes_ctr, sizes, 1, 560, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.iv = random_bytes(r, 16);
  const std::size_t ones = r() % 3 == 0 ? 8 : r() % 3 == 0 ? 16 : 0;
  for (std::size_t n = 16 - ones; n < 16; ++n) c.iv[n] = '\xff';
  if (ones != 0) c.iv[15] = static_cast<char>(r());
  c.output = evp(aes(c, "CTR"), true, c.key, c.iv, c.input);
  c.output += advanced(c.iv, (c.input.size() + 15) / 16);
}});

// SP 800-38D 6.3, bit by bit.
std::string ghash(std::string sum, const std::string& h, const std::string& input) {
  for (std::size_t at = 0; at < input.size(); at += 16) {
    std::string v = h, z(16, '\0');
    for (std::size_t n = 0; n < 16; ++n) sum[n] = static_cast<char>(sum[n] ^ input[at + n]);
    for (std::size_t bit = 0; bit < 128; ++bit) {
      const bool set = (static_cast<unsigned char>(sum[bit / 8]) >> (7 - bit % 8) & 1) != 0;
      for (std::size_t n = 0; set && n < 16; ++n) z[n] = static_cast<char>(z[n] ^ v[n]);
      const bool out = (v[15] & 1) != 0;
      for (std::size_t n = 16; n-- > 0;)
        v[n] = static_cast<char>(static_cast<unsigned char>(v[n]) >> 1 | (n == 0 ? 0 : (v[n - 1] & 1) << 7));
      if (out) v[0] = static_cast<char>(v[0] ^ 0xe1);
    }
    sum = z;
  }
  return sum;
}

// Ciphertext and tag.
std::string gcm(const Case& c) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, aes(c, "GCM").c_str(), nullptr);
  EVP_CIPHER_CTX* const ctx = EVP_CIPHER_CTX_new();
  require(cipher != nullptr && ctx != nullptr);
  std::string out(c.input.size() + 16, '\0');
  int n = 0;
  require(EVP_EncryptInit_ex2(ctx, cipher, nullptr, nullptr, nullptr) == 1);
  require(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, static_cast<int>(c.iv.size()), nullptr) == 1);
  require(EVP_EncryptInit_ex2(ctx, nullptr, data(c.key), data(c.iv), nullptr) == 1);
  if (!c.extra.empty())
    require(EVP_EncryptUpdate(ctx, nullptr, &n, data(c.extra), static_cast<int>(c.extra.size())) == 1);
  require(EVP_EncryptUpdate(ctx, data(out), &n, data(c.input), static_cast<int>(c.input.size())) == 1);
  require(EVP_EncryptFinal_ex(ctx, data(out) + n, &n) == 1);
  require(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, 16, data(out) + c.input.size()) == 1);
  EVP_CIPHER_CTX_free(ctx);
  EVP_CIPHER_free(cipher);
  return out;
}

void draw_gcm(Random& r, Case& c) {
  draw_key(r, c);
  c.iv = random_bytes(r, r() % 4 == 0 ? 1 + r() % 40 : 12);
  c.extra = random_bytes(r, r() % 3 == 0 ? 0 : r() % 80);
  c.output = gcm(c);
}

const AddMaker sm4_encrypt({Block::sm4_encrypt, {128}, 16, 20, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.output = evp("SM4-ECB", true, c.key, "", c.input);
}});
const AddMaker sm4_decrypt({Block::sm4_decrypt, {128}, 16, 20, {}, [](Random& r, Case& c) {
  draw_key(r, c);
  c.output = evp("SM4-ECB", false, c.key, "", c.input);
}});
const AddMaker ghash_maker({Block::ghash, {0}, 16, 36, {}, [](Random& r, Case& c) {
  c.key = random_bytes(r, 16);
  c.iv = random_bytes(r, 16);
  c.output = ghash(c.iv, c.key, c.input);
}});
const AddMaker gcm_encrypt({Block::aes_gcm_encrypt, sizes, 1, 560, {}, draw_gcm});
const AddMaker gcm_decrypt({Block::aes_gcm_decrypt, sizes, 1, 560, {}, [](Random& r, Case& c) {
  draw_gcm(r, c);
  const std::string tag = c.output.substr(c.input.size());
  c.output.resize(c.input.size());
  std::swap(c.input, c.output);
  c.output += tag;
}});

}  // namespace
}  // namespace crypto_test
