// jitkit-explore: the server behind `jitkit explore`, and, as its own child, what answers its questions.
//
//   jitkit-explore [--port N] [--assets DIR] [--jitkit FILE]
//   jitkit-explore --analyse | --fields       a question as JSON on standard input, the answer on standard output
//
// Exit status: 0 good, 1 bad input, 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <string>

#include "analysis.hpp"
#include "question.hpp"
#include "server.hpp"

namespace {

namespace fs = std::filesystem;
using jitkit::tools::Json;
using jitkit::tools::well_typed;

int answer(Json (*to)(const Json&)) {
  std::string text;
  char buffer[1 << 16];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) != 0;) text.append(buffer, n);
  const Json question = Json::parse(text, nullptr, false);
  if (!well_typed(question)) {
    fmt::print(stderr, "was asked something that is no JSON object of texts\n");
    return 1;
  }
  const std::string out = to(question).dump(-1, ' ', false, Json::error_handler_t::replace);
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  std::error_code e;
  jitkit::tools::ServerOptions options;
  options.self = fs::read_symlink("/proc/self/exe", e).string();
  const fs::path here = fs::path(options.self).parent_path();
  options.jitkit = (here / "jitkit").string();
  options.assets = (here / "explore-page").string();

  CLI::App app("Serves the live page on loopback; prints its address", "jitkit-explore");
  bool analyse = false, fields = false;
  app.add_option("--port", options.port, "of 127.0.0.1; default: any")->check(CLI::Range(1, 65535));
  app.add_option("--assets", options.assets, "directory of the page's files; default: explore-page beside this program");
  app.add_option("--jitkit", options.jitkit, "the command that runs programs; default: jitkit beside this program");
  app.add_flag("--analyse", analyse)->group("");
  app.add_flag("--fields", fields)->group("");
  CLI11_PARSE(app, argc, argv);
  if (analyse) return answer(&jitkit::tools::analyse);
  if (fields) return answer(&jitkit::tools::bit_fields);
  if (!fs::exists(fs::path(options.assets) / "page.js", e)) {
    fmt::print(stderr, "error: {} holds no page; make explore builds it (with npm)\n", options.assets);
    return 1;
  }
  return jitkit::tools::serve(options);
}
