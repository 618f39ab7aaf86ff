// The forms of AArch64 for `jitkit forms`: bits and operands from the tables, and an example of each, which is
// the first of a few values for every operand whose text assembles back to the same word.
#include <fmt/format.h>
#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/arm64/text_assembler.hpp>

#include <bit>

#include "forms.hpp"

namespace jitkit::tools {
namespace {

using namespace arm64;

// The C++ type that each operand kind has in a method.
constexpr const char* kind_types[] = {
    "",
#define JITKIT_A64_REG(kind, Type, ...) #Type,
#define JITKIT_A64_REG2(kind, Type, ...) #Type,
#define JITKIT_A64_PAIR(kind, Type, ...) #Type,
#define JITKIT_A64_LANE(kind, E, ...) "Lane<Arr::" #E ">",
#define JITKIT_A64_LIST(kind, A, count, ...) "VList<Arr::" #A ", " #count ">",
#define JITKIT_A64_LANE_LIST(kind, E, count, ...) "LaneList<Arr::" #E ", " #count ">",
#define JITKIT_A64_IMM(kind, ...) "arg::" #kind,
#include <jitkit/emit/arm64/operands.def>
};

// Forms whose last operand may be left out.
constexpr bool last_is_optional(Form f) {
  switch (f) {
#define JITKIT_A64_1O(form, ...) case Form::form: return true;
#define JITKIT_A64_3O(form, ...) case Form::form: return true;
#define JITKIT_A64_4O(form, ...) case Form::form: return true;
#define JITKIT_A64(...)
#define JITKIT_A64_0(...)
#define JITKIT_A64_1(...)
#define JITKIT_A64_2(...)
#define JITKIT_A64_3(...)
#define JITKIT_A64_4(...)
#define JITKIT_A64_5(...)
#define JITKIT_A64_L1(...)
#define JITKIT_A64_L2(...)
#define JITKIT_A64_L3(...)
#include <jitkit/emit/arm64/insts.def>
    default: return false;
  }
}

unsigned operand_count(Form f) {
  unsigned n = 0;
  while (form_operand_kind(f, n) != OperandKind::none) ++n;
  return n;
}

// ---- examples ----

// Values to try for an immediate, as encode_imm() takes them.
i64 candidate(ImmSpec s, unsigned n) {
  constexpr i64 numbers[] = {16,     8,      4,   1, 2, 3, 90, 0,  24, 32, 48, 4096,
                             0x0ff0, 0xff00, -16, 5, 6, 7, 9,  11, 15, 20, 30, 25};
  constexpr unsigned count = sizeof numbers / sizeof numbers[0];
  if (n == 0) {
    switch (s.kind) {
      case ImmKind::shift: return pack_shift(ShiftKind::lsl, 3);
      case ImmKind::extend: return pack_extend(s.width == 64 && s.scale == 1 ? ExtendKind::sxtx : ExtendKind::sxtw, 2);
      case ImmKind::index: return pack_extend(s.width == 64 ? ExtendKind::uxtx : ExtendKind::sxtw, s.scale);
      case ImmKind::extract:
      case ImmKind::insert: return pack_field(4, 8);
      case ImmKind::fp8:
      case ImmKind::vec_fp8: return std::bit_cast<i64>(1.5);
      case ImmKind::logical: return 0xff0;
      case ImmKind::mov: return 0x12340000;
      case ImmKind::vec_mask: return 0xff00ff00ff;
      case ImmKind::exact: return s.scale;
      default: break;
    }
  }
  return numbers[n % count];
}

// The bits of text operand `number`: registers count up from 0, immediates are the `turn`th of those that fit.
u32 operand_bits(const OperandInfo& o, unsigned number, bool even, unsigned turn) {
  u32 word = 0;
  if (o.regs != 0) {
    const u32 reg = o.form.bank == Bank::none ? 31 : even ? 2 * number : number;
    word = reg << o.lsb | (o.lsb2 != no_lsb ? reg << o.lsb2 : 0);
  }
  if (!o.has_imm) return word;
  if (const detail::OperationSet* set = detail::operation_set(o.text)) {
    for (const detail::SystemOperation& op : detail::system_operations)
      if (op.cls == set->cls && op.takes_register == set->takes_register && turn-- == 0)
        return word | u32{op.bits} << o.imm.lsb;
    return word;
  }
  if (o.text == Text::sysreg) return word | u32{SysReg::of(3, 3, 4, 2, 0).bits} << o.imm.lsb;  // nzcv
  for (unsigned n = 0; n < 24; ++n) {
    const Encoded e = encode_imm(o.imm, candidate(o.imm, n));
    if (e != refused && turn-- == 0) return word ^ static_cast<u32>(e);
  }
  return word;
}

// As good as an example can be: 2: the word is this form's; 1: its text assembles to it; 0: neither.
int quality(Form f, u32 word, std::string& text) {
  for (const OperandKind k : row_of(f).operands)
    if (k != OperandKind::none && !detail::operand_decodes(operand_info(k), word)) return 0;
  text.clear();
  StringSink sink(text);
  disassemble_as(f, word, sink);
  u32 again = 0;
  std::string why;
  StringSink error(why);
  if (!assemble_line(text, FeatureSet::all(), again, error) || again != word) return 0;
  return decode(word) == f ? 2 : 1;
}

bool example(Form f, u32& word, std::string& text) {
  const unsigned count = operand_count(f);
  bool even = false;
  for (unsigned i = 0; i < count; ++i) {
    const OperandInfo& o = operand_info(form_operand_kind(f, i));
    even |= o.regs > 1 && o.form.bank == Bank::gpr;
  }
  int best = 0;
  for (unsigned turn = 0; turn < 24 && best < 2; ++turn) {
    u32 w = form_bits(f);
    for (unsigned i = 0; i < count; ++i) w ^= operand_bits(operand_info(form_operand_kind(f, i)), i, even, turn);
    std::string t;
    if (const int q = quality(f, w, t); q > best) {
      best = q;
      word = w;
      text = t;
    }
  }
  return best != 0;
}

// ---- columns ----

std::string drawing(Form f) {
  char owner[32];
  for (unsigned b = 0; b < 32; ++b) owner[b] = 0;
  for (unsigned i = 0; i < operand_count(f); ++i)
    for (unsigned b = 0; b < 32; ++b)
      if ((operand_mask(operand_info(form_operand_kind(f, i))) >> b & 1) != 0) owner[b] = EffectText::letter(i);
  std::string text;
  for (unsigned b = 32; b-- > 0;) {
    if (b != 31 && owner[b] != owner[b + 1]) text += '.';
    text += owner[b] != 0 ? owner[b] : (form_bits(f) >> b & 1) != 0 ? '1' : '0';
  }
  return text;
}

std::string method(Form f) {
  std::string text = std::string(row_of(f).method) + '(';
  const unsigned count = operand_count(f);
  for (unsigned i = 0; i < count; ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", kind_types[static_cast<u16>(form_operand_kind(f, i))],
                        EffectText::letter(i));
    if (i + 1 == count && last_is_optional(f)) text += " = {}";
  }
  return text + ')';
}

std::string effects(Form f) {
  EffectText text;
  for (unsigned i = 0; i < operand_count(f); ++i)
    if (const OperandInfo& o = operand_info(form_operand_kind(f, i)); o.regs != 0) text.operand(i, o.form.role);
  return text.text(form_effects(f));
}

}  // namespace

std::vector<FormLine> forms_arm64() {
  std::vector<FormLine> all;
  for (unsigned n = 1; n < form_count; ++n) {
    const auto f = static_cast<Form>(n);
    u32 word = 0;
    FormLine line;
    if (example(f, word, line.text)) line.code = fmt::format("{:08x}", word);
    line.name = form_name(f);
    line.mnemonic = form_mnemonic(f);
    line.features = feature_name(form_feature(f));
    line.bits = drawing(f);
    line.method = method(f);
    line.effects = effects(f);
    all.push_back(std::move(line));
  }
  return all;
}

std::vector<ImmediateLine> immediates_arm64() {
  return {
#define JITKIT_A64_IMM(kind, Wrapper, imm, lsb, width, scale, text) \
  {#kind, #Wrapper, #imm, {ImmKind::imm, lsb, width, scale}},
#include <jitkit/emit/arm64/operands.def>
  };
}

}  // namespace jitkit::tools
