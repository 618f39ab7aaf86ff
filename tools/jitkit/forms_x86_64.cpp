// The forms of x86-64 for `jitkit forms`. Which bits an operand decides is found by encoding the example with
// another register or number in its place: what changes is the operand's. So the drawing is of the encoder's
// own bytes, whatever format a row has.
#include <fmt/format.h>
#include <jitkit/emit/x86_64/disassembler.hpp>
#include <jitkit/emit/x86_64/text_assembler.hpp>

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "forms.hpp"

namespace jitkit::tools {
namespace {

using namespace x86_64;

// ---- examples ----

constexpr u8 base_register = 6;  // [rsi + 64]

OperandValue sample(const OperandDesc& d, unsigned number) {
  OperandValue v;
  v.cls = d.cls;
  v.bits = d.cls == OpClass::vec && d.bits < 128 ? u16{128} : d.bits;
  switch (d.cls) {
    case OpClass::gpr:
    case OpClass::vec: v.code = static_cast<u8>(d.fixed ? d.fixed_number : number + 1); break;
    case OpClass::mask: v.code = static_cast<u8>(number + 2); break;
    case OpClass::segment:
    case OpClass::control:
    case OpClass::debug: v.code = 3; break;
    case OpClass::mem:
      v.mem.base = base_register;
      v.mem.disp = 64;
      v.imm = v.mem.disp;
      v.broadcast = d.broadcast;
      v.index_bits = d.index;
      if (d.index != 0) v.mem.index = static_cast<u8>(5 | Mem::vector_index);
      if (d.index != 0 || d.addr64) v.bits = 0;
      break;
    case OpClass::moffs:
      v.cls = OpClass::mem;
      v.imm = v.mem.disp = 0x12345678;
      break;
    case OpClass::none: break;
    default:
      v = {};
      v.cls = OpClass::imm;
      v.imm = d.cls == OpClass::one ? 1
              : d.any64 || d.imm_bytes == 8 ? 0x123456789abcdef0
              : d.imm_bytes == 4            ? 0x12345678
              : d.imm_bytes == 2            ? 0x1234
                                            : 7;
  }
  return v;
}

Instruction example(Form f) {
  const FormRow row = row_of(f);
  Instruction in;
  in.form = f;
  in.count = row.kinds.count;
  for (unsigned i = 0; i < in.count; ++i) in.operand[i] = sample(operand_of(row, i), i);
  if (row.masking != Masking::none) in.mask = 1;
  in.zero = row.masking == Masking::zero;
  if (row.variant == EvexVariant::rounding) in.rounding = (row.modes & table::er) != 0 ? Rounding::rn : Rounding::sae;
  return in;
}

// The text; with {evex} where without it another instruction would be meant.
std::string text_of(Instruction in, std::span<const u8> bytes) {
  std::string text;
  for (const bool evex : {false, true}) {
    in.evex = evex;
    text.clear();
    StringSink sink(text);
    print(in, sink);
    if (!is_evex(in.form)) break;
    Encoded again;
    std::string why;
    StringSink error(why);
    if (assemble_line(text, FeatureSet::all(), again, error) &&
        std::ranges::equal(bytes, std::span(again.bytes, again.size)))
      break;
  }
  return text;
}

// ---- which bits are whose ----

class Drawing {
 public:
  explicit Drawing(const Instruction& in) : in_(in) {
    size_ = encode(in, bytes_);
    for (unsigned i = 0; i < in.count; ++i) operand(i);
    if (in.mask != 0) {
      for (const u8 other : {u8{0}, u8{3}, u8{5}})
        vary('k', [&](Instruction& x) { x.mask = other; });
    }
    if (in.rounding == Rounding::rn)
      for (const Rounding other : {Rounding::rd, Rounding::ru})
        vary('r', [&](Instruction& x) { x.rounding = other; });
  }
  std::string code() const {
    std::string text;
    for (unsigned i = 0; i < size_; ++i) text += fmt::format("{:02x}", bytes_[i]);
    return text;
  }
  std::span<const u8> bytes() const { return {bytes_, size_}; }
  // Whole bytes of one operand are counted: c*32 is 32 bits.
  std::string text() const {
    std::string all;
    for (unsigned at = 0; at < size_; ++at) {
      if (at != 0) all += ' ';
      unsigned whole = 0;
      while (at + whole < size_ && owns_byte(at + whole, owner_[at * 8])) ++whole;
      if (whole > 1) {
        all += fmt::format("{}*{}", owner_[at * 8], whole * 8);
        at += whole - 1;
        continue;
      }
      for (unsigned b = 0; b < 8; ++b) {
        const char here = owner_[at * 8 + b];
        if (b != 0 && here != owner_[at * 8 + b - 1]) all += '.';
        all += here != 0 ? here : (bytes_[at] >> (7 - b) & 1) != 0 ? '1' : '0';
      }
    }
    return all;
  }

