// `jitkit disasm`: the bytes of one instruction per line to its text.
//
// A line is the hexadecimal of `jitkit asm` (the word, or the bytes in order, which may be separated by
// single blanks); what follows two blanks or a tab is ignored, so that output of either command is input
// of this one.
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "command.hpp"
#include "line_filter.hpp"

namespace jitkit::tools {
namespace {

struct Arguments {
  std::string target;
  std::string file = "-";
};

int digit_of(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The bytes that a line spells, most significant digit first; false if it is not hexadecimal or not
// between 1 and `bytes.size()` bytes long.
bool parse_bytes(std::string_view line, std::span<u8> bytes, usize& count) {
  line = line.substr(0, std::min(line.find("  "), line.find('\t')));
  if (line.starts_with("0x") || line.starts_with("0X")) line.remove_prefix(2);
  count = 0;
  while (!line.empty()) {
    if (line.front() == ' ') {
      line.remove_prefix(1);
      continue;
    }
    if (line.size() < 2 || count == bytes.size()) return false;
    const int high = digit_of(line[0]);
    const int low = digit_of(line[1]);
    if (high < 0 || low < 0) return false;
    bytes[count++] = static_cast<u8>(high << 4 | low);
    line.remove_prefix(2);
  }
  return count != 0;
}

// Whether the text assembles to the word. There are words that no text gives: masks have rotations beyond
// their element, and some choices of registers are unpredictable.
bool gives_back(std::string_view text, u32 word) {
  u32 again = 0;
  std::string why;
  StringSink error(why);
  return arm64::assemble_line(text, arm64::FeatureSet::all(), again, error) && again == word;
}

bool disassemble_arm64(std::string_view line, std::string& out, std::string& why) {
  u8 bytes[4];
  usize count = 0;
  if (!parse_bytes(line, bytes, count) || count != 4) {
    why = "expected a word of 8 hexadecimal digits";
    return false;
  }
  const u32 word = u32{bytes[0]} << 24 | u32{bytes[1]} << 16 | u32{bytes[2]} << 8 | bytes[3];
  StringSink sink(out);
  sink.hex(word, 8) << "  ";
  std::string text;
  StringSink instruction(text);
  if (arm64::disassemble(word, instruction) && gives_back(text, word))
    out += text;
  else
    (sink << ".inst 0x").hex(word, 8);
  return true;
}

// Bytes that are not exactly one instruction are printed as data.
bool disassemble_x86_64(std::string_view line, std::string& out, std::string& why) {
  u8 bytes[15];
  usize count = 0;
  if (!parse_bytes(line, bytes, count)) {
    why = "expected 1 to 15 bytes in hexadecimal";
    return false;
  }
  const std::span<const u8> code(bytes, count);
  StringSink sink(out);
  for (const u8 byte : code) sink.hex(byte, 2);
  sink << "  ";
  const usize start = out.size();
  if (x86_64::disassemble(code, sink) != count) {
    out.resize(start);
    x86_64::print_bytes(code, sink);
  }
  return true;
}

std::function<int()> setup(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  add_target_option(app, a->target);
  app.add_option("FILE", a->file, "one instruction per line in hexadecimal; default: standard input");
  return [a] {
    return filter_lines(a->file, a->target == "arm64" ? &disassemble_arm64 : &disassemble_x86_64);
  };
}

const Registration registered({"disasm", "Disassembles one instruction per line", &setup});

}  // namespace
}  // namespace jitkit::tools
