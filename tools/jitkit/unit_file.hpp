// A .jk file as the subcommands take it: read, parsed, verified, and for one target or for none.
#ifndef JITKIT_TOOLS_JITKIT_UNIT_FILE_HPP
#define JITKIT_TOOLS_JITKIT_UNIT_FILE_HPP

#include <fmt/format.h>
#include <jitkit/ir/diagnostics.hpp>
#include <jitkit/ir/status_text.hpp>
#include <jitkit/ir/support/sink.hpp>
#include <jitkit/ir/unit.hpp>

#include <string>

namespace jitkit::tools {

class UnitFile {
 public:
  std::string path;
  ir::Unit unit;
  ir::Diagnostics errors;

  // False if the file cannot be read or is wrong; everything that is wrong has then been printed.
  bool load();
  // False, with a message for each, if there are functions for another target than that one.
  bool is_for(const ir::IsaInfo& isa);
  // The target of the first function that has one; null if all are for any.
  const ir::IsaInfo* target();
  // Prints the errors, FILE:LINE:COL: error: ..., to standard error.
  void print_errors() const;
};

// What is wrong, and how much was needed.
inline std::string status_text(Status s) {
  std::string text;
  StringSink out(text);
  ir::print_status(s, out);
  return text;
}

// That there was no memory for one more function.
inline std::string no_function_text() { return status_text({Error::out_of_memory, 0, sizeof(ir::FunctionData)}); }

// FILE: error: ... to standard error.
template <class... Args>
void print_error(const std::string& file, fmt::format_string<Args...> text, Args&&... args) {
  fmt::print(stderr, "{}: error: {}\n", file, fmt::format(text, std::forward<Args>(args)...));
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_JITKIT_UNIT_FILE_HPP
