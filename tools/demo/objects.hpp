// The demo's functions as one ELF object per target, with unwind and line tables.
#ifndef JITKIT_TOOLS_DEMO_OBJECTS_HPP
#define JITKIT_TOOLS_DEMO_OBJECTS_HPP

#include <compilers.hpp>
#include <jitkit/emit/object.hpp>

#include <fstream>
#include <string>
#include <vector>

#include "kernels.hpp"

namespace jitkit::demo {

// Compiles a kernel into `code` for an object or a listing. The function is left in `f`.
template <class Isa>
Status compile_for_object(const Kernel<Isa>& k, ir::Module& module, ir::Function<Isa>& f, ir::Compiler<Isa>& compiler,
                          CodeBuffer& code) {
  crypto::declare_block_function(f, module, k.name);
  k.build(f);
  return compiler.compile(f, code);
}
template <class Isa>
typename Isa::Options options_for_object(const Kernel<Isa>& k) {
  typename Isa::Options o;
  o.features = object_features(k);
  return o;
}

// Where the code of the function compiled last came from, line by line of the source file.
template <class Isa>
std::vector<LineRow> line_rows(const ir::FunctionData& f, const ir::Compiler<Isa>& compiler, u16 file) {
  std::vector<LineRow> rows;
  for (const ir::CodePosition& p : compiler.code_map().positions) {
    const u32 line = p.inst.id < f.positions.size() ? f.positions[p.inst.id] : 0;
    if (line != 0 && (rows.empty() || rows.back().line != line)) rows.push_back({p.offset, line, 0, file});
  }
  return rows;
}

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
    ir::Module module;
    ir::Function<Isa> f;
    ir::Compiler<Isa> compiler(options_for_object(k));
    compiler.check_allocations = true;
    CodeBuffer code;
    s = compile_for_object(k, module, f, compiler, code);
    const std::vector<LineRow> lines = line_rows(f, compiler, ++file);
    if (s.ok()) s = object.add_function(code, {.name = k.name, .cfi = compiler.cfi(), .lines = lines});
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

}  // namespace jitkit::demo

#endif  // JITKIT_TOOLS_DEMO_OBJECTS_HPP
