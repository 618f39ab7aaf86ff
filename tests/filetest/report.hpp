// Counts and prints what filetests find; tools/check.py reads these lines.
#ifndef JITKIT_TESTS_FILETEST_REPORT_HPP
#define JITKIT_TESTS_FILETEST_REPORT_HPP

#include <fmt/format.h>

#include <string>
#include <vector>

#include "filetest.hpp"

namespace filetest {

class Report {
 public:
  void pass() { ++passed_; }
  void fail(const std::string& name, const std::string& why) {
    ++failed_;
    fmt::print("FAIL {}: {}\n", name, why);
  }
  void skip(const std::string& name, const std::string& missing) {
    ++skipped_;
    fmt::print("SKIP {}: {}\n", name, missing);
  }
  void check(const std::string& name, const std::string& why) { why.empty() ? pass() : fail(name, why); }

  // One line of totals; the program's exit status.
  int finish() const {
    fmt::print("{} passed, {} failed, {} skipped\n", passed_, failed_, skipped_);
    return failed_ != 0 ? 1 : 0;
  }

 private:
  unsigned passed_ = 0, failed_ = 0, skipped_ = 0;
};

// The lines that differ, with `-` and `+`; empty if none do. A longest common subsequence would be
// prettier; what starts and ends alike is cut off, which is enough to see a change.
inline std::string difference(const std::string& expected, const std::string& actual) {
  if (expected == actual) return {};
  const std::vector<std::string> a = split_lines(expected), b = split_lines(actual);
  usize head = 0, tail = 0;
  while (head < a.size() && head < b.size() && a[head] == b[head]) ++head;
  while (tail < a.size() - head && tail < b.size() - head &&
         a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
    ++tail;
  std::string s = fmt::format("output differs from line {} of the expectation on:", head + 1);
  for (usize i = head; i < a.size() - tail; ++i) s += "\n  - " + a[i];
  for (usize i = head; i < b.size() - tail; ++i) s += "\n  + " + b[i];
  return s;
}

}  // namespace filetest

#endif  // JITKIT_TESTS_FILETEST_REPORT_HPP
