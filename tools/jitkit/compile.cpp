// `jitkit compile`: a .jk file to an object, a listing, its IR, a graph, or the bytes of its code. JITKIT_IGV=FILE also
// gets the graphs of each function as it was read and behind each pass, for the Ideal Graph Visualizer.
#include <custom_convention.hpp>
#include <fmt/format.h>
#include <jitkit/emit/placement.hpp>
#include <jitkit/ir/compile_unit.hpp>
#include <jitkit/ir/graph.hpp>
#include <jitkit/ir/printer.hpp>
#include <optimisation.hpp>
#include <targets.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"
#include "unit_file.hpp"

namespace jitkit::tools {
namespace {

struct Arguments {
  UnitFile file;
  std::string target;
  std::string emit = "obj";
  std::string features;
  std::string out;
  Optimisation optimisation;
  bool landing_pads = false;
  bool return_signing = false;
};

// A file is written whole or not at all; "-" is standard output.
bool write_output(const std::string& path, const char* bytes, usize size) {
  std::FILE* f = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  bool good = f != nullptr && std::fwrite(bytes, 1, size, f) == size && std::fflush(f) == 0;
  int error = errno;
  if (f != nullptr && f != stdout && std::fclose(f) != 0) {
    error = good ? errno : error;
    good = false;
  }
  if (good) return true;
  print_error(path, "{}", std::strerror(error));
  std::error_code ignored;
  if (path != "-" && std::filesystem::is_regular_file(path, ignored)) std::filesystem::remove(path, ignored);
  return false;
}

// Graphs of functions, a group for each, however their passes take turns.
class Graphs {
 public:
  void add(const ir::FunctionData& f, std::string_view phase) {
    usize n = 0;
    while (n < groups_.size() && groups_[n].f != &f) ++n;
    if (n == groups_.size()) groups_.push_back({&f, std::string(ir::symbol_name(f)), {}});
    StringSink sink(groups_[n].graphs);
    ir::print_igv(f, phase, sink);
  }
  std::string document() const {
    std::string text;
    StringSink sink(text);
    {
      ir::IgvDocument document(sink);
      for (const Group& g : groups_) {
        document.begin_group(g.name);
        sink << g.graphs;
      }
    }
    return text;
  }

 private:
  struct Group {
    const ir::FunctionData* f;  // whether it is still there or was inlined away
    std::string name, graphs;
  };
  std::vector<Group> groups_;
};

// Optimises; with JITKIT_IGV, writes its graphs.
bool optimise(Arguments& a) {
  const char* const file = std::getenv("JITKIT_IGV");
  Graphs graphs;
  Status s;
  if (file == nullptr || *file == '\0') {
    s = a.optimisation.apply(a.file.unit);
  } else {
    a.file.unit.for_each([&](const ir::FunctionData& f, const ir::TextMap&) { graphs.add(f, "read"); });
    const auto after = [&](const ir::FunctionData& f, ir::Pass p) { graphs.add(f, ir::info(p).name); };
    s = a.optimisation.apply(a.file.unit, after);
    const std::string text = graphs.document();
    if (!write_output(file, text.data(), text.size())) return false;
  }
  if (!s) print_error(a.file.path, "{}", status_text(s));
  return s.ok();
}

template <class Target>
class Compilation {
  using Isa = typename Target::Isa;

 public:
  Compilation(Arguments& a, const typename Isa::Options& options) : a_(a), compiler_(options) {}

  // False, with messages in the file's errors, if something cannot be compiled.
  bool object(std::string& out) {
    Arena arena;
    ObjectWriter object(arena, Target::machine);
    name_source(object);
    ir::UnitCompiler<Isa, ObjectWriter> units(compiler_, object);
    if (!units.add(a_.file.unit, true, a_.file.errors)) return false;
    Vec<u8> file(arena);
    if (const Status s = object.write(file); !s) return fail(s);
    out.assign(reinterpret_cast<const char*>(file.data()), file.size());
    return true;
  }

  bool listing(std::string& out) {
    Arena arena;
    ObjectWriter object(arena, Target::machine);
    ir::UnitCompiler<Isa, ObjectWriter> units(compiler_, object);
    StringSink sink(out);
    return units.add(a_.file.unit, false, a_.file.errors,
                     [&](const ir::FunctionData& f, const ir::TextMap& text, CodeBuffer& code) {
                       if (!out.empty()) out += '\n';
                       typename Target::Listing listing(f, compiler_, code, sink, {a_.file.path, &text});
                       if (!listing.print()) fail(listing.status());
                     });
  }

  // The functions in their order, then the globals, as one image to be loaded at a page's start.
  bool image(std::string& out) {
    CodeBuffer code;
    a_.file.unit.for_each([&](ir::FunctionData& f, ir::TextMap& text) {
      code.align(16, Target::padding);
      const std::string_view name = f.module->symbol_name(f.symbol);
      code.symbol(name, code.offset());
      const Status s = compiler_.compile(f, code);
      if (s.ok()) return;
      ir::explain<Isa>(f, text, s, a_.file.errors);
      code.reset();
    });
    if (!a_.file.errors.empty() || !finish(code)) return false;
    add_globals(code);
    if (!a_.file.errors.empty()) return false;
    if (const Status s = code.place(0); !s) {
      if (s.error == Error::symbol_undefined)
        return fail("@" + std::string(code.symbol_name(Symbol(s.where))) +
                    " is not defined here: --emit bin does not link");
      return fail(s);
    }
    out.assign(reinterpret_cast<const char*>(code.data()), code.bytes().size());
    return true;
  }

