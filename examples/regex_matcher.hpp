// A regular expression compiled to machine code: text to a tree, to an automaton of sets of positions, to IR
// with a block for each state. Used by regex_matcher.cpp, which tests it, and by bench/regex.cpp.
//
//   Regex words;
//   words.compile("[Cc]ode(r|d)?");
//   words.count_lines(text);       how many lines have a match
//
// Syntax: . [a-z^] \d \w \s \n \t and other characters behind \; (a|b), * + ? {m} {m,} {m,n}; ^ at the start and
// $ at the end. Bytes, not characters; a match stays in its line.
//
// A state has no code but "which byte is next?": its bytes are cut into runs that lead to the same state, and a
// few runs become compares, many a jump table. Where a state mostly stays (as the first one does until a match
// begins) 16 bytes are looked at together with vector ops, each with the byte behind it: a place is passed over
// if what a match could start with does not go on as one. The same IR on both targets.
#ifndef JITKIT_EXAMPLES_REGEX_MATCHER_HPP
#define JITKIT_EXAMPLES_REGEX_MATCHER_HPP

#include <jitkit/jitkit.hpp>

#include <algorithm>
#include <bitset>
#include <map>
#include <string_view>
#include <vector>

namespace example {

using jitkit::u32;
using jitkit::u64;
using jitkit::u8;
using Bytes = std::bitset<256>;

// ---- text to tree ----

struct Node {
  enum class Kind : u8 { empty, bytes, sequence, choice, repeat };
  Kind kind = Kind::empty;
  Bytes bytes = {};
  int left = -1, right = -1;
  int least = 0, most = -1;  // of repeat; -1: no bound
};

class RegexParser {
 public:
  explicit RegexParser(std::string_view text) : rest_(text) {}

  // The root, or -1 with error() set.
  int parse() {
    starts_line = take('^');
    const int root = choice();
    ends_line = rest_ == "$" && take('$');
    if (!rest_.empty()) fail("unexpected character");
    return error_ == nullptr ? root : -1;
  }
  const char* error() const { return error_; }
  std::vector<Node> nodes;
  bool starts_line = false;
  bool ends_line = false;

