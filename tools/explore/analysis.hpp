// What the page asks about a text: errors, the IR after each pass, the graph, both targets' code.
#ifndef JITKIT_TOOLS_EXPLORE_ANALYSIS_HPP
#define JITKIT_TOOLS_EXPLORE_ANALYSIS_HPP

#include <nlohmann/json.hpp>

namespace jitkit::tools {

// {text, opt: none|fast|full, function: name or empty} to an object with `errors`, or with `functions`
// (their names) and everything about one of them; or what one view shows (`show`: code, passes, graph or
// registers). `arm64_text`: AArch64 has a text of its own, and `ir_of` says whose IR the passes and the graph show.
// Runs in a process of its own: the text may be hostile.
nlohmann::json analyse(const nlohmann::json& question);

// {target, hex} of one instruction to [{name, high, low, value, meaning}].
nlohmann::json bit_fields(const nlohmann::json& question);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_ANALYSIS_HPP
