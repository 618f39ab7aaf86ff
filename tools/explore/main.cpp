// jitkit-explore: the server behind `jitkit explore`, and, as its own child, what answers its questions.
//
//   jitkit-explore [--port N] [--assets DIR] [--jitkit FILE]
//   jitkit-explore --answer       on standard input what is asked in a line (analyse, fields, policy) and the question
//                                 as JSON; the answer on standard output
//   jitkit-explore --around SECONDS COMMAND ARG...    tells the server whether a signal ended it (child.hpp)
//
// Exit status: 0 good, 1 bad input, 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <string_view>

#include "analysis.hpp"
#include "child.hpp"
#include "policy.hpp"
#include "question.hpp"
#include "server.hpp"

namespace {

namespace fs = std::filesystem;
using jitkit::tools::Json;
using jitkit::tools::well_typed;

// What stands in the first line of the input is asked; the rest is the question.
struct Answer {
  const char* name;
  Json (*to)(const Json&);
};
constexpr Answer answers[] = {{"analyse", &jitkit::tools::analyse},
                              {"fields", &jitkit::tools::bit_fields},
                              {"policy", &jitkit::tools::policy}};

// Before it is asked: what the first answer would have to load and build.
void warm_up() {
  (void)jitkit::tools::analyse(
      {{"text", "func @f(i64) -> i64 {\nb1(x: i64):\n  y = add.i64 x, 1\n  ret y\n}\n"}, {"opt", "full"}});
}

int answer() {
  warm_up();
  std::string text;
  char buffer[1 << 16];
  for (std::size_t n; (n = std::fread(buffer, 1, sizeof buffer, stdin)) != 0;) text.append(buffer, n);
  const std::size_t line = text.find('\n');
  const std::string_view asked = std::string_view(text).substr(0, line);
  const Json question =
      line != std::string::npos ? Json::parse(text.data() + line, text.data() + text.size(), nullptr, false) : Json();
  const auto* const found =
      std::find_if(std::begin(answers), std::end(answers), [&](const Answer& a) { return asked == a.name; });
  if (found == std::end(answers) || !well_typed(question)) {
    fmt::print(stderr, "was asked something that is no JSON object of texts\n");
    return 1;
  }
  const std::string out = found->to(question).dump(-1, ' ', false, Json::error_handler_t::replace);
  return std::fwrite(out.data(), 1, out.size(), stdout) == out.size() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc > 3 && std::string_view(argv[1]) == jitkit::tools::around_option)
    return jitkit::tools::run_and_tell(argv[2], argv + 3);
  std::error_code e;
  jitkit::tools::ServerOptions options;
  options.self = fs::read_symlink("/proc/self/exe", e).string();
  const fs::path here = fs::path(options.self).parent_path();
  options.jitkit = (here / "jitkit").string();
  options.importer = (here / "jitkit-import").string();
  options.consumers = (here / "consumers").string();
  options.counter = (here / "release" / "tools" / "qemu_count" / "libjitkit_count.so").string();
  options.assets = (here / "explore-page").string();

  CLI::App app("Serves the live page on loopback; prints its address", "jitkit-explore");
  bool answers_one = false;
  app.add_option("--port", options.port, "of 127.0.0.1; default: any")->check(CLI::Range(1, 65535));
  app.add_option("--seconds", options.seconds, "that a program may take; default: 10; Lua: six times that")
      ->check(CLI::Range(1, 3600));
  app.add_option("--assets", options.assets,
                 "directory of the page's files; default: explore-page beside this program");
  app.add_option("--jitkit", options.jitkit, "the command that runs programs; default: jitkit beside this program");
  app.add_option("--importer", options.importer, "jitkit-import, for C; default: beside this program");
  app.add_option("--consumers", options.consumers,
                 "directory of LuaJIT's programs, for the tab Lua; default: consumers beside this program");
  app.add_option("--counter", options.counter, "the QEMU plugin that counts instructions, for the tab Lua");
  app.add_flag("--answer", answers_one)->group("");
  CLI11_PARSE(app, argc, argv);
  if (answers_one) return answer();
  if (!fs::exists(fs::path(options.assets) / "page.js", e)) {
    fmt::print(stderr, "error: {} holds no page; make explore builds it (with npm)\n", options.assets);
    return 1;
  }
  return jitkit::tools::serve(options);
}
