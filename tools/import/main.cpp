// jitkit-import: LLVM IR, as clang 19 makes it from C, to jitkit's.
//
//   jitkit-import FILE.ll|FILE.bc -o FILE.jk          text
//   jitkit-import FILE -c -o FILE.o [--target T]      an object
//   jitkit-import FILE -c -o FILE.o --opt full       optimised first
//   jitkit-import FILE --run [ARGUMENT ...]           a program: linked with the C library and run
//
// The calling convention stands in what clang wrote, so the target is that of the file. Exit status: 0
// good (--run: the program's), 1 what cannot be imported or compiled, 2 usage.
#include <jitkit/ir/verifier.hpp>
#include <llvm-c/Analysis.h>
#include <llvm-c/IRReader.h>
#include <optimisation.hpp>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstring>

#include "module.hpp"
#include "output.hpp"

namespace jitkit::importer {
namespace {

struct Arguments {
  std::string file;
  std::string out;
  std::string target;
  bool object = false;
  bool run = false;
  std::vector<std::string> program_arguments;
  tools::Optimisation optimisation;
};

int fail(const Arguments& a, const std::string& why) {
  std::fprintf(stderr, "%s: error: %s\n", a.file.c_str(), why.c_str());
  return 1;
}

// Null, with the message in `error`.
LLVMModuleRef read(LLVMContextRef context, const std::string& path, std::string& error) {
  char* message = nullptr;
  LLVMMemoryBufferRef buffer = nullptr;
  LLVMModuleRef module = nullptr;
  const bool good = LLVMCreateMemoryBufferWithContentsOfFile(path.c_str(), &buffer, &message) == 0 &&
                    LLVMParseIRInContext(context, buffer, &module, &message) == 0 &&
                    LLVMVerifyModule(module, LLVMReturnStatusAction, &message) == 0;
  if (!good) error = message != nullptr ? message : "cannot be read";
  LLVMDisposeMessage(message);
  return good ? module : nullptr;
}

bool verified(ir::Unit& unit, const std::string& path) {
  ir::Diagnostics errors;
  if (ir::verify(unit, errors)) return true;
  Sink out([](void*, const char* s, usize n) { std::fwrite(s, 1, n, stderr); }, nullptr);
  errors.print(out, path);
  return false;
}

int work(const Arguments& a) {
  const LLVMContextRef context = LLVMContextCreate();
  std::string error;
  const LLVMModuleRef module = read(context, a.file, error);
  if (module == nullptr) return fail(a, error);
  const std::string triple(LLVMGetTarget(module));
  const bool arm64 = triple.rfind("aarch64", 0) == 0;
  if (!arm64 && triple.rfind("x86_64", 0) != 0) return fail(a, "the target '" + triple + "'");
  if (!a.target.empty() && (a.target == "arm64") != arm64)
    return fail(a, "was made for " + triple + ", not for " + a.target);
  ir::Unit unit;
  try {
    ModuleImporter(module, unit).run();
  } catch (const Refused& r) {
    return fail(a, "not known: " + r.what);
  }
  if (!unit.module.status().ok()) return fail(a, "out of memory");
  if (!verified(unit, a.file)) return 1;
  if (!a.optimisation.apply(unit)) return fail(a, "out of memory");
  if (a.run) {
    const int status = run_program(unit, arm64, a.program_arguments, error);
    return error.empty() ? status : fail(a, error);
  }
  const bool good = a.object ? write_object(unit, arm64, a.out, error) : write_text(unit, a.out, error);
  return good ? 0 : fail(a, error);
}

}  // namespace
}  // namespace jitkit::importer

int main(int argc, char** argv) {
  using jitkit::importer::Arguments;
  Arguments a;
  CLI::App app("LLVM IR that clang made from C, to jitkit's IR", "jitkit-import");
  app.add_option("FILE", a.file, "LLVM IR, text or bitcode")->required();
  CLI::Option* out = app.add_option("-o,--output", a.out, "the file to write, - for standard output");
  app.add_option("--target", a.target, "arm64 or x86_64: must be the file's")
      ->check(CLI::IsMember({"arm64", "x86_64"}));
  a.optimisation.add_options(app);
  app.add_flag("-c", a.object, "write an object");
  CLI::Option* run = app.add_flag("--run", a.run, "link with the C library and run main");
  app.add_option("ARGUMENT", a.program_arguments, "arguments of the program")->needs(run);
  try {
    app.parse(argc, argv);
    if (a.out.empty() && (out->count() != 0 || !a.run)) throw CLI::RequiredError("-o or --run");
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  return jitkit::importer::work(a);
}
