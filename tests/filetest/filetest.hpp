// One filetest: a .jk file with directives in its comments, read and taken apart.
//
// Directives, each a comment line `; name: text` anywhere outside of functions:
//   test: MODE      run, print, cfg, opt PASSES, verify or compile TARGET [FEATURES]; one file may ask for
//                   several. PASSES: fast, full, or names with commas between (ir/passes.def)
//   run: ...        one call and what it gives (run_lines.hpp)
//   only: NAMES     the executors that can run the file; without it all do
//   va_list: ABI    sysv or aapcs64: what va_start writes, for the interpreter
//   error: L:C: RE  an error the parser or verifier must report there, its message (with the rule in
//                   front: IR012: ...) matching the regular expression; in order, and no others
// What a mode prints is compared with the lines `;> ...` at the end of the file.
#ifndef JITKIT_TESTS_FILETEST_FILETEST_HPP
#define JITKIT_TESTS_FILETEST_FILETEST_HPP

#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace filetest {

using namespace jitkit;

struct Directive {
  u32 line = 0;  // counted from 1
  std::string text;
};

// The text without blanks at its ends.
inline std::string_view trimmed(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t' || s.back() == '\r')) s.remove_suffix(1);
  return s;
}

inline std::vector<std::string> split_lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const usize end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + 1);
  }
  return lines;
}

class FileTest {
 public:
  static constexpr std::string_view expectation = ";>";

  explicit FileTest(std::filesystem::path p) : path(std::move(p)) {}

  std::filesystem::path path;
  std::string text;
  std::unique_ptr<ir::Unit> unit = std::make_unique<ir::Unit>();
  ir::Diagnostics errors;

  // False if the file cannot be read.
  bool read(std::span<const ir::IsaInfo* const> targets) {
    std::ifstream in(path, std::ios::binary);
    if (!in) return false;
    take({std::istreambuf_iterator<char>(in), {}}, targets);
    return true;
  }
  // The same of text that is no file.
  void take(std::string contents, std::span<const ir::IsaInfo* const> targets) {
    text = std::move(contents);
    lines_ = split_lines(text);
    if (ir::parse(text, *unit, targets, errors)) ir::verify(*unit, errors);
  }

  // The directives of that name, in order.
  std::vector<Directive> directives(std::string_view name) const {
    std::vector<Directive> found;
    for (usize i = 0; i < lines_.size(); ++i) {
      std::string_view s = lines_[i];
      if (s.empty() || s.front() != ';' || s.starts_with(expectation)) continue;
      s = trimmed(s.substr(1));
      if (!s.starts_with(name) || s.substr(name.size()).substr(0, 1) != ":") continue;
      found.push_back({static_cast<u32>(i + 1), std::string(trimmed(s.substr(name.size() + 1)))});
    }
    return found;
  }

  // What the lines `;> ...` say.
  std::string expected() const {
    std::string s;
    for (const std::string& line : lines_)
      if (line.starts_with(expectation)) s += line.substr(line.starts_with(";> ") ? 3 : 2) + "\n";
    return s;
  }

  // Rewrites the file: `;>` lines for `output`, lines without those that `drop` is true of, and the rest
  // by what `changed` makes of them.
  template <class Change, class Drop>
  bool bless(const std::string& output, Change changed, Drop drop) {
    std::string s;
    for (usize i = 0; i < lines_.size(); ++i)
      if (!lines_[i].starts_with(expectation) && !drop(lines_[i]))
        s += changed(static_cast<u32>(i + 1), lines_[i]) + "\n";
    for (const std::string& line : split_lines(output)) s += line.empty() ? ";>\n" : ";> " + line + "\n";
    if (s == text) return true;
    std::ofstream out(path, std::ios::binary);
    out << s;
    return static_cast<bool>(out);
  }

 private:
  std::vector<std::string> lines_;
};

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_FILETEST_HPP
