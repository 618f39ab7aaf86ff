// One line of Intel syntax to bytes, driven by the rows: every form of the mnemonic whose operands
// match is encoded, and the shortest wins (the first row on a tie).
//
// Accepted: case-insensitive mnemonics and registers; `lock`, `rep`, `repe`/`repz`, `repne`/`repnz` as
// prefix words; `SIZE ptr`, `seg:[...]`, base, index*scale, displacement in any order inside brackets;
// decimal, 0x and trailing-h hexadecimal numbers. `[rip + N]` holds the raw displacement, a direct
// branch's N counts from the end of the instruction. Nothing is truncated: a number that does not fit
// is an error.
#ifndef JITKIT_EMIT_X86_64_TEXT_ASSEMBLER_HPP
#define JITKIT_EMIT_X86_64_TEXT_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/emit/x86_64/instruction.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

struct Encoded {
  u8 bytes[16] = {};
  u8 size = 0;
};

namespace detail {

// FNV-1a: mnemonics are found by comparing hashes before strings.
constexpr u32 text_hash(std::string_view s) {
  u32 h = 2166136261U;
  for (const char c : s) h = (h ^ static_cast<u8>(c)) * 16777619U;
  return h;
}

struct MnemonicIndex {
  u32 hash[form_count] = {};
  constexpr MnemonicIndex() {
    for (usize i = 0; i < form_count; ++i) hash[i] = text_hash(form_rows[i].text);
  }
};
inline constexpr MnemonicIndex mnemonic_index;

struct TextAlias {
  std::string_view alias;
  std::string_view text;
};
inline constexpr TextAlias text_aliases[] = {
#define JITKIT_X86_FORM(...)
#define JITKIT_X86_ALIAS(alias, method) {#alias, #method},
#define JITKIT_X86_TEXT_ALIAS(alias, method) {#alias, #method},
#include <jitkit/emit/x86_64/forms.def>
};

struct NamedSize {
  std::string_view name;
  u16 bits;
};
inline constexpr NamedSize memory_sizes[] = {
    {"byte", 8},      {"word", 16},      {"dword", 32},     {"qword", 64},
    {"xmmword", 128}, {"ymmword", 256},  {"zmmword", 512},
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '.'; }

// The number after `prefix` in `s` (xmm12, cr4); -1 if s is something else.
constexpr int numbered(std::string_view s, std::string_view prefix, int limit) {
  if (!s.starts_with(prefix)) return -1;
  s.remove_prefix(prefix.size());
  if (s.empty() || s.size() > 2 || (s.size() == 2 && s[0] == '0')) return -1;
  int n = 0;
  for (const char c : s) {
    if (!is_digit(c)) return -1;
    n = n * 10 + (c - '0');
  }
  return n < limit ? n : -1;
}

constexpr OperandValue register_value(OpClass cls, u16 bits, unsigned code) {
  OperandValue v;
  v.cls = cls;
  v.bits = bits;
  v.code = static_cast<u8>(code);
  return v;
}

// The register of that (lower-case) name; cls none if there is none.
constexpr OperandValue parse_register(std::string_view s) {
  constexpr std::string_view legacy[] = {"ax", "cx", "dx", "bx", "sp", "bp", "si", "di"};
  constexpr std::string_view low[] = {"al", "cl", "dl", "bl", "spl", "bpl", "sil", "dil"};
  constexpr std::string_view high[] = {"ah", "ch", "dh", "bh"};
  constexpr std::string_view segments[] = {"es", "cs", "ss", "ds", "fs", "gs"};
  for (unsigned i = 0; i < 8; ++i) {
    if (s == low[i]) return register_value(OpClass::gpr, 8, byte_code(i));
    if (!s.ends_with(legacy[i])) continue;
    if (s.size() == 2) return register_value(OpClass::gpr, 16, i);
    if (s.size() == 3 && s[0] == 'e') return register_value(OpClass::gpr, 32, i);
    if (s.size() == 3 && s[0] == 'r') return register_value(OpClass::gpr, 64, i);
  }
  for (unsigned i = 0; i < 4; ++i)
    if (s == high[i]) return register_value(OpClass::gpr, 8, Gp8::high_byte(i).code);
  for (unsigned i = 0; i < 6; ++i)
    if (s == segments[i]) return register_value(OpClass::segment, 16, i);
  if (s.size() >= 2 && s[0] == 'r' && is_digit(s[1])) {
    u16 bits = 64;
    std::string_view digits = s;
    if (const char last = s.back(); !is_digit(last)) {
      bits = last == 'd' ? 32 : last == 'w' ? 16 : last == 'b' ? 8 : 0;
      digits.remove_suffix(1);
    }
    const int n = numbered(digits, "r", 16);
    if (n >= 8 && bits != 0) return register_value(OpClass::gpr, bits, static_cast<unsigned>(n));
    return {};
  }
  struct Family {
    std::string_view prefix;
    OpClass cls;
    u16 bits;
    u8 count;
  };
  constexpr Family families[] = {
      {"xmm", OpClass::vec, 128, 32},    {"ymm", OpClass::vec, 256, 32}, {"zmm", OpClass::vec, 512, 32},
      {"k", OpClass::mask, 64, 8},       {"cr", OpClass::control, 64, 16},
      {"dr", OpClass::debug, 64, 16},
  };
  for (const Family& f : families)
    if (const int n = numbered(s, f.prefix, f.count); n >= 0)
      return register_value(f.cls, f.bits, static_cast<unsigned>(n));
  return {};
}

// Reads operands from a lower-case line.
class LineParser {
 public:
  constexpr explicit LineParser(std::string_view s) : rest_(s) {}

