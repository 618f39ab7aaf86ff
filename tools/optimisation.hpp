// The options --opt and --passes of commands, and what they ask for done to a unit.
#ifndef JITKIT_TOOLS_OPTIMISATION_HPP
#define JITKIT_TOOLS_OPTIMISATION_HPP

#include <jitkit/ir/optimiser.hpp>

#include <CLI/CLI.hpp>
#include <iterator>
#include <string>
#include <vector>

namespace jitkit::tools {

class Optimisation {
 public:
  void add_options(CLI::App& app) {
    std::string names;
    for (const ir::PassInfo& p : ir::pass_infos) names += (names.empty() ? "" : ", ") + std::string(p.name);
    app.add_option("--opt", level_, "optimise: fast (what a JIT wants first), full or none (default)")
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(ir::level_names), std::end(ir::level_names))));
    app.add_option(
           "--passes", passes_,
           "comma-separated: exactly these passes, in this order, or all of --opt but some (--passes=-NAME,-NAME). "
           "Passes: " +
               names)
        ->check([](const std::string& list) {
          const std::string_view wrong = ir::PassList().apply(list);
          return wrong.empty() ? "" : "there is no pass '" + std::string(wrong) + "'";
        });
  }
  // Ok, or out of memory. after(function, pass) is called behind each pass.
  template <class After>
  Status apply(ir::Unit& unit, After after) const {
    ir::OptLevel level = ir::OptLevel::none;
    ir::level_named(level_, level);
    ir::PassList list(level);
    list.apply(passes_);
    return list.empty() ? Status{} : ir::Optimiser(list).run(unit, after);
  }
  Status apply(ir::Unit& unit) const {
    return apply(unit, [](const ir::FunctionData&, ir::Pass) {});
  }

 private:
  std::string level_ = "none";
  std::string passes_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_OPTIMISATION_HPP
