// One line of Intel syntax to bytes, driven by the rows: every form of the mnemonic whose operands
// match is encoded, and the shortest wins (mnemonics.hpp).
//
// Accepted: case-insensitive mnemonics and registers; `lock`, `rep`, `repe`/`repz`, `repne`/`repnz` as
// prefix words; `{vex3}` for the long VEX prefix, `{evex}` for EVEX; `SIZE ptr`, `seg:[...]`, base, index*scale, displacement in any order
// inside brackets; `{k1}`, `{z}` behind the first operand, `{1to8}` behind memory, `{rn-sae}`, `{sae}` as an operand; decimal, 0x and trailing-h hexadecimal numbers. `[rip + N]` holds the raw displacement, a direct
// branch's N counts from the end of the instruction. Nothing is truncated: a number that does not fit
// is an error.
#ifndef JITKIT_EMIT_X86_64_TEXT_ASSEMBLER_HPP
#define JITKIT_EMIT_X86_64_TEXT_ASSEMBLER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/x86_64/features.hpp>
#include <jitkit/emit/x86_64/mnemonics.hpp>
#include <jitkit/emit/x86_64/register_names.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::x86_64 {

namespace detail {

struct TextAlias {
  std::string_view alias;
  std::string_view text;
  int imm;  // the last operand, -1: none
};
inline constexpr TextAlias text_aliases[] = {
#define JITKIT_X86_FORM(form)
#define JITKIT_X86_ALIAS(alias, method) {#alias, #method, -1},
#define JITKIT_X86_TEXT_ALIAS(alias, method) {#alias, #method, -1},
#define JITKIT_X86_IMM_ALIAS(alias, method, imm) {#alias, #method, imm},
#include <jitkit/emit/x86_64/forms.def>
};

constexpr bool is_word(char c) { return is_digit(c) || (c >= 'a' && c <= 'z') || c == '_' || c == '.'; }

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
  // `{...}` behind the operand that was read last, or an operand of its own.
  constexpr bool decorations(Instruction& in) {
    while (peek() == '{')
      if (!decoration(in)) return false;
    return true;
  }
  // A rounding mode as an operand.
  constexpr bool at_rounding() { return peek() == '{'; }
  constexpr bool rounding(Rounding& out);

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
  constexpr bool decoration(Instruction& in);

  constexpr bool same_width(Mem& m, bool is_32) {
    const bool first = m.base == Mem::none && (m.index == Mem::none || index_bits_ != 0);
    if (first) m.addr32 = is_32;
    return m.addr32 == is_32;
  }

  std::string_view rest_;
  const char* error_ = nullptr;
  bool scaled_ = false;  // the index stands with a factor
  u16 index_bits_ = 0;   // it is a vector register of that length
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
  if (r.cls == OpClass::vec) {
    if (scale != 0 && scale != 1 && scale != 2 && scale != 4 && scale != 8) return fail("a scale is 1, 2, 4 or 8");
    if (m.index != Mem::none && (scaled_ || index_bits_ != 0 || m.base != Mem::none))
      return fail("more than one index register");
    if (m.index != Mem::none) m.base = m.index;
    m.index = static_cast<u8>(r.code | Mem::vector_index);
    m.scale = scale == 0 ? u8{0} : static_cast<u8>(log2_floor(static_cast<u64>(scale)));
    index_bits_ = r.bits;
    return true;
  }
  if (index_bits_ != 0 && (scale != 0 || m.base != Mem::none)) return fail("more than one index register");
  if (r.cls != OpClass::gpr || r.bits < 32 || !same_width(m, r.bits == 32))
    return fail("addresses are made of 64-bit registers, or of 32-bit ones");
  if (scale == 0 && m.base == Mem::none) {
    m.base = r.code;
    return true;
  }
  const int factor = scale == 0 ? 1 : scale;
  if (factor != 1 && factor != 2 && factor != 4 && factor != 8) return fail("a scale is 1, 2, 4 or 8");
  if (m.index != Mem::none) return fail("more than one index register");
  m.index = r.code;
  scaled_ = scale != 0;
  m.scale = static_cast<u8>(log2_floor(static_cast<u64>(factor)));
  return true;
}

constexpr bool LineParser::memory_term(Mem& m, i64& disp, bool negative) {
  const std::string_view w = word();
  if (w.empty()) return fail("an address is missing");
  if ((w == "rip" || w == "eip") && !negative) {
    if (m.kind == Mem::Kind::rip) return fail("rip stands twice");
    m.addr32 = w == "eip";
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
    if (!take('-') && !take('+')) break;
    if (!negative) negative = take('-');  // [rax + -2]
  } while (true);
  if (!take(']')) return fail("']' is missing");
  if (m.kind == Mem::Kind::rip && (m.base != Mem::none || m.index != Mem::none))
    return fail("rip cannot be combined with another register");
  out.index_bits = index_bits_;
  if (index_bits_ != 0 && m.kind == Mem::Kind::rip) return fail("rip cannot be combined with another register");
  if (m.index == 4) {  // rsp cannot be an index, but may change places with the base
    if (scaled_ || m.base == 4 || m.base == Mem::none) return fail("rsp cannot be an index");
    m.index = m.base;
    m.base = 4;
  }
  const bool absolute = m.kind == Mem::Kind::base_index && m.base == Mem::none && m.index == Mem::none;
  if (m.addr32 && fits_unsigned(static_cast<u64>(out.imm), 32)) out.imm = static_cast<i32>(out.imm);
  if (!absolute && !fits_signed(out.imm, 32)) return fail("the displacement does not fit 32 bits");
  m.disp = static_cast<i32>(out.imm);
  return true;
}

