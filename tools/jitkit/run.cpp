// `jitkit run`: calls a function of a .jk file on the interpreter, on this machine or under QEMU, and
// prints its results.
#include <fmt/format.h>
#include <jitkit/ir/interpreter.hpp>
#include <optimisation.hpp>
#include <targets.hpp>

#include <memory>
#include <string>
#include <vector>

#include "call.hpp"
#include "command.hpp"

namespace jitkit::tools {

Ending run_interpreted(const Call& c) {
  ir::Unit& unit = c.file.unit;
  std::vector<const ir::FunctionData*> functions;
  unit.for_each([&](const ir::FunctionData& f, const ir::TextMap&) { functions.push_back(&f); });
  ir::Interpreter interpreter;
  interpreter.va_list_abi = std::is_same_v<host::Isa, x86_64::Isa> ? ir::VaListAbi::sysv : ir::VaListAbi::aapcs64;
  if (const Status s = interpreter.load(unit.module, functions); !s) {
    std::string what = status_text(s);
    if (s.error == Error::symbol_undefined && s.where < unit.module.symbol_count())
      what = fmt::format("the interpreter has no address for @{}", unit.module.symbol_name(ir::SymbolRef(s.where)));
    print_error(c.file.path, "{}", what);
    return {};
  }
  interpreter.memory().check_accesses();
  std::vector<ir::Datum> arguments;
  for (const Argument& a : c.arguments) {
    arguments.push_back(a.value);
    if (a.symbol) arguments.back().low.lo = interpreter.address(a.symbol);
  }
  const ir::Run r = interpreter.run(*c.function, arguments);
  if (r.returned()) return {Ending::Kind::returned, {r.values.begin(), r.values.end()}, {}, {}};
  std::string what = describe(r.end);
  if (r.end == ir::RunEnd::memory_fault) what += fmt::format(" at address {:#x}", r.detail);
  if (r.end == ir::RunEnd::out_of_memory) what += fmt::format(": {} bytes were needed", r.detail);
  if (r.message[0] != '\0') what += fmt::format(": {}", r.message);
  if (r.function == nullptr) return Ending::failed(what);
  ir::TextPos at;
  if (r.at) at = ir::TextMap::get(unit.text_of(r.function->symbol).insts, r.at.id);
  return Ending::failed(fmt::format("@{}: {}", unit.module.symbol_name(r.function->symbol), what), at);
}

namespace {

struct Arguments {
  UnitFile file;
  std::string target;
  std::string features;
  std::string emulator;
  std::string function;
  std::vector<std::string> values;
  Optimisation optimisation;
};

int usage(const std::string& why) {
  fmt::print(stderr, "{}\nRun with --help for more information.\n", why);
  return exit_usage;
}

int print_ending(const Call& c, const Ending& e) {
  switch (e.kind) {
    case Ending::Kind::returned:
      for (usize n = 0; n < e.values.size(); ++n) fmt::print("{}\n", value_text(c.results()[n].type, e.values[n]));
      return exit_good;
    case Ending::Kind::failed:
      std::fflush(stdout);
      if (e.at.line != 0)
        fmt::print(stderr, "{}:{}:{}: error: {}\n", c.file.path, e.at.line, e.at.column, e.message);
      else
        print_error(c.file.path, "{}", e.message);
      return exit_bad_input;
    case Ending::Kind::misused: return exit_usage;
    case Ending::Kind::not_made: break;
  }
  return exit_bad_input;
}

int run(Arguments& a) {
  if (!a.file.load()) return exit_bad_input;
  Call c{a.file};
  const std::string_view name = std::string_view(a.function).substr(a.function.starts_with('@') ? 1 : 0);
  c.function = a.file.unit.find(name);
  if (c.function == nullptr) return usage(fmt::format("FUNCTION: {} defines no function @{}", a.file.path, name));
  const std::span<const ir::Param> params = c.params();
  if (a.values.size() != params.size())
    return usage(fmt::format("ARG: @{} takes {} argument{}, not {}", name, params.size(), params.size() == 1 ? "" : "s",
                             a.values.size()));
  for (usize n = 0; n < params.size(); ++n) {
    Argument argument;
    const std::string wrong = parse_argument(a.file.unit.module, a.values[n], params[n].type, argument);
    if (!wrong.empty())
      return usage(fmt::format("ARG: {} for argument {} of @{}, {}: {}", a.values[n], n + 1, name,
                               ir::name(params[n].type), wrong));
    c.arguments.push_back(argument);
  }
  if (const Status s = a.optimisation.apply(a.file.unit); !s) {
    print_error(a.file.path, "{}", status_text(s));
    return exit_bad_input;
  }
  if (a.target.empty()) a.target = a.file.target() != nullptr ? a.file.target()->name : host::Isa::name;
  if (a.target == "interp") return print_ending(c, run_interpreted(c));
  const bool here = a.target == host::Isa::name;
  const ir::IsaInfo& isa = a.target == "arm64" ? arm64::Isa::isa_info() : x86_64::Isa::isa_info();
  if (!a.file.is_for(isa)) return exit_bad_input;
  if (here && a.emulator.empty()) return print_ending(c, run_here(c, a.features));
  return print_ending(c, run_elsewhere(c, a.target == arm64::Isa::name, a.features, words_of(a.emulator)));
}

std::function<int()> setup(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  app.add_option("FILE", a->file.path, "the .jk file")->required();
  app.add_option("FUNCTION", a->function, "a function that the file defines")->required();
  app.add_option("ARG", a->values,
                 "a constant for each parameter, as in the text of functions (-7, 0xff, 1.5, +inf, #0x7fa00001), or "
                 "@name: the address of a global; before arguments such as -inf write --");
  add_target_option(app, a->target, {"interp", "x86_64", "arm64"})->required(false);
  app.add_option(
      "--features", a->features,
      "comma-separated: exactly these, or with + and - changes to what the machine has (see jitkit features)");
  add_emulator_option(app, a->emulator);
  a->optimisation.add_options(app);
  app.footer("Prints each result on a line of its own. Without --target: the one that the file's native ops are for, "
             "else this machine's. Code for the other target runs under QEMU.\n"
             "Examples:\n"
             "  jitkit run sum.jk sum 100\n"
             "  jitkit run sum.jk --target arm64 sum -1\n"
             "  JITKIT_CPU=-bmi2 jitkit run sum.jk sum 100             without a feature of this CPU\n");
  return [a] { return run(*a); };
}

const Registration registered({"run", "Calls a function of a .jk file and prints its results", &setup});

}  // namespace
}  // namespace jitkit::tools
