// Limits are rlimits and the clock, always. Confined, root gives way to a user that nobody else is, whose
// processes can be counted and ended by that alone; bubblewrap, where it works, takes away the network, other
// processes, the sockets in /run, and writing to every directory but one.
//
// An exit status does not say what ended a program: bubblewrap, as a shell does, answers 128 and the signal's number
// for a signal, and a program may end with that or with 127 itself. So a pipe tells it: a byte from what could not
// start the program, or from the program around it inside bubblewrap.
//
// Invariants: between fork and exec only what is async-signal-safe is called, because the server has threads;
// everything else is made before. Every child is waited for: our own by who started it, those of programs that have
// ended before them, which become ours, after every confined program.
#include "child.hpp"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <set>

namespace jitkit::tools {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int told = 3;        // the end of that pipe inside
constexpr u8 not_there = 255;  // else 0, or the signal's number
constexpr unsigned first_user = 0x6a6b0000, users = 4096;  // nobody's: above what distributions hand out

// Processes and threads of this user: a limit counts from there.
unsigned own_processes() {
  unsigned count = 0;
  std::error_code ignored;
  for (const fs::directory_entry& e : fs::directory_iterator("/proc", ignored)) {
    std::ifstream status(e.path() / "status");
    unsigned threads = 0;
    bool ours = false;
    for (std::string line; std::getline(status, line);) {
      if (line.starts_with("Uid:")) ours = std::strtoul(line.c_str() + 4, nullptr, 10) == getuid();
      if (line.starts_with("Threads:")) threads = static_cast<unsigned>(std::strtoul(line.c_str() + 8, nullptr, 10));
    }
    if (ours) count += threads;
  }
  return count;
}

void limit(int what, u64 value) {
  const rlimit r{value, value};
  setrlimit(static_cast<__rlimit_resource>(what), &r);
}

// Our own children, that nobody else may wait for.
std::mutex own_mutex;
std::set<pid_t> own_children;

pid_t fork_own() {
  const std::lock_guard lock(own_mutex);
  const pid_t child = fork();
  if (child > 0) own_children.insert(child);
  return child;
}
bool wait_own(pid_t child, int& status, int options) {
  siginfo_t unused;
  if (options == 0) waitid(P_PID, static_cast<id_t>(child), &unused, WEXITED | WNOWAIT);
  const std::lock_guard lock(own_mutex);  // its number is another's as soon as it has been waited for
  return waitpid(child, &status, WNOHANG) == child && own_children.erase(child) != 0;
}
// Of those that have become ours, the ones that have ended.
void wait_for_others() {
  std::error_code ignored;
  for (const fs::directory_entry& e : fs::directory_iterator("/proc", ignored)) {
    const pid_t process = std::atoi(e.path().filename().c_str());
    if (process <= 0) continue;
    std::string stat;
    std::getline(std::ifstream(e.path() / "stat"), stat);
    const usize name_end = stat.rfind(") Z ");
    if (name_end == std::string::npos || std::atoi(stat.c_str() + name_end + 4) != getpid()) continue;
    const std::lock_guard lock(own_mutex);
    if (!own_children.contains(process)) waitpid(process, nullptr, WNOHANG);
  }
}

[[noreturn]] void give_up() {
  _exit(write(told, &not_there, 1) == 1 ? 127 : 126);
}

// Everything the child does before it is another program.
struct Start {
  std::vector<char*> argv;
  int in, out, err;
  int ending;
  bool around;  // goes on to the program that tells of the ending
  const Limits* limits;
  unsigned user;
  u64 processes;
  const char* directory;
  std::vector<char*> environment;

