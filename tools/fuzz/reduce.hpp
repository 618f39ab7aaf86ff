// Makes a program that shows a difference smaller, as long as it still shows one: whole functions,
// branches, then runs of instructions, each replaced by constants (delta debugging); what is then empty goes.
//
// Invariant: every candidate goes through text, so what comes out is a .jk file that shows the difference.
// Idea: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 2002).
#ifndef JITKIT_TOOLS_FUZZ_REDUCE_HPP
#define JITKIT_TOOLS_FUZZ_REDUCE_HPP

#include <chrono>
#include <functional>
#include <set>

#include "program.hpp"

namespace jitkit::fuzz {

class Reducer {
 public:
  using Fails = std::function<bool(Program&)>;

  Reducer(const Program& p, Fails fails, std::chrono::seconds limit)
      : text_(p.text()), cases_(p.cases()), fails_(std::move(fails)), end_(std::chrono::steady_clock::now() + limit) {}

  std::unique_ptr<Program> run() {
    unpatched();
    fewer_calls();
    for (bool smaller = true; smaller && !late();) {
      smaller = false;
      for (const Kind k : {Kind::returns, Kind::branches, Kind::instructions}) smaller = shrink(k) || smaller;
      smaller = tidy() || smaller;
    }
    auto p = std::make_unique<Program>(text_, cases_);
    p->interpret();
    return p;
  }

 private:
  // What a step may change: a block's end becomes a return of constants, a branch goes one way, an
  // instruction goes and its results are constants.
  enum class Kind { returns, branches, instructions };
  struct Site {
    u32 function;
    Block block;
    Inst inst;
  };

  bool late() const { return std::chrono::steady_clock::now() > end_; }

  bool accept(std::string text, std::vector<Case> cases) {
    if (late()) return false;
    Program p(text, cases);
    if (!p.interpret() || !fails_(p)) return false;
    text_ = std::move(text);
    cases_ = std::move(cases);
    return true;
  }

  // As `jitkit run` makes the calls, if that shows the difference too.
  void unpatched() {
    std::vector<Case> plain = cases_;
    for (Case& c : plain) c.patches = Patches::none;
    accept(text_, plain);
  }

  void fewer_calls() {
    for (usize n = cases_.size(); n-- > 0 && cases_.size() > 1;) {
      std::vector<Case> fewer = cases_;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(n));
      accept(text_, fewer);
    }
  }

  static std::vector<FunctionData*> functions(Unit& u) {
    std::vector<FunctionData*> list;
    u.for_each([&](FunctionData& f, TextMap&) { list.push_back(&f); });
    return list;
  }

  // What clears stack memory where a function begins stays: what is read of it otherwise differs with what ran before.
  static bool clears_stack(const FunctionData& f, Block b, Inst i) {
    if (f[i].op != Opcode::memset || b != FunctionData::entry()) return false;
    const ValueData& base = f[f.operand(i, 0)];
    if (base.kind != ValueData::Kind::inst) return false;
    const Opcode op = f[Inst(base.def)].op;
    return op == Opcode::stack_addr || op == Opcode::alloca_;
  }

  static std::vector<Site> sites(Unit& u, Kind k) {
    std::vector<Site> list;
    const std::vector<FunctionData*> all = functions(u);
    for (u32 n = 0; n < all.size(); ++n)
      for (u32 b = 1; b < all[n]->blocks.size(); ++b)
        for (Inst i = all[n]->blocks[b].first; i; i = (*all[n])[i].next) {
          const Opcode op = (*all[n])[i].op;
          const bool branch = op == Opcode::br || op == Opcode::brif || op == Opcode::switch_;
          const bool fits = k == Kind::instructions ? !is_terminator(op) && !clears_stack(*all[n], Block(b), i)
                            : k == Kind::branches   ? branch && op != Opcode::br
                                                    : branch || op == Opcode::tail_call;
          if (fits) list.push_back({n, Block(b), i});
        }
    return list;
  }

  bool shrink(Kind k) {
    bool smaller = false;
    Program now(text_, cases_);
    usize size = sites(now.unit(), k).size();
    for (usize chunk = k == Kind::instructions ? size / 2 : 1; chunk >= 1 && !late(); chunk /= 2) {
      for (usize at = 0; at < size && !late();) {
        const bool good = attempt(k, at, chunk, 0) || (k != Kind::instructions && attempt(k, at, chunk, 1));
        smaller = smaller || good;
        if (!good) at += chunk;
        Program next(text_, cases_);
        size = sites(next.unit(), k).size();
      }
      if (chunk == 1) break;
    }
    return smaller;
  }

  // Blocks that only lead on and values nobody wants go, by the optimiser's own passes.
  bool tidy() {
    Program p(text_, cases_);
    PassList passes;
    passes.add(Pass::simplify_cfg);
    passes.add(Pass::dce);
    if (!Optimiser(passes).run(p.unit()).ok()) return false;
    const std::string text = reachable_text(p.unit());
    return text.size() < text_.size() && accept(text, cases_);
  }

