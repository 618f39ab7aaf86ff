// Checksums: zlib's, and CRC-32C bit by bit (RFC 3720 12.1).
#include <zlib.h>

#include "reference.hpp"

namespace crypto_test {
namespace {

std::uint32_t crc32c(std::uint32_t crc, const std::string& bytes) {
  crc = ~crc;
  for (const char c : bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ ((crc & 1) != 0 ? 0x82f63b78 : 0);
  }
  return ~crc;
}

std::uint32_t any_register(Random& r) {
  const std::uint32_t v = static_cast<std::uint32_t>(r());
  return r() % 4 == 0 ? 0 : v;
}

const AddMaker crc32_maker({Block::crc32, {0}, 1, 300, {512, 768, 864, 1024, 1728, 6144, 6912, 7776, 13824}, [](Random& r, Case& c) {
  const std::uint32_t before = any_register(r);
  c.iv = bytes_of(before);
  c.output = bytes_of(static_cast<std::uint32_t>(::crc32(before, data(c.input), static_cast<uInt>(c.input.size()))));
}});
const AddMaker crc32c_maker({Block::crc32c, {0}, 1, 300, {512, 768, 864, 1024, 1728, 6144, 6912, 7776, 13824}, [](Random& r, Case& c) {
  const std::uint32_t before = any_register(r);
  c.iv = bytes_of(before);
  c.output = bytes_of(crc32c(before, c.input));
}});

// A sum before that is one: each half below 65521.
const AddMaker adler32_maker({Block::adler32, {0}, 1, 300, {5536, 5552, 11072, 16608}, [](Random& r, Case& c) {
  const std::uint32_t before = r() % 4 == 0 ? 1 : static_cast<std::uint32_t>(r() % 65521 << 16 | r() % 65521);
  if (r() % 8 == 0) c.input.assign(c.input.size(), '\xff');  // the largest sums
  c.iv = bytes_of(before);
  c.output = bytes_of(static_cast<std::uint32_t>(::adler32(before, data(c.input), static_cast<uInt>(c.input.size()))));
}});

}  // namespace
}  // namespace crypto_test
