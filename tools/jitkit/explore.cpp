// `jitkit explore`: becomes the server of the live page, jitkit-explore, which stands beside this program
// where it was built (make explore).
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>

#include "command.hpp"

namespace jitkit::tools {
namespace {

int explore(const std::string& port) {
  std::error_code ignored;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  const std::string server = (self.parent_path() / "jitkit-explore").string();
  if (access(server.c_str(), X_OK) != 0) {
    fmt::print(stderr, "error: there is no {}; make explore builds it (with npm, libcpp-httplib-dev and nlohmann-json3-dev)\n", server);
    return exit_bad_input;
  }
  const std::string option = "--port=" + port;
  execl(server.c_str(), server.c_str(), port.empty() ? nullptr : option.c_str(), nullptr);
  fmt::print(stderr, "error: {}: {}\n", server, std::strerror(errno));
  return exit_bad_input;
}

std::function<int()> setup(CLI::App& app) {
  auto port = std::make_shared<std::string>();
  app.add_option("--port", *port, "of 127.0.0.1; default: any")->check(CLI::Range(1, 65535));
  app.footer("Prints the address of the page, with a token that it cannot be asked without, and serves until it is ended.");
  return [port] { return explore(*port); };
}

const Registration registered({"explore", "Serves a page that shows what IR becomes, on loopback", &setup});

}  // namespace
}  // namespace jitkit::tools
