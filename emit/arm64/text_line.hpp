// A line of AArch64 assembler text as its mnemonic and tokens: registers, numbers, names and marks.
//
// Invariants: tokens are in lower case; behind the last one stands a token of Kind::end. A number that is no number,
// or too long, is a line that cannot be split: scan() is false.
#ifndef JITKIT_EMIT_ARM64_TEXT_LINE_HPP
#define JITKIT_EMIT_ARM64_TEXT_LINE_HPP

#include <jitkit/config.hpp>

#include <initializer_list>
#include <string_view>
#include <utility>

namespace jitkit::inline JITKIT_ABI {
namespace arm64 {

namespace detail {

enum class RegisterClass : u8 { none, w, x, w_sp, x_sp, b, h, s, d, q, v };

struct Token {
  enum class Kind : u8 { end, name, number, mark };
  Kind kind = Kind::end;
  char mark = 0;
  RegisterClass reg = RegisterClass::none;
  u8 id = 0;                   // of a register
  std::string_view suffix;     // of a vector register: 16b, s
  std::string_view text;
  u64 magnitude = 0;           // of a number, with
  bool negative = false;
  bool is_decimal_fraction = false;
  double real = 0;

  bool is(char c) const { return kind == Kind::mark && mark == c; }
};

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_name_char(char c) { return (c >= 'a' && c <= 'z') || is_digit(c) || c == '_' || c == '.'; }

// 0..limit without superfluous zeros; -1 for any other text.
constexpr int parse_number(std::string_view s, int limit) {
  if (s.empty() || s.size() > 2 || (s.size() == 2 && s[0] == '0')) return -1;
  int v = 0;
  for (char c : s) {
    if (!is_digit(c)) return -1;
    v = v * 10 + (c - '0');
  }
  return v <= limit ? v : -1;
}

// Fills in which register a name is, if it is one.
constexpr void classify_register(Token& t) {
  std::string_view s = t.text;
  const auto set = [&](RegisterClass c, int id) {
    t.reg = c;
    t.id = static_cast<u8>(id);
  };
  if (s == "sp") return set(RegisterClass::x_sp, 31);
  if (s == "wsp") return set(RegisterClass::w_sp, 31);
  if (s == "xzr") return set(RegisterClass::x, 31);
  if (s == "wzr") return set(RegisterClass::w, 31);
  if (s == "lr") return set(RegisterClass::x, 30);
  if (s == "fp") return set(RegisterClass::x, 29);
  if (s.size() < 2) return;
  constexpr std::string_view letters = "wxbhsdqv";
  constexpr RegisterClass classes[] = {RegisterClass::w, RegisterClass::x, RegisterClass::b, RegisterClass::h,
                                       RegisterClass::s, RegisterClass::d, RegisterClass::q, RegisterClass::v};
  const usize letter = letters.find(s[0]);
  if (letter == std::string_view::npos) return;
  if (letter == 7) {
    const usize dot = s.find('.');
    if (dot != std::string_view::npos) {
      t.suffix = s.substr(dot + 1);
      s = s.substr(0, dot);
    }
  }
  const int id = parse_number(s.substr(1), letter < 2 ? 30 : 31);
  if (id >= 0) set(classes[letter], id);
}

// A line in lower case, cut into tokens.
class Line {
 public:
  static constexpr unsigned max_tokens = 64;

  // False, with at() where it failed, if the line has a character or number that no instruction has.
  bool scan(std::string_view source);

  std::string_view mnemonic() const { return mnemonic_; }
  const Token* tokens() const { return tokens_; }
  usize at() const { return at_ - inserted_; }
  // The mnemonic of the row, where it is not the line's own: `bic x0, x1, #1` is `and` of the complement, which then
  // stands in the token. LLVM takes bics, orn and eon too, GNU as bic alone.
  std::string_view complement_immediate();

 private:
  bool scan_number(Token& t, bool negative);
  void separate_condition();
  char peek(usize ahead = 0) const { return at_ + ahead < size_ ? text_[at_ + ahead] : '\0'; }

