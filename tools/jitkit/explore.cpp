// `jitkit explore`: becomes the server of the live page, jitkit-explore, which stands beside this program
// where it was built (make explore).
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "command.hpp"

namespace jitkit::tools {
namespace {

struct Options {
  std::string port, seconds;
};

int explore(const Options& options) {
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::string server = (self.parent_path() / "jitkit-explore").string();
  if (access(server.c_str(), X_OK) != 0) {
    fmt::print(stderr,
               "error: there is no {}; make explore builds it (with npm, libcpp-httplib-dev and nlohmann-json3-dev)\n",
               server);
    return exit_bad_input;
  }
  std::vector<std::string> words{server};
  if (!options.port.empty()) words.push_back("--port=" + options.port);
  if (!options.seconds.empty()) words.push_back("--seconds=" + options.seconds);
  std::vector<char*> arguments;
  for (std::string& w : words) arguments.push_back(w.data());
  arguments.push_back(nullptr);
  execv(server.c_str(), arguments.data());
  fmt::print(stderr, "error: {}: {}\n", server, std::strerror(errno));
  return exit_bad_input;
}

std::function<int()> setup(CLI::App& app) {
  auto options = std::make_shared<Options>();
  app.add_option("--port", options->port, "of 127.0.0.1; default: any")->check(CLI::Range(1, 65535));
  app.add_option("--seconds", options->seconds, "that a program may take; default: 10; Lua: six times that")
      ->check(CLI::Range(1, 3600));
  app.footer("Prints the address of the page, with a token that it cannot be asked without, and serves until it is "
             "ended.");
  return [options] { return explore(*options); };
}

const Registration registered({"explore", "Serves a page that shows what IR becomes, on loopback", &setup});

}  // namespace
}  // namespace jitkit::tools
