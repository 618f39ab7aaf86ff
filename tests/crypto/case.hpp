// A case of a crypto block: what goes in and what must come out. crypto_cases writes them, with libcrypto and
// zlib to say what is right; crypto_run reads them, on this machine or under QEMU. Same format on both.
#ifndef JITKIT_TESTS_CRYPTO_CASE_HPP
#define JITKIT_TESTS_CRYPTO_CASE_HPP

#include <cstdint>
#include <cstdio>
#include <string>

namespace crypto_test {

enum class Block : std::uint32_t {
#define JITKIT_BLOCK(name, ...) name,
#include "blocks.def"
};
inline constexpr const char* block_names[] = {
#define JITKIT_BLOCK(name, ...) #name,
#include "blocks.def"
};
inline constexpr unsigned block_count = sizeof block_names / sizeof block_names[0];

struct Case {
  Block block{};
  std::uint32_t parameter = 0;
  std::string key, iv, extra, input, output;
};

inline bool write(std::FILE* f, const Case& c) {
  const std::string* const fields[] = {&c.key, &c.iv, &c.extra, &c.input, &c.output};
  std::uint32_t head[7] = {static_cast<std::uint32_t>(c.block), c.parameter};
  for (unsigned n = 0; n < 5; ++n) head[2 + n] = static_cast<std::uint32_t>(fields[n]->size());
  bool good = std::fwrite(head, sizeof head, 1, f) == 1;
  for (const std::string* s : fields) good = good && std::fwrite(s->data(), 1, s->size(), f) == s->size();
  return good;
}

// False at the end; a file cut short gives a case of a block that there is not.
inline bool read(std::FILE* f, Case& c) {
  std::string* const fields[] = {&c.key, &c.iv, &c.extra, &c.input, &c.output};
  std::uint32_t head[7];
  const std::size_t got = std::fread(head, 1, sizeof head, f);
  if (got == 0) return false;
  bool good = got == sizeof head && head[0] < block_count;
  c.block = static_cast<Block>(good ? head[0] : block_count);
  c.parameter = head[1];
  for (unsigned n = 0; n < 5 && good; ++n) {
    fields[n]->resize(head[2 + n]);
    good = std::fread(fields[n]->data(), 1, fields[n]->size(), f) == fields[n]->size();
  }
  if (!good) c.block = static_cast<Block>(block_count);
  return true;
}

}  // namespace crypto_test

#endif  // JITKIT_TESTS_CRYPTO_CASE_HPP
