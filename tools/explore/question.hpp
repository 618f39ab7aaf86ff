// The types of what the page asks. A question comes from outside: nothing is taken out of it before this holds.
#ifndef JITKIT_TOOLS_EXPLORE_QUESTION_HPP
#define JITKIT_TOOLS_EXPLORE_QUESTION_HPP

#include <algorithm>
#include <nlohmann/json.hpp>

namespace jitkit::tools {

using Json = nlohmann::json;

// An object of texts, but for `arguments` and `blocks`, lists of texts: value(key, "") does not throw then.
inline bool well_typed(const Json& question) {
  const auto is_text = [](const Json& j) { return j.is_string(); };
  const auto is_list = [&](const Json& j) { return j.is_array() && std::all_of(j.begin(), j.end(), is_text); };
  if (!question.is_object()) return false;
  for (const auto& [key, value] : question.items())
    if (!(key == "arguments" || key == "blocks" ? is_list(value) : is_text(value))) return false;
  return true;
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_QUESTION_HPP
