// The process that runs code (guest.c), seen from here: made once for a target, started by this CPU or
// through an emulator, and started again when it ends.
#ifndef JITKIT_TOOLS_FUZZ_GUEST_HPP
#define JITKIT_TOOLS_FUZZ_GUEST_HPP

#include <fcntl.h>
#include <fmt/format.h>
#include <fuzz_guest_text.hpp>
#include <jitkit/config.hpp>
#include <poll.h>
#include <scratch_directory.hpp>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <span>
#include <string>
#include <vector>

#include "guest.h"

namespace jitkit::fuzz {

class Guest {
 public:
  // `linker`: the C compiler of the target; `emulator`: the words before the program, none for this CPU.
  Guest(std::string linker, std::vector<std::string> emulator)
      : linker_(std::move(linker)), emulator_(std::move(emulator)) {}
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;
  ~Guest() { stop(); }

  // False, with error(), if the program cannot be made or does not say hello.
  bool start() {
    if (!made_ && !make()) return false;
    stop();
    if (!run(command())) return false;
    if (read_all(&hello_, sizeof hello_) && hello_.magic == FUZZ_MAGIC) return true;
    stop();
    error_ = fmt::format("{} did not run: {}", join(command()), log());
    return false;
  }
  bool running() const { return child_ > 0; }
  const fuzz_hello& hello() const { return hello_; }
  const std::string& error() const { return error_; }

  // Sends a request; its answers come with receive(). False: the process ended; it is gone then.
  bool send(std::span<const u8> request) {
    const u64 size = request.size();
    return write_all(&size, sizeof size) && write_all(request.data(), request.size());
  }
  // `told`: at points.
  bool receive(std::vector<fuzz_answer>& answers, std::vector<u8>& told) {
    u64 size = 0;
    if (!read_all(&size, sizeof size)) return false;
    answers.resize(size / sizeof(fuzz_answer));
    if (!read_all(answers.data(), size) || !read_all(&size, sizeof size)) return false;
    told.resize(size);
    return read_all(told.data(), size);
  }
  // How it ended by itself, and what it said.
  const std::string& ending() const { return ending_; }

  void stop() {
    if (child_ <= 0) return;
    close(in_);
    close(out_);
    kill(child_, SIGKILL);
    waitpid(child_, nullptr, 0);
    child_ = 0;
  }

 private:
  // It does not talk any more: it has ended, or is about to.
  void ended() {
    if (child_ <= 0) return;
    int status = 0;
    ending_ = "it says nothing";
    for (int waits = 0; waits < 100; ++waits) {
      if (waitpid(child_, &status, WNOHANG) == child_) {
        child_ = 0;
        break;
      }
      usleep(10'000);
    }
    if (child_ != 0) return stop();
    close(in_);
    close(out_);
    ending_ = WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                                  : fmt::format("exit status {}", WEXITSTATUS(status));
    std::string said = log();
    while (said.ends_with('\n')) said.pop_back();
    if (!said.empty()) ending_ += ": " + said;
  }

  static constexpr int seconds_to_wait = 300;  // of silence; each call has its own limit in the guest

  std::vector<std::string> command() const {
    std::vector<std::string> words = emulator_;
    words.push_back(scratch_.file("guest"));
    return words;
  }
  static std::string join(const std::vector<std::string>& words) {
    std::string s;
    for (const std::string& w : words) s += (s.empty() ? "" : " ") + w;
    return s;
  }
  std::string log() const {
    std::ifstream in(scratch_.file("log"), std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  bool make() {
    const std::string source = scratch_.file("guest.c");
    std::ofstream(source, std::ios::binary) << guest_text;
    const std::vector<std::string> words{linker_, "-O1", "-static", "-o", scratch_.file("guest"), source};
    int status = -1;
    if (scratch_.made() && run(words)) {
      waitpid(child_, &status, 0);
      close(in_);
      close(out_);
      child_ = 0;
    }
    made_ = status == 0;
    if (!made_) error_ = fmt::format("{} cannot make the program that runs the code: {}", linker_, log());
    return made_;
  }

  // Starts a program with pipes for its standard input and output, and errors in the log.
  bool run(std::vector<std::string> words) {
    std::vector<char*> argv;
    for (std::string& w : words) argv.push_back(w.data());
    argv.push_back(nullptr);
    int to[2], from[2];
    if (pipe2(to, O_CLOEXEC) != 0) return fail();
    if (pipe2(from, O_CLOEXEC) != 0) return fail();
    const std::string errors = scratch_.file("log");
    std::fflush(nullptr);
    child_ = fork();
    if (child_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // code that never ends is not left behind by a fuzzer that is killed
      const int log = open(errors.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
      dup2(to[0], 0);
      dup2(from[1], 1);
      dup2(log, 2);
      execvp(argv[0], argv.data());
      dprintf(2, "%s: %s\n", argv[0], std::strerror(errno));
      _exit(127);
    }
    close(to[0]);
    close(from[1]);
    in_ = to[1];
    out_ = from[0];
    return child_ > 0 || fail();
  }
  bool fail() {
    error_ = std::strerror(errno);
    return false;
  }

  bool write_all(const void* from, usize size) {
    for (usize done = 0; done < size && running();) {
      const ssize_t n = write(in_, static_cast<const char*>(from) + done, size - done);
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) ended();
      done += n > 0 ? static_cast<usize>(n) : 0;
    }
    return running();
  }
  bool read_all(void* to, usize size) {
    for (usize done = 0; done < size && running();) {
      pollfd p{out_, POLLIN, 0};
      const int ready = poll(&p, 1, seconds_to_wait * 1000);
      if (ready < 0 && errno == EINTR) continue;
      const ssize_t n = ready > 0 ? read(out_, static_cast<char*>(to) + done, size - done) : 0;
      if (n <= 0) ended();
      done += n > 0 ? static_cast<usize>(n) : 0;
    }
    return running();
  }

  std::string linker_;
  std::vector<std::string> emulator_;
  tools::ScratchDirectory scratch_{"fuzz"};
  bool made_ = false;
  pid_t child_ = 0;
  int in_ = -1, out_ = -1;
  fuzz_hello hello_ = {};
  std::string error_, ending_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_GUEST_HPP
