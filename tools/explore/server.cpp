// Routes, all below a random token: the page and its files; api/analyse, api/fields and api/policy, answered by
// this program in a child process (C is translated before, confined); api/run, by `jitkit run` confined; api/lua;
// api/cycles, by llvm-mca; api/here, what there is on this machine; api/cancel, of what has a job's name.
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

#include <algorithm>
#include <csignal>
#include <cstring>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "child.hpp"
#include "confined.hpp"
#include "cycles.hpp"
#include "lua.hpp"
#include "question.hpp"
#include "translate.hpp"

namespace jitkit::tools {
namespace {

namespace fs = std::filesystem;
using httplib::Request;
using httplib::Response;

constexpr usize most_input = usize{4} << 20;
constexpr unsigned most_questions = 32;
// A request keeps its thread until it is answered. Some are left for what takes no time, cancelling above all.
constexpr unsigned threads = most_programs + most_questions + 8;

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

// What runs and can be cancelled, by the name the page gave it; of each kind there may be so many.
class Jobs {
 public:
  enum class Kind : u8 { run, question };
  using Flag = std::shared_ptr<std::atomic<bool>>;
  // Null and a message if it may not.
  Flag start(Kind kind, const std::string& name, std::string& message) {
    const std::lock_guard lock(mutex_);
    const unsigned most = kind == Kind::run ? most_programs : most_questions;
    const auto same = [kind](const auto& other) { return other.second.kind == kind; };
    const auto early = std::find(early_.begin(), early_.end(), name);
    const bool cancelled = early != early_.end();
    if (cancelled) early_.erase(early);
    if (jobs_.contains(name)) message = fmt::format("a job named '{}' is running already", name);
    else if (std::count_if(jobs_.begin(), jobs_.end(), same) >= most)
      message = fmt::format("{} {} already", most, kind == Kind::run ? "programs are running" : "questions are asked");
    else if (ending_) message = "the server is ending";
    else return (jobs_[name] = {kind, std::make_shared<std::atomic<bool>>(cancelled)}).cancelled;
    return nullptr;
  }
  void end(const std::string& name) {
    const std::lock_guard lock(mutex_);
    jobs_.erase(name);
  }
  // False if there is none of this name: the next one is cancelled as it starts, because what cancels it can come
  // before it, by another connection.
  bool cancel(const std::string& name) {
    const std::lock_guard lock(mutex_);
    const auto found = jobs_.find(name);
    if (found != jobs_.end()) return *found->second.cancelled = true;
    early_.push_back(name);
    if (early_.size() > 64) early_.pop_front();
    return false;
  }
  void cancel_all() {
    const std::lock_guard lock(mutex_);
    ending_ = true;
    for (auto& [name, job] : jobs_) *job.cancelled = true;
  }

 private:
  struct Job {
    Kind kind;
    Flag cancelled;
  };
  std::mutex mutex_;
  bool ending_ = false;
  std::map<std::string, Job> jobs_;
  std::deque<std::string> early_;
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
  explicit Site(const ServerOptions& o)
      : options_(o), scratch_("explore"), token_(random_token()), room_{scratch_.file(""), o.seconds},
        answerer_({o.self, "--answer"}, answer_limits()), translator_(scratch_.file("jitkit-import"), room_),
        lua_(o.consumers, o.counter, room_) {}

