// `jitkit forms`: every form of a target's instruction table, a line each, columns between tabs.
#include "forms.hpp"

#include <fmt/format.h>

#include <memory>

#include "command.hpp"

namespace jitkit::tools {
namespace {

struct Arguments {
  std::string target;
  std::string mnemonic;
  bool immediates = false;
};

std::function<int()> setup(CLI::App& app) {
  auto a = std::make_shared<Arguments>();
  add_target_option(app, a->target);
  app.add_option("MNEMONIC", a->mnemonic, "only forms with this mnemonic");
  app.add_flag("--immediates", a->immediates, "arm64: the types of immediates instead");
  app.footer(
      "Columns: form, mnemonic, features, bits (a: of the first operand), method, effects, code and text of an "
      "example");
  return [a] {
    if (a->immediates && a->target == "arm64") {
      for (const ImmediateLine& i : immediates_arm64())
        fmt::print("{}\t{}\t{}\t{}\t{}\t{}\n", i.name, i.wrapper, i.kind, i.spec.lsb, i.spec.width, i.spec.scale);
      return exit_good;
    }
    int found = 0;
    for (const FormLine& f : a->target == "arm64" ? forms_arm64() : forms_x86_64()) {
      if (!a->mnemonic.empty() && f.mnemonic != a->mnemonic) continue;
      fmt::print("{}\t{}\t{}\t{}\t{}\t{}\t{}\t{}\n", f.name, f.mnemonic, f.features, f.bits, f.method, f.effects,
                 f.code, f.text);
      ++found;
    }
    if (found != 0) return exit_good;
    fmt::print(stderr, "{} has no instruction '{}'\n", a->target, a->mnemonic);
    return exit_bad_input;
  };
}

const Registration registered({"forms", "Lists the instruction forms: bits, operands, feature, method, an example",
                               &setup});

}  // namespace
}  // namespace jitkit::tools
