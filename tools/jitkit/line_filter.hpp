// The line discipline of asm and disasm: one output line per input line.
//
//   HEX  TEXT                 for an instruction
//   error: LINE: reason       for one that is refused; the exit status is then 1
//   (empty)                   for a blank line or one with a comment only
//
// A comment starts with `//` or `;` anywhere, or with `#` in column 1.
#ifndef JITKIT_TOOLS_JITKIT_LINE_FILTER_HPP
#define JITKIT_TOOLS_JITKIT_LINE_FILTER_HPP

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <string>
#include <string_view>

#include "command.hpp"

namespace jitkit::tools {

// The instruction of a line without comment and surrounding blanks.
inline std::string_view instruction_of(std::string_view line) {
  if (line.starts_with('#')) return {};
  line = line.substr(0, std::min(line.find("//"), line.find(';')));
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\r'; };
  while (!line.empty() && blank(line.front())) line.remove_prefix(1);
  while (!line.empty() && blank(line.back())) line.remove_suffix(1);
  return line;
}

// Calls `convert(instruction, out, why)` for each line of the file ("-": standard input). It appends
// the output line to `out` and returns true, or appends a reason to `why` and returns false. Output is
// written whenever input runs dry, so a conversation over pipes works line by line.
template <class Convert>
int filter_lines(const std::string& path, Convert convert) {
  std::ifstream file;
  if (path != "-") {
    file.open(path);
    if (!file) {
      fmt::print(stderr, "{}: error: {}\n", path, std::strerror(errno));
      return exit_bad_input;
    }
  }
  std::ios::sync_with_stdio(false);
  std::istream& in = path == "-" ? std::cin : file;

  int status = exit_good;
  usize number = 0;
  std::string line, out, why;
  const auto flush = [&out] {
    std::fwrite(out.data(), 1, out.size(), stdout);
    std::fflush(stdout);
    out.clear();
  };
  while (std::getline(in, line)) {
    ++number;
    const std::string_view instruction = instruction_of(line);
    const usize start = out.size();
    why.clear();
    if (!instruction.empty() && !convert(instruction, out, why)) {
      out.resize(start);
      fmt::format_to(std::back_inserter(out), "error: {}: {}", number, why);
      status = exit_bad_input;
    }
    out += '\n';
    if (out.size() >= 1 << 16 || in.rdbuf()->in_avail() <= 0) flush();
  }
  flush();
  if (in.bad() || std::ferror(stdout) != 0) {
    fmt::print(stderr, "{}: error: {}\n", path, std::strerror(errno));
    return exit_bad_input;
  }
  return status;
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_JITKIT_LINE_FILTER_HPP
