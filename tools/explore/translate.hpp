// C to jitkit's IR, by clang 19 and jitkit-import, both confined: what is typed may be hostile.
#ifndef JITKIT_TOOLS_EXPLORE_TRANSLATE_HPP
#define JITKIT_TOOLS_EXPLORE_TRANSLATE_HPP

#include <atomic>
#include <string>

#include "confined.hpp"
#include "question.hpp"

namespace jitkit::tools {

class Translator {
 public:
  // `importer` is jitkit-import, or its copy where confined programs can read it.
  Translator(std::string importer, Room room) : importer_(std::move(importer)), room_(std::move(room)) {}

  // What is missing here, with what brings it; empty if C can be translated.
  std::string missing() const;

  // The IR of `c` for the target, whose lines are the source positions; or false and `errors` as the page has
  // them. The calling convention is the target's, so each has its own IR.
  bool translate(const std::string& c, const std::string& target, const std::atomic<bool>& cancelled,
                 std::string& ir, Json& errors) const;

 private:
  std::string importer_;
  Room room_;
};

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_EXPLORE_TRANSLATE_HPP
