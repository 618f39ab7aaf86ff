// AArch64: from the rows of the instruction table, whose operands say which bits are theirs. x86-64: prefixes,
// opcode, ModRM, SIB, displacement and immediate, by the Intel SDM vol. 2, chapter 2.
#include "bit_fields.hpp"

#include <jitkit/emit/arm64/disassembler.hpp>
#include <jitkit/emit/x86_64/disassembler.hpp>

#include <bit>

#include "analysis.hpp"

namespace jitkit::tools {
namespace {

constexpr const char* operand_names[] = {
    "none",
#define JITKIT_A64_REG(kind, ...) #kind,
#define JITKIT_A64_REG2(kind, ...) #kind,
#define JITKIT_A64_PAIR(kind, ...) #kind,
#define JITKIT_A64_LANE(kind, ...) #kind,
#define JITKIT_A64_LIST(kind, ...) #kind,
#define JITKIT_A64_LANE_LIST(kind, ...) #kind,
#define JITKIT_A64_IMM(kind, ...) #kind,
#include <jitkit/emit/arm64/operands.def>
};

class ByteFields {
 public:
  explicit ByteFields(std::span<const u8> bytes) : bytes_(bytes) {}

  void prefixes() {
    for (; more() && is_legacy_prefix(here()); ++at_) field("prefix", 7, 0);
    if (!more()) return;
    if ((here() & 0xf0) == 0x40) {
      whole({{"0100", 7, 4}, {"W", 3, 3}, {"R", 2, 2}, {"X", 1, 1}, {"B", 0, 0}});
    } else if (here() == 0xc5) {
      whole({{"VEX", 7, 0}});
      whole({{"R̅", 7, 7}, {"vvvv̅", 6, 3}, {"L", 2, 2}, {"pp", 1, 0}});
      has_map_ = true;
    } else if (here() == 0xc4) {
      whole({{"VEX", 7, 0}});
      whole({{"R̅", 7, 7}, {"X̅", 6, 6}, {"B̅", 5, 5}, {"map", 4, 0}});
      whole({{"W", 7, 7}, {"vvvv̅", 6, 3}, {"L", 2, 2}, {"pp", 1, 0}});
      has_map_ = true;
    } else if (here() == 0x62) {
      whole({{"EVEX", 7, 0}});
      whole({{"R̅", 7, 7}, {"X̅", 6, 6}, {"B̅", 5, 5}, {"R̅'", 4, 4}, {"0", 3, 3}, {"map", 2, 0}});
      whole({{"W", 7, 7}, {"vvvv̅", 6, 3}, {"1", 2, 2}, {"pp", 1, 0}});
      whole({{"z", 7, 7}, {"L'L", 6, 5}, {"b", 4, 4}, {"V̅'", 3, 3}, {"aaa", 2, 0}});
      has_map_ = true;
    }
  }
  void opcode() {
    if (!has_map_ && more() && here() == 0x0f) {
      whole({{"map", 7, 0}});
      if (more() && (here() == 0x38 || here() == 0x3a)) whole({{"map", 7, 0}});
    }
    whole({{"opcode", 7, 0}});
  }
  void modrm() {
    if (!more()) return;
    const unsigned mod = here() >> 6, rm = here() & 7U;
    whole({{"mod", 7, 6}, {"reg", 5, 3}, {"rm", 2, 0}});
    unsigned displacement = mod == 1 ? 1 : mod == 2 || (mod == 0 && rm == 5) ? 4 : 0;
    if (mod != 3 && rm == 4 && more()) {
      if (mod == 0 && (here() & 7U) == 5) displacement = 4;
      whole({{"scale", 7, 6}, {"index", 5, 3}, {"base", 2, 0}});
    }
    while (displacement-- != 0) whole({{"disp", 7, 0}});
  }
  void rest() {
    while (more()) whole({{"imm", 7, 0}});
  }
  std::vector<BitField> take() { return std::move(fields_); }

 private:
  struct Part {
    const char* name;
    unsigned high;
    unsigned low;
  };

  static bool is_legacy_prefix(u8 b) {
    for (const int p : {0x66, 0xf2, 0xf3, 0xf0, 0x2e, 0x36, 0x3e, 0x26, 0x64, 0x65, 0x67})
      if (b == p) return true;
    return false;
  }
  bool more() const { return at_ < bytes_.size(); }
  u8 here() const { return bytes_[at_]; }
  void field(const char* name, unsigned high, unsigned low) {
    fields_.push_back({name, at_, high, low, here() >> low & low_mask(high - low + 1)});
  }
  void whole(std::initializer_list<Part> parts) {
    if (!more()) return;
    for (const Part& p : parts) field(p.name, p.high, p.low);
    ++at_;
  }

  std::span<const u8> bytes_;
  unsigned at_ = 0;
  bool has_map_ = false;
  std::vector<BitField> fields_;
};

}  // namespace

std::vector<BitField> bit_fields_arm64(u32 word, std::string& form) {
  const arm64::Form f = arm64::decode(word);
  if (f == arm64::Form::none) return {};
  form = arm64::form_name(f);
  const char* owner[32];
  for (unsigned b = 0; b < 32; ++b) owner[b] = "";
  for (const arm64::OperandKind k : arm64::row_of(f).operands) {
    if (k == arm64::OperandKind::none) break;
    const u32 mask = arm64::operand_mask(arm64::operand_info(k));
    for (unsigned b = 0; b < 32; ++b)
      if ((mask >> b & 1U) != 0) owner[b] = operand_names[static_cast<u16>(k)];
  }
  std::vector<BitField> fields;
  for (unsigned high = 32; high-- > 0;) {
    unsigned low = high;
    while (low != 0 && owner[low - 1] == owner[high]) --low;
    fields.push_back({owner[high], 0, high, low, word >> low & low_mask(high - low + 1)});
    high = low;
  }
  return fields;
}

std::vector<BitField> bit_fields_x86_64(std::span<const u8> bytes, std::string& form) {
  const x86_64::Instruction in = x86_64::decode(bytes);
  if (in.form == x86_64::Form::none) return {};
  form = std::string(x86_64::form_name(in.form).view());
  ByteFields fields(bytes.first(in.length));
  fields.prefixes();
  fields.opcode();
  if (x86_64::detail::has_modrm(x86_64::row_of(in.form).format)) fields.modrm();
  fields.rest();
  return fields.take();
}

nlohmann::json bit_fields(const nlohmann::json& question) {
  const std::string hex = question.value("hex", "");
  std::vector<u8> bytes;
  for (usize n = 0; n + 1 < hex.size() && bytes.size() < 15; n += 2)
    bytes.push_back(static_cast<u8>(std::strtoul(hex.substr(n, 2).c_str(), nullptr, 16)));
  std::string form;
  std::vector<BitField> fields;
  if (question.value("target", "") == "x86_64")
    fields = bit_fields_x86_64(bytes, form);
  else if (bytes.size() == 4)
    fields = bit_fields_arm64(u32{bytes[0]} << 24 | u32{bytes[1]} << 16 | u32{bytes[2]} << 8 | bytes[3], form);
  nlohmann::json list = nlohmann::json::array();
  for (const BitField& f : fields)
    list.push_back({{"name", f.name}, {"byte", f.byte}, {"high", f.high}, {"low", f.low}, {"value", f.value}});
  return {{"form", form}, {"fields", std::move(list)}};
}

}  // namespace jitkit::tools
