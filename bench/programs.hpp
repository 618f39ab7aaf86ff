// The functions whose compilation is measured, as recipes that every tool cooks with its own builder:
// what a tool's cost includes is making its own IR from the recipe.
//
//   line      a straight line of ops over 32 live values, which are loaded from memory first
//   diamonds  if-then-else after if-then-else over 8 live values, three blocks each
//
// Invariants: every result is used (nothing is dead). A recipe depends on its parameters alone (own random numbers). `ops` counts instructions
// of the IR: a comparison, a select, a branch, a load and a return are one each, constants none.
#ifndef JITKIT_BENCH_PROGRAMS_HPP
#define JITKIT_BENCH_PROGRAMS_HPP

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

enum class Step : std::uint8_t {
  add, sub, mul, and_, or_, xor_,                        // live[d] op= live[b]
  add_imm, and_imm, xor_imm, shl_imm, shr_imm, rotl_imm,  // live[d] op= imm
  select_less,  // live[d] = live[a] < live[b] (signed) ? live[a] : live[d]
  load, store,  // live[d] += memory[imm]; memory[imm] = live[a]
  diamond,      // live[d] = live[a] < live[b] (signed) ? live[a] + imm : live[b] ^ live[d]
};
inline constexpr const char* step_names[] = {"add", "sub", "mul", "and", "or", "xor", "add imm", "and imm", "xor imm",
                                             "shl imm", "lshr imm", "rotl imm", "icmp+select", "load+add", "store",
                                             "icmp+brif+add+br+xor+br"};
constexpr unsigned ops_of(Step s) { return s == Step::diamond ? 6 : s == Step::select_less || s == Step::load ? 2 : 1; }

struct Line {
  Step step;
  std::uint8_t d, a, b;
  std::int32_t imm;
};

struct Recipe {
  unsigned live = 0;   // values; memory[0 .. live) holds their first contents
  unsigned words = 0;  // of memory
  unsigned ops = 0;
  std::vector<Line> lines;
};

// xorshift64*: the same numbers everywhere.
class Random {
 public:
  explicit Random(std::uint64_t seed) : s_(seed) {}
  unsigned below(unsigned n) {
    s_ ^= s_ >> 12;
    s_ ^= s_ << 25;
    s_ ^= s_ >> 27;
    return static_cast<unsigned>((s_ * 0x2545f4914f6cdd1dU) >> 33) % n;
  }

 private:
  std::uint64_t s_;
};

inline Line random_line(Random& r, Step s, const Recipe& recipe) {
  Line l{s, static_cast<std::uint8_t>(r.below(recipe.live)), static_cast<std::uint8_t>(r.below(recipe.live)),
         static_cast<std::uint8_t>(r.below(recipe.live)), 0};
  while (l.b == l.a || l.b == l.d) l.b = static_cast<std::uint8_t>((l.b + 1) % recipe.live);  // x op x would be folded
  switch (s) {
    case Step::shl_imm:
    case Step::shr_imm:
    case Step::rotl_imm: l.imm = static_cast<std::int32_t>(1 + r.below(31)); break;
    case Step::load:
    case Step::store: l.imm = static_cast<std::int32_t>(r.below(recipe.words)); break;
    default: l.imm = static_cast<std::int32_t>(1 + r.below(2000)); break;
  }
  return l;
}

// A straight line of exactly `ops` ops.
inline Recipe straight_line(unsigned ops) {
  static constexpr Step mix[] = {
      Step::add, Step::add, Step::add, Step::add, Step::add, Step::sub, Step::sub, Step::sub, Step::xor_, Step::xor_,
      Step::xor_, Step::and_, Step::and_, Step::or_, Step::or_, Step::mul, Step::mul, Step::add_imm, Step::add_imm,
      Step::and_imm, Step::xor_imm, Step::shl_imm, Step::shl_imm, Step::shr_imm, Step::rotl_imm, Step::select_less,
      Step::load, Step::load, Step::load, Step::store};
  Recipe recipe{32, 64, ops, {}};
  Random r(1);
  unsigned made = 32 + 31 + 1;  // first loads, the sum of all at the end, ret
  while (made < ops) {
    Step s = mix[r.below(sizeof mix)];
    if (made + ops_of(s) > ops) s = Step::add;
    recipe.lines.push_back(random_line(r, s, recipe));
    made += ops_of(s);
  }
  return recipe;
}

// `count` diamonds, with plain ops between them up to `ops`.
inline Recipe diamonds(unsigned count, unsigned ops) {
  Recipe recipe{8, 16, ops, {}};
  Random r(2);
  const unsigned plain = ops - count * 6 - (8 + 7 + 1);
  for (unsigned n = 0, made = 0; n < count; ++n) {
    recipe.lines.push_back(random_line(r, Step::diamond, recipe));
    while (made < plain * (n + 1) / count) {
      static constexpr Step mix[] = {Step::add, Step::sub, Step::xor_, Step::shr_imm, Step::load, Step::store};
      Step s = mix[r.below(sizeof mix)];
      if (made + ops_of(s) > plain) s = Step::add;
      recipe.lines.push_back(random_line(r, s, recipe));
      made += ops_of(s);
    }
  }
  return recipe;
}

