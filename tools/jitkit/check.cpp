// jitkit check FILE.jk: parses and verifies; errors go to stderr as FILE:LINE:COL: error: ...
#include <memory>

#include "command.hpp"
#include "unit_file.hpp"

namespace jitkit::tools {
namespace {

const Registration registration({"check", "Parses and verifies a .jk file", [](CLI::App& app) {
                                   auto file = std::make_shared<UnitFile>();
                                   app.add_option("FILE", file->path, "the .jk file")->required();
                                   return std::function<int()>(
                                       [file] { return file->load() ? exit_good : exit_bad_input; });
                                 }});

}  // namespace
}  // namespace jitkit::tools
