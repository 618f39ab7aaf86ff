#include "translate.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <regex>
#include <sstream>

#include "confined.hpp"

namespace jitkit::tools {
namespace {

constexpr const char* clang = "/usr/bin/clang-19";
constexpr usize most_text = usize{16} << 20;

Json error(unsigned line, unsigned column, const std::string& message) {
  return {{"line", line}, {"column", column}, {"message", message}};
}

// clang's errors; what stands in a header has no place of the program's.
Json errors_of(const std::string& said) {
  static const std::regex own(R"(^program\.c:(\d+):(\d+): (?:fatal )?error: (.*)$)");
  static const std::regex other(R"(^(.*): (?:fatal )?error: (.*)$)");
  Json list = Json::array();
  std::istringstream lines(said);
  std::smatch m;
  for (std::string line; std::getline(lines, line) && list.size() < 50;) {
    if (line.size() > 2000) continue;  // std::regex recurses
    if (std::regex_match(line, m, own))
      list.push_back(error(static_cast<unsigned>(std::strtoul(m[1].str().c_str(), nullptr, 10)),
                           static_cast<unsigned>(std::strtoul(m[2].str().c_str(), nullptr, 10)), m[3]));
    else if (std::regex_match(line, m, other))
      list.push_back(error(0, 0, m[1].str() + ": " + m[2].str()));
  }
  if (list.empty()) list.push_back(error(0, 0, "clang: " + said.substr(0, 500)));
  return list;
}

}  // namespace

std::string Translator::missing() const {
  if (access(clang, X_OK) != 0) return "C needs clang 19: apt-get install clang-19";
  if (access(importer_.c_str(), X_OK) != 0)
    return "C needs jitkit-import beside jitkit: make import (with llvm-19-dev) builds it";
  return {};
}

bool Translator::translate(const std::string& c, const std::string& target, const std::atomic<bool>& cancelled,
                           std::string& ir, Json& errors) const {
  const auto fail = [&](const std::string& message) {
    errors = Json::array({error(0, 0, message)});
    return false;
  };
  if (const std::string what = missing(); !what.empty()) return fail(what);
  const Confined run(room_);
  if (!run.error().empty()) return fail(run.error());
  run.write("program.c", c);
  const std::string triple = target == "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu";
  const Outcome first = run.run({clang, "--target=" + triple, "-O1", "-fno-pic", "-fno-vectorize", "-fno-slp-vectorize",
                                 "-w", "-gline-tables-only", "-fno-color-diagnostics", "-fno-caret-diagnostics",
                                 "-emit-llvm", "-c", "program.c", "-o", "program.bc"},
                                cancelled);
  if (const std::string message = why(first, run.limits); !message.empty()) return fail("clang " + message);
  if (first.status != 0) {
    errors = errors_of(first.err);
    return false;
  }
  const Outcome second = run.run({importer_, "program.bc", "-o", "program.jk"}, cancelled);
  if (const std::string message = why(second, run.limits); !message.empty()) return fail("jitkit-import " + message);
  if (second.status != 0) return fail(second.err.substr(0, 2000));
  ir = run.read("program.jk", most_text);
  return true;
}

}  // namespace jitkit::tools