  bool attempt(Kind k, usize at, usize count, u32 way) {
    Program p(text_, cases_);
    Unit& u = p.unit();
    const std::vector<Site> list = sites(u, k);
    const std::vector<FunctionData*> all = functions(u);
    for (usize n = at; n < at + count && n < list.size(); ++n) {
      FunctionData& f = *all[list[n].function];
      if (k == Kind::instructions)
        drop(f, list[n]);
      else if (k == Kind::branches)
        one_way(f, list[n], way);
      else
        end_here(f, list[n]);
    }
    const std::string text = reachable_text(u);
    return text != text_ && accept(text, cases_);
  }

  static void drop(FunctionData& f, const Site& s) {
    const InstData d = f[s.inst];
    for (u32 n = 0; n < d.results; ++n) {
      const Value old = f.result(s.inst, n);
      const Value zero = f.constant(f.type(old), d.op == Opcode::icmp ? 1 : 0);
      for (u32& v : f.pool)
        if (v == old.id) v = zero.id;
      for (FrameEntry& e : f.frame_entries)
        if (e.kind == FrameEntry::Kind::value && e.index == old.id) e.index = zero.id;
      for (InstData& user : f.insts)
        for (u32 k = 0; k < user.operands && user.operands <= 2; ++k)
          if (user.ops[k] == old.id) user.ops[k] = zero.id;
    }
    f.unlink(s.block, s.inst);
  }

  static void one_way(FunctionData& f, const Site& s, u32 way) {
    InstData& d = f[s.inst];
    const u32 edges = f.edge_count(s.inst);
    d.aux += way == 0 ? 0 : edges - 1;
    d.op = Opcode::br;
    d.type = Type::none;
    d.operands = 0;
  }

  static void end_here(FunctionData& f, const Site& s) {
    std::vector<Value> values;
    for (const Param& p : f.module->results(f.signature)) values.push_back(f.constant(p.type, 0));
    f.unlink(s.block, s.inst);
    f.append(s.block, f.new_inst(Opcode::ret, Type::none, values, {}));
  }

  bool is_called(const std::string& function) const {
    for (const Case& c : cases_)
      if (c.function == function) return true;
    return false;
  }

  // Frame states name values of blocks that are to go: constants instead, or the text would name what it does not have.
  static void forget_values(FunctionData& f) {
    Arena arena;
    Cfg cfg;
    cfg.compute(f, arena);
    std::set<u32> made;
    for (u32 b = 1; b < f.blocks.size(); ++b) {
      if (!cfg.reachable(Block(b))) continue;
      for (u32 n = 0; n < f.blocks[b].param_count; ++n) made.insert(f.param(Block(b), n).id);
      for (Inst i = f.blocks[b].first; i; i = f[i].next)
        for (u32 n = 0; n < f[i].results; ++n) made.insert(f.result(i, n).id);
    }
    for (FrameEntry& e : f.frame_entries) {
      const Value v(e.index);
      if (e.kind == FrameEntry::Kind::value && !f.is_constant(v) && !made.contains(v.id))
        e.index = f.constant(f.type(v), 0).id;
    }
  }

  std::string reachable_text(Unit& u) {
    for (FunctionData* f : functions(u)) forget_values(*f);
    std::string text;
    StringSink out(text);
    print(u, out);
    return without_unreachable(u, text);
  }

  // The text without blocks that nothing goes to and functions that nothing calls. The printer names
  // blocks in their order.
  std::string without_unreachable(Unit& u, const std::string& text) {
    std::set<std::string> dead_blocks;  // "function bN"
    for (const FunctionData* f : functions(u)) {
      Arena arena;
      Cfg cfg;
      cfg.compute(*f, arena);
      for (u32 b = 1; b < f->blocks.size(); ++b)
        if (!cfg.reachable(Block(b))) dead_blocks.insert(fmt::format("{} b{}", f->module->symbol_name(f->symbol), b));
    }
    std::string kept, function;
    bool dead = false, unused = false;
    for (usize at = 0, end = 0; at < text.size(); at = end + 1) {
      end = std::min(text.find('\n', at), text.size());
      const std::string line = text.substr(at, end - at);
      if (line.starts_with("func ")) {
        const usize name = line.find('@') + 1;
        function = line.substr(name, line.find('(', name) - name);
        const auto mentions = [&](const std::string& what) {
          for (usize p = text.find(what); p != std::string::npos; p = text.find(what, p + 1))
            if (std::isalnum(static_cast<unsigned char>(text[p + what.size()])) == 0 &&
                text.compare(p - 1, 1, " ") == 0 && text.rfind("func", p) < text.rfind('\n', p))
              return true;
          return false;
        };
        unused = !is_called(function) && !mentions("@" + function);
      }
      if (line.starts_with("b")) dead = dead_blocks.contains(function + " " + line.substr(0, line.find_first_of("(:")));
      if (line == "}" || line.starts_with("  fs")) dead = false;  // frame states stand behind the last block
      if (!dead && !unused) kept += line + "\n";
      if (line == "}") unused = false;
    }
    return kept;
  }

  std::string text_;
  std::vector<Case> cases_;
  Fails fails_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_REDUCE_HPP
