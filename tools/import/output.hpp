// What becomes of an imported module: text, an object, or a program that runs.
#ifndef JITKIT_TOOLS_IMPORT_OUTPUT_HPP
#define JITKIT_TOOLS_IMPORT_OUTPUT_HPP

#include <jitkit/ir/unit.hpp>

#include <string>
#include <vector>

namespace jitkit::importer {

// False, with the reason in `error`.
bool write_text(const ir::Unit& unit, const std::string& path, std::string& error);
bool write_object(ir::Unit& unit, bool for_arm64, const std::string& path, std::string& error);
// Links with the C library and runs main with the arguments; the status is the program's.
int run_program(ir::Unit& unit, bool for_arm64, const std::vector<std::string>& arguments, std::string& error);

}  // namespace jitkit::importer

#endif  // JITKIT_TOOLS_IMPORT_OUTPUT_HPP
