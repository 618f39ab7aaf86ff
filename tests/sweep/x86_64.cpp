// sweep_x86_64 SEED COUNT: COUNT random instructions of every form of the table, fewer of each of the many EVEX
// forms, as text, one per line behind the form's name. Registers may not go together: such a line is to be refused.
#include <jitkit/emit/x86_64/disassembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "../support/x86_64_samples.hpp"

using namespace jitkit;
using namespace jitkit::x86_64;

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: sweep_x86_64 SEED COUNT\n");
    return 2;
  }
  test::X86Samples samples(std::strtoull(argv[1], nullptr, 10));
  const unsigned long count = std::strtoul(argv[2], nullptr, 10);
  for (u16 f = 1; f < form_limit; ++f)
    for (unsigned long n = 0; n < (f < form_count ? count : (count + 11) / 12) && is_form(static_cast<Form>(f)); ++n) {
      std::string text(form_name(static_cast<Form>(f)).view());
      StringSink sink(text);
      sink << " ";
      print(samples.draw(static_cast<Form>(f)), sink);
      std::puts(text.c_str());
    }
  return 0;
}