inline std::string mix_of(const Recipe& recipe) {
  unsigned count[sizeof step_names / sizeof step_names[0]] = {};
  for (const Line& l : recipe.lines) ++count[static_cast<unsigned>(l.step)];
  std::string text = "load (first) " + std::to_string(recipe.live) + ", xor (last) " + std::to_string(recipe.live - 1);
  for (unsigned i = 0; i < sizeof step_names / sizeof step_names[0]; ++i)
    if (count[i] != 0) text += std::string(", ") + step_names[i] + " " + std::to_string(count[i]);
  return text;
}

// Cooks a recipe. Of a Builder:
//   Value                         of 64 bits
//   Value load(int word); void store(int word, Value)
//   Value binary(Step, Value, Value); Value immediate(Step, Value, int32_t)
//   Value select_less(Value a, Value b, Value otherwise)       a < b ? a : otherwise
//   Value diamond(Value a, Value b, Value d, int32_t imm)      a < b ? a + imm : b ^ d, by branches
//   void ret(Value)
template <class Builder>
void cook(const Recipe& recipe, Builder& b) {
  typename Builder::Value live[32] = {};
  for (unsigned i = 0; i < recipe.live; ++i) live[i] = b.load(static_cast<int>(i));
  for (const Line& l : recipe.lines) {
    switch (l.step) {
      case Step::select_less: live[l.d] = b.select_less(live[l.a], live[l.b], live[l.d]); break;
      case Step::load: live[l.d] = b.binary(Step::add, live[l.d], b.load(l.imm)); break;
      case Step::store: b.store(l.imm, live[l.a]); break;
      case Step::diamond: live[l.d] = b.diamond(live[l.a], live[l.b], live[l.d], l.imm); break;
      default:
        live[l.d] = l.step < Step::add_imm ? b.binary(l.step, live[l.d], live[l.b])
                                           : b.immediate(l.step, live[l.d], l.imm);
    }
  }
  typename Builder::Value sum = live[0];
  for (unsigned i = 1; i < recipe.live; ++i) sum = b.binary(Step::xor_, sum, live[i]);
  b.ret(sum);
}

// What a recipe computes.
class Evaluator {
 public:
  using Value = std::uint64_t;
  explicit Evaluator(std::uint64_t* memory) : memory_(memory) {}
  Value load(int word) { return memory_[word]; }
  void store(int word, Value v) { memory_[word] = v; }
  static Value binary(Step s, Value a, Value b) {
    switch (s) {
      case Step::add: return a + b;
      case Step::sub: return a - b;
      case Step::mul: return a * b;
      case Step::and_: return a & b;
      case Step::or_: return a | b;
      default: return a ^ b;
    }
  }
  static Value immediate(Step s, Value a, std::int32_t imm) {
    const auto n = static_cast<Value>(imm);
    switch (s) {
      case Step::add_imm: return a + n;
      case Step::and_imm: return a & n;
      case Step::xor_imm: return a ^ n;
      case Step::shl_imm: return a << n;
      case Step::shr_imm: return a >> n;
      default: return a << n | a >> (64 - n);
    }
  }
  static bool less(Value a, Value b) { return static_cast<std::int64_t>(a) < static_cast<std::int64_t>(b); }
  static Value select_less(Value a, Value b, Value otherwise) { return less(a, b) ? a : otherwise; }
  static Value diamond(Value a, Value b, Value d, std::int32_t imm) {
    return less(a, b) ? a + static_cast<Value>(imm) : b ^ d;
  }
  void ret(Value v) { result = v; }
  Value result = 0;

 private:
  std::uint64_t* memory_;
};

using Compiled = std::uint64_t (*)(std::uint64_t* memory);

// Memory as every run finds it.
inline std::vector<std::uint64_t> fresh_memory(const Recipe& recipe) {
  std::vector<std::uint64_t> memory(recipe.words);
  Random r(3);
  for (std::uint64_t& w : memory) w = std::uint64_t{r.below(~0U)} << 32 | r.below(~0U);
  return memory;
}

// The result and all of memory, in one number.
inline std::uint64_t digest(std::uint64_t result, const std::vector<std::uint64_t>& memory) {
  for (const std::uint64_t w : memory) result = (result ^ w) * 0x9e3779b97f4a7c15U;
  return result;
}
inline std::uint64_t expected(const Recipe& recipe) {
  std::vector<std::uint64_t> memory = fresh_memory(recipe);
  Evaluator e(memory.data());
  cook(recipe, e);
  return digest(e.result, memory);
}
inline std::uint64_t run_compiled(const Recipe& recipe, Compiled f) {
  std::vector<std::uint64_t> memory = fresh_memory(recipe);
  const std::uint64_t result = f(memory.data());
  return digest(result, memory);
}

// The inputs that are measured, made once. Sizes as in the published figures of other tools.
inline const Recipe& big_line() {
  static const Recipe r = straight_line(5149);
  return r;
}
inline const Recipe& thousand_blocks() {
  static const Recipe r = diamonds(333, 2163);
  return r;
}
inline const Recipe& line_of(unsigned ops) {
  static const Recipe small = straight_line(5000), large = straight_line(50000);
  return ops == 5000 ? small : large;
}

}  // namespace bench

#endif  // JITKIT_BENCH_PROGRAMS_HPP
