// Writes cases of every block to the standard output: the known answers of the file given, every length around
// the boundaries of a block, and random lengths.
//   crypto_cases KNOWN_ANSWERS COUNT SEED     COUNT random cases per block, at least one per boundary length
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <sstream>

#include "reference.hpp"

namespace crypto_test {

std::vector<Maker>& makers() {
  static std::vector<Maker> all;
  return all;
}

namespace {

[[noreturn]] void die(const std::string& why) {
  std::cerr << "crypto_cases: " << why << "\n";
  std::exit(1);
}

void put(const Case& c) {
  if (!write(stdout, c)) die("cannot write");
}

// HEX, HEX*N or -.
std::string unhex(const std::string& text) {
  std::string bytes;
  const std::size_t star = text.find('*');
  const std::string hex = text.substr(0, star);
  if (hex == "-") return bytes;
  if (hex.size() % 2 != 0) die("odd digits: " + text);
  for (std::size_t n = 0; n < hex.size(); n += 2) bytes += static_cast<char>(std::stoi(hex.substr(n, 2), nullptr, 16));
  std::string all;
  for (long n = star == std::string::npos ? 1 : std::stol(text.substr(star + 1)); n > 0; --n) all += bytes;
  return all;
}

void known_answers(const char* path) {
  std::ifstream file(path);
  if (!file) die(std::string("cannot read ") + path);
  for (std::string line; std::getline(file, line);) {
    std::istringstream words(line);
    std::string name, parameter, key, iv, extra, input, output;
    if (!(words >> name) || name[0] == '#') continue;
    if (!(words >> parameter >> key >> iv >> extra >> input >> output)) die("too few fields: " + line);
    unsigned block = 0;
    while (block < block_count && name != block_names[block]) ++block;
    if (block == block_count) die("no such block: " + name);
    put({static_cast<Block>(block), static_cast<std::uint32_t>(std::stoul(parameter)), unhex(key), unhex(iv),
         unhex(extra), unhex(input), unhex(output)});
  }
}

void make(const Maker& m, Random& random, long count) {
  std::size_t turn = 0;
  const auto one = [&](std::size_t units) {
    Case c;
    c.block = m.block;
    c.parameter = m.parameters[turn++ % m.parameters.size()];
    c.input = random_bytes(random, units * m.unit);
    m.finish(random, c);
    put(c);
  };
  std::vector<std::size_t> lengths;
  for (std::size_t n = 0; n <= m.boundary; ++n) lengths.push_back(n);
  for (const std::size_t n : m.more)
    for (std::size_t k = n - 17; k <= n + 17; ++k) lengths.push_back(k);
  for (std::size_t p = 0; p < m.parameters.size(); ++p)
    for (const std::size_t n : lengths) {
      turn = p;
      one(n);
    }
  for (; count > 0; --count) {
    const std::size_t most = random() % 8 == 0 ? 16 * m.boundary : 3 * m.boundary;
    one(random() % (most + 1));
  }
}

}  // namespace
}  // namespace crypto_test

int main(int argc, char** argv) {
  using namespace crypto_test;
  if (argc != 4) die("usage: crypto_cases KNOWN_ANSWERS COUNT SEED");
  known_answers(argv[1]);
  for (const Maker& m : makers()) {
    Random random(std::strtoull(argv[3], nullptr, 0) + static_cast<unsigned>(m.block));
    make(m, random, std::atol(argv[2]));
  }
  return std::fflush(stdout) == 0 ? 0 : 1;
}
