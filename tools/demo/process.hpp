// Running other programs: their output, how they ended and how long they took.
#ifndef JITKIT_TOOLS_DEMO_PROCESS_HPP
#define JITKIT_TOOLS_DEMO_PROCESS_HPP

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <vector>

namespace jitkit::demo {

using Command = std::vector<std::string>;

struct Finished {
  int status = 127;    // of the exit; 128 and more: the signal it ended with; 127: it could not be started
  std::string output;  // standard output; standard error goes where ours goes
  double seconds = 0;

  bool good() const { return status == 0; }
};

inline std::string in_words(const Command& c) {
  std::string text;
  for (const std::string& word : c) text += (text.empty() ? "" : " ") + word;
  return text;
}

// Runs the command to its end, with the file (if one is named) as its standard input.
inline Finished run(const Command& command, const std::string& input = "") {
  Finished f;
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return f;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, 0, input.empty() ? "/dev/null" : input.c_str(), O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const auto start = std::chrono::steady_clock::now();
  pid_t child = 0;
  const bool started = ::posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ) == 0;
  posix_spawn_file_actions_destroy(&actions);
  ::close(ends[1]);
  char buffer[1 << 16];
  for (ssize_t n = 0; started && (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
    f.output.append(buffer, static_cast<std::size_t>(n));
  ::close(ends[0]);
  int status = 0;
  if (!started || ::waitpid(child, &status, 0) != child) return f;
  f.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  f.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return f;
}

}  // namespace jitkit::demo

#endif  // JITKIT_TOOLS_DEMO_PROCESS_HPP
