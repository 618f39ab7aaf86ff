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
#include <nlohmann/json.hpp>

#include "child.hpp"

namespace jitkit::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
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
    case End::not_started: return "no process could be started";
    case End::out_of_time: return fmt::format("ended after {} s: it had not come to an end", limits.seconds);
    case End::too_much_output: return fmt::format("ended: it printed more than {} bytes", limits.output);
    case End::cancelled: return "cancelled";
    case End::signalled: return fmt::format("ended by signal {} ({})", o.status, strsignal(o.status));
    case End::exited: break;
  }
  return {};
}

// Runs that can be cancelled, by the name the page gave them.
class Jobs {
 public:
  using Flag = std::shared_ptr<std::atomic<bool>>;
  Flag start(const std::string& name) {
    const std::lock_guard lock(mutex_);
    if (flags_.size() >= most_runs || flags_.contains(name)) return nullptr;
    return flags_[name] = std::make_shared<std::atomic<bool>>(false);
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

 private:
  std::mutex mutex_;
  std::map<std::string, Flag> flags_;
};

class Site {
 public:
  explicit Site(const ServerOptions& o) : options_(o), scratch_("explore"), token_(random_token()) {}

  int run() {
    if (!prepare()) return 1;
    http_.set_payload_max_length(most_input);
    http_.set_read_timeout(20);
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
      answer(r, {{"cancelled", question.is_object() && jobs_.cancel(text_of(question, "job"))}});
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
    return http_.listen_after_bind() ? 0 : 1;
  }

 private:
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
  static std::string text_of(const Json& j, const char* key) {
    const auto found = j.find(key);
    return found != j.end() && found->is_string() ? found->get<std::string>() : std::string();
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
    limits.directory = scratch_.file(".");
    const std::atomic<bool> never = false;
    const Outcome o = run_limited({options_.self, mode}, q.body, limits, never);
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
    if (!question.is_object()) {
      r.status = 400;
      return;
    }
    const std::string job = text_of(question, "job");
    const Jobs::Flag cancelled = jobs_.start(job);
    if (cancelled == nullptr) return answer(r, {{"message", fmt::format("{} programs are running already", most_runs)}});
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
    std::ofstream(limits.directory + "/program.jk", std::ios::binary) << text_of(question, "text");
    fs::permissions(limits.directory + "/program.jk", fs::perms(0644), e);
    if (limits.user != 0 && chown(limits.directory.c_str(), limits.user, limits.user) != 0)
      return {{"message", std::strerror(errno)}};
    std::vector<std::string> words{command(), "run", "program.jk"};
    if (const std::string target = text_of(question, "target"); !target.empty()) words.push_back("--target=" + target);
    if (const std::string opt = text_of(question, "opt"); !opt.empty()) words.push_back("--opt=" + opt);
    words.insert(words.end(), {"--", text_of(question, "function")});
    if (const auto found = question.find("arguments"); found != question.end() && found->is_array())
      for (const Json& a : *found)
        if (a.is_string()) words.push_back(a.get<std::string>());
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
};

}  // namespace

int serve(const ServerOptions& options) {
  signal(SIGPIPE, SIG_IGN);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  Site site(options);
  return site.run();
}

}  // namespace jitkit::tools
