// Any words, and words of any form with random operands: what is printed as an instruction assembles back to
// the same word, unless its registers may not go together, and each immediate that was read out of it can be
// written into it again.
// soak: 3000000
// inputs: 4000
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace jitkit;
using namespace jitkit::arm64;

namespace {

[[noreturn]] void fail(const char* what, u32 word, const std::string& text) {
  std::fprintf(stderr, "%s: %08x: %s\n", what, word, text.c_str());
  std::abort();
}

// A bit mask has words with rotations beyond its element; text gives one of them, which then is its own.
bool has_mask(Form f) {
  for (const OperandKind k : row_of(f).operands)
    if (k != OperandKind::none && operand_info(k).has_imm && operand_info(k).imm.kind == ImmKind::logical) return true;
  return false;
}

void check_word(u32 word) {
  std::string text;
  StringSink out(text);
  const Form f = decode(word);
  if (disassemble(word, out) != (f != Form::none)) fail("text for no instruction, or none for one", word, text);
  if (f == Form::none) return;
  const DetailedOperands operands(f);
  for (unsigned i = 0; i < operands.size(); ++i)
    if (operands[i].kind != FormOperand::Kind::reg && !encode_imm(operands.detail(i), decode_operand(operands, i, word)))
      fail("an immediate that cannot be encoded", word, text);
  u32 again = 0;
  std::string error;
  StringSink sink(error);
  const bool assembled = assemble_line(text, FeatureSet::all(), again, sink);
  if (assembled == detail::registers_conflict(f, word)) fail(assembled ? "registers that may not go together" : error.c_str(), word, text);
  if (!assembled) return;
  if (again == word) return;
  if (!has_mask(f)) fail("assembles to another word", word, text);
  check_word(again);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (std::size_t at = 0; at + 6 <= size; at += 6) {
    u32 word = 0;
    u16 form = 0;
    std::memcpy(&word, data + at, sizeof word);
    std::memcpy(&form, data + at + 4, sizeof form);
    check_word(word);
    const Form f = static_cast<Form>(form % form_count);
    if (f != Form::none) check_word((word & ~form_mask(f)) | (form_bits(f) & form_mask(f)));
  }
  return 0;
}
