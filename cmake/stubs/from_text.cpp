// main() of the stub compiler for .jk files.
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "stub_compiler.hpp"

using namespace jitkit;

int main(int argc, char** argv) {
  stubs::Arguments a;
  if (!stubs::read_arguments(argc, argv, a)) return 2;
  std::string text;
  std::FILE* f = std::fopen(a.origin.c_str(), "rb");
  char buffer[1 << 12];
  for (usize n; f != nullptr && (n = std::fread(buffer, 1, sizeof buffer, f)) != 0;) text.append(buffer, n);
  if (f == nullptr || std::ferror(f) != 0) {
    std::fprintf(stderr, "%s: error: %s\n", a.origin.c_str(), std::strerror(errno));
    return 1;
  }
  std::fclose(f);
  ir::Unit unit;
  ir::Diagnostics errors;
  const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info(), &x86_64::Isa::isa_info()};
  if (!ir::parse(text, unit, targets, errors) || !ir::verify(unit, errors)) return stubs::fail(errors, a);
  return stubs::write_stubs(unit, errors, a);
}
