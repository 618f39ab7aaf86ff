// exec_arm64 SEED COUNT [wrong] >LINES: COUNT random instructions of every AArch64 form, one a line: form number,
// word, text. `wrong`: the word is another instruction's than the text, for a test of the test. `exec_arm64 names`:
// all forms by number, with their feature.
//
// Of every eight, where a form has such words, two name one register twice, two have number 31 (zero or the stack
// pointer) and one both. x30 is left to the guest. Branches and literal loads lead where the guest has room; of system
// registers and of operations on caches there are those that programs may use.
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>
#include <string_view>

#include "../support/arm64_samples.hpp"

using namespace jitkit;
using namespace jitkit::arm64;

namespace {

bool is_one_of(std::string_view name, std::initializer_list<const char*> names) {
  for (const char* n : names)
    if (name == n) return true;
  return false;
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
      if (!reachable(f, w) || (f == Form::hint && decode(w) != f)) continue;
      const Registers r = registers_of(f, w);
      const bool by_register =
          (row_of(f).effects & control) != 0 && (form_mask(f) >> 25) == 127 && (form_bits(f) >> 25) == 107;
      if (by_register && ((w >> 5 & 31 & ~form_mask(f) >> 5) == 31 || (r.twice && form_feature(f) == Feature::pauth)))
        continue;
      if (r.last && (f == Form::dc || f == Form::ic_reg)) continue;
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
      if (next < form_count && same_operands(f, static_cast<Form>(next))) g = static_cast<Form>(next);
    }
    for (int tries = 0; tries < 20; ++tries)
      if (word(g, 7, out) && out != word_of_text) return true;
    return false;
  }

 private:
  // Changes the distance of a branch or literal to one from 24 to 28,000 bytes; false if the operation that the word
  // names is none of those that can be executed.
  bool reachable(Form f, u32& w) {
    for (const OperandKind k : row_of(f).operands) {
      if (k == OperandKind::none) break;
      const OperandInfo& o = operand_info(k);
      i64 v = 0;
      if (o.has_imm) decode_imm(o.imm, w, v);
      if (o.text == Text::sysreg) {
        constexpr u16 of_programs[] = {SysReg::of(3, 3, 4, 2, 0).bits, SysReg::of(3, 3, 4, 4, 1).bits};  // nzcv, fpsr
        w = (w & ~imm_mask(o.imm)) | u32{of_programs[samples_.next() % 2]} << 5;
      } else if (const char* name = detail::name_of_value(o.text, v); name != nullptr) {
        if (o.text == Text::dc_op && !is_one_of(name, {"zva", "cvac", "cvau", "civac"})) return false;
        if (o.text == Text::pstate && !is_one_of(name, {"ssbs", "dit", "tco"})) return false;
      } else if (o.text == Text::rel && f != Form::adr && f != Form::adrp) {
        const i64 distance = (6 + static_cast<i64>(samples_.next() % 6900)) * (samples_.next() % 2 != 0 ? 4 : -4);
        w = (w & ~imm_mask(o.imm)) ^ static_cast<u32>(encode_imm(o.imm, distance));
      }
    }
    return true;
  }

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
    std::printf("%s %.*s\n", form_name(form), static_cast<int>(feature.size()), feature.data());
  }
  return 0;
}

int print_lines(u64 seed, unsigned long count, bool wrong) {
  Draw draw(seed);
  for (unsigned f = 1; f < form_count; ++f) {
    const Form form = static_cast<Form>(f);
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
