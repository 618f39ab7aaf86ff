// CodePublisher: one call makes a function known to everybody who watches the process - the registry,
// the unwinder, perf, gdb and a log - and one call takes it back.
//
// The environment chooses who is told (Options::from_environment): JITKIT_PERF=map or dump,
// JITKIT_GDB=1, JITKIT_LOG=FILE with one line per function: "publish ADDRESS SIZE NAME", and "withdraw"
// with the same when it goes, or elements of XML if the file is called so (.xml). The registry and the unwinder
// always are. JITKIT_IGV=FILE is read for those who compile (ir/graph.hpp).
//
// Invariants: thread-safe. publish() does all of it or nothing, except for what is in perf's files,
// which only ever grow. A Publication lives until withdraw() or the publisher's end; the code stays
// in memory until then and is not run after it.
#ifndef JITKIT_EMIT_RUNTIME_CODE_PUBLISHER_HPP
#define JITKIT_EMIT_RUNTIME_CODE_PUBLISHER_HPP

#include <jitkit/config.hpp>
#include <jitkit/emit/runtime/code_description.hpp>
#include <jitkit/emit/runtime/code_registry.hpp>
#include <jitkit/emit/runtime/gdb_jit.hpp>
#include <jitkit/emit/runtime/perf.hpp>
#include <jitkit/emit/runtime/sync.hpp>
#include <jitkit/emit/runtime/unwind.hpp>
#include <jitkit/ir/support/quoted_sink.hpp>
#include <jitkit/status.hpp>

#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace jitkit::inline JITKIT_ABI {

struct PublisherOptions {
  bool perf_map = false;
  bool perf_dump = false;
  bool gdb = false;
  const char* log = nullptr;             // name of a file
  const char* igv = nullptr;             // another
  const char* map_directory = "/tmp";    // where perf looks
  const char* dump_directory = ".";

  // What the user asked for. A value that is none is left out and said to `messages`.
  static PublisherOptions from_environment(Sink* messages = nullptr) {
    PublisherOptions o;
    const auto read = [](const char* name) {
      const char* v = std::getenv(name);
      return v != nullptr ? std::string_view(v) : std::string_view();
    };
    const auto refuse = [messages](const char* name, std::string_view value, const char* legal) {
      if (messages != nullptr) *messages << name << ": unknown '" << value << "' (" << legal << ")\n";
    };
    const std::string_view perf = read("JITKIT_PERF");
    o.perf_map = perf == "map";
    o.perf_dump = perf == "dump";
    if (!perf.empty() && !o.perf_map && !o.perf_dump) refuse("JITKIT_PERF", perf, "map, dump");
    const std::string_view gdb = read("JITKIT_GDB");
    o.gdb = gdb == "1";
    if (!gdb.empty() && gdb != "1" && gdb != "0") refuse("JITKIT_GDB", gdb, "0, 1");
    if (!read("JITKIT_LOG").empty()) o.log = std::getenv("JITKIT_LOG");
    if (!read("JITKIT_IGV").empty()) o.igv = std::getenv("JITKIT_IGV");
    return o;
  }
};

class Publication {
 public:
  u64 address() const { return address_; }
  u64 size() const { return size_; }
  std::string_view name() const { return name_; }

 private:
  friend class CodePublisher;
  u64 address_ = 0;
  u64 size_ = 0;
  char* name_ = nullptr;
  UnwindInfo unwind_;
  GdbJitEntry gdb_;
  Publication* next_ = nullptr;
  Publication* previous_ = nullptr;
};

class CodePublisher {
 public:
  CodePublisher() = default;
  CodePublisher(const CodePublisher&) = delete;
  CodePublisher& operator=(const CodePublisher&) = delete;
  ~CodePublisher() {
    while (all_ != nullptr) (void)withdraw(all_).ok();
    if (xml_) (void)write("</log>\n").ok();
  }

