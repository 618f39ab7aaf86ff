// The AArch64 text assembler on any line, and on lines that are nearly instructions: what it accepts is an
// instruction whose own text gives the same word.
// soak: 1000000
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <cstdlib>
#include <cstring>
#include <string>

using namespace jitkit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto features = arm64::FeatureSet::all();
  std::string line(reinterpret_cast<const char*>(data), size);
  if (size >= 5 && data[0] % 3 != 0) {  // the text of a word, with a byte changed
    u32 word = 0;
    std::memcpy(&word, data, 4);
    line.clear();
    StringSink out(line);
    if (!arm64::disassemble(word, out)) return 0;
    if (data[0] % 3 == 1 && !line.empty())
      line[data[4] % line.size()] = "0123456789 ,#[]!xwvdsb-"[(data[4] ^ data[3]) % 23];
  }
  u32 word = 0;
  std::string why;
  StringSink error(why);
  if (!arm64::assemble_line(line, features, word, error)) {
    if (why.empty()) std::abort();  // refused without a reason
    return 0;
  }
  std::string text;
  StringSink out(text);
  if (!arm64::disassemble(word, out)) std::abort();
  u32 again = 0;
  if (!arm64::assemble_line(text, features, again, error) || again != word) std::abort();
  return 0;
}