  [[noreturn]] void run() const {
    setpgid(0, 0);
    dup2(in, 0);
    dup2(out, 1);
    dup2(err, 2);
    dup2(ending, told);
    fcntl(told, F_SETFD, around ? 0 : FD_CLOEXEC);
    for (int fd = told + 1; fd < 1024; ++fd) close(fd);
    limit(RLIMIT_CORE, 0);
    if (!around || !limits->fine_clock) limit(RLIMIT_CPU, static_cast<u64>(limits->seconds) + 1);
    limit(RLIMIT_AS, limits->memory);
    limit(RLIMIT_FSIZE, limits->file);
    limit(RLIMIT_NOFILE, 256);
    if (limits->confined) limit(RLIMIT_NPROC, processes);
    if (user != 0) {
      unshare(CLONE_NEWNET);
      if (setgroups(0, nullptr) != 0 || setgid(user) != 0 || setuid(user) != 0) give_up();
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a change of the user takes it away
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    if (directory != nullptr && chdir(directory) != 0) give_up();
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    execvpe(argv[0], argv.data(), environment.data());
    give_up();
  }
};

// Ends all processes of the user, wherever they hid.
void end_user(unsigned user) {
  const pid_t helper = fork_own();
  if (helper == 0) {
    if (setgroups(0, nullptr) != 0 || setgid(user) != 0 || setuid(user) != 0) _exit(1);
    kill(-1, SIGKILL);
    _exit(0);
  }
  if (int status = 0; helper > 0) wait_own(helper, status, 0);
}

struct Pipe {
  int read = -1;
  int write = -1;
  Pipe() {
    int fd[2];
    if (pipe2(fd, O_CLOEXEC) != 0) return;
    read = fd[0];
    write = fd[1];
  }
  ~Pipe() {
    close_end(read);
    close_end(write);
  }
  static void close_end(int& fd) {
    if (fd >= 0) close(fd);
    fd = -1;
  }
};

// Whether there was something to be read or an end.
bool take(int& fd, std::string& to, u64 most, bool& too_much) {
  char buffer[1 << 16];
  const ssize_t n = read(fd, buffer, sizeof buffer);
  if (n <= 0) {
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
    Pipe::close_end(fd);
    return false;
  }
  if (to.size() + static_cast<u64>(n) > most) too_much = true;
  else to.append(buffer, static_cast<usize>(n));
  return true;
}

void transfer(pid_t child, Pipe& in, Pipe& out, Pipe& err, const std::string& input, const Limits& limits,
              const std::atomic<bool>& cancelled, Outcome& o) {
  const auto start = Clock::now();
  const auto elapsed = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
  usize sent = 0;
  bool too_much = false;
  if (input.empty()) Pipe::close_end(in.write);
  int status = 0;
  bool ended = false;
  while (!ended || out.read >= 0 || err.read >= 0) {
    pollfd fds[] = {{in.write, POLLOUT, 0}, {out.read, POLLIN, 0}, {err.read, POLLIN, 0}};
    poll(fds, 3, out.read < 0 && err.read < 0 ? 1 : 20);
    if (fds[0].revents != 0) {
      const ssize_t n = write(in.write, input.data() + sent, input.size() - sent);
      if (n > 0) sent += static_cast<usize>(n);
      if ((n < 0 && errno != EAGAIN) || sent == input.size()) Pipe::close_end(in.write);
    }
    bool some = false;
    if (fds[1].revents != 0) some = take(out.read, o.out, limits.output, too_much) || some;
    if (fds[2].revents != 0) some = take(err.read, o.err, limits.output, too_much) || some;
    if (!ended && wait_own(child, status, WNOHANG)) ended = true;
    // A grandchild may hold the pipes open.
    else if (ended && !some) break;
    o.seconds = elapsed();
    using End = Outcome::End;
    o.end = too_much                     ? End::too_much_output
            : cancelled                  ? End::cancelled
            : o.seconds > limits.seconds ? End::out_of_time
                                         : End::exited;
    if (o.end != End::exited) break;
  }
  kill(-child, SIGKILL);
  if (!ended) {
    kill(child, SIGKILL);
    wait_own(child, status, 0);
  } else if (o.end == Outcome::End::exited) {
    o.end = WIFSIGNALED(status) ? Outcome::End::signalled : Outcome::End::exited;
    o.status = WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status);
  }
}

std::vector<std::string> in_bubblewrap(const std::string& directory, double seconds) {
  const std::string late = std::to_string(static_cast<u64>(seconds) + 5);
  const std::string parent = fs::path(directory).parent_path().string();
  return {"bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp", "--tmpfs", "/run",
          "--ro-bind", parent, parent, "--bind", directory, directory, "--chdir", directory,
          "--unshare-all", "--as-pid-1", "--die-with-parent", "--new-session", "--", parent + "/" + around_program,
          around_option, late};
}

// A program that was started, and the ends of its pipes that are ours. Not waited for yet.
struct Process {
  pid_t id = -1;
  Pipe in, out, err, ending;
};

void start_process(Process& p, std::vector<std::string> command, const Limits& limits, bool bubblewrap) {
  if (bubblewrap) {
    std::vector<std::string> words = in_bubblewrap(limits.directory, limits.seconds);
    words.insert(words.end(), command.begin(), command.end());
    command = std::move(words);
  }
  Start start{};
  for (std::string& w : command) start.argv.push_back(w.data());
  start.argv.push_back(nullptr);
  start.in = p.in.read;
  start.out = p.out.write;
  start.err = p.err.write;
  start.ending = p.ending.write;
  start.around = bubblewrap;
  start.limits = &limits;
  start.user = limits.confined ? limits.user : 0;
  start.processes = limits.processes + (limits.confined && start.user == 0 ? own_processes() : 0);
  start.directory = limits.confined ? limits.directory.c_str() : nullptr;
  std::string path = "PATH=/usr/local/bin:/usr/bin:/bin", language = "LC_ALL=C.UTF-8";
  std::string temporary = "TMPDIR=" + limits.directory;
  start.environment = {path.data(), language.data()};
  if (limits.confined) start.environment.push_back(temporary.data());
  start.environment.push_back(nullptr);
  if (p.err.read < 0 || p.out.read < 0 || p.in.read < 0 || p.ending.read < 0) return;
  p.id = fork_own();
  if (p.id < 0) return;
  if (p.id == 0) start.run();
  Pipe::close_end(p.in.read);
  Pipe::close_end(p.out.write);
  Pipe::close_end(p.err.write);
  for (const int fd : {p.in.write, p.out.read, p.err.read, p.ending.read}) fcntl(fd, F_SETFL, O_NONBLOCK);
}

// What was told of the ending. In bubblewrap the one that should have told it may have been killed.
void take_ending(const Pipe& ending, bool bubblewrap, Outcome& o) {
  u8 how = 0;
  const bool is_told = read(ending.read, &how, 1) == 1;
  if (o.end != Outcome::End::exited) return;
  if (!is_told && bubblewrap && o.status > 128) how = static_cast<u8>(o.status - 128);
  if (how == 0) return;
  o.end = how == not_there ? Outcome::End::not_started : Outcome::End::signalled;
  o.status = how;
}

Outcome run(std::vector<std::string> command, const std::string& input, const Limits& limits,
            const std::atomic<bool>& cancelled, bool bubblewrap) {
  Outcome o;
  Process p;
  start_process(p, std::move(command), limits, bubblewrap);
  if (p.id > 0) transfer(p.id, p.in, p.out, p.err, input, limits, cancelled, o);
  if (p.id > 0) take_ending(p.ending, bubblewrap, o);
  if (p.id > 0 && limits.confined && limits.user != 0) end_user(limits.user);
  if (limits.confined) wait_for_others();
  return o;
}

// Asked of the first directory it is called with.
bool bubblewrap_works(const std::string& room) {
  static const bool works = [&] {
    const std::atomic<bool> never = false;
    Limits limits;
    limits.confined = true;
    limits.user = next_user();
    limits.directory = (fs::path(room) / "try").string();
    std::error_code ignored;
    fs::create_directory(limits.directory, ignored);
    fs::permissions(limits.directory, fs::perms(0777), ignored);
    const Outcome o = run({"true"}, {}, limits, never, true);
    fs::remove_all(limits.directory, ignored);
    return o.end == Outcome::End::exited && o.status == 0;
  }();
  return works;
}

}  // namespace