 private:
  bool owns_byte(unsigned at, char who) const {
    for (unsigned b = 0; b < 8; ++b)
      if (who == 0 || owner_[at * 8 + b] != who) return false;
    return true;
  }
  // Encodes a changed copy; bits that differ are the letter's. Another length is another encoding.
  template <class Change>
  void vary(char letter, Change change) {
    Instruction first = in_, second = in_;
    change(second);
    compare(letter, first, second);
  }
  void compare(char letter, const Instruction& first, const Instruction& second) {
    u8 x[16] = {}, y[16] = {};
    const u8 n = encode(first, x);
    if (n != size_ || encode(second, y) != n) return;
    for (unsigned i = 0; i < n * 8U; ++i)
      if (((x[i / 8] ^ y[i / 8]) >> (7 - i % 8) & 1) != 0) owner_[i] = letter;
  }
  void registers(char letter, unsigned i, u8 one, u8 other) {
    Instruction first = in_, second = in_;
    first.operand[i].code = one;
    second.operand[i].code = other;
    compare(letter, first, second);
  }
  void operand(unsigned i) {
    const OperandDesc d = operand_of(row_of(in_.form), i);
    const char letter = EffectText::letter(i);
    if (d.fixed || d.cls == OpClass::one) return;
    switch (d.cls) {
      case OpClass::gpr:
      case OpClass::vec:
      case OpClass::mask:
        registers(letter, i, 2, 3);
        registers(letter, i, 1, 3);
        registers(letter, i, 1, d.cls == OpClass::gpr && d.bits == 8 ? Gp8::high_byte(1).code : u8{5});
        if (d.cls != OpClass::mask) registers(letter, i, 1, 9);
        if (d.cls == OpClass::vec && is_evex(in_.form)) registers(letter, i, 1, 17);
        return;
      case OpClass::segment:
      case OpClass::control:
      case OpClass::debug:
        for (const u8 other : {u8{2}, u8{1}}) registers(letter, i, 3, other);
        registers(letter, i, 0, 4);
        return;
      case OpClass::mem: return memory(letter, i);
      default:
        for (unsigned b = 0; b < d.imm_bytes * 8U; ++b)
          vary(letter, [&](Instruction& x) {
            x.operand[i].imm ^= static_cast<i64>(u64{1} << b);
            x.operand[i].mem.disp = static_cast<i32>(x.operand[i].imm);
          });
    }
  }
  void memory(char letter, unsigned i) {
    const auto base = [&](u8 one, u8 other) {
      Instruction first = in_, second = in_;
      first.operand[i].mem.base = one;
      second.operand[i].mem.base = other;
      compare(letter, first, second);
    };
    base(7, 6);
    base(7, 5);
    base(7, 3);
    base(7, 15);
    unsigned at = size_;  // the byte with the low bits of the base: ModRM, or SIB behind it
    while (at-- > 0 && owner_[at * 8 + 7] != letter) {
    }
    if (at >= size_) return;
    const bool sib = in_.operand[i].mem.index != Mem::none;
    if (sib) {
      for (unsigned b = 0; b < 8; ++b) owner_[at * 8 + b] = letter;
      --at;
    }
    owner_[at * 8] = owner_[at * 8 + 1] = letter;  // mod
    const unsigned length = bytes_[at] >> 6 == 1 ? 1 : 4;
    for (unsigned b = 0; b < 8 * length; ++b) owner_[(at + (sib ? 2U : 1U)) * 8 + b] = letter;
  }