  int run() {
    if (!prepare()) return 1;
    http_.new_task_queue = [] { return new httplib::ThreadPool(threads); };
    http_.set_payload_max_length(most_input);
    http_.set_read_timeout(20);
    http_.set_keep_alive_timeout(1);  // what an idle connection may keep the end waiting
    http_.set_tcp_nodelay(true);
    http_.set_default_headers({{"Cache-Control", "no-store"},
                               {"X-Content-Type-Options", "nosniff"},
                               {"Referrer-Policy", "no-referrer"},
                               {"Content-Security-Policy",
                                "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
                                "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}});
    http_.set_pre_routing_handler([this](const Request& q, Response& r) { return guard(q, r); });
    routes("/" + token_ + "/");
    const int port = options_.port != 0 ? (http_.bind_to_port("127.0.0.1", options_.port) ? options_.port : -1)
                                        : http_.bind_to_any_port("127.0.0.1");
    if (port < 0) {
      fmt::print(stderr, "error: port {} of 127.0.0.1 cannot be had\n", options_.port);
      return 1;
    }
    host_ = fmt::format("127.0.0.1:{}", port);
    local_host_ = fmt::format("localhost:{}", port);
    fmt::print("http://{}/{}/\n", host_, token_);
    fmt::print(stderr, "programs run with limits: {}\n", confinement(room_.directory));
    std::fflush(stdout);
    return listen() ? 0 : 1;
  }

 private:
  void routes(const std::string& root) {
    for (const auto& [name, type] : files)
      http_.Get(root + name, [this, n = name, t = type](const Request&, Response& r) { file(n, t, r); });
    http_.Get(root, [this](const Request&, Response& r) { file("page.html", "text/html; charset=utf-8", r); });
    http_.Get(root + "api/here", [this](const Request&, Response& r) { here(r); });
    http_.Post(root + "api/fields",
               [this](const Request& q, Response& r) { send(r, ask("fields", q.body, ending_), json); });
    const auto route = [&](const char* name, Jobs::Kind kind, Work work) {
      http_.Post(root + name, [this, kind, work](const Request& q, Response& r) { job(kind, q, r, work); });
    };
    route("api/analyse", Jobs::Kind::question, &Site::analyse);
    route("api/policy", Jobs::Kind::question, &Site::policy);
    route("api/cycles", Jobs::Kind::question, &Site::block_cycles);
    route("api/run", Jobs::Kind::run, &Site::run_confined);
    route("api/lua", Jobs::Kind::run, &Site::run_lua);
    http_.Post(root + "api/cancel", [this](const Request& q, Response& r) {
      const Json question = Json::parse(q.body, nullptr, false);
      const std::string name = well_typed(question) ? question.value("job", "") : "";
      answer(r, {{"cancelled", jobs_.cancel(name)}});
    });
  }

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
  static constexpr File files[] = {{"page.js", "text/javascript; charset=utf-8"},
                                   {"page.css", "text/css; charset=utf-8"}};

  bool prepare() {
    std::error_code e;
    if (token_.empty() || !scratch_.made()) {
      fmt::print(stderr, "error: no scratch directory or no randomness\n");
      return false;
    }
    // Where confined programs, which may be another user's, can read it.
    fs::permissions(fs::path(scratch_.file(".")), fs::perms(0755), e);
    if (fs::exists(options_.importer, e) && !copy(options_.importer, "jitkit-import")) return false;
    return copy(options_.jitkit, "jitkit") && copy(options_.self, around_program);
  }
  bool copy(const std::string& program, const char* name) const {
    std::error_code e;
    fs::copy_file(program, scratch_.file(name), e);
    if (!e) fs::permissions(scratch_.file(name), fs::perms(0755), e);
    if (e) fmt::print(stderr, "error: {}: {}\n", program, e.message());
    return !e;
  }

  httplib::Server::HandlerResponse guard(const Request& q, Response& r) const {
    const std::string host = q.get_header_value("Host");
    if (host == host_ || host == local_host_) return httplib::Server::HandlerResponse::Unhandled;
    r.status = 403;
    return httplib::Server::HandlerResponse::Handled;
  }

  static constexpr const char* json = "application/json";
  static std::string text_of(const Json& j) { return j.dump(-1, ' ', false, Json::error_handler_t::replace); }
  static void answer(Response& r, const Json& j) { send(r, text_of(j), json); }
  // As it is: httplib would compress what a browser takes compressed, by Brotli at its slowest, 90 ms for an answer.
  static void send(Response& r, std::string text, const char* type) {
    const usize size = text.size();
    if (size == 0) return r.set_content("", type);
    r.set_content_provider(size, type, [text = std::move(text)](usize offset, usize length, httplib::DataSink& sink) {
      return sink.write(text.data() + offset, length);
    });
  }
  void file(const char* name, const char* type, Response& r) const {
    std::string text;
    if (!read_file(fs::path(options_.assets) / name, text)) {
      r.status = 404;
      return;
    }
    send(r, std::move(text), type);
  }

  Limits answer_limits() const {
    Limits limits;
    limits.seconds = options_.seconds;
    limits.output = u64{256} << 20;
    return limits;
  }
  // This program answers, in a child.
  std::string ask(const std::string& what, const std::string& question, const std::atomic<bool>& cancelled) {
    const Outcome o = answerer_.ask(what + "\n" + question, cancelled);
    if (o.end == Outcome::End::exited && o.status == 0) return o.out;
    std::string message = why(o, answer_limits());
    if (message.empty()) message = o.err.empty() ? fmt::format("exit status {}", o.status) : o.err;
    return text_of({{"errors", {{{"line", 0}, {"column", 0}, {"message", "the compiler " + message}}}}});
  }

  void here(Response& r) const {
    Json j{{"processors", processors()}, {"lua", lua_.here()}};
    if (const std::string what = translator_.missing(); !what.empty()) j["no_c"] = what;
    answer(r, j);
  }

  // A question that takes a while and can be cancelled.
  using Work = std::string (Site::*)(const Json& question, const std::atomic<bool>& cancelled);
  void job(Jobs::Kind kind, const Request& q, Response& r, Work work) {
    const Json question = Json::parse(q.body, nullptr, false);
    if (!well_typed(question)) {
      r.status = 400;
      return;
    }
    const std::string name = question.value("job", "");
    std::string message;
    const Jobs::Flag cancelled = jobs_.start(kind, name, message);
    if (cancelled == nullptr) return answer(r, {{"message", message}});
    struct End {
      Jobs& jobs;
      const std::string& name;
      ~End() { jobs.end(name); }
    } const end{jobs_, name};
    send(r, (this->*work)(question, *cancelled), json);
  }

  std::string analyse(const Json& question, const std::atomic<bool>& cancelled) {
    if (question.value("language", "") != "c") return ask("analyse", text_of(question), cancelled);
    const std::string c = question.value("text", "");
    std::string x86_64, arm64;
    Json errors, more_errors;
    bool good = false;
    std::thread second([&] { good = translator_.translate(c, "arm64", cancelled, arm64, more_errors); });
    const bool first = translator_.translate(c, "x86_64", cancelled, x86_64, errors);
    second.join();
    if (!first || !good) return text_of({{"errors", first ? more_errors : errors}});
    Json both = question;
    both["text"] = x86_64;
    both["arm64_text"] = arm64;
    return ask("analyse", text_of(both), cancelled);
  }

  std::string policy(const Json& question, const std::atomic<bool>& cancelled) {
    return ask("policy", text_of(question), cancelled);
  }

  std::string run_confined(const Json& question, const std::atomic<bool>& cancelled) {
    std::string text = question.value("text", "");
    const std::string target = question.value("target", "");
    if (Json errors;
        question.value("language", "") == "c" && !translator_.translate(text, target, cancelled, text, errors))
      return text_of({{"message", errors.front().value("message", "")}});
    const Confined run(room_);
    if (!run.error().empty()) return text_of({{"message", run.error()}});
    run.write("program.jk", text);
    std::vector<std::string> words{scratch_.file("jitkit"), "run", "program.jk"};
    if (!target.empty()) words.push_back("--target=" + target);
    if (const std::string opt = question.value("opt", ""); !opt.empty()) words.push_back("--opt=" + opt);
    words.insert(words.end(), {"--", question.value("function", "")});
    for (const Json& a : question.value("arguments", Json::array())) words.push_back(a.get<std::string>());
    const Outcome o = run.run(words, cancelled);
    const bool good = o.end == Outcome::End::exited && o.status == 0;
    Json j{{"out", o.out}, {"err", o.err}, {"seconds", o.seconds}, {"status", o.status}, {"good", good}};
    if (const std::string message = why(o, run.limits); !message.empty()) j["message"] = message;
    return text_of(j);
  }
  std::string run_lua(const Json& question, const std::atomic<bool>& cancelled) {
    return text_of(lua_.run(question, cancelled));
  }
  std::string block_cycles(const Json& question, const std::atomic<bool>& cancelled) {
    return text_of(cycles(question, room_, cancelled));
  }

  const ServerOptions& options_;
  ScratchDirectory scratch_;
  std::string token_;
  std::string host_, local_host_;
  httplib::Server http_;
  Jobs jobs_;
  std::atomic<bool> ending_ = false;
  Room room_;
  Answerer answerer_;
  Translator translator_;
  Lua lua_;
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
