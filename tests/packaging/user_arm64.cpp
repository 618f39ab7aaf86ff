// A user of the AArch64 assembler alone, built from its single header: two words, on any host.
#include <jitkit/arm64.hpp>

int main() {
  using namespace jitkit::arm64;
  jitkit::CodeBuffer code;
  Assembler a(code);
  a.add(x0, x1, x2);
  a.ret();
  jitkit::u32 words[2] = {};
  if (!code.finish().ok() || code.bytes().size() != sizeof words) return 1;
  std::memcpy(words, code.data(), sizeof words);
  return words[0] == 0x8b020020 && words[1] == 0xd65f03c0 ? 0 : 1;
}
