// Text, objects and programs from a Unit.
#include "output.hpp"

#include <jitkit/ir/compile_unit.hpp>
#include <jitkit/ir/printer.hpp>
#include <sys/wait.h>
#include <targets.hpp>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>

namespace jitkit::importer {

namespace {

bool write_file(const std::string& path, const void* bytes, usize size, std::string& error) {
  std::FILE* f = path == "-" ? stdout : std::fopen(path.c_str(), "wb");
  const bool good = f != nullptr && std::fwrite(bytes, 1, size, f) == size && std::fflush(f) == 0;
  if (!good) error = path + ": " + std::strerror(errno);
  if (f != nullptr && f != stdout) std::fclose(f);
  return good;
}

template <class Target>
bool write_object(ir::Unit& unit, const std::string& path, std::string& error) {
  using Isa = typename Target::Isa;
  typename Isa::Options options;
  options.features = Target::Isa::core_features();
  ir::Compiler<Isa> compiler(options);
  Arena arena;
  ObjectWriter object(arena, Target::machine);
  ir::UnitCompiler<Isa, ObjectWriter> units(compiler, object);
  ir::Diagnostics errors;
  if (!units.add(unit, false, errors)) {
    Sink sink([](void* to, const char* s, usize n) { static_cast<std::string*>(to)->append(s, n); }, &error);
    errors.print(sink, path);
    return false;
  }
  Vec<u8> file(arena);
  if (const Status s = object.write(file); !s.ok()) error = describe(s.error);
  return error.empty() && write_file(path, file.data(), file.size(), error);
}

// Runs a program of this machine's PATH and waits; its status, or 128 + the signal it died of.
int execute(const std::vector<std::string>& command) {
  std::vector<char*> argv;
  for (const std::string& s : command) argv.push_back(const_cast<char*>(s.c_str()));
  argv.push_back(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    execvp(argv[0], argv.data());
    _exit(127);
  }
  int status = 0;
  if (child < 0 || waitpid(child, &status, 0) != child) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace

bool write_text(const ir::Unit& unit, const std::string& path, std::string& error) {
  std::string text;
  Sink sink([](void* to, const char* s, usize n) { static_cast<std::string*>(to)->append(s, n); }, &text);
  ir::print(unit, sink);
  return write_file(path, text.data(), text.size(), error);
}

bool write_object(ir::Unit& unit, bool for_arm64, const std::string& path, std::string& error) {
  return for_arm64 ? write_object<tools::Arm64>(unit, path, error) : write_object<tools::X86_64>(unit, path, error);
}

int run_program(ir::Unit& unit, bool for_arm64, const std::vector<std::string>& arguments, std::string& error) {
#if defined(__aarch64__)
  constexpr bool here_arm64 = true;
#else
  constexpr bool here_arm64 = false;
#endif
  std::string directory = (std::filesystem::temp_directory_path() / "jitkit-import-XXXXXX").string();
  if (mkdtemp(directory.data()) == nullptr) {
    error = "no scratch directory can be made";
    return 1;
  }
  const std::string object = directory + "/program.o", program = directory + "/program";
  int status = 1;
  if (write_object(unit, for_arm64, object, error)) {
    std::vector<std::string> link = {
        for_arm64 ? "aarch64-linux-gnu-gcc" : "x86_64-linux-gnu-gcc", "-static", "-o", program, object, "-lm"};
    if (execute(link) != 0) {
      error = "the program cannot be linked";
    } else {
      std::vector<std::string> command;
      if (for_arm64 != here_arm64) command.push_back(for_arm64 ? "qemu-aarch64-static" : "qemu-x86_64-static");
      command.push_back(program);
      command.insert(command.end(), arguments.begin(), arguments.end());
      status = execute(command);
    }
  }
  std::error_code ignored;
  std::filesystem::remove_all(directory, ignored);
  return status;
}

}  // namespace jitkit::importer
