#include "stub_compiler.hpp"

#include <jitkit/emit/object.hpp>
#include <jitkit/ir/c_header.hpp>
#include <jitkit/ir/compile.hpp>
#include <jitkit/ir/compile_unit.hpp>
#include <jitkit/ir/verifier.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <type_traits>

namespace jitkit::stubs {
namespace {

constexpr Machine machine = std::is_same_v<Isa, arm64::Isa> ? Machine::arm64 : Machine::x86_64;

void say(const std::string& what, const std::string& why) {
  std::fprintf(stderr, "%s: error: %s\n", what.c_str(), why.c_str());
}

// Whole or not at all.
bool write_file(const std::string& path, const void* bytes, usize size) {
  std::FILE* f = std::fopen(path.c_str(), "wb");
  bool good = f != nullptr && std::fwrite(bytes, 1, size, f) == size;
  const int error = errno;
  if (f != nullptr) good = std::fclose(f) == 0 && good;
  if (good) return true;
  say(path, std::strerror(error));
  std::remove(path.c_str());
  return false;
}

std::string base_name(const std::string& path) {
  const usize slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

// "sse4.1,sha": as FeatureSet::apply() takes it.
template <class Table>
std::string names_of(const FeatureSetOf<Table>& set) {
  std::string names;
  for (unsigned n = 0; n < Table::count; ++n)
    if (set.has(static_cast<typename Table::Feature>(n))) names.append(names.empty() ? "" : ",").append(Isa::feature_name(n));
  return names;
}

template <class AnyUnit>
int write(AnyUnit& unit, bool is_text, ir::Diagnostics& errors, const Arguments& a) {
  unit.for_each([&](const ir::FunctionData& f, const ir::TextMap& text) {
    if (f.isa != nullptr && f.isa != &Isa::isa_info())
      errors.error(text.function) << "@" << f.module->symbol_name(f.symbol) << " is for " << f.isa->name << ", not for " << Isa::name;
  });
  Isa::Options options;
  const std::string_view unknown = ir::choose_features<Isa>(a.features, unit, Isa::core_features(), options.features);
  if (!unknown.empty()) {
    say("FEATURES", std::string(Isa::name) + " has no feature '" + std::string(unknown) + "'");
    return 1;
  }
  options.landing_pads = a.landing_pads;
  if constexpr (requires { unit.conventions; }) options.conventions = unit.conventions;
  ir::Compiler<Isa> compiler(options);
  compiler.check_allocations = true;
  Arena arena;
  ObjectWriter object(arena, machine);
  const std::string_view files[] = {a.origin};
  if (is_text) object.sources({}, files);
  ir::UnitCompiler<Isa, ObjectWriter> units(compiler, object);
  if (!errors.empty() || !units.add(unit, is_text, errors)) return fail(errors, a);
  Vec<u8> file(arena);
  if (const Status s = object.write(file); !s) {
    say(a.object, describe(s.error));
    return 1;
  }
  std::string header;
  StringSink sink(header);
  ir::CHeader(unit.module, sink).print(base_name(a.header), base_name(a.origin), names_of(options.features));
  const bool good = write_file(a.object, file.data(), file.size()) && write_file(a.header, header.data(), header.size());
  return good ? 0 : 1;
}

}  // namespace

bool read_arguments(int argc, char** argv, Arguments& a) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--landing-pads") {
      a.landing_pads = true;
      continue;
    }
    std::string* value = word == "--features" ? &a.features : word == "--object" ? &a.object : word == "--header" ? &a.header : nullptr;
    if (value == nullptr)
      a.origin = word;
    else if (i + 1 < argc)
      *value = argv[++i];
  }
  const bool good = !a.object.empty() && !a.header.empty() && !a.origin.empty();
  if (!good) std::fprintf(stderr, "usage: %s [--features LIST] [--landing-pads] --object FILE --header FILE ORIGIN\n", argv[0]);
  return good;
}

int fail(const ir::Diagnostics& errors, const Arguments& a) {
  Sink out([](void*, const char* s, usize n) { std::fwrite(s, 1, n, stderr); }, nullptr);
  errors.print(out, a.origin);
  return 1;
}

int write_stubs(ir::Unit& unit, ir::Diagnostics& errors, const Arguments& a) { return write(unit, true, errors, a); }

int write_stubs(Module<Isa>& module, const Arguments& a) {
  ir::Diagnostics errors;
  if (module.failed()) errors.error({}) << "out of memory, or a function has too many parameters";
  module.for_each([&](const ir::FunctionData& f, const ir::TextMap&) {
    if (!f.status().ok()) errors.error({}) << "@" << module.module.symbol_name(f.symbol) << ": " << describe(f.status().error);
    const u32 before = errors.count();
    if (!ir::verify(f, errors)) {
      const u32 found = errors.count() - before;
      (errors.error({}) << "@" << module.module.symbol_name(f.symbol) << " has the ").udec(found) << " above";
    }
  });
  return errors.empty() ? write(module, false, errors, a) : fail(errors, a);
}

}  // namespace jitkit::stubs
