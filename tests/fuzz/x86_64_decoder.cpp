// Any bytes: the decoder stays inside them and within 15; what is printed as an instruction assembles
// back to the same bytes, what is printed as data says exactly these bytes.
// soak: 3000000
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/emit/x86_64/text_assembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>

using namespace jitkit;
using namespace jitkit::x86_64;

namespace {

[[noreturn]] void fail(const char* what, std::span<const u8> bytes, const std::string& text) {
  std::fprintf(stderr, "%s:", what);
  for (const u8 b : bytes) std::fprintf(stderr, " %02x", b);
  std::fprintf(stderr, ": %s\n", text.c_str());
  std::abort();
}

void check_one(std::span<const u8> bytes) {
  std::string text;
  StringSink out(text);
  const usize length = disassemble(bytes, out);
  if (length == 0) {
    if (!text.empty()) fail("text for no instruction", bytes, text);
    return;
  }
  if (length > 15 || length > bytes.size()) fail("too long", bytes, text);
  const std::span<const u8> own = bytes.first(length);
  if (decode(own).length != length) fail("bytes behind the instruction matter", bytes, text);
  if (text.starts_with(".byte")) {
    std::string data;
    StringSink sink(data);
    print_bytes(own, sink);
    if (!text.starts_with(data)) fail("other bytes", own, text);
    text = text.substr(text.find('#') + 1);
  }
  Encoded code;
  std::string error;
  StringSink sink(error);
  if (!assemble_line(text, FeatureSet::all(), code, sink)) fail(error.c_str(), own, text);
  Instruction in = decode(own);
  if (detail::is_direct_branch(in)) return;
  if (is_exact(in, own) != detail::same_bytes(code, own)) fail("assembles to something else", own, text);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Every start; a copy of its own, so that a sanitizer sees a read past the end.
  for (std::size_t at = 0; at < size; ++at) {
    const usize n = size - at < 16 ? size - at : 16;
    const auto bytes = std::make_unique<u8[]>(n);
    for (usize i = 0; i < n; ++i) bytes[i] = data[at + i];
    check_one({bytes.get(), n});
  }
  return 0;
}