  char text_[256];
  usize size_ = 0;
  usize at_ = 0;
  usize inserted_ = 0;  // characters that the source has not
  std::string_view mnemonic_;
  Token tokens_[max_tokens];
};

// beq, as GNU as and LLVM take it: b.eq.
inline void Line::separate_condition() {
  constexpr std::string_view names = "eqnecshscclomiplvsvchilsgeltgtlealnv";
  if (mnemonic_.size() != 3 || mnemonic_[0] != 'b' || size_ >= sizeof text_) return;
  usize name = 0;
  while (name < names.size() && names.substr(name, 2) != mnemonic_.substr(1)) name += 2;
  if (name == names.size()) return;
  at_ -= 2;
  for (usize i = size_++; i > at_; --i) text_[i] = text_[i - 1];
  text_[at_] = '.';
  mnemonic_ = mnemonic_.substr(0, 1);
  inserted_ = 1;
}

inline bool Line::scan(std::string_view source) {
  if (const usize comment = source.find("//"); comment != std::string_view::npos) source = source.substr(0, comment);
  if (source.size() > sizeof text_) return false;
  for (char c : source) text_[size_++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  const auto skip_space = [&] {
    while (peek() == ' ' || peek() == '\t' || peek() == '\r' || peek() == '\n') ++at_;
  };
  skip_space();
  usize start = at_;
  while (is_name_char(peek()) && peek() != '.') ++at_;
  mnemonic_ = {text_ + start, at_ - start};
  separate_condition();
  unsigned n = 0;
  for (bool hash = false;;) {
    // What follows the mnemonic directly (b.eq) is a name that starts with a dot.
    const bool glued = n == 0 && at_ == start + mnemonic_.size();
    skip_space();
    if (at_ >= size_) return !hash;
    if (n + 1 >= max_tokens) return false;
    Token& t = tokens_[n];
    start = n == 0 ? start : at_;
    const usize token_start = at_;
    const char c = peek();
    const bool negative = c == '-' && (is_digit(peek(1)) || peek(1) == '.');
    if (c == '#' && !hash) {
      hash = true;
      ++at_;
      continue;
    }
    if (is_digit(c) || negative || (c == '+' && is_digit(peek(1))) || (c == '.' && is_digit(peek(1)))) {
      if (c == '-' || c == '+') ++at_;
      if (!scan_number(t, negative)) return false;
    } else if (hash) {
      return false;
    } else if (is_name_char(c)) {
      if (c == '.' && !glued) return false;
      do ++at_;
      while (is_name_char(peek()));
      t.kind = Token::Kind::name;
      t.text = {text_ + token_start, at_ - token_start};
      classify_register(t);
    } else if (std::string_view(",[]{}!-").find(c) != std::string_view::npos) {
      t.kind = Token::Kind::mark;
      t.mark = c;
      ++at_;
    } else {
      return false;
    }
    hash = false;
    ++n;
  }
}

inline std::string_view Line::complement_immediate() {
  const auto is_general = [](RegisterClass c) { return c >= RegisterClass::w && c <= RegisterClass::x_sp; };
  Token& t = tokens_[4];
  for (const auto& [written, row] : {std::pair{"bic", "and"}, {"bics", "ands"}, {"orn", "orr"}, {"eon", "eor"}}) {
    if (mnemonic_ != written || !is_general(tokens_[0].reg) || !tokens_[1].is(',') || !is_general(tokens_[2].reg))
      continue;
    if (!tokens_[3].is(',') || t.kind != Token::Kind::number || t.is_decimal_fraction) break;
    if (t.negative && t.magnitude > u64{1} << 63) break;
    u64 v = t.negative ? ~t.magnitude + 1 : t.magnitude;
    if (tokens_[0].reg == RegisterClass::w || tokens_[0].reg == RegisterClass::w_sp) {
      if (v >> 32 != 0 && v >> 32 != 0xffffffff) break;
      v |= u64{0xffffffff} << 32;
    }
    t.magnitude = ~v;
    t.negative = false;
    return row;
  }
  return mnemonic_;
}

// Decimal, 0x, 0b, octal with a leading 0, or a decimal fraction of at most 15 digits.
inline bool Line::scan_number(Token& t, bool negative) {
  t.kind = Token::Kind::number;
  t.negative = negative;
  unsigned base = 10;
  if (peek() == '0' && (peek(1) == 'x' || peek(1) == 'b')) {
    base = peek(1) == 'x' ? 16 : 2;
    at_ += 2;
  }
  const usize start = at_;
  bool overflow = false;
  const auto digit = [&](char c) -> unsigned {
    if (is_digit(c)) return static_cast<unsigned>(c - '0');
    return c >= 'a' && c <= 'f' ? static_cast<unsigned>(c - 'a' + 10) : 99;
  };
  for (; digit(peek()) < base; ++at_) {
    overflow |= t.magnitude > (~u64{0} - digit(peek())) / base;
    t.magnitude = t.magnitude * base + digit(peek());
  }
  int exponent = 0;
  if (base == 10 && (peek() == '.' || peek() == 'e')) {
    t.is_decimal_fraction = true;
    if (peek() == '.')
      for (++at_; is_digit(peek()); ++at_, --exponent) t.magnitude = t.magnitude * 10 + digit(peek());
    if (at_ - start > 17) return false;
    if (peek() == 'e') {
      ++at_;
      const bool down = peek() == '-';
      if (down || peek() == '+') ++at_;
      if (!is_digit(peek())) return false;
      int e = 0;
      for (; is_digit(peek()) && e < 100; ++at_) e = e * 10 + (peek() - '0');
      exponent += down ? -e : e;
    }
  } else if (base == 10 && at_ - start > 1 && text_[start] == '0') {
    t.magnitude = 0;
    for (usize i = start; i < at_; ++i) {
      if (digit(text_[i]) > 7) return false;
      t.magnitude = t.magnitude * 8 + digit(text_[i]);
    }
  }
  // Both factors are exact, so the one rounding is right.
  if (exponent < -22 || exponent > 22) return false;
  double power = 1;
  for (int e = exponent < 0 ? -exponent : exponent; e > 0; --e) power *= 10;
  t.real = exponent < 0 ? static_cast<double>(t.magnitude) / power : static_cast<double>(t.magnitude) * power;
  if (negative) t.real = -t.real;
  return at_ > start && !overflow && !is_name_char(peek());
}

}  // namespace detail

}  // namespace arm64
}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_ARM64_TEXT_LINE_HPP
