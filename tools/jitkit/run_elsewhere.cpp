// `jitkit run` under an emulator, and for the target that is not the host: the unit as an object, linked into
// a static program around run_child.c.
#include <custom_convention.hpp>
#include <fcntl.h>
#include <jitkit/ir/compile_unit.hpp>
#include <run_child_text.hpp>
#include <scratch_directory.hpp>
#include <sys/wait.h>
#include <targets.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "call.hpp"

namespace jitkit::tools {
namespace {

namespace fs = std::filesystem;

// Runs a program with its output in the file `log`, or as ours if that is empty. Its wait status; 127
// as its exit status: there is no such program.
int run_program(std::vector<std::string> words, const std::string& log) {
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    const int out = log.empty() ? -1 : open(log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (out >= 0) {
      dup2(out, 1);
      dup2(out, 2);
    }
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return -1;
  return status;
}

bool write_file(const std::string& path, const void* bytes, usize size) {
  std::ofstream out(path, std::ios::binary);
  out.write(static_cast<const char*>(bytes), static_cast<std::streamsize>(size));
  return out.good();
}
std::string read_text(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The unit and the table of its functions as an object. False with messages in the file's errors.
template <class Target>
bool write_object(const Call& c, const typename Target::Isa::Options& options, const std::string& path,
                  std::vector<CompiledFunction>& functions) {
  using Isa = typename Target::Isa;
  ir::Compiler<Isa> compiler(options);
  Arena arena;
  ObjectWriter object(arena, Target::machine);
  ir::UnitCompiler<Isa, ObjectWriter> units(compiler, object);
  ir::Diagnostics& errors = c.file.errors;
  const auto note = [&](const ir::FunctionData& f, const ir::TextMap& text, const CodeBuffer& code) {
    functions.push_back(compiled_function(f, text, compiler, code.bytes().size()));
  };
  if (!units.add(c.file.unit, false, errors, note)) return false;
  std::vector<ObjectReloc> relocs;
  for (const CompiledFunction& f : functions)
    relocs.push_back({static_cast<u32>(relocs.size() * 8), c.file.unit.module.symbol_name(f.function->symbol), 0});
  const u64 count = relocs.size();
  u8 bytes[8];
  std::memcpy(bytes, &count, sizeof bytes);
  using Kind = ObjectData::Kind;
  Status s =
      object.add_data({.name = "jitkit_run_functions", .kind = Kind::rodata, .size = count * 8, .relocs = relocs});
  if (s.ok()) s = object.add_data({.name = "jitkit_run_count", .kind = Kind::rodata, .bytes = bytes});
  Vec<u8> file(arena);
  if (s.ok()) s = object.write(file);
  if (!s) errors.error({}) << status_text(s);
  if (s.ok() && !write_file(path, file.data(), file.size())) errors.error({}) << "cannot write " << path;
  return errors.empty();
}

template <class Target>
bool link(const Call& c, const ScratchDirectory& scratch) {
  const std::string source = scratch.file("child.c"), log = scratch.file("log");
  if (!write_file(source, run_child_text, sizeof run_child_text - 1)) {
    print_error(source, "{}", std::strerror(errno));
    return false;
  }
  const int status = run_program({Target::linker, "-O1", "-static", "-DJITKIT_GUEST", "-D_GNU_SOURCE=", "-o",
                                  scratch.file("program"), source, scratch.file("unit.o"), "-lm"},
                                 log);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return true;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
    print_error(c.file.path, "running code for {} here needs {} and {}", Target::Isa::name, Target::linker,
                Target::emulator);
  else
    print_error(c.file.path, "cannot be linked:\n{}", read_text(log));
  return false;
}

template <class Target>
Ending run_on(const Call& c, const std::string& features, std::vector<std::string> emulator) {
  using Isa = typename Target::Isa;
  typename Isa::Options options;
  options.conventions = custom_conventions<Isa>();
  const std::string_view unknown =
      ir::choose_features<Isa>(features, c.file.unit, Isa::core_features(), options.features);
  if (!unknown.empty()) {
    print_error("--features", "no feature '{}'; see jitkit features", unknown);
    return misused;
  }
  if (emulator.empty()) emulator.emplace_back(Target::emulator);
  if (add_entry(c, "jitkit_run_entry") == nullptr) return Ending::failed(no_function_text());
  const ScratchDirectory scratch("run");
  std::vector<CompiledFunction> functions;
  if (!scratch.made()) return Ending::failed(std::string("no scratch directory can be made: ") + std::strerror(errno));
  if (!write_object<Target>(c, options, scratch.file("unit.o"), functions)) {
    c.file.print_errors();
    return {};
  }
  if (!link<Target>(c, scratch)) return {};
  const std::string name = emulator[0];
  emulator.insert(emulator.end(), {scratch.file("program"), scratch.file("answer")});
  const int status = run_program(emulator, {});
  const std::string answer = read_text(scratch.file("answer"));
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127 && answer.empty())
    return Ending::failed(fmt::format("{} is not on PATH", name));
  constexpr usize results_at = 64;  // behind the report, aligned
  static_assert(sizeof(jitkit_report) <= results_at);
  if (answer.size() < results_at + jitkit_result_bytes) return ended_early(status);
  jitkit_report report;
  std::memcpy(&report, answer.data(), sizeof report);
  return ending_of(c, report, reinterpret_cast<const u8*>(answer.data()) + results_at, functions);
}

}  // namespace

Ending run_elsewhere(const Call& c, bool arm64, const std::string& features, const std::vector<std::string>& emulator) {
  return arm64 ? run_on<Arm64>(c, features, emulator) : run_on<X86_64>(c, features, emulator);
}

}  // namespace jitkit::tools
