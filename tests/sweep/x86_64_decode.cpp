// sweep_x86_64_decode: for each line of hexadecimal digits on stdin, the length and the text of the instruction
// that the bytes start with, or 0. Of text that would assemble to other bytes the length has a minus sign.
#include <jitkit/emit/x86_64/disassembler.hpp>

#include <cstdio>
#include <string>

using namespace jitkit;
using namespace jitkit::x86_64;

int main() {
  char line[64];
  while (std::fgets(line, sizeof line, stdin) != nullptr) {
    u8 bytes[16] = {};
    usize size = 0;
    unsigned byte = 0;
    while (size < sizeof bytes && std::sscanf(line + 2 * size, "%2x", &byte) == 1) bytes[size++] = static_cast<u8>(byte);
    Instruction in = decode({bytes, size});
    if (in.form == Form::none) {
      std::puts("0");
      continue;
    }
    const bool exact = is_exact(in, {bytes, in.length});
    std::string text;
    StringSink sink(text);
    print(in, sink);
    std::printf("%s%u %s\n", exact ? "" : "-", in.length, text.c_str());
  }
  return 0;
}
