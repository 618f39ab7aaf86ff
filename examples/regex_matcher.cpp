// Regular expressions compiled to code, against std::regex line by line: written patterns and lines, and lines of
// random words. bench/regex.cpp measures them on real text beside PCRE2's JIT.
#include "regex_matcher.hpp"

#include <cstdio>
#include <random>
#include <regex>
#include <string>

namespace {

using jitkit::u64;

u64 lines_by_standard(const std::regex& pattern, const std::string& text) {
  u64 lines = 0;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    lines += std::regex_search(text.begin() + static_cast<std::ptrdiff_t>(at), text.begin() + static_cast<std::ptrdiff_t>(end), pattern);
    at = end + 1;
  }
  return lines;
}

std::string random_text(unsigned lines) {
  constexpr const char* words[] = {"code", "Coder", "colour", "a", "ab", "abab", "12", "2026-11-30", "x86_64", "0x1f", "=", "[", "",
                                   "https://example.org/a", "jit", "jitkit", "JIT", "\xc3\xa9t\xc3\xa9", "foo.bar@example.org"};
  std::mt19937 random(1);
  std::string text;
  for (unsigned i = 0; i < lines; ++i) {
    for (unsigned n = static_cast<unsigned>(random() % 12); n > 0; --n) text += std::string(n % 3 != 0 ? " " : "") + words[random() % std::size(words)];
    if (i + 1 != lines) text += '\n';  // the last line has none
  }
  return text;
}

bool same(const char* pattern, const std::string& text) {
  example::Regex compiled;
  if (const char* why = compiled.compile(pattern)) return std::printf("%s: %s\n", pattern, why), false;
  const u64 ours = compiled.count_lines(text), theirs = lines_by_standard(std::regex(pattern), text);
  std::printf("%-34s %4zu states %6zu bytes of code: %llu lines\n", pattern, compiled.states(), compiled.code_bytes(),
              static_cast<unsigned long long>(ours));
  if (ours != theirs) std::printf("  std::regex: %llu\n", static_cast<unsigned long long>(theirs));
  return ours == theirs;
}

}  // namespace

int main() {
  const std::string text = random_text(400);
  bool good = true;
  for (const char* pattern : {"code", "[Cc]ode(r|d)?", "^a", "a$", "^$", "^ *a", "(ab)+ 12", "\\d{4}-\\d\\d-\\d\\d", "0x[0-9a-f]+",
                              "jit|kit|code", "[a-z]+://[^ ]+", "\\w+@\\w+\\.org$", "x.*4 .*=", "(a|b)*ab{2}", "\\[", "o{1,2}",
                              "b?a{2,3}", "bcd", "\\d\\d", "ab|bc|ca", "aab$", "[ab]c$", "[^a-z ]{6,}", "a{3}", "z"})
    good &= same(pattern, text);
  // Every place of a match and of the ends, around the 16 bytes that are looked at together.
  example::Regex at;
  good &= at.compile("ab$") == nullptr;
  for (std::size_t n = 0; n < 40; ++n) {
    const std::string line = std::string(n, 'a') + "b";
    good &= at.count_lines(line) == (n > 0 ? 1 : 0) && at.count_lines(line + "\n" + line) == (n > 0 ? 2 : 0) && at.count_lines(line + "c") == 0;
  }
  example::Regex pair;
  good &= pair.compile("xyz") == nullptr;
  for (std::size_t n = 0; n < 40; ++n)
    for (const char* end : {"xyz", "xxyz", "xyxyz", "xyz\n"})
      good &= pair.count_lines(std::string(n, 'x') + end) == 1 && pair.count_lines(std::string(n, 'y') + end) == 1 &&
              pair.count_lines(std::string(n, 'x') + "xy") == 0 && pair.count_lines(std::string(n, '\n') + end) == 1;
  for (const char* wrong : {"(", ")", "a{", "*", "[a", "a{3,2}", "\\", "(a{255}){255}"}) {
    example::Regex refused;
    good &= refused.compile(wrong) != nullptr;
  }
  return good ? 0 : 1;
}
