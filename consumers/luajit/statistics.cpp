// See statistics.hpp.
#include <jitkit/consumers/luajit/statistics.hpp>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <iterator>

namespace jitkit::luajit {

namespace {

struct Fallback {
  char reason[48];
  u64 times;
};

struct Area {
  const void *low, *high;
};

struct Session {
  Choice choice = Choice::jitkit;
  const char* file = nullptr;
  Counts counts;
  Fallback fallbacks[257] = {};  // the last: others, when there is no room for a reason of their own
  Area areas[256] = {};  // no more are kept
  u32 area_count = 0;
  u64 begun = 0;  // of the attempt under way
};

void write_report();

u64 clock_nanoseconds() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return static_cast<u64>(t.tv_sec) * 1000000000U + static_cast<u64>(t.tv_nsec);
}

Session& session() {
  static Session s = [] {
    Session made;
    if (const char* wanted = std::getenv("JITKIT_LUAJIT"); wanted != nullptr && *wanted != '\0') {
      if (std::strcmp(wanted, "stock") == 0)
        made.choice = Choice::stock;
      else if (std::strcmp(wanted, "check") == 0)
        made.choice = Choice::check;
      else if (std::strcmp(wanted, "jitkit") != 0) {
        std::fprintf(stderr, "jitkit: JITKIT_LUAJIT=%s: must be jitkit, stock or check\n", wanted);
        std::exit(2);
      }
    }
    made.file = std::getenv("JITKIT_LUAJIT_STATS");
    if (made.file != nullptr) std::atexit(write_report);
    return made;
  }();
  return s;
}

void write_report() {
  const Session& s = session();
  std::FILE* out = std::fopen(s.file, "w");
  if (out == nullptr) {
    std::fprintf(stderr, "jitkit: cannot write %s\n", s.file);
    return;
  }
  const Counts& c = s.counts;
  const auto line = [out](const char* name, u64 value) { std::fprintf(out, "%s %" PRIu64 "\n", name, value); };
#define JITKIT_LUAJIT_COUNTER(name) line(#name, c.name);
  JITKIT_LUAJIT_COUNTERS(JITKIT_LUAJIT_COUNTER)
#undef JITKIT_LUAJIT_COUNTER
  for (const Fallback& f : s.fallbacks)
    if (f.times != 0) std::fprintf(out, "fallback %" PRIu64 " %s\n", f.times, f.reason);
  for (u32 n = 0; n < s.area_count; ++n) std::fprintf(out, "area %p %p\n", s.areas[n].low, s.areas[n].high);
  std::fclose(out);
}

}  // namespace

Choice choice() { return session().choice; }
Counts& counts() { return session().counts; }

void count_fallback(const char* what, const char* detail) {
  Session& s = session();
  char reason[sizeof Fallback::reason];
  std::snprintf(reason, sizeof reason, "%s%s%s", what, *detail != '\0' ? " " : "", detail);
  Fallback* const others = std::end(s.fallbacks) - 1;
  Fallback* f = s.fallbacks;
  while (f != others && f->times != 0 && std::strcmp(f->reason, reason) != 0) ++f;
  if (f->times++ == 0) std::snprintf(f->reason, sizeof f->reason, "%s", f != others ? reason : "others");
}

void count_area(const void* low, const void* high) {
  Session& s = session();
  for (u32 n = 0; n < s.area_count; ++n)
    if (s.areas[n].low == low && s.areas[n].high == high) return;
  if (s.area_count < std::size(s.areas)) s.areas[s.area_count++] = {low, high};
}

void begin_attempt() { session().begun = clock_nanoseconds(); }
void end_attempt() {
  Session& s = session();
  if (s.begun != 0) s.counts.nanoseconds += clock_nanoseconds() - s.begun;
  s.begun = 0;
}

}  // namespace jitkit::luajit
