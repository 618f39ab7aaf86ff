// A trap policy as the page shows it: what is wrong with it, or the dispatch tree as it was emitted, and each leaf
// with the instructions that a trap takes through it.
#ifndef JITKIT_TOOLS_EXPLORE_POLICY_HPP
#define JITKIT_TOOLS_EXPLORE_POLICY_HPP

#include "question.hpp"

namespace jitkit::tools {

// {text: YAML, bodies: IR} to {errors: [{line, message, in: policy or bodies}]} or {tree, before: instructions of an
// entry that is another's, ahead of the tree's; leaves, bytes, unlisted}.
Json policy(const Json& question);

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_POLICY_HPP
