// The tokens of .jk text.
//
// Invariants: any bytes are a sequence of tokens that ends with `end`; a Lexer is a few words of state
// and can be copied to come back to a place. Comments run from ; or // to the end of the line.
#ifndef JITKIT_IR_LEXER_HPP
#define JITKIT_IR_LEXER_HPP

#include <jitkit/config.hpp>
#include <jitkit/ir/constant_text.hpp>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/support/arena.hpp>

#include <string_view>

namespace jitkit::inline JITKIT_ABI::ir {

struct Token {
  enum class Kind : u8 {
    end,
    newline,
    word,    // add.i64, v1, func
    number,  // 42, 0x1.8p+3, 5a
    symbol,  // @name or @"any bytes"; text without the @
    string,  // "..." with its quotes
    arrow,   // ->
    mark,    // any other single character
  };
  Kind kind = Kind::end;
  std::string_view text;
  TextPos at;

  bool is(char c) const { return kind == Kind::mark && text[0] == c; }
  bool is(std::string_view word) const { return kind == Kind::word && text == word; }
};

class Lexer {
 public:
  Lexer() = default;
  explicit Lexer(std::string_view text) : rest_(text), line_start_(text.data()) {}

  Token next() {
    skip_blanks();
    const char c = peek(0);
    if (rest_.empty()) return take(Token::Kind::end, 0);
    if (c == '\n') {
      const Token t = take(Token::Kind::newline, 1);
      ++line_;
      line_start_ = rest_.data();
      return t;
    }
    if (is_digit(c)) return take(Token::Kind::number, number_length());
    if (is_word(c)) return take(Token::Kind::word, word_length(0));
    if (c == '"') return take(Token::Kind::string, string_length(0));
    if (c == '-' && peek(1) == '>') return take(Token::Kind::arrow, 2);
    if (c == '@' && (is_word(peek(1)) || is_digit(peek(1)) || peek(1) == '"')) {
      Token t = take(Token::Kind::symbol, 1 + (peek(1) == '"' ? string_length(1) : word_length(1)));
      t.text.remove_prefix(1);
      return t;
    }
    return take(Token::Kind::mark, 1);
  }

  static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
  static constexpr bool is_word(char c) {
    const char lower = static_cast<char>(c | 32);
    return (lower >= 'a' && lower <= 'z') || c == '_' || c == '%' || c == '$' || c == '.';
  }

 private:
  char peek(usize n) const { return n < rest_.size() ? rest_[n] : '\0'; }

  Token take(Token::Kind kind, usize length) {
    const Token t{kind, rest_.substr(0, length), {line_, static_cast<u32>(rest_.data() - line_start_) + 1}};
    rest_.remove_prefix(length);
    return t;
  }

  void skip_blanks() {
    while (!rest_.empty()) {
      const char c = rest_[0];
      if (c == ' ' || c == '\t' || c == '\r') {
        rest_.remove_prefix(1);
      } else if (c == ';' || (c == '/' && peek(1) == '/')) {
        const usize n = rest_.find('\n');
        rest_.remove_prefix(n == std::string_view::npos ? rest_.size() : n);
      } else {
        return;
      }
    }
  }

  usize word_length(usize at) const {
    usize n = at;
    while (is_word(peek(n)) || is_digit(peek(n))) ++n;
    return n - at;
  }
  // Letters, digits and points; a sign only after the exponent letter.
  usize number_length() const {
    const char exponent = detail::is_hex(rest_) ? 'p' : 'e';
    usize n = 1;
    for (;; ++n) {
      const char c = peek(n);
      const bool sign = (c == '+' || c == '-') && (peek(n - 1) | 32) == exponent;
      if (!sign && !is_digit(c) && (!is_word(c) || c == '%' || c == '$')) return n;
    }
  }
  // Up to and with the closing quote, or to the end of the line.
  usize string_length(usize at) const {
    usize n = at + 1;
    for (; n < rest_.size() && rest_[n] != '\n'; ++n) {
      if (rest_[n] == '"') return n + 1 - at;
      if (rest_[n] == '\\' && peek(n + 1) != '\n') ++n;
    }
    return (n < rest_.size() ? n : rest_.size()) - at;
  }

  std::string_view rest_;
  const char* line_start_ = nullptr;
  u32 line_ = 1;
};

// The bytes a quoted string stands for, appended to `out`: \n, \t, \\, \", \0 and \xHH are replaced.
// False if a quote or an escape is wrong.
inline bool unquote(std::string_view s, Vec<char>& out) {
  if (s.size() < 2 || s.back() != '"') return false;
  s = s.substr(1, s.size() - 2);
  for (usize n = 0; n < s.size(); ++n) {
    char c = s[n];
    if (c == '\\') {
      if (++n == s.size()) return false;
      switch (s[n]) {
        case 'n': c = '\n'; break;
        case 't': c = '\t'; break;
        case '0': c = '\0'; break;
        case '\\':
        case '"': c = s[n]; break;
        case 'x': {
          const int high = n + 1 < s.size() ? detail::digit_of(s[n + 1]) : 99;
          const int low = n + 2 < s.size() ? detail::digit_of(s[n + 2]) : 99;
          if (high > 15 || low > 15) return false;
          c = static_cast<char>(high * 16 + low);
          n += 2;
          break;
        }
        default: return false;
      }
    }
    out.push(c);
  }
  return true;
}

}  // namespace jitkit::inline JITKIT_ABI::ir

#endif  // JITKIT_IR_LEXER_HPP