  constexpr const char* error() const { return error_; }
  constexpr bool at_end() {
    skip_space();
    return rest_.empty();
  }
  constexpr std::string_view word() {
    skip_space();
    usize n = 0;
    while (n < rest_.size() && is_word(rest_[n])) ++n;
    const std::string_view w = rest_.substr(0, n);
    rest_.remove_prefix(n);
    return w;
  }
  constexpr bool take(char c) {
    skip_space();
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  constexpr bool operand(OperandValue& out);

 private:
  constexpr bool fail(const char* why) {
    if (error_ == nullptr) error_ = why;
    return false;
  }
  constexpr void skip_space() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\t' || rest_[0] == '\r')) rest_.remove_prefix(1);
  }
  constexpr char peek() {
    skip_space();
    return rest_.empty() ? '\0' : rest_[0];
  }
  constexpr bool number(std::string_view w, bool negative, i64& out);
  constexpr bool memory(OperandValue& out);
  constexpr bool memory_term(Mem& m, i64& disp, bool negative);
  constexpr bool add_register(Mem& m, const OperandValue& r, int scale);

  std::string_view rest_;
  const char* error_ = nullptr;
};

// -2^63 .. 2^64 - 1; the upper half means the same bits.
constexpr bool LineParser::number(std::string_view w, bool negative, i64& out) {
  u64 base = 10;
  if (w.starts_with("0x")) {
    base = 16;
    w.remove_prefix(2);
  } else if (w.size() > 1 && w.back() == 'h') {
    base = 16;
    w.remove_suffix(1);
  }
  if (w.empty()) return fail("a number is missing");
  u64 v = 0;
  for (const char c : w) {
    const u64 digit = is_digit(c) ? static_cast<u64>(c - '0') : c >= 'a' && c <= 'f' ? static_cast<u64>(c - 'a') + 10 : 99;
    if (digit >= base) return fail("not a number");
    if (v > (~u64{0} - digit) / base) return fail("the number does not fit 64 bits");
    v = v * base + digit;
  }
  if (negative && v > u64{1} << 63) return fail("the number does not fit 64 bits");
  out = static_cast<i64>(negative ? ~v + 1 : v);
  return true;
}

constexpr bool LineParser::add_register(Mem& m, const OperandValue& r, int scale) {
  if (r.cls != OpClass::gpr || r.bits != 64) return fail("addresses are made of 64-bit registers");
  if (scale == 0 && m.base == Mem::none) {
    m.base = r.code;
    return true;
  }
  const int factor = scale == 0 ? 1 : scale;
  if (factor != 1 && factor != 2 && factor != 4 && factor != 8) return fail("a scale is 1, 2, 4 or 8");
  if (m.index != Mem::none) return fail("more than one index register");
  m.index = r.code;
  m.scale = static_cast<u8>(log2_floor(static_cast<u64>(factor)));
  return true;
}

constexpr bool LineParser::memory_term(Mem& m, i64& disp, bool negative) {
  const std::string_view w = word();
  if (w.empty()) return fail("an address is missing");
  if (w == "rip" && !negative) {
    if (m.kind == Mem::Kind::rip) return fail("rip stands twice");
    m.kind = Mem::Kind::rip;
    return true;
  }
  OperandValue r = parse_register(w);
  if (r.cls != OpClass::none) {
    i64 scale = 0;
    if (take('*') && !number(word(), false, scale)) return false;
    return negative ? fail("a register cannot be subtracted") : add_register(m, r, static_cast<int>(scale));
  }
  i64 v = 0;
  if (!number(w, negative, v)) return false;
  if (take('*')) {
    r = parse_register(word());
    return negative ? fail("a register cannot be subtracted") : add_register(m, r, static_cast<int>(v));
  }
  i64 sum = 0;
  if (__builtin_add_overflow(disp, v, &sum)) return fail("the displacement does not fit");
  disp = sum;
  return true;
}

// After '['.
constexpr bool LineParser::memory(OperandValue& out) {
  Mem& m = out.mem;
  out.cls = OpClass::mem;
  bool negative = take('-');
  do {
    if (!memory_term(m, out.imm, negative)) return false;
    negative = peek() == '-';
  } while (take('+') || take('-'));
  if (!take(']')) return fail("']' is missing");
  if (m.kind == Mem::Kind::rip && (m.base != Mem::none || m.index != Mem::none))
    return fail("rip cannot be combined with another register");
  if (m.index == 4) {  // rsp cannot be an index, but may change places with the base
    if (m.scale != 0 || m.base == 4 || m.base == Mem::none) return fail("rsp cannot be an index");
    m.index = m.base;
    m.base = 4;
  }
  const bool absolute = m.kind == Mem::Kind::base_index && m.base == Mem::none && m.index == Mem::none;
  if (!absolute && !fits_signed(out.imm, 32)) return fail("the displacement does not fit 32 bits");
  m.disp = static_cast<i32>(out.imm);
  return true;
}

constexpr bool LineParser::operand(OperandValue& out) {
  out = {};
  if (peek() == '[') return take('['), memory(out);
  const bool negative = take('-');
  if (!negative) take('+');
  std::string_view w = word();
  if (negative || (!w.empty() && is_digit(w[0]))) {
    out.cls = OpClass::imm;
    return number(w, negative, out.imm);
  }
  for (const NamedSize& s : memory_sizes) {
    if (w != s.name) continue;
    if (word() != "ptr") return fail("'ptr' is missing");
    out.bits = s.bits;
    if (take('[')) return memory(out);
    w = word();
    break;
  }
  const OperandValue r = parse_register(w);
  if (r.cls == OpClass::segment && take(':')) {
    if (!take('[')) return fail("'[' is missing");
    const u16 bits = out.bits;
    out.mem.segment = static_cast<u8>(r.code + 1);
    out.bits = bits;
    return memory(out);
  }
  if (r.cls == OpClass::none || out.bits != 0) return fail("not an operand");
  out = r;
  return true;
}

constexpr bool is_prefix_word(std::string_view w) {
  return w == "lock" || w == "rep" || w == "repe" || w == "repz" || w == "repne" || w == "repnz";
}

// The mnemonic as rows have it ("lock add", "repe cmpsb"), in `buffer`.
constexpr std::string_view read_mnemonic(LineParser& line, char (&buffer)[64]) {
  usize n = 0;
  const auto append = [&](std::string_view s) {
    for (const char c : s)
      if (n < sizeof buffer) buffer[n++] = c;
  };
  std::string_view w = line.word();
  if (is_prefix_word(w)) {
    append(w == "repz" ? "repe" : w == "repnz" ? "repne" : w);
    append(" ");
    w = line.word();
  }
  for (const TextAlias& a : text_aliases)
    if (a.alias == w) w = a.text;
  append(w);
  return {buffer, n};
}

}  // namespace detail

