// Hashes by libcrypto.
#include <openssl/evp.h>

#include <stdexcept>

#include "reference.hpp"

namespace crypto_test {
namespace {

std::string digest(const std::string& name, const std::string& input) {
  EVP_MD* const md = EVP_MD_fetch(nullptr, name.c_str(), nullptr);
  std::string out(64, '\0');
  unsigned size = 0;
  if (md == nullptr || EVP_Digest(input.data(), input.size(), data(out), &size, md, nullptr) != 1)
    throw std::runtime_error("libcrypto has no " + name);
  EVP_MD_free(md);
  out.resize(size);
  return out;
}

void add(Block block, std::vector<std::uint32_t> parameters, std::size_t boundary, const char* name) {
  makers().push_back({block, std::move(parameters), 1, boundary, {}, [name](Random&, Case& c) {
    c.output = digest(c.parameter == 0 ? name : name + std::to_string(c.parameter), c.input);
  }});
}

struct AddAll {
  AddAll() {
    add(Block::md5, {0}, 200, "MD5");
    add(Block::sha1, {0}, 200, "SHA1");
    add(Block::sha256, {0}, 200, "SHA256");
    add(Block::sha512, {0}, 400, "SHA512");
    add(Block::sha3, {224, 256, 384, 512}, 300, "SHA3-");
    add(Block::sm3, {0}, 200, "SM3");
  }
} const all;

}  // namespace
}  // namespace crypto_test
