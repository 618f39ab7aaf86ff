// Routes, all below a random token: the page and its files; api/analyse and api/fields, answered by this
// program in a child process; api/run, by `jitkit run` confined; api/cancel.
//
// Invariants: nothing a request says reaches a shell or names a file; a request is at most most_input bytes; what
// a program does ends as a message. A Host other than loopback is refused, so that no name on the web that
// resolves to here can ask.
#include "server.hpp"

#include <fmt/format.h>
#include <httplib.h>
#include <scratch_directory.hpp>
#include <sys/prctl.h>
#include <sys/random.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "child.hpp"
#include "question.hpp"

namespace jitkit::tools {
namespace {

namespace fs = std::filesystem;
using httplib::Request;
using httplib::Response;

constexpr usize most_input = usize{4} << 20;
constexpr unsigned most_runs = 8;

std::string random_token() {
  u8 bytes[16];
  std::string s;
  if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) return s;
  for (const u8 b : bytes) s += fmt::format("{:02x}", b);
  return s;
}

bool read_file(const fs::path& path, std::string& text) {
  std::ifstream in(path, std::ios::binary);
  text.assign(std::istreambuf_iterator<char>(in), {});
  return in.good() || in.eof();
}

std::string why(const Outcome& o, const Limits& limits) {
  using End = Outcome::End;
  switch (o.end) {
    case End::not_started: return "could not be started";
    case End::out_of_time: return fmt::format("ended after {} s: it had not come to an end", limits.seconds);
    case End::too_much_output: return fmt::format("ended: it printed more than {} bytes", limits.output);
    case End::cancelled: return "cancelled";
    case End::signalled: return fmt::format("ended by signal {} ({})", o.status, strsignal(o.status));
    case End::exited: break;
  }
  // What a shell too says of a command that is not there.
  if ((o.status == 126 || o.status == 127) && o.out.empty() && o.err.empty()) return "could not be started";
  return {};
}

// Runs that can be cancelled, by the name the page gave them.
class Jobs {
 public:
  using Flag = std::shared_ptr<std::atomic<bool>>;
  // Null and a message if it may not.
  Flag start(const std::string& name, std::string& message) {
    const std::lock_guard lock(mutex_);
    if (flags_.contains(name)) message = fmt::format("a job named '{}' is running already", name);
    else if (flags_.size() >= most_runs) message = fmt::format("{} programs are running already", most_runs);
    else if (ending_) message = "the server is ending";
    else return flags_[name] = std::make_shared<std::atomic<bool>>(false);
    return nullptr;
  }
  void end(const std::string& name) {
    const std::lock_guard lock(mutex_);
    flags_.erase(name);
  }
  bool cancel(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = flags_.find(name);
    if (found != flags_.end()) *found->second = true;
    return found != flags_.end();
  }
  void cancel_all() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (auto& [name, flag] : flags_) *flag = true;
  }

 private:
  std::mutex mutex_;
  bool ending_ = false;
  std::map<std::string, Flag> flags_;
};

// What ends a server from outside. Blocked before there is a thread, so that just the one that waits takes them.
sigset_t ending_signals() {
  sigset_t s;
  sigemptyset(&s);
  sigaddset(&s, SIGINT);
  sigaddset(&s, SIGTERM);
  return s;
}

class Site {
 public:
  explicit Site(const ServerOptions& o) : options_(o), scratch_("explore"), token_(random_token()) {}

  int run() {
    if (!prepare()) return 1;
    http_.set_payload_max_length(most_input);
    http_.set_read_timeout(20);
    http_.set_keep_alive_timeout(1);  // what an idle connection may keep the end waiting
    http_.set_tcp_nodelay(true);
    http_.set_default_headers({{"Cache-Control", "no-store"},
                               {"X-Content-Type-Options", "nosniff"},
                               {"Referrer-Policy", "no-referrer"},
                               {"Content-Security-Policy", "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                                                           "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}});
    http_.set_pre_routing_handler([this](const Request& q, Response& r) { return guard(q, r); });
    const std::string root = "/" + token_ + "/";
    for (const auto& [name, type] : files) http_.Get(root + name, [this, n = name, t = type](const Request&, Response& r) { file(n, t, r); });
    http_.Get(root, [this](const Request&, Response& r) { file("page.html", "text/html; charset=utf-8", r); });
    http_.Post(root + "api/analyse", [this](const Request& q, Response& r) { ask("--analyse", q, r); });
    http_.Post(root + "api/fields", [this](const Request& q, Response& r) { ask("--fields", q, r); });
    http_.Post(root + "api/run", [this](const Request& q, Response& r) { run_program(q, r); });
    http_.Post(root + "api/cancel", [this](const Request& q, Response& r) {
      const Json question = Json::parse(q.body, nullptr, false);
      answer(r, {{"cancelled", well_typed(question) && jobs_.cancel(question.value("job", ""))}});
    });
    const int port = options_.port != 0 ? (http_.bind_to_port("127.0.0.1", options_.port) ? options_.port : -1)
                                        : http_.bind_to_any_port("127.0.0.1");
    if (port < 0) {
      fmt::print(stderr, "error: port {} of 127.0.0.1 cannot be had\n", options_.port);
      return 1;
    }
    host_ = fmt::format("127.0.0.1:{}", port);
    local_host_ = fmt::format("localhost:{}", port);
    fmt::print("http://{}/{}/\n", host_, token_);
    fmt::print(stderr, "programs run with limits: {}\n", confinement());
    std::fflush(stdout);
    return listen() ? 0 : 1;
  }

