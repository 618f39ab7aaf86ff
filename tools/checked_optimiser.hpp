// A unit optimised as tests want it: after every pass the verifier accepts each function and use counts
// are what they should be.
#ifndef JITKIT_TOOLS_CHECKED_OPTIMISER_HPP
#define JITKIT_TOOLS_CHECKED_OPTIMISER_HPP

#include <jitkit/ir/optimiser.hpp>
#include <jitkit/ir/verifier.hpp>

#include <string>
#include <vector>

namespace jitkit::tools {

// Whether f's use counts are those of its text.
inline bool uses_are_exact(ir::FunctionData& f) {
  std::vector<u32> uses(f.values.size());
  ir::for_each_use(f, [&](u32 v) { ++uses[v]; });
  for (u32 v = 1; v < f.values.size(); ++v)
    if (uses[v] != f.values[v].uses) return false;
  return true;
}

// What went wrong; empty if nothing did.
inline std::string optimise_checked(ir::Unit& unit, const ir::PassList& passes) {
  std::string wrong;
  const Status s = ir::Optimiser(passes).run(unit, [&](ir::FunctionData& f, ir::Pass p) {
    if (!wrong.empty()) return;
    const std::string where =
        "after " + std::string(ir::info(p).name) + " in @" + std::string(f.module->symbol_name(f.symbol));
    ir::Diagnostics errors;
    if (!ir::verify(f, errors)) {
      StringSink out(wrong);
      errors.print(out, where);
    } else if (!uses_are_exact(f)) {
      wrong = where + ": use counts are wrong";
    }
  });
  return s.ok() || !wrong.empty() ? wrong : describe(s.error);
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_CHECKED_OPTIMISER_HPP
