// The x86-64 text assembler on any line, and on the text of random bytes with a character changed: what it
// accepts decodes, and that text gives the same bytes.
// soak: 1000000
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/emit/x86_64/text_assembler.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string>

using namespace jitkit;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto features = x86_64::FeatureSet::all();
  std::string line(reinterpret_cast<const char*>(data), size);
  if (size >= 3 && data[0] % 3 != 0) {
    const std::span<const u8> bytes(data + 1, std::min<std::size_t>(size - 1, 15));
    line.clear();
    StringSink out(line);
    if (x86_64::disassemble(bytes, out) == 0) return 0;
    if (data[0] % 3 == 1 && !line.empty()) line[data[1] % line.size()] = "0123456789 ,[]+-*xyzmredalip"[data[2] % 28];
  }
  x86_64::Encoded code{};
  std::string why;
  StringSink error(why);
  if (!x86_64::assemble_line(line, features, code, error)) {
    if (why.empty()) std::abort();  // refused without a reason
    return 0;
  }
  std::string text;
  StringSink out(text);
  if (x86_64::disassemble({code.bytes, code.size}, out) != code.size) std::abort();
  x86_64::Encoded again{};
  if (!x86_64::assemble_line(text, features, again, error)) std::abort();
  if (again.size != code.size || std::memcmp(again.bytes, code.bytes, code.size) != 0) std::abort();
  return 0;
}
