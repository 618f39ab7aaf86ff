// What a subcommand of the jitkit command is: a file of its own that registers a Command with a
// static Registration. Adding a subcommand is adding a file.
#ifndef JITKIT_TOOLS_JITKIT_COMMAND_HPP
#define JITKIT_TOOLS_JITKIT_COMMAND_HPP

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

namespace jitkit::tools {

// Exit statuses of the command.
inline constexpr int exit_good = 0;
inline constexpr int exit_bad_input = 1;
inline constexpr int exit_usage = 2;

struct Command {
  const char* name;
  const char* help;
  // Declares the options of the subcommand on `app` and returns what to do when it is chosen.
  std::function<int()> (*setup)(CLI::App& app);
};

// Every command that is linked in, in no particular order.
inline std::vector<Command>& commands() {
  static std::vector<Command> list;
  return list;
}

struct Registration {
  explicit Registration(const Command& command) { commands().push_back(command); }
};

// `--target`, required: one of those the subcommand can do; anything else is a usage error.
inline CLI::Option* add_target_option(CLI::App& app, std::string& target,
                                      const std::vector<std::string>& targets = {"arm64", "x86_64"}) {
  return app.add_option("--target", target, CLI::detail::join(targets, " or "))
      ->required()
      ->check(CLI::IsMember(targets));
}

// A name that is given must not be empty: it would be taken for one that is not.
inline const CLI::Validator not_empty([](std::string& s) { return s.empty() ? "the name is empty" : ""; }, "",
                                      "not empty");

// `--emulator`: what runs programs of the target, instead of QEMU or of this machine.
inline CLI::Option* add_emulator_option(CLI::App& app, std::string& command) {
  return app.add_option("--emulator", command,
                        "what runs programs of the target: a command to which a static Linux program is added");
}
inline std::vector<std::string> words_of(const std::string& text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    if (end != at) words.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  return words;
}

}  // namespace jitkit::tools

#endif  // JITKIT_TOOLS_JITKIT_COMMAND_HPP
