// exec_arm64 SEED COUNT [wrong] >LINES: COUNT random instructions of every AArch64 form that can be executed by
// itself, one a line: form number, word, text. `wrong`: the word is another instruction's than the text, for a test
// of the test. `exec_arm64 names`: all forms by number, with feature, and whether they are among them.
//
// Of every eight, where a form has such words, two name one register twice, two have number 31 (zero or the stack
// pointer) and one both. x30 is left to the guest.
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "../support/arm64_samples.hpp"

using namespace jitkit;
using namespace jitkit::arm64;

namespace {

// The guest has a place to go for branches (tests/exec/arm64/), but none for exceptions and their returns.
bool runs(Form f) {
  const u32 effects = row_of(f).effects;
  const bool memory = (effects & (reads_memory | writes_memory)) != 0;
  if ((effects & (effect::implicit | control)) != 0) return false;
  bool bracket = false;
  for (const OperandKind k : row_of(f).operands) {
    const Text text = k == OperandKind::none ? Text::imm : operand_info(k).text;
    if (memory && text == Text::rel) return false;
    bracket |= text == Text::base || text == Text::mem || text == Text::bare_mem;
  }
  const bool state = (effects & other_state) != 0;
  return !state || bracket || form_feature(f) == Feature::pauth || form_feature(f) == Feature::mte;
}

struct Registers {
  bool twice = false, last = false, link = false;
};

Registers registers_of(Form f, u32 word) {
  Registers found;
  u64 seen = 0;
  for (const OperandKind k : row_of(f).operands) {
    const OperandInfo& o = operand_info(k);
    if (k == OperandKind::none || o.regs == 0) continue;
    const bool general = o.form.bank != Bank::vec;
    for (u32 i = 0; i < o.regs; ++i) {
      const u32 number = (detail::register_field(o, word) + i) % 32;
      const u64 bit = u64{1} << (number + (general ? 0 : 32));
      found.twice |= (seen & bit) != 0;
      found.last |= number == 31;
      found.link |= general && number == 30;
      seen |= bit;
    }
  }
  return found;
}

class Draw {
 public:
  explicit Draw(u64 seed) : samples_(seed) {}

  bool word(Form f, unsigned long n, u32& out) {
    const bool twice = n % 8 < 3, last = n % 8 >= 2 && n % 8 < 5;
    bool found = false;
    for (int tries = 0; tries < 400; ++tries) {
      u32 w = 0;
      if (!samples_.draw(f, w)) return false;
      const Registers r = registers_of(f, w);
      if (r.link || detail::registers_conflict(f, w)) continue;
      out = w;
      found = true;
      if ((r.twice || !twice) && (r.last || !last)) break;
    }
    return found;
  }

  // A word of the form with the next number that has the same operands, or of this one.
  bool other(Form f, u32 word_of_text, u32& out) {
    Form g = f;
    if (samples_.next() % 2 != 0) {
      const unsigned next = static_cast<unsigned>(f) + 1;
      if (next < form_count && same_operands(f, static_cast<Form>(next)) && runs(static_cast<Form>(next)))
        g = static_cast<Form>(next);
    }
    for (int tries = 0; tries < 20; ++tries)
      if (word(g, 7, out) && out != word_of_text) return true;
    return false;
  }

 private:
  static bool same_operands(Form f, Form g) {
    for (unsigned i = 0; i < 5; ++i)
      if (form_operand_kind(f, i) != form_operand_kind(g, i)) return false;
    return true;
  }
  test::Arm64Samples samples_;
};

int print_names() {
  for (unsigned f = 0; f < form_count; ++f) {
    const Form form = static_cast<Form>(f);
    const std::string_view feature = feature_name(form_feature(form));
    std::printf("%s %.*s %d\n", form_name(form), static_cast<int>(feature.size()), feature.data(),
                f != 0 && runs(form));
  }
  return 0;
}

int print_lines(u64 seed, unsigned long count, bool wrong) {
  Draw draw(seed);
  for (unsigned f = 1; f < form_count; ++f) {
    const Form form = static_cast<Form>(f);
    if (!runs(form)) continue;
    for (unsigned long n = 0; n < count; ++n) {
      u32 word = 0;
      if (!draw.word(form, n, word)) return std::fprintf(stderr, "no word of form %s\n", form_name(form)), 1;
      std::string text;
      StringSink sink(text);
      disassemble_as(form, word, sink);
      if (wrong && !draw.other(form, word, word)) continue;
      std::printf("%u %08x %s\n", f, word, text.c_str());
    }
  }
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "names") return print_names();
  const bool wrong = argc == 4 && std::string_view(argv[3]) == "wrong";
  if (argc != 3 && !wrong) return std::fprintf(stderr, "usage: exec_arm64 SEED COUNT [wrong] >LINES | names\n"), 2;
  return print_lines(std::strtoull(argv[1], nullptr, 10), std::strtoul(argv[2], nullptr, 10), wrong);
}
