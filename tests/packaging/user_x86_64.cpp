// A user of the x86-64 assembler alone, built from its single header: four bytes, on any host.
#include <jitkit/x86_64.hpp>

int main() {
  using namespace jitkit::x86_64;
  jitkit::CodeBuffer code;
  Assembler a(code);
  a.add(rax, rcx);
  a.ret();
  const jitkit::u8 expected[] = {0x48, 0x01, 0xc8, 0xc3};
  return code.finish().ok() && code.bytes().size() == sizeof expected &&
                 std::memcmp(code.data(), expected, sizeof expected) == 0
             ? 0
             : 1;
}
