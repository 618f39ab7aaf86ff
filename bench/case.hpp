// What is measured: a case is one job of one tool, done once per call of run(). Every file that measures
// something registers its cases; main.cpp times them or lets callgrind count them.
#ifndef JITKIT_BENCH_CASE_HPP
#define JITKIT_BENCH_CASE_HPP

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace bench {

struct Case {
  std::string what;  // the job: "emit arm64", "line x86_64" ...
  std::string who;   // the tool
  std::string unit;  // what is divided by: instructions, ops, bytes
  double units = 0;  // of it in one run
  std::function<void()> run;
  bool warm = true;  // jitkit: must not touch the heap once warm
  bool counted = true;  // callgrind knows all of its instructions
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

// Facts that are not measured: checks of results, mixes of ops, sizes.
struct Fact {
  std::string name;
  std::string value;
};
inline std::vector<Fact>& facts() {
  static std::vector<Fact> all;
  return all;
}

// Registers cases before main().
struct Register {
  explicit Register(void (*f)()) { f(); }
};

[[noreturn]] void die(const std::string& why);
inline void require(bool ok, const std::string& why) {
  if (!ok) die(why);
}

// Operands the compiler cannot see: tables in a file of their own.
extern const std::uint8_t reg_table[64];
extern const std::int64_t imm_table[16];

// Calls of malloc, calloc and realloc in this process so far.
std::uint64_t heap_calls();

}  // namespace bench

#endif  // JITKIT_BENCH_CASE_HPP
