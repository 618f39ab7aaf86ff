// Regular expressions on real text: how many lines of the files named on the command line have a match, by
// examples/regex_matcher.hpp (code by jitkit), PCRE2 with its JIT, and std::regex. All must agree.
//
//   regex [--once] FILE...     --once: a single run each, to see only whether they agree
//
// PCRE2 searches the whole text and goes on behind the line of a match, which is its fastest way; std::regex is
// asked line by line, of the first lines only (`share`), as it is slow. Medians of 11 interleaved runs; std::regex 1.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "../examples/regex_matcher.hpp"

namespace {

using jitkit::u64;

constexpr std::size_t share = 1 << 20;  // bytes of the text for std::regex

class Pcre {
 public:
  explicit Pcre(const char* pattern) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern), PCRE2_ZERO_TERMINATED, PCRE2_MULTILINE, &error, &at, nullptr);
    if (code_ == nullptr || pcre2_jit_compile(code_, PCRE2_JIT_COMPLETE) != 0) return;
    match_ = pcre2_match_data_create_from_pattern(code_, nullptr);
  }
  Pcre(const Pcre&) = delete;
  Pcre& operator=(const Pcre&) = delete;
  ~Pcre() {
    pcre2_match_data_free(match_);
    pcre2_code_free(code_);
  }
  bool good() const { return match_ != nullptr; }
  u64 count_lines(const std::string& text) const {
    u64 lines = 0;
    const auto* subject = reinterpret_cast<PCRE2_SPTR>(text.data());
    for (std::size_t at = 0; at < text.size();) {
      if (pcre2_jit_match(code_, subject, text.size(), at, 0, match_, nullptr) < 0) break;
      ++lines;
      const std::size_t end = pcre2_get_ovector_pointer(match_)[1];
      const void* newline = std::memchr(text.data() + end, '\n', text.size() - end);
      if (newline == nullptr) break;
      at = static_cast<std::size_t>(static_cast<const char*>(newline) - text.data()) + 1;
    }
    return lines;
  }

 private:
  pcre2_code* code_ = nullptr;
  pcre2_match_data* match_ = nullptr;
};

u64 lines_by_standard(const std::regex& pattern, const std::string& text) {
  u64 lines = 0;
  for (const char *at = text.data(), *end = at + text.size(); at < end;) {
    const char* stop = static_cast<const char*>(std::memchr(at, '\n', static_cast<std::size_t>(end - at)));
    if (stop == nullptr) stop = end;
    lines += std::regex_search(at, stop, pattern);
    at = stop + 1;
  }
  return lines;
}

template <class F>
double megabytes_per_second(std::size_t bytes, u64& lines, F f) {
  const auto start = std::chrono::steady_clock::now();
  lines = f();
  return static_cast<double>(bytes) / std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - start).count();
}

double median(std::vector<double> v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

bool row(const char* pattern, const std::string& text, bool once) {
  example::Regex ours;
  const Pcre pcre(pattern);
  if (const char* why = ours.compile(pattern)) return std::printf("%s: %s\n", pattern, why), false;
  if (!pcre.good()) return std::printf("%s: refused by PCRE2\n", pattern), false;
  u64 lines = 0, by_pcre = 0, by_standard = 0;
  std::vector<double> ours_speed, pcre_speed;
  for (int run = 0; run < (once ? 1 : 11); ++run) {
    ours_speed.push_back(megabytes_per_second(text.size(), lines, [&] { return ours.count_lines(text); }));
    pcre_speed.push_back(megabytes_per_second(text.size(), by_pcre, [&] { return pcre.count_lines(text); }));
  }
  const std::string start = text.substr(0, text.rfind('\n', once ? share / 32 : share) + 1);
  const std::regex standard(pattern, std::regex::ECMAScript | std::regex::optimize);
  const double standard_speed = megabytes_per_second(start.size(), by_standard, [&] { return lines_by_standard(standard, start); });
  std::printf("%-30s %8llu %9.0f %9.0f %9.1f %7zu\n", pattern, static_cast<unsigned long long>(lines), median(ours_speed),
              median(pcre_speed), standard_speed, ours.code_bytes());
  if (lines != by_pcre) std::printf("  PCRE2 says %llu\n", static_cast<unsigned long long>(by_pcre));
  const u64 first = ours.count_lines(start);
  if (first != by_standard) std::printf("  std::regex says %llu of %llu\n", static_cast<unsigned long long>(by_standard), static_cast<unsigned long long>(first));
  return lines == by_pcre && first == by_standard;
}

}  // namespace

int main(int argc, char** argv) {
  std::string text;
  const bool once = argc > 1 && std::strcmp(argv[1], "--once") == 0;
  for (int i = once ? 2 : 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    text.append(std::istreambuf_iterator<char>(file), {});
    if (!text.empty() && text.back() != '\n') text += '\n';
  }
  std::printf("regular expressions: lines with a match, MB/s, %.1f MB of text\n%-30s %8s %9s %9s %9s %7s\n",
              static_cast<double>(text.size()) / 1e6, "pattern", "lines", "jitkit", "PCRE2 JIT", "std", "bytes");
  bool good = !text.empty();
  for (const char* pattern : {"allocator", "[Cc]ode(Buffer|r)?", "static_cast<[a-z0-9]+>\\(", "0x[0-9a-f]{4,}", "\\d\\.\\d+", "^#include <[^>\\n]+>$",
                              "jitkit|LuaJIT|HotSpot|hypervisor", "[a-z]+_[a-z]+_[a-z]+", "\\w+\\(\\w+, \\w+\\)", "(add|sub|mul)s?_[a-z]+_(w|x)", "e.*e.*e.*e$"})
    good &= row(pattern, text, once);
  return good ? 0 : 1;
}
