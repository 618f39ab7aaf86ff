// The demo's functions as one ELF object per target, with unwind and line tables; a listing of one.
#ifndef JITKIT_TOOLS_DEMO_OBJECTS_HPP
#define JITKIT_TOOLS_DEMO_OBJECTS_HPP

#include <jitkit/emit/object.hpp>
#include <jitkit/ir/line_rows.hpp>
#include <jitkit/ir/status_text.hpp>
#include <targets.hpp>

#include <fstream>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace jitkit::demo {

// A kernel compiled for its object.
template <class Isa>
struct Compiled {
  ir::Module module;
  ir::Function<Isa> function;
  ir::Compiler<Isa> compiler;
  CodeBuffer code;
  std::string problem;  // why there is no code

  explicit Compiled(const Kernel<Isa>& k) : compiler(options(k)) {
    crypto::declare_block_function(function, module, k.name);
    k.build(function);
    compiler.check_allocations = true;
    Status s = compiler.compile(function, code);
    if (s.ok()) s = code.finish();
    if (s.ok()) return;
    StringSink sink(problem);
    sink << k.name << ": ";
    ir::print_status<Isa>(function, s, sink);
  }

 private:
  static typename Isa::Options options(const Kernel<Isa>& k) {
    typename Isa::Options o;
    o.features = object_features(k);
    return o;
  }
};

// Writes the object of all kernels. What went wrong, or nothing.
template <class Isa>
std::string write_object(Machine machine, const std::string& path, const std::string& source_directory) {
  Arena arena;
  ObjectWriter object(arena, machine);
  std::vector<std::string_view> sources;
  for (const Kernel<Isa>& k : kernels<Isa>()) sources.push_back(k.source);
  object.sources(source_directory, sources);
  Status s;
  u16 file = 0;
  for (const Kernel<Isa>& k : kernels<Isa>()) {
    Compiled<Isa> c(k);
    if (!c.problem.empty()) return c.problem;
    Vec<LineRow> lines(arena);
    ir::line_rows(c.function, c.compiler.code_map(), lines, nullptr, ++file);
    s = object.add_function(c.code, {.name = k.name, .cfi = c.compiler.cfi(), .lines = {lines.data(), lines.size()}});
    if (!s.ok()) return std::string(k.name) + ": " + describe(s.error);
  }
  Vec<u8> bytes(arena);
  s = object.write(bytes);
  if (!s.ok()) return describe(s.error);
  std::ofstream out(path, std::ios::binary);
  out.write(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  out.close();
  return out.good() ? "" : "cannot write " + path;
}

// Source positions, IR and machine code of the target's first kernel to `out`. What went wrong, or nothing.
template <class Target>
std::string list_first(Sink& out) {
  using Isa = typename Target::Isa;
  const Kernel<Isa>& k = kernels<Isa>().front();
  Compiled<Isa> c(k);
  if (!c.problem.empty()) return c.problem;
  typename Target::Listing listing(c.function, c.compiler, c.code, out, {.file = k.source});
  return listing.print() ? "" : "out of memory";
}

}  // namespace jitkit::demo

#endif  // JITKIT_TOOLS_DEMO_OBJECTS_HPP