  Instruction in_;
  u8 bytes_[16] = {};
  unsigned size_ = 0;
  char owner_[128] = {};
};

// ---- methods ----

// The assembler's method of each row, by the form's name without its size.
const std::unordered_map<std::string_view, std::string_view>& methods() {
  static const std::unordered_map<std::string_view, std::string_view> all = {
#define JITKIT_X86_S0(f, method, ...) {#f, #method},
#define JITKIT_X86_S1 JITKIT_X86_S0
#define JITKIT_X86_S2 JITKIT_X86_S0
#define JITKIT_X86_S3 JITKIT_X86_S0
#define JITKIT_X86_S4 JITKIT_X86_S0
#define JITKIT_X86_D1(f, fm, method, ...) {#f, #method}, {#fm, #method},
#define JITKIT_X86_D2 JITKIT_X86_D1
#define JITKIT_X86_D3 JITKIT_X86_D1
#define JITKIT_X86_D4 JITKIT_X86_D1
#define JITKIT_X86_A1(...)
#define JITKIT_X86_A2(...)
#define JITKIT_X86_A3(...)
#define JITKIT_X86_A4(...)
#define JITKIT_X86_AD2(...)
#define JITKIT_X86_AD3(...)
#define JITKIT_X86_ALIAS(...)
#define JITKIT_X86_TEXT_ALIAS(...)
#define JITKIT_X86_IMM_ALIAS(...)
#include <jitkit/emit/x86_64/insts.def>
  };
  return all;
}

std::string_view method_name(Form f) {
  if (row_of(f).alternate) return {};
  if (is_evex(f)) return evex_row_of(f).text;
  const FormName full = form_name(f);
  std::string_view name = full;
  auto found = methods().find(name);
  if (found == methods().end()) found = methods().find(name.substr(0, name.rfind('_')));
  return found == methods().end() ? std::string_view() : found->second;
}

std::string type_of(const OperandDesc& d) {
  switch (d.cls) {
    case OpClass::gpr: return fmt::format("Gp{}", d.bits);
    case OpClass::vec: return d.bits == 512 ? "Zmm" : d.bits == 256 ? "Ymm" : "Xmm";
    case OpClass::mask: return "KReg";
    case OpClass::segment: return "SegmentReg";
    case OpClass::control: return "ControlReg";
    case OpClass::debug: return "DebugReg";
    case OpClass::mem:
      if (d.index != 0) return fmt::format("VectorMem<{}>", d.index);
      if (d.broadcast != 0) return fmt::format("Broadcast<{}>", d.bits);
      return d.bits == 0 || d.addr64 ? "Mem"
             : d.stated              ? fmt::format("MemOf<{}>", d.bits)
                                     : fmt::format("MemArg<{}>", d.bits);
    case OpClass::rel: return d.imm_bytes == 1 ? "Label" : "Target";
    case OpClass::moffs: return "Imm64";
    case OpClass::imm: return d.any64 ? "Imm64" : fmt::format("Imm{}", d.imm_bytes * 8);
    default: return "1";
  }
}

std::string method(Form f) {
  const std::string_view name = method_name(f);
  if (name.empty()) return "-";
  const FormRow row = row_of(f);
  std::string text = std::string(name) + '(';
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    text += fmt::format("{}{} {}", i == 0 ? "" : ", ", type_of(operand_of(row, i)), EffectText::letter(i));
    if (i == 0 && row.masking != Masking::none)
      text += row.masking == Masking::zero ? " | KReg k | zeroing" : " | KReg k";
  }
  if (row.variant == EvexVariant::rounding) text += (row.modes & table::er) != 0 ? ", RoundingArg r" : ", sae";
  return text + ')';
}

// ---- the other columns ----

std::string effects(Form f) {
  const FormRow row = row_of(f);
  const x86_64::detail::RolesInfo& roles = x86_64::detail::roles_infos[static_cast<u8>(row.roles)];
  EffectText text;
  for (unsigned i = 0; i < row.kinds.count; ++i) {
    const OperandDesc d = operand_of(row, i);
    u8 role = roles.operand[i];
    if (d.cls == OpClass::imm || d.cls == OpClass::rel || d.cls == OpClass::one || d.cls == OpClass::moffs) continue;
    if (d.cls == OpClass::mem && !d.access) continue;
    if (i == 0 && row.masking == Masking::merge && d.cls == OpClass::vec) role |= role_use;
    text.operand(i, role);
  }
  if (row.masking != Masking::none) text.named("k", (row.modes & table::mreq) != 0 ? role_use | role_def : role_use);
  for (unsigned i = 0; i < roles.fixed_count; ++i) {
    const x86_64::detail::FixedUse& u = roles.fixed[i];
    std::string name;
    StringSink sink(name);
    if (u.number >= 16)
      x86_64::detail::print_register(sink, OpClass::vec, 128, static_cast<u8>(u.number - 16));
    else
      x86_64::detail::print_register(sink, OpClass::gpr, u.bits != 0 ? u.bits : row.size, u.number);
    text.named(name, u.role);
  }
  return text.text(form_effects(f));
}

std::string features(Form f) {
  std::string text;
  const FeatureSet needed = required_features(f);
  for (unsigned n = 1; n < FeatureTable::count; ++n) {
    if (!needed.has(static_cast<Feature>(n))) continue;
    bool implied = false;  // by another that is needed
    for (unsigned m = 1; m < FeatureTable::count && !implied; ++m)
      implied = m != n && needed.has(static_cast<Feature>(m)) &&
                FeatureSet::of(static_cast<Feature>(m)).has(static_cast<Feature>(n));
    if (!implied) text += fmt::format("{}{}", text.empty() ? "" : " ", feature_name(static_cast<Feature>(n)));
  }
  return text.empty() ? "base" : text;
}

}  // namespace

std::vector<FormLine> forms_x86_64() {
  std::vector<FormLine> all;
  for (unsigned n = 1; n < form_limit; ++n) {
    const auto f = static_cast<Form>(n);
    if (!is_form(f)) continue;
    const Instruction in = example(f);
    const Drawing drawing(in);
    FormLine line;
    line.name = std::string(form_name(f).view());
    line.mnemonic = row_of(f).text;
    line.features = features(f);
    line.bits = drawing.text();
    line.method = method(f);
    line.effects = effects(f);
    line.code = drawing.code();
    line.text = text_of(in, drawing.bytes());
    all.push_back(std::move(line));
  }
  return all;
}

}  // namespace jitkit::tools