  // Before the first publication.
  Status open(const PublisherOptions& options) {
    gdb_ = options.gdb;
    Status s;
    if (options.perf_map) s = map_.open(options.map_directory);
    if (s.ok() && options.perf_dump) s = dump_.open(options.dump_directory);
    if (s.ok() && options.log != nullptr) s = log_.open(options.log);
    xml_ = log_.is_open() && std::string_view(options.log).ends_with(".xml");
    return s.ok() && xml_ ? write("<log>\n") : s;
  }

  Status publish(const CodeDescription& code, Publication*& publication) {
    publication = nullptr;
    auto* p = new (std::nothrow) Publication;
    if (p == nullptr) return {Error::out_of_memory, 0, sizeof(Publication)};
    Status s = tell(code, *p);
    if (!s) {
      destroy(p);
      return s;
    }
    const Lock lock(mutex_);
    p->next_ = all_;
    if (all_ != nullptr) all_->previous_ = p;
    publication = all_ = p;
    return {};
  }

  // The publication is no more, whatever the result.
  Status withdraw(Publication* p) {
    {
      const Lock lock(mutex_);
      (p->previous_ != nullptr ? p->previous_->next_ : all_) = p->next_;
      if (p->next_ != nullptr) p->next_->previous_ = p->previous_;
    }
    const Status removed = registry_.remove(p->address_);
    const Status logged = log("withdraw", *p);
    destroy(p);
    return removed.ok() ? logged : removed;
  }

  // From a pc to the code it is in, with the description's name and user.
  const CodeRegistry& registry() const { return registry_; }

 private:
  Status tell(const CodeDescription& code, Publication& p) {
    p.address_ = code.address;
    p.size_ = code.size;
    p.name_ = static_cast<char*>(std::malloc(code.name.size() + 1));
    if (p.name_ == nullptr) return {Error::out_of_memory, 0, code.name.size() + 1};
    std::memcpy(p.name_, code.name.data(), code.name.size());
    p.name_[code.name.size()] = 0;
    const UnwindFunction unwind{code.address, code.size, code.cfi};
    if (const Status s = p.unwind_.add({&unwind, 1}); !s) return s;
    if (gdb_)
      if (const Status s = p.gdb_.add(code); !s) return s;
    if (const Status s = registry_.add({code.address, code.size, p.name_, code.user}); !s) return s;
    Status s;
    if (map_.is_open()) s = map_.add(code);
    if (s.ok() && dump_.is_open()) s = dump_.add(code);
    if (s.ok()) s = log("publish", p);
    if (!s) (void)registry_.remove(code.address).ok();
    return s;
  }

  Status log(const char* what, const Publication& p) {
    if (!log_.is_open()) return {};
    if (xml_) return log_element(what, p);
    char line[512];
    BufferSink out(line, sizeof line - 1);
    (out << what << " ").hex(p.address_).put(' ').udec(p.size_);
    out << " " << p.name_;
    const usize length = out.text().size();
    for (usize i = 0; i < length; ++i)
      if (line[i] == '\n') line[i] = ' ';
    line[length] = '\n';
    return log_.write({reinterpret_cast<const u8*>(line), length + 1});
  }

  Status log_element(const char* what, const Publication& p) {
    char line[4096];
    BufferSink out(line, sizeof line);
    const auto element = [&](const char* name) {
      (out << "<" << what << " address=\"").hex(p.address_) << "\" size=\"";
      out.udec(p.size_) << "\" name=\"";
      QuotedSink(out, QuotedSink::Form::xml) << name;
      out << "\"/>\n";
    };
    element(p.name_);
    if (out.truncated()) {
      out.clear();
      element("(too long)");
    }
    return write(out.text());
  }
  Status write(std::string_view text) { return log_.write({reinterpret_cast<const u8*>(text.data()), text.size()}); }

  static void destroy(Publication* p) {
    std::free(p->name_);
    delete p;
  }

  Mutex mutex_;
  Publication* all_ = nullptr;
  CodeRegistry registry_;
  bool gdb_ = false;
  PerfMap map_;
  JitDump dump_;
  ProcessFile log_;
  bool xml_ = false;  // the log
};

}  // namespace jitkit::inline JITKIT_ABI

#endif  // JITKIT_EMIT_RUNTIME_CODE_PUBLISHER_HPP
