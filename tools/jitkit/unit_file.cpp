#include "unit_file.hpp"

#include <compilers.hpp>
#include <jitkit/ir/parser.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace jitkit::tools {
namespace {

// 0 or an errno.
int read_file(const std::string& path, std::string& text) {
  std::FILE* f = std::fopen(path.c_str(), "rb");
  if (f == nullptr) return errno;
  char buffer[1 << 16];
  errno = 0;
  for (usize n; (n = std::fread(buffer, 1, sizeof buffer, f)) != 0;) text.append(buffer, n);
  const int error = std::ferror(f) != 0 ? errno : 0;
  std::fclose(f);
  return error;
}

}  // namespace

bool UnitFile::load() {
  std::string text;
  if (const int error = read_file(path, text); error != 0) {
    print_error(path, "{}", std::strerror(error));
    return false;
  }
  const ir::IsaInfo* const targets[] = {&arm64::Isa::isa_info(), &x86_64::Isa::isa_info()};
  if (ir::parse(text, unit, targets, errors) && ir::verify(unit, errors)) return true;
  print_errors();
  return false;
}

bool UnitFile::is_for(const ir::IsaInfo& isa) {
  unit.for_each([&](const ir::FunctionData& f, const ir::TextMap& text) {
    if (f.isa != nullptr && f.isa != &isa)
      errors.error(text.function) << "@" << unit.module.symbol_name(f.symbol) << " is for " << f.isa->name
                                  << ", not for " << isa.name;
  });
  if (!errors.empty()) print_errors();
  return errors.empty();
}

const ir::IsaInfo* UnitFile::target() {
  const ir::IsaInfo* found = nullptr;
  unit.for_each([&](const ir::FunctionData& f, const ir::TextMap&) {
    if (found == nullptr) found = f.isa;
  });
  return found;
}

void UnitFile::print_errors() const {
  Sink out([](void*, const char* s, usize n) { std::fwrite(s, 1, n, stderr); }, nullptr);
  errors.print(out, path);
}

}  // namespace jitkit::tools
