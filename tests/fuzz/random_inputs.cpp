// The main of a fuzz target without libFuzzer: a fixed number of pseudo-random inputs (2000, or as many
// as `// inputs: N` in the target's source says), or the files given as arguments (a finding of libFuzzer).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

int replay(const char* path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    std::fprintf(stderr, "%s: cannot be read\n", path);
    return 1;
  }
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  int status = 0;
  for (int i = 1; i < argc; ++i) status |= replay(argv[i]);
  if (argc > 1) return status;

  const int inputs = JITKIT_FUZZ_INPUTS;
  std::mt19937 random(1);
  std::vector<std::uint8_t> bytes;
  for (int i = 0; i < inputs; ++i) {
    bytes.resize(random() % 512);
    // Three kinds: any bytes, printable text, and small numbers.
    for (auto& byte : bytes) {
      const auto r = static_cast<std::uint8_t>(random());
      byte = i % 3 == 0 ? r : i % 3 == 1 ? static_cast<std::uint8_t>(' ' + r % 95) : r % 8;
    }
    LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
  }
  std::printf("%d inputs\n1 passed, 0 failed, 0 skipped\n", inputs);
  return 0;
}
