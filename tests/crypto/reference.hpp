// What is right, by libcrypto and zlib, or by a few lines that follow the standard bit by bit. One maker of
// cases per block: it draws what a case leaves open and fills in the output.
#ifndef JITKIT_TESTS_CRYPTO_REFERENCE_HPP
#define JITKIT_TESTS_CRYPTO_REFERENCE_HPP

#include <functional>
#include <random>
#include <string>
#include <vector>

#include "case.hpp"

namespace crypto_test {

using Random = std::mt19937_64;

inline std::string random_bytes(Random& r, std::size_t count) {
  std::string s(count, '\0');
  for (char& c : s) c = static_cast<char>(r());
  return s;
}
inline std::string bytes_of(std::uint32_t v) { return std::string(reinterpret_cast<const char*>(&v), sizeof v); }
inline const unsigned char* data(const std::string& s) { return reinterpret_cast<const unsigned char*>(s.data()); }
inline unsigned char* data(std::string& s) { return reinterpret_cast<unsigned char*>(s.data()); }

struct Maker {
  Block block;
  std::vector<std::uint32_t> parameters;  // each gets its share of cases
  std::size_t unit;                       // input comes in whole units
  std::size_t boundary;                   // every length up to here, in units, is of interest
  std::vector<std::size_t> more;          // and lengths around these
  // c has block, parameter and input; fills in the rest.
  std::function<void(Random&, Case& c)> finish;
};
std::vector<Maker>& makers();
struct AddMaker {
  explicit AddMaker(Maker m) { makers().push_back(std::move(m)); }
};

}  // namespace crypto_test

#endif  // JITKIT_TESTS_CRYPTO_REFERENCE_HPP