struct Answerer::Waiting : Process {
  ~Waiting() {
    if (id <= 0) return;
    kill(-id, SIGKILL);
    kill(id, SIGKILL);
    int status = 0;
    wait_own(id, status, 0);
  }
};

Answerer::Answerer(std::vector<std::string> command, const Limits& limits)
    : command_(std::move(command)), limits_(limits), thread_([this] { refill(); }) {}

Answerer::~Answerer() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Answerer::refill() {
  for (std::unique_lock lock(mutex_); !ending_; changed_.wait(lock)) {
    while (waiting_.size() < 2) {
      lock.unlock();
      auto p = std::make_unique<Waiting>();
      start_process(*p, command_, limits_, false);
      lock.lock();
      waiting_.push_back(std::move(p));
    }
  }
}

// Null if it has ended while it waited, or if several ask at once.
std::unique_ptr<Answerer::Waiting> Answerer::take() {
  const std::lock_guard lock(mutex_);
  if (waiting_.empty()) return nullptr;
  std::unique_ptr<Waiting> p = std::move(waiting_.front());
  waiting_.pop_front();
  if (int status = 0; p->id > 0 && !wait_own(p->id, status, WNOHANG)) return p;
  p->id = -1;
  return nullptr;
}

Outcome Answerer::ask(const std::string& question, const std::atomic<bool>& cancelled) {
  Outcome o;
  if (const std::unique_ptr<Waiting> p = take(); p != nullptr) {
    transfer(p->id, p->in, p->out, p->err, question, limits_, cancelled, o);
    p->id = -1;
  } else {
    o = run(command_, question, limits_, cancelled, false);
  }
  changed_.notify_all();
  return o;
}

unsigned next_user() {
  static std::atomic<unsigned> count = 0;
  return getuid() == 0 ? first_user + count++ % users : 0;
}

int run_and_tell(const char* seconds, char** command) {
  fcntl(told, F_SETFD, FD_CLOEXEC);
  // The first process of bubblewrap's namespace: with it all others end, and those whose parents ended are its own.
  signal(SIGALRM, [](int) { _exit(128 + SIGALRM); });
  alarm(static_cast<unsigned>(std::strtoul(seconds, nullptr, 10)));
  const pid_t child = fork();
  if (child < 0) return 126;
  if (child == 0) {
    execvp(command[0], command);
    give_up();
  }
  int status = 0;
  for (pid_t ended = 0; ended != child;)
    if (ended = waitpid(-1, &status, 0); ended < 0 && errno != EINTR) return 126;
  const u8 signal = WIFSIGNALED(status) ? static_cast<u8>(WTERMSIG(status)) : 0;
  return write(told, &signal, 1) != 1 ? 126 : signal != 0 ? 128 + signal : WEXITSTATUS(status);
}

const std::string& confinement(const std::string& room) {
  static const std::string text =
      std::string(bubblewrap_works(room) ? "bubblewrap" : "limits only, bubblewrap does not work here") +
      (getuid() == 0 ? ", as another user" : "");
  return text;
}

Outcome run_limited(const std::vector<std::string>& command, const std::string& input, const Limits& limits,
                    const std::atomic<bool>& cancelled) {
  const std::string room = fs::path(limits.directory).parent_path().string();
  return run(command, input, limits, cancelled, limits.confined && bubblewrap_works(room));
}

}  // namespace jitkit::tools