// Assembles one instruction. On failure writes the reason to `error`; `out` is then unspecified.
inline bool assemble_line(std::string_view text, const FeatureSet& features, Encoded& out, Sink& error) {
  using namespace detail;
  char lower[256];
  usize n = 0;
  for (const char c : text) {
    if (c == ';' || c == '#') break;
    if (c == '/' && n != 0 && lower[n - 1] == '/') {
      --n;
      break;
    }
    if (n == sizeof lower) {
      error << "the line is too long";
      return false;
    }
    lower[n++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  LineParser line(std::string_view(lower, n));
  char buffer[64] = {};
  const std::string_view mnemonic = read_mnemonic(line, buffer);
  const u32 hash = text_hash(mnemonic);

  Instruction in;
  while (!line.at_end()) {
    if (in.count == 4 || (in.count != 0 && !line.take(','))) {
      error << (in.count == 4 ? "too many operands" : "',' is missing");
      return false;
    }
    if (!line.operand(in.operand[in.count++])) {
      error << line.error();
      return false;
    }
  }

  bool known = false;
  Feature missing = Feature::base;
  out.size = 0;
  for (usize i = 1; i < form_count; ++i) {
    if (mnemonic_index.hash[i] != hash || form_rows[i].text != mnemonic) continue;
    known = true;
    in.form = static_cast<Form>(i);
    if (!matches(in)) continue;
    if (const Feature f = features.first_missing(required_features(in.form)); f != Feature::base) {
      missing = f;
      continue;
    }
    Encoded e;
    e.size = encode(in, e.bytes);
    if (e.size != 0 && (out.size == 0 || e.size < out.size)) out = e;
  }
  if (out.size != 0) return true;
  if (!known)
    error << "unknown instruction '" << mnemonic << "'";
  else if (missing != Feature::base)
    error << "needs the CPU feature " << feature_name(missing);
  else
    error << "the operands do not fit '" << mnemonic << "'";
  return false;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_TEXT_ASSEMBLER_HPP