 private:
  int fail(const char* why) {
    if (error_ == nullptr) error_ = why;
    rest_ = {};
    return make({});
  }
  bool take(char c) {
    if (rest_.empty() || rest_[0] != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  int make(const Node& n) {
    nodes.push_back(n);
    return static_cast<int>(nodes.size()) - 1;
  }
  int join(Node::Kind kind, int left, int right) {
    Node n;
    n.kind = kind;
    n.left = left;
    n.right = right;
    return make(n);
  }

  int choice() {
    int all = sequence();
    while (take('|')) all = join(Node::Kind::choice, all, sequence());
    return all;
  }
  int sequence() {
    int all = make({});
    while (!rest_.empty() && rest_[0] != '|' && rest_[0] != ')' && rest_ != "$") {
      int next = atom();
      for (int again = next; (again = repeat(next)) != next;) next = again;
      all = join(Node::Kind::sequence, all, next);
    }
    return all;
  }
  int repeat(int what) {
    int least = 0, most = -1;
    if (take('+')) least = 1;
    else if (take('?')) most = 1;
    else if (take('{')) {
      least = most = number();
      if (take(',')) most = !rest_.empty() && rest_[0] == '}' ? -1 : number();
      if (!take('}') || (most >= 0 && most < least)) return fail("no number of repetitions");
    } else if (!take('*')) return what;
    Node n;
    n.kind = Node::Kind::repeat;
    n.left = what;
    n.least = least;
    n.most = most;
    return make(n);
  }
  int number() {
    int n = -1;
    while (!rest_.empty() && rest_[0] >= '0' && rest_[0] <= '9' && n < 1000) {
      n = (n < 0 ? 0 : n * 10) + (rest_[0] - '0');
      rest_.remove_prefix(1);
    }
    if (n < 0 || n > 255) fail("no number of repetitions");
    return n;
  }
  int atom() {
    if (take('(')) {
      if (++depth_ > 100) return fail("too many parentheses");
      const int inside = choice();
      --depth_;
      return take(')') ? inside : fail("no ')'");
    }
    Node n;
    n.kind = Node::Kind::bytes;
    if (take('[')) n.bytes = set();
    else if (take('.')) n.bytes.set();
    else n.bytes = single();
    n.bytes.reset('\n');
    return make(n);
  }
  static Bytes range(int first, int last) {
    Bytes b;
    for (int c = first; c <= last; ++c) b.set(static_cast<std::size_t>(c));
    return b;
  }
  Bytes single() {
    if (rest_.empty()) return fail("nothing behind '\\'"), Bytes();
    const bool escaped = take('\\');
    if (rest_.empty()) return fail("nothing behind '\\'"), Bytes();
    const char c = rest_[0];
    if (!escaped && (c == '*' || c == '+' || c == '?' || c == '{')) return fail("nothing to repeat"), Bytes();
    rest_.remove_prefix(1);
    if (escaped && c == 'd') return range('0', '9');
    if (escaped && c == 'w') return range('0', '9') | range('a', 'z') | range('A', 'Z') | range('_', '_');
    if (escaped && c == 's') return range(' ', ' ') | range('\t', '\r');
    const char meant = !escaped ? c : c == 'n' ? '\n' : c == 't' ? '\t' : c;
    return range(static_cast<u8>(meant), static_cast<u8>(meant));
  }
  Bytes set() {
    const bool others = take('^');
    Bytes all;
    do {
      const Bytes first = single();
      if (rest_.size() > 1 && rest_[0] == '-' && rest_[1] != ']' && first.count() == 1) {
        take('-');
        const Bytes last = single();
        all |= range(lowest(first), lowest(last));
      } else {
        all |= first;
      }
    } while (!rest_.empty() && rest_[0] != ']');
    if (!take(']')) fail("no ']'");
    return others ? ~all : all;
  }
  static int lowest(const Bytes& b) {
    int c = 0;
    while (c < 255 && !b.test(static_cast<std::size_t>(c))) ++c;
    return c;
  }

  std::string_view rest_;
  const char* error_ = nullptr;
  int depth_ = 0;
};

// ---- tree to automaton ----

// Positions of the expression: each reads one of its bytes and goes to `next`, or goes on without reading
// (`next`, `other`) where it has none. Position 0 is the match.
struct Position {
  Bytes bytes = {};
  int next = 0;
  int other = -1;
};

struct State {
  bool match = false;          // a match has ended
  bool match_at_end = false;   // it ends if the line does
  u32 next[256] = {};
};

class Automaton {
 public:
  static constexpr std::size_t max_states = 2000;
  static constexpr std::size_t max_positions = 20000;

  // False if it has too many states.
  bool build(const RegexParser& tree, int root) {
    positions_.assign(1, {});
    start_ = add(tree, root, 0);
    ends_line_ = tree.ends_line;
    if (positions_.size() > max_positions) return false;
    std::vector<int> first;
    mark_.assign(positions_.size(), false);
    reach(start_, first);
    finish(first);
    number(first);
    for (u32 s = 0; s < states.size(); ++s) {
      const std::vector<int> here = sets_[s];
      for (unsigned c = 0; c < 256; ++c) {
        if (c == '\n' || states[s].match) continue;  // the next line starts at state 0; a match is enough
        std::vector<int> after;
        for (const int p : here)
          if (position(p).bytes.test(c)) reach(position(p).next, after);
        if (!tree.starts_line) reach(start_, after);  // a match may begin at any byte
        finish(after);
        states[s].next[c] = number(after);
      }
      if (states.size() > max_states) return false;
    }
    return true;
  }
  std::vector<State> states;  // 0 is the first

 private:
  const Position& position(int p) const { return positions_[static_cast<std::size_t>(p)]; }
  int put(const Position& p) {
    if (positions_.size() <= max_positions) positions_.push_back(p);
    return static_cast<int>(positions_.size()) - 1;
  }
  // Where `node`, followed by position `next`, starts.
  int add(const RegexParser& tree, int node, int next) {
    if (positions_.size() > max_positions) return 0;
    const Node& n = tree.nodes[static_cast<std::size_t>(node)];
    switch (n.kind) {
      case Node::Kind::empty: return next;
      case Node::Kind::bytes: return put({n.bytes, next, -1});
      case Node::Kind::sequence: return add(tree, n.left, add(tree, n.right, next));
      case Node::Kind::choice: {
        const int left = add(tree, n.left, next);
        return put({{}, left, add(tree, n.right, next)});
      }
      case Node::Kind::repeat: break;
    }
    if (n.most < 0) {  // a loop: once more, or on
      const int loop = put({{}, 0, next});
      const int body = add(tree, n.left, loop);
      positions_[static_cast<std::size_t>(loop)].next = body;
      next = loop;
    }
    for (int i = n.least; i < n.most; ++i) next = put({{}, add(tree, n.left, next), next});
    for (int i = 0; i < n.least; ++i) next = add(tree, n.left, next);
    return next;
  }
  // Adds the positions that are reached without reading.
  void reach(int p, std::vector<int>& set) {
    if (mark_[static_cast<std::size_t>(p)]) return;
    mark_[static_cast<std::size_t>(p)] = true;
    set.push_back(p);
    if (p == 0 || position(p).bytes.any()) return;
    reach(position(p).next, set);
    if (position(p).other >= 0) reach(position(p).other, set);
  }
  // Keeps what reads or is the match, in order, and clears the marks.
  void finish(std::vector<int>& set) {
    for (const int p : set) mark_[static_cast<std::size_t>(p)] = false;
    std::erase_if(set, [&](int p) { return p != 0 && position(p).bytes.none(); });
    std::sort(set.begin(), set.end());
  }
  u32 number(const std::vector<int>& set) {
    const bool found = !set.empty() && set[0] == 0;
    // All states with a match are one: what follows in the line makes no difference.
    const std::vector<int> key = found && !ends_line_ ? std::vector<int>{0} : set;
    const auto [at, made] = numbers_.try_emplace(key, static_cast<u32>(states.size()));
    if (made) {
      State s;
      s.match = found && !ends_line_;
      s.match_at_end = found;
      states.push_back(s);
      sets_.push_back(key);
    }
    return at->second;
  }

  std::vector<Position> positions_;
  std::vector<std::vector<int>> sets_;
  std::vector<bool> mark_;
  std::map<std::vector<int>, u32> numbers_;
  int start_ = 0;
  bool ends_line_ = false;
};

// ---- automaton to IR ----

// count(begin, end): the lines with a match. Every block has the place in the text and the count as parameters.
class RegexCode {
 public:
  RegexCode(jitkit::ir::Builder& b, const std::vector<State>& states) : b_(b), states_(states) {}

  void build() {
    using namespace jitkit::ir;
    const Block entry = b_.entry();
    end_ = b_.param(entry, 1);
    for (std::size_t s = 0; s < states_.size(); ++s) blocks_.push_back(block());
    newline_ = block();
    finish_ = b_.new_block();
    const Value result = b_.add_param(finish_, Type::i64);
    // Where nothing at all is a match, a line must be seen to be there first.
    line_ = states_[0].match_at_end ? block() : blocks_[0];
    b_.br({line_, {b_.param(entry, 0), b_.i64(0)}});
    if (line_ != blocks_[0]) {
      b_.at(line_);
      const Value at = b_.param(line_, 0), count = b_.param(line_, 1);
      b_.brif(b_.icmp(ICond::ult, at, end_), {blocks_[0], {at, count}}, {finish_, {count}});
    }
    for (std::size_t s = 0; s < states_.size(); ++s) state(s);
    // Behind a match: on to the next line.
    skip_until(newline_, {Run{'\n', '\n', 0}}, {}, [&](Value at, Value count) {
      const Value c = b_.uload8(Type::i32, at);
      b_.brif(b_.icmp(ICond::eq, c, b_.i32('\n')), {line_, {b_.ptr_add(at, b_.i64(1)), count}},
              {newline_, {b_.ptr_add(at, b_.i64(1)), count}});
    }, 0);
    b_.at(finish_);
    b_.ret({result});
  }

 private:
  using Block = jitkit::ir::Block;
  using Value = jitkit::ir::Value;
  struct Run {
    unsigned first, last;
    u32 target;
  };

  Block block() {
    const Block made = b_.new_block();
    b_.add_param(made, jitkit::ir::Type::ptr);
    b_.add_param(made, jitkit::ir::Type::i64);
    return made;
  }

  void state(std::size_t s) {
    const State& here = states_[s];
    if (here.match) {
      b_.at(blocks_[s]);
      b_.br({newline_, {b_.param(blocks_[s], 0), b_.add(b_.param(blocks_[s], 1), b_.i64(1))}});
      return;
    }
    // The state most bytes lead to is where all others go.
    std::map<u32, unsigned> bytes;
    for (unsigned c = 0; c < 256; ++c) ++bytes[here.next[c]];
    u32 most = here.next[0];
    for (const auto& [target, n] : bytes)
      if (n > bytes[most]) most = target;
    std::vector<Run> runs;
    const auto add = [](std::vector<Run>& list, unsigned c, u32 target, bool own) {
      if (!own && !list.empty() && list.back().last + 1 == c && list.back().target == target && list.back().last != '\n')
        list.back().last = c;
      else
        list.push_back({c, c, target});
    };
    for (unsigned c = 0; c < 256; ++c) {
      const bool own = c == '\n' && (here.match_at_end || line_ != blocks_[0]);
      if (here.next[c] != most || own) add(runs, c, here.next[c], own);
    }
    // Behind a byte of the runs: those with which the state is another than if that byte had not been there.
    std::vector<Run> behind;
    unsigned few = 0;
    for (unsigned c = 0; c < 256; ++c)
      if (std::any_of(runs.begin(), runs.end(), [&](const Run& r) {
            const State& after = states_[r.target];
            return after.match || after.match_at_end || r.first == '\n' || after.next[c] != here.next[c];
          })) {
        add(behind, c, 0, false);
        ++few;
      }
    if (behind.size() > 3 || few > 128) behind.clear();
    const auto step = [&](Value at, Value count) {
      dispatch(here, b_.uload8(jitkit::ir::Type::i32, at), b_.ptr_add(at, b_.i64(1)), count, runs, most);
    };
    if (most == s && runs.size() <= 4) {
      skip_until(blocks_[s], runs, behind, step, here.match_at_end ? 1 : 0);
    } else {
      b_.at(blocks_[s]);
      one_byte(b_.param(blocks_[s], 0), b_.param(blocks_[s], 1), step, here.match_at_end ? 1 : 0);
    }
  }

  // If there is a byte, `step`; else the count is ready.
  template <class Step>
  void one_byte(Value at, Value count, Step step, int at_end) {
    using namespace jitkit::ir;
    const Block some = b_.new_block();
    b_.brif(b_.icmp(ICond::ult, at, end_), {some}, {finish_, {at_end != 0 ? b_.add(count, b_.i64(at_end)) : count}});
    b_.at(some);
    step(at, count);
  }

  void dispatch(const State& here, Value c, Value next, Value count, const std::vector<Run>& runs, u32 most) {
    using namespace jitkit::ir;
    const Value counted = here.match_at_end ? b_.add(count, b_.i64(1)) : count;
    const auto block_of = [&](const Run& r) { return r.first == '\n' ? line_ : blocks_[r.target]; };
    const auto count_of = [&](const Run& r) { return r.first == '\n' ? counted : count; };
    if (runs.size() > 6) {
      std::vector<std::vector<Value>> arguments;  // a Case refers to its arguments
      arguments.reserve(257);
      std::vector<Case> cases;
      for (const Run& r : runs)
        for (unsigned k = r.first; k <= r.last; ++k) {
          arguments.push_back({next, count_of(r)});
          cases.push_back({static_cast<jitkit::i64>(k), To(block_of(r), std::span<const Value>(arguments.back()))});
        }
      b_.switch_(c, cases, {blocks_[most], {next, count}});
      return;
    }
    for (const Run& r : runs) {
      const Block other = b_.new_block();
      const Value inside = r.first == r.last ? b_.icmp(ICond::eq, c, b_.i32(r.first))
                                             : b_.icmp(ICond::ule, b_.sub(c, b_.i32(r.first)), b_.i32(r.last - r.first));
      b_.brif(inside, {block_of(r), {next, count_of(r)}}, {other});
      b_.at(other);
    }
    b_.br({blocks_[most], {next, count}});
  }

  // Lanes of ones where a byte of the text is in a run.
  Value in_runs(Value text, const std::vector<Run>& runs) {
    using namespace jitkit::ir;
    Value found;
    for (const Run& r : runs) {
      const auto splat = [&](unsigned c) { return b_.vsplat(Type::v128, Lane::i8, b_.i8(static_cast<jitkit::i8>(c))); };
      const Value clamped = r.first == r.last ? splat(r.first) : b_.vumin(Lane::i8, b_.vumax(Lane::i8, text, splat(r.first)), splat(r.last));
      const Value here = b_.vcmpeq(Lane::i8, text, clamped);
      found = found ? b_.vor(found, here) : here;
    }
    return found ? found : b_.v128(0, 0);
  }

  // The block goes over bytes that are in none of the runs, or before one that is not in `behind` if that has
  // any, 16 at a time, then does `step`.
  template <class Step>
  void skip_until(Block start, const std::vector<Run>& runs, const std::vector<Run>& behind, Step step, int at_end) {
    using namespace jitkit::ir;
    b_.at(start);
    const Value at = b_.param(start, 0), count = b_.param(start, 1);
    const Block wide = b_.new_block(), narrow = b_.new_block(), none = b_.new_block(), some = b_.new_block();
    const Value last = b_.ptr_add(at, b_.i64(16));
    const Value needed = behind.empty() ? last : b_.ptr_add(at, b_.i64(17));
    b_.brif(b_.icmp(ICond::ule, needed, end_), {wide}, {narrow});
    b_.at(wide);
    Value found = in_runs(b_.load(Type::v128, at), runs);
    if (!behind.empty()) found = b_.vand(found, in_runs(b_.load(Type::v128, at, 1), behind));
    const Value low = b_.vextract(Lane::i64, found, 0U), high = b_.vextract(Lane::i64, found, 1U);
    b_.brif(b_.icmp(ICond::eq, b_.or_(low, high), b_.i64(0)), {none}, {some});
    b_.at(none);
    b_.br({start, {last, count}});
    b_.at(some);
    const auto first_byte = [&](Value mask) { return b_.lshr(b_.ctz(mask), b_.i64(3)); };
    const Value distance = b_.select(b_.icmp(ICond::ne, low, b_.i64(0)), first_byte(low), b_.add(first_byte(high), b_.i64(8)));
    step(b_.ptr_add(at, distance), count);
    b_.at(narrow);
    one_byte(at, count, step, at_end);
  }

  jitkit::ir::Builder& b_;
  const std::vector<State>& states_;
  std::vector<Block> blocks_;
  Block newline_, line_, finish_;
  Value end_;
};

// ---- all together ----

class Regex {
 public:
  // nullptr, or why not.
  const char* compile(std::string_view pattern) {
    using namespace jitkit;
    RegexParser tree(pattern);
    const int root = tree.parse();
    if (root < 0) return tree.error();
    Automaton automaton;
    if (!automaton.build(tree, root)) return "too many states";
    states_ = automaton.states.size();
    ir::Module module;
    ir::Function<host::Isa> f;
    f.module = &module;
    f.signature = module.add_signature({ir::Type::ptr, ir::Type::ptr}, {ir::Type::i64});
    ir::Builder b(f);
    RegexCode(b, automaton.states).build();
    ir::Diagnostics errors;
    if (!ir::verify(f, errors)) return "the IR is not sound";
    host::Options options;
    options.features = host_features();
    CodeBuffer code;
    Status s = ir::Optimiser(ir::OptLevel::fast).run(f);
    if (s.ok()) s = ir::Compiler<host::Isa>(options).compile(f, code);
    if (s.ok()) s = memory_.add(code, block_);
    bytes_ = code.offset();
    return s.ok() ? nullptr : describe(s.error);
  }
  u64 count_lines(std::string_view text) const { return block_.as<u64(const char*, const char*)>()(text.data(), text.data() + text.size()); }
  std::size_t states() const { return states_; }
  std::size_t code_bytes() const { return bytes_; }

 private:
  jitkit::ExecMemory memory_;
  jitkit::ExecBlock block_;
  std::size_t states_ = 0;
  std::size_t bytes_ = 0;
};

}  // namespace example

#endif  // JITKIT_EXAMPLES_REGEX_MATCHER_HPP