constexpr bool LineParser::decoration(Instruction& in) {
  take('{');
  OperandValue& last = in.operand[in.count == 0 ? 0 : in.count - 1];
  std::string_view w = word();
  if (w == "z" && in.count == 1) {
    if (in.zero) return fail("{z} stands twice");
    in.zero = true;
  } else if (w.starts_with("1to") && last.cls == OpClass::mem && last.broadcast == 0 && in.count != 0) {
    i64 n = 0;
    w.remove_prefix(3);
    if (!number(w, false, n)) return false;
    if (n != 2 && n != 4 && n != 8 && n != 16) return fail("an element is broadcast to 2, 4, 8 or 16");
    last.broadcast = static_cast<u8>(log2_floor(static_cast<u64>(n)));
  } else if (const OperandValue r = parse_register(w); r.cls == OpClass::mask && in.count == 1 && in.mask == 0) {
    if (r.code == 0) return fail("k0 is no mask");
    in.mask = r.code;
  } else {
    return fail("not a decoration of this operand");
  }
  return take('}') || fail("'}' is missing");
}

constexpr bool LineParser::rounding(Rounding& out) {
  take('{');
  const std::string_view w = word();
  const bool minus = take('-');
  if (minus && word() != "sae") return fail("not a rounding mode");
  for (u8 i = 1; i < 6; ++i)
    if (rounding_names[i].substr(0, minus ? 2 : 3) == w && (i == 1) == !minus) out = static_cast<Rounding>(i);
  if (out == Rounding::none) return fail("not a rounding mode");
  return take('}') || fail("'}' is missing");
}

constexpr bool LineParser::operand(OperandValue& out) {
  out = {};
  scaled_ = false;
  index_bits_ = 0;
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

// The mnemonic as rows have it ("lock add", "repe cmpsb"), in `buffer`; `imm`: the immediate it stands
// for, or -1.
constexpr std::string_view read_mnemonic(LineParser& line, char (&buffer)[64], int& imm) {
  usize n = 0;
  const auto append = [&](std::string_view s) {
    for (const char c : s)
      if (n < sizeof buffer) buffer[n++] = c;
  };
  std::string_view w = line.word();
  if (is_prefix_word(w)) {
    const std::string_view prefix = w == "repz" ? "repe" : w == "repnz" ? "repne" : w;
    w = line.word();
    const bool compares = w.starts_with("cmps") || w.starts_with("scas");
    append(prefix == "rep" && compares ? "repe" : prefix == "repe" && !compares ? "rep" : prefix);
    append(" ");
  }
  if (!mnemonic_index.has(w))
    for (const TextAlias& a : text_aliases)
      if (a.alias == w) {
        w = a.text;
        imm = a.imm;
      }
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
  Instruction in;
  if (line.take('{')) {
    const std::string_view word = line.word();
    in.vex3 = word == "vex3";
    in.evex = word == "evex";
    if ((!in.vex3 && !in.evex) || !line.take('}')) {
      error << "the pseudo prefixes are {vex3} and {evex}";
      return false;
    }
  }
  char buffer[64] = {};
  int implied = -1;
  unsigned rounding_place = 0;
  const std::string_view mnemonic = read_mnemonic(line, buffer, implied);

  while (!line.at_end()) {
    const bool full = in.count == 4;
    if ((in.count != 0 && !line.take(',')) || (full && !line.at_rounding())) {
      error << (full ? "too many operands" : "',' is missing");
      return false;
    }
    if (in.count != 0 && in.rounding == Rounding::none && line.at_rounding()) {
      const bool read = line.rounding(in.rounding);
      rounding_place = in.count - 1U;
      if (read) continue;
    } else if (line.operand(in.operand[in.count++]) && line.decorations(in)) {
      continue;
    }
    error << line.error();
    return false;
  }
  if ((in.rounding != Rounding::none && rounding_place != detail::rounding_place(in)) || (in.zero && in.mask == 0)) {
    error << (in.zero ? "{z} without a mask" : "the rounding mode stands behind the last vector register");
    return false;
  }

  if (implied >= 0 && in.count < 4) {
    in.operand[in.count] = {};
    in.operand[in.count].cls = OpClass::imm;
    in.operand[in.count++].imm = implied;
  }
  if (mnemonic == "imul" && in.count == 2 && in.operand[1].cls == OpClass::imm) {  // imul r, imm
    in.operand[2] = in.operand[1];
    in.operand[1] = in.operand[0];
    in.count = 3;
  }
  const Assembled found = encode_shortest(mnemonic, in, features);
  out = found.code;
  if (out.size != 0) return true;
  if (!found.known)
    error << "unknown instruction '" << mnemonic << "'";
  else if (found.missing != Feature::base)
    error << "needs the CPU feature " << feature_name(found.missing);
  else
    error << "the operands do not fit '" << mnemonic << "'";
  return false;
}

}  // namespace jitkit::inline JITKIT_ABI::x86_64

#endif  // JITKIT_EMIT_X86_64_TEXT_ASSEMBLER_HPP
