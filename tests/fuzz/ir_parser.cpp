// The parser on any text, and on texts of random programs with bytes changed: no input crashes it, and
// what it reads is printed as text that reads back and prints the same.
// soak: 200000
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/printer.hpp>
#include <jitkit/ir/unit.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

#include <fuzz/random_program.hpp>

using namespace jitkit;

namespace {

void round_trip(const std::string& text) {
  ir::Unit unit;
  ir::Diagnostics errors;
  if (!ir::parse(text, unit, {}, errors)) {
    if (errors.empty()) std::abort();  // refused without a reason
    return;
  }
  std::string first, second;
  StringSink first_out(first), second_out(second);
  ir::print(unit, first_out);
  ir::Unit again;
  if (!ir::parse(first, again, {}, errors)) std::abort();
  ir::print(again, second_out);
  if (first != second) std::abort();
}

}  // namespace

// The first byte chooses; of a program, the second is its seed and each three that follow change a byte:
// where, and to what.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2 || data[0] % 2 == 0) {
    round_trip({reinterpret_cast<const char*>(data), size});
    return 0;
  }
  ir::Unit unit;
  fuzz::RandomProgram(data[1] % 16U, unit).build();
  std::string text;
  StringSink out(text);
  ir::print(unit, out);
  for (std::size_t n = 2; n + 2 < size && n < 32; n += 3) {
    const std::size_t at = (std::size_t{data[n]} << 8 | data[n + 1]) % text.size();
    if (data[n + 2] % 4 == 0)
      text.erase(at, 1U + data[n + 2] / 16U);
    else if (data[n + 2] % 4 == 1)
      text.insert(at, text.substr(text.size() / 2, 1U + data[n + 2] / 8U));
    else
      text[at] = "0123456789abvfi.,()[]{}:@-+ =\n#"[data[n + 2] % 32];
  }
  round_trip(text);
  return 0;
}
