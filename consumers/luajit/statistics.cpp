// See statistics.hpp.
#include <jitkit/consumers/luajit/luajit.hpp>
#include <jitkit/consumers/luajit/statistics.hpp>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>
#include <mutex>

namespace jitkit::luajit {

namespace {

struct Refusal {
  char reason[48];
  u64 times;
};

struct Area {
  const void *low, *high;
};
// LuaJIT's errors in their order, by the names of its own table.
constexpr const char* error_names[] = {
#define TREDEF(name, message) #name,
#include <lj_traceerr.h>
};

constinit std::mutex lock;             // of what a Session counts, and of ir
constinit thread_local u64 since = 0;  // the attempt under way began

struct Session {
  Choice choice = Choice::jitkit;  // this and the next three stay as they are made
  bool landing_pads = false;
  const char* file = nullptr;
  std::FILE* ir = nullptr;
  Counts counts;
  Refusal refusals[257] = {};  // the last: others, when there is no room for a reason of their own
  u64 aborts[std::size(error_names)] = {};
  Area areas[256] = {};  // no more are kept
  u32 area_count = 0;
};

void write_report();

u64 clock_nanoseconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<u64>(t.tv_sec) * 1000000000U + static_cast<u64>(t.tv_nsec);
}

// Reads what the environment says.
bool begin(Session& s) {
  if (const char* wanted = std::getenv("JITKIT_LUAJIT"); wanted != nullptr && *wanted != '\0') {
    if (std::strcmp(wanted, "stock") == 0)
      s.choice = Choice::stock;
    else if (std::strcmp(wanted, "check") == 0)
      s.choice = Choice::check;
    else if (std::strcmp(wanted, "jitkit") != 0) {
      std::fprintf(stderr, "jitkit: JITKIT_LUAJIT=%s: must be jitkit, stock or check\n", wanted);
      std::exit(2);
    }
  }
  const char* const pads = std::getenv("JITKIT_LUAJIT_LANDING_PADS");
  s.landing_pads = pads != nullptr && std::strcmp(pads, "1") == 0;
  s.file = std::getenv("JITKIT_LUAJIT_STATS");
  if (s.file != nullptr) std::atexit(write_report);
  if (const char* const ir = std::getenv("JITKIT_LUAJIT_IR"); ir != nullptr && *ir != '\0') {
    s.ir = std::fopen(ir, "w");
    if (s.ir == nullptr) std::fprintf(stderr, "jitkit: cannot write %s\n", ir);
  }
  return true;
}

Session& session() {
  static constinit Session s;
  [[maybe_unused]] static const bool begun = begin(s);
  return s;
}

void write_report() {
  const Session& s = session();
  std::FILE* out = std::fopen(s.file, "w");
  if (out == nullptr) {
    std::fprintf(stderr, "jitkit: cannot write %s\n", s.file);
    return;
  }
  const std::lock_guard hold(lock);
  const Counts& c = s.counts;
  const auto line = [out](const char* name, u64 value) { std::fprintf(out, "%s %" PRIu64 "\n", name, value); };
#define JITKIT_LUAJIT_COUNTER(name) line(#name, c.name);
  JITKIT_LUAJIT_COUNTERS(JITKIT_LUAJIT_COUNTER)
#undef JITKIT_LUAJIT_COUNTER
  for (usize e = 0; e < std::size(error_names); ++e)
    if (s.aborts[e] != 0) std::fprintf(out, "abort %" PRIu64 " %s\n", s.aborts[e], error_names[e]);
  for (const Refusal& f : s.refusals)
    if (f.times != 0) std::fprintf(out, "refusal %" PRIu64 " %s\n", f.times, f.reason);
  for (usize o = 0; o < std::size(op_names); ++o)
    for (usize t = 0; t < std::size(type_names); ++t)
      if (const u64 n = c.compiled[o][t]; n != 0)
        std::fprintf(out, "op %" PRIu64 " %s %s\n", n, op_names[o], type_names[t]);
  for (u32 n = 0; n < s.area_count; ++n) std::fprintf(out, "area %p %p\n", s.areas[n].low, s.areas[n].high);
  std::fclose(out);
}

}  // namespace

Choice choice() { return session().choice; }
bool landing_pads() { return session().landing_pads; }
bool wants_ir() { return session().ir != nullptr; }
void write_ir(u32 trace, std::string_view text) {
  std::FILE* const out = session().ir;
  const std::lock_guard hold(lock);
  std::fprintf(out, "; trace %u\n", trace);
  std::fwrite(text.data(), 1, text.size(), out);
  std::fflush(out);
}
Counting::Counting() { lock.lock(); }
Counting::~Counting() { lock.unlock(); }
Counts* Counting::operator->() const { return &session().counts; }

void count_refusal(const char* what, const char* detail) {
  Session& s = session();
  const std::lock_guard hold(lock);
  char reason[sizeof Refusal::reason];
  ++s.counts.refused;
  std::snprintf(reason, sizeof reason, "%s%s%s", what, *detail != '\0' ? " " : "", detail);
  Refusal* const others = std::end(s.refusals) - 1;
  Refusal* f = s.refusals;
  while (f != others && f->times != 0 && std::strcmp(f->reason, reason) != 0) ++f;
  if (f->times++ == 0) std::snprintf(f->reason, sizeof f->reason, "%s", f != others ? reason : "others");
}

void count_area(const void* low, const void* high) {
  Session& s = session();
  if (s.file == nullptr) return;
  const std::lock_guard hold(lock);
  for (u32 n = 0; n < s.area_count; ++n)
    if (s.areas[n].low == low && s.areas[n].high == high) return;
  if (s.area_count < std::size(s.areas)) s.areas[s.area_count++] = {low, high};
}

void count_abort(u32 error) {
  Session& s = session();
  const std::lock_guard hold(lock);
  ++s.counts.aborted;
  ++s.aborts[error < std::size(error_names) ? error : 0];
}

void begin_attempt() { since = clock_nanoseconds(); }
void end_attempt() {
  if (since != 0) counts()->nanoseconds += clock_nanoseconds() - since;
  since = 0;
}

}  // namespace jitkit::luajit