 private:
  // Until a signal, at which what runs is cancelled; the scratch directory goes with this object.
  bool listen() {
    std::atomic<bool> over = false;
    std::thread waiting([&] {
      const sigset_t signals = ending_signals();
      int which = 0;
      sigwait(&signals, &which);
      ending_ = true;
      jobs_.cancel_all();
      while (!over && !http_.is_running()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      http_.stop();
    });
    const bool good = http_.listen_after_bind();
    over = true;
    pthread_kill(waiting.native_handle(), SIGTERM);  // not from outside: listening failed
    waiting.join();
    return good;
  }

  struct File {
    const char* name;
    const char* type;
  };
  static constexpr File files[] = {{"page.js", "text/javascript; charset=utf-8"}, {"page.css", "text/css; charset=utf-8"}};

  bool prepare() {
    std::error_code e;
    if (token_.empty() || !scratch_.made()) {
      fmt::print(stderr, "error: no scratch directory or no randomness\n");
      return false;
    }
    // Where confined programs, which may be another user's, can read it.
    fs::permissions(fs::path(scratch_.file(".")), fs::perms(0755), e);
    fs::copy_file(options_.jitkit, command(), e);
    if (!e) fs::permissions(command(), fs::perms(0755), e);
    if (e) fmt::print(stderr, "error: {}: {}\n", options_.jitkit, e.message());
    return !e;
  }
  std::string command() const { return scratch_.file("jitkit"); }

  httplib::Server::HandlerResponse guard(const Request& q, Response& r) const {
    const std::string host = q.get_header_value("Host");
    if (host == host_ || host == local_host_) return httplib::Server::HandlerResponse::Unhandled;
    r.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  }

  static void answer(Response& r, const Json& j) {
    r.set_content(j.dump(-1, ' ', false, Json::error_handler_t::replace), "application/json");
  }
  void file(const char* name, const char* type, Response& r) const {
    std::string text;
    if (!read_file(fs::path(options_.assets) / name, text)) {
      r.status = 404;
      return;
    }
    r.set_content(text, type);
  }

  // This program answers, in a child.
  void ask(const char* mode, const Request& q, Response& r) const {
    Limits limits;
    limits.output = u64{256} << 20;
    const Outcome o = run_limited({options_.self, mode}, q.body, limits, ending_);
    if (o.end == Outcome::End::exited && o.status == 0) {
      r.set_content(o.out, "application/json");
      return;
    }
    std::string message = why(o, limits);
    if (message.empty()) message = o.err.empty() ? fmt::format("exit status {}", o.status) : o.err;
    answer(r, {{"errors", {{{"line", 0}, {"column", 0}, {"message", "the compiler " + message}}}}});
  }

  void run_program(const Request& q, Response& r) {
    const Json question = Json::parse(q.body, nullptr, false);
    if (!well_typed(question)) {
      r.status = 400;
      return;
    }
    const std::string job = question.value("job", "");
    std::string message;
    const Jobs::Flag cancelled = jobs_.start(job, message);
    if (cancelled == nullptr) return answer(r, {{"message", message}});
    answer(r, run_confined(question, *cancelled));
    jobs_.end(job);
  }

  Json run_confined(const Json& question, const std::atomic<bool>& cancelled) {
    Limits limits;
    limits.confined = true;
    limits.user = next_user();
    limits.directory = scratch_.file(fmt::format("run-{}", runs_++));
    std::error_code e;
    fs::create_directory(limits.directory, e);
    fs::permissions(limits.directory, fs::perms(0700), e);
    std::ofstream(limits.directory + "/program.jk", std::ios::binary) << question.value("text", "");
    fs::permissions(limits.directory + "/program.jk", fs::perms(0644), e);
    if (limits.user != 0 && chown(limits.directory.c_str(), limits.user, limits.user) != 0) {
      const std::string message = fmt::format("the program's directory could not be given to its user: {}", std::strerror(errno));
      fs::remove_all(limits.directory, e);
      return {{"message", message}};
    }
    std::vector<std::string> words{command(), "run", "program.jk"};
    if (const std::string target = question.value("target", ""); !target.empty()) words.push_back("--target=" + target);
    if (const std::string opt = question.value("opt", ""); !opt.empty()) words.push_back("--opt=" + opt);
    words.insert(words.end(), {"--", question.value("function", "")});
    for (const Json& a : question.value("arguments", Json::array())) words.push_back(a.get<std::string>());
    const Outcome o = run_limited(words, {}, limits, cancelled);
    fs::remove_all(limits.directory, e);
    Json j{{"out", o.out}, {"err", o.err}, {"seconds", o.seconds}, {"status", o.status}, {"good", o.end == Outcome::End::exited && o.status == 0}};
    if (const std::string message = why(o, limits); !message.empty()) j["message"] = message;
    return j;
  }

  const ServerOptions& options_;
  ScratchDirectory scratch_;
  std::string token_;
  std::string host_, local_host_;
  httplib::Server http_;
  Jobs jobs_;
  std::atomic<unsigned> runs_ = 0;
  std::atomic<bool> ending_ = false;
};

}  // namespace

int serve(const ServerOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  const sigset_t signals = ending_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  Site site(options);
  return site.run();
}

}  // namespace jitkit::tools