 private:
  bool fail(std::string_view why) {
    a_.file.errors.error({}) << why;
    return false;
  }
  bool fail(Status s) {
    ir::print_status(s, a_.file.errors.error({}));
    return false;
  }
  bool finish(CodeBuffer& code) {
    const Status s = code.finish();
    return s.ok() || fail(s);
  }
  void name_source(ObjectWriter& object) {
    std::error_code ignored;
    const std::string directory = std::filesystem::current_path(ignored).string();
    const std::string_view files[] = {a_.file.path};
    object.sources(directory, files);
  }
  void add_globals(CodeBuffer& code) {
    const ir::Module& m = a_.file.unit.module;
    for (u32 n = 1; n < m.symbol_count(); ++n) {
      const ir::SymbolRef r(n);
      const ir::SymbolInfo& i = m.symbol(r);
      if (i.kind == ir::SymbolKind::function || i.linkage == ir::Linkage::external) continue;
      if (!m.global_relocs(r).empty()) {
        fail("@" + std::string(m.symbol_name(r)) + " holds addresses: --emit bin does not link");
        continue;
      }
      code.align(1U << i.align_log2);
      code.symbol(m.symbol_name(r), code.offset());
      const std::span<const u8> bytes = m.global_bytes(r);
      code.put_raw(bytes.data(), bytes.size());
      const u64 zeros = i.size - bytes.size();
      if (code.offset() + zeros > ~u32{0}) {
        code.fail({Error::out_of_code_space, code.offset(), code.offset() + zeros});
        return;
      }
      code.seek(code.offset() + static_cast<u32>(zeros));
    }
  }

  Arguments& a_;
  ir::Compiler<Isa> compiler_;
};

std::string default_output(const Arguments& a) {
  if (a.emit != "obj" && a.emit != "bin") return "-";
  return std::filesystem::path(a.file.path).stem().string() + (a.emit == "obj" ? ".o" : ".bin");
}

template <class Target>
int compile(Arguments& a) {
  using Isa = typename Target::Isa;
  if (!a.file.load()) return exit_bad_input;
  typename Isa::Options options;
  const std::string_view unknown = ir::choose_features<typename Target::Isa>(
      a.features, a.file.unit, Target::Isa::core_features(), options.features);
  if (!unknown.empty()) {
    fmt::print(stderr, "--features: {} has no feature '{}'; see jitkit features\n", a.target, unknown);
    return exit_usage;
  }
  options.landing_pads = a.landing_pads;
  options.conventions = custom_conventions<Isa>();
  if constexpr (requires { options.return_signing; }) {
    options.return_signing = a.return_signing;
  } else if (a.return_signing) {
    fmt::print(stderr, "--return-signing: {} has no such instructions\n", a.target);
    return exit_usage;
  }
  if (!a.file.is_for(Isa::isa_info())) return exit_bad_input;
  if (!optimise(a)) return exit_bad_input;
  Compilation<Target> c(a, options);
  std::string out;
  bool good = true;
  if (a.emit == "ir") {
    StringSink sink(out);
    ir::print(a.file.unit, sink);
  } else if (a.emit == "dot") {
    StringSink sink(out);
    a.file.unit.for_each([&](const ir::FunctionData& f, const ir::TextMap&) { ir::print_dot(f, sink); });
  } else {
    good = a.emit == "obj" ? c.object(out) : a.emit == "asm" ? c.listing(out) : c.image(out);
  }
  if (!good || !a.file.errors.empty()) {
    a.file.print_errors();
    return exit_bad_input;
  }
  const std::string path = a.out.empty() ? default_output(a) : a.out;
  return write_output(path, out.data(), out.size()) ? exit_good : exit_bad_input;
}

std::function<int()> setup(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  app.add_option("FILE", a->file.path, "the .jk file")->required();
  add_target_option(app, a->target);
  app.add_option("--emit", a->emit,
                 "obj: ELF object (default); asm: listing of source, IR and machine code, which jitkit asm "
                 "reads; ir: the text form; dot: its control flow, for Graphviz; bin: code and data as one image for a "
                 "page's start. JITKIT_IGV=FILE also gets each function as read and behind each pass, for the Ideal "
                 "Graph Visualizer")
      ->check(CLI::IsMember({"obj", "asm", "ir", "dot", "bin"}));
  app.add_option("-o,--output", a->out, "the file to write, - for standard output; default: FILE.o or FILE.bin in "
                                        "the current directory, asm and ir to standard output")
      ->check(not_empty);
  app.add_option("--features", a->features,
                 "comma-separated: exactly these, or with + and - changes to what core ops and the file's native "
                 "ops need (see jitkit features)");
  a->optimisation.add_options(app);
  app.add_flag("--landing-pads", a->landing_pads,
               "bti or endbr64 where indirect branches may lead, and the note that says so (BTI; IBT and SHSTK)");
  app.add_flag("--return-signing", a->return_signing,
               "AArch64: sign return addresses that are saved, and the note that says so (PAC)");
  app.footer("Examples:\n"
             "  jitkit compile sum.jk --target arm64                   writes sum.o\n"
             "  jitkit compile sum.jk --target x86_64 --emit asm       prints the listing\n"
             "  jitkit compile sum.jk --target x86_64 --features +bmi2 -o sum_bmi2.o\n");
  return [a] { return a->target == "arm64" ? compile<Arm64>(*a) : compile<X86_64>(*a); };
}

const Registration registered({"compile", "Compiles a .jk file to an object, a listing or bytes", &setup});

}  // namespace
}  // namespace jitkit::tools
