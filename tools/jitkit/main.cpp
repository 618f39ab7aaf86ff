// The jitkit command: finds the subcommands that are linked in and runs the chosen one.
//
// Exit status: 0 good, 1 bad input, 2 usage.
#include <fmt/format.h>
#include <jitkit/config.hpp>

#include <algorithm>
#include <cstdlib>
#include <new>
#include <string_view>
#include <vector>

#include "command.hpp"

using jitkit::tools::Command;

namespace {
std::size_t refused = 0;  // bytes the heap did not have
}

// The library's, but that it remembers what an error has to say. Not inlined: gcc 12 takes one that is beside one that
// is not for a mismatch.
[[gnu::noinline]] void* operator new(std::size_t bytes) {
  if (void* p = std::malloc(bytes != 0 ? bytes : 1)) return p;
  refused = bytes;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* p) noexcept { std::free(p); }
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept { std::free(p); }

int main(int argc, char** argv) {
  CLI::App app("Code generation for AArch64 and x86-64", "jitkit");
  app.set_version_flag("--version",
                       fmt::format("jitkit {}.{}.{}\n", JITKIT_VERSION / 10000,
                                   JITKIT_VERSION / 100 % 100, JITKIT_VERSION % 100));
  app.require_subcommand(1);

  std::vector<Command> commands = jitkit::tools::commands();
  std::sort(commands.begin(), commands.end(), [](const Command& a, const Command& b) {
    return std::string_view(a.name) < b.name;
  });

  int status = jitkit::tools::exit_good;
  for (const Command& c : commands) {
    CLI::App* sub = app.add_subcommand(c.name, c.help);
    sub->final_callback([run = c.setup(*sub), &status] { status = run(); });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? jitkit::tools::exit_good : jitkit::tools::exit_usage;
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "error: out of memory: {} bytes were needed\n", refused);
    return jitkit::tools::exit_bad_input;
  }
  return status;
}
