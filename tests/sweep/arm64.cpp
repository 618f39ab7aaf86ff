// sweep_arm64 SEED COUNT: COUNT random instructions of every form of the table, as text, one per line
// behind the form's name. Registers may not go together: such a line is to be refused.
#include <jitkit/emit/arm64/disassembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "../support/arm64_samples.hpp"

using namespace jitkit;
using namespace jitkit::arm64;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: sweep_arm64 SEED COUNT\n");
    return 2;
  }
  test::Arm64Samples samples(std::strtoull(argv[1], nullptr, 10));
  const unsigned long count = std::strtoul(argv[2], nullptr, 10);
  for (u16 f = 1; f < form_count; ++f)
    for (unsigned long n = 0; n < count; ++n) {
      u32 word = 0;
      if (!samples.draw(static_cast<Form>(f), word)) {
        std::fprintf(stderr, "no word of form %s\n", form_name(static_cast<Form>(f)));
        return 1;
      }
      std::string text = form_name(static_cast<Form>(f));
      StringSink sink(text);
      sink << " ";
      disassemble_as(static_cast<Form>(f), word, sink);
      std::puts(text.c_str());
    }
  return 0;
}
