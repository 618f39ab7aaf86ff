// jitkit check FILE.jk: parses and verifies; errors go to stderr as FILE:LINE:COL: error: ...
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cstdio>
#include <memory>
#include <string>

#include "command.hpp"

namespace jitkit::tools {
namespace {

bool read_file(const std::string& path, std::string& text) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (f == nullptr) return false;
  char buffer[1 << 16];
  for (usize n; (n = std::fread(buffer, 1, sizeof buffer, f)) != 0;) text.append(buffer, n);
  const bool good = std::ferror(f) == 0;
  std::fclose(f);
  return good;
}

int check_file(const std::string& path) {
  std::string text;
  if (!read_file(path, text)) {
    std::fprintf(stderr, "%s: error: cannot be read\n", path.c_str());
    return exit_bad_input;
  }
  ir::Unit unit;
  ir::Diagnostics errors;
  if (ir::parse(text, unit, {}, errors) && ir::verify(unit, errors)) return exit_good;
  Sink out([](void*, const char* s, usize n) { std::fwrite(s, 1, n, stderr); }, nullptr);
  errors.print(out, path);
  return exit_bad_input;
}

const Registration registration({"check", "Parse and verify a .jk file", [](CLI::App& app) {
                                   auto path = std::make_shared<std::string>();
                                   app.add_option("FILE", *path, "the .jk file")->required();
                                   return std::function<int()>([path] { return check_file(*path); });
                                 }});

}  // namespace
}  // namespace jitkit::tools
