// `test: verify`: the errors a file must give, and no others.
#ifndef JITKIT_TESTS_FILETEST_EXPECTED_ERRORS_HPP
#define JITKIT_TESTS_FILETEST_EXPECTED_ERRORS_HPP

#include <fmt/format.h>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/support/sink.hpp>

#include <regex>
#include <string>
#include <vector>

#include "filetest.hpp"

namespace filetest {

// An error as the directive writes it: LINE:COL: [IR012: ] message.
inline std::string error_text(const ir::Diagnostics& d, u32 n, i64 line_shift = 0) {
  std::string s;
  StringSink out(s);
  const ir::Diagnostic& e = d.list()[n];
  out.dec(e.at.line == 0 ? 0 : e.at.line + line_shift).put(':').udec(e.at.column) << ": ";
  if (e.rule != 0) {
    ir::print_rule(out, e.rule);
    out << ": ";
  }
  out << d.message(n);
  return s;
}

// LINE:COL: of the directive must be as written; what follows is a regular expression.
inline bool matches(const std::string& directive, const std::string& actual) {
  const auto message = [](const std::string& s) {
    const usize colon = s.find(": ");
    return colon == std::string::npos ? s.size() : colon + 2;
  };
  const usize at = message(directive);
  if (directive.substr(0, at) != actual.substr(0, message(actual))) return false;
  return std::regex_search(actual.substr(message(actual)), std::regex(directive.substr(at)));
}

// What is wrong with the errors of a file; empty if they are as expected.
inline std::string compare_errors(const FileTest& t) {
  const std::vector<Directive> expected = t.directives("error");
  std::string s;
  for (usize i = 0; i < expected.size() || i < t.errors.list().size(); ++i) {
    const std::string actual =
        i < t.errors.list().size() ? error_text(t.errors, static_cast<u32>(i)) : "no more errors";
    if (i < expected.size() && i < t.errors.list().size() && matches(expected[i].text, actual)) continue;
    s += i < expected.size() ? fmt::format("\n  - {}", expected[i].text) : "";
    s += fmt::format("\n  + {}", actual);
  }
  return s.empty() ? s : "other errors than expected:" + s;
}

inline std::string as_regex(const std::string& text) {
  std::string s;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}").find(c) != std::string_view::npos) s += '\\';
    s += c;
  }
  return s;
}

// The directives for the errors a file gives, to stand below its line `; test: verify` instead of the
// `old` ones there: their number moves everything else.
inline std::string blessed_errors(const FileTest& t, usize old) {
  const u32 count = static_cast<u32>(t.errors.list().size());
  const i64 shift = i64{count} - static_cast<i64>(old);
  std::string s;
  for (u32 i = 0; i < count; ++i) {
    const std::string text = error_text(t.errors, i, shift);
    const usize message = text.find(": ") + 2;
    s += "\n; error: " + text.substr(0, message) + as_regex(text.substr(message));
  }
  return s;
}

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_EXPECTED_ERRORS_HPP
