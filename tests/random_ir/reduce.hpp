// Makes a program that shows a difference smaller, as long as it still shows one: whole functions,
// branches, then runs of instructions, each replaced by constants (delta debugging).
//
// Invariant: every candidate goes through text, so what comes out is a .jk file that shows the difference.
// Idea: A. Zeller, R. Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (IEEE TSE 2002).
#ifndef JITKIT_TESTS_RANDOM_IR_REDUCE_HPP
#define JITKIT_TESTS_RANDOM_IR_REDUCE_HPP

#include <chrono>
#include <functional>
#include <set>

#include "program.hpp"

namespace random_ir {

class Reducer {
 public:
  using Fails = std::function<bool(Program&)>;

  Reducer(const Program& p, Fails fails, std::chrono::seconds limit)
      : text_(p.text()), arguments_(p.arguments()), fails_(std::move(fails)), end_(std::chrono::steady_clock::now() + limit) {}

  std::unique_ptr<Program> run() {
    fewer_calls();
    for (bool smaller = true; smaller && !late();) {
      smaller = false;
      for (const Kind k : {Kind::returns, Kind::branches, Kind::instructions}) smaller = shrink(k) || smaller;
    }
    auto p = std::make_unique<Program>(text_, arguments_);
    p->interpret();
    return p;
  }

 private:
  // What a step may change: a block's end becomes a return of constants, a branch goes one way, an
  // instruction goes and its results are constants.
  enum class Kind { returns, branches, instructions };
  struct Site {
    u32 function;
    ir::Block block;
    ir::Inst inst;
  };

  bool late() const { return std::chrono::steady_clock::now() > end_; }

  bool accept(std::string text, std::vector<std::vector<Bits>> arguments) {
    if (late()) return false;
    Program p(text, arguments);
    if (!p.interpret() || !fails_(p)) return false;
    text_ = std::move(text);
    arguments_ = std::move(arguments);
    return true;
  }

  void fewer_calls() {
    for (usize n = arguments_.size(); n-- > 0 && arguments_.size() > 1;) {
      std::vector<std::vector<Bits>> fewer = arguments_;
      fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(n));
      accept(text_, fewer);
    }
  }

  static std::vector<ir::FunctionData*> functions(ir::Unit& u) {
    std::vector<ir::FunctionData*> list;
    u.for_each([&](ir::FunctionData& f, ir::TextMap&) { list.push_back(&f); });
    return list;
  }

  static std::vector<Site> sites(ir::Unit& u, Kind k) {
    std::vector<Site> list;
    const std::vector<ir::FunctionData*> all = functions(u);
    for (u32 n = 0; n < all.size(); ++n)
      for (u32 b = 1; b < all[n]->blocks.size(); ++b)
        for (ir::Inst i = all[n]->blocks[b].first; i; i = (*all[n])[i].next) {
          const ir::Opcode op = (*all[n])[i].op;
          const bool branch = op == ir::Opcode::br || op == ir::Opcode::brif || op == ir::Opcode::switch_;
          const bool fits = k == Kind::instructions ? !ir::is_terminator(op)
                            : k == Kind::branches   ? branch && op != ir::Opcode::br
                                                    : branch || op == ir::Opcode::tail_call;
          if (fits) list.push_back({n, ir::Block(b), i});
        }
    return list;
  }

  bool shrink(Kind k) {
    bool smaller = false;
    Program now(text_, arguments_);
    usize size = sites(*now.test().unit, k).size();
    for (usize chunk = k == Kind::instructions ? size / 2 : 1; chunk >= 1 && !late(); chunk /= 2) {
      for (usize at = 0; at < size && !late();) {
        const bool good = attempt(k, at, chunk, 0) || (k != Kind::instructions && attempt(k, at, chunk, 1));
        smaller = smaller || good;
        if (!good) at += chunk;
        Program next(text_, arguments_);
        size = sites(*next.test().unit, k).size();
      }
      if (chunk == 1) break;
    }
    return smaller;
  }

  bool attempt(Kind k, usize at, usize count, u32 way) {
    Program p(text_, arguments_);
    ir::Unit& u = *p.test().unit;
    const std::vector<Site> list = sites(u, k);
    const std::vector<ir::FunctionData*> all = functions(u);
    for (usize n = at; n < at + count && n < list.size(); ++n) {
      ir::FunctionData& f = *all[list[n].function];
      if (k == Kind::instructions)
        drop(f, list[n]);
      else if (k == Kind::branches)
        one_way(f, list[n], way);
      else
        end_here(f, list[n]);
    }
    std::string text;
    StringSink out(text);
    ir::print(u, out);
    text = without_unreachable(u, text);
    return text != text_ && accept(text, arguments_);
  }

  static void drop(ir::FunctionData& f, const Site& s) {
    const ir::InstData d = f[s.inst];
    for (u32 n = 0; n < d.results; ++n) {
      const ir::Value old = f.result(s.inst, n);
      const ir::Value zero = f.constant(f.type(old), d.op == ir::Opcode::icmp ? 1 : 0);
      for (u32& v : f.pool)
        if (v == old.id) v = zero.id;
      for (ir::InstData& user : f.insts)
        for (u32 k = 0; k < user.operands && user.operands <= 2; ++k)
          if (user.ops[k] == old.id) user.ops[k] = zero.id;
    }
    f.unlink(s.block, s.inst);
  }

  static void one_way(ir::FunctionData& f, const Site& s, u32 way) {
    ir::InstData& d = f[s.inst];
    const u32 edges = f.edge_count(s.inst);
    d.aux += way == 0 ? 0 : edges - 1;
    d.op = ir::Opcode::br;
    d.type = ir::Type::none;
    d.operands = 0;
  }

  static void end_here(ir::FunctionData& f, const Site& s) {
    std::vector<ir::Value> values;
    for (const ir::Param& p : f.module->results(f.signature)) values.push_back(f.constant(p.type, 0));
    f.unlink(s.block, s.inst);
    f.append(s.block, f.new_inst(ir::Opcode::ret, ir::Type::none, values, {}));
  }

  // The text without blocks that nothing goes to and functions that nothing calls. The printer names
  // blocks in their order.
  static std::string without_unreachable(ir::Unit& u, const std::string& text) {
    std::set<std::string> dead_blocks;  // "function bN"
    for (const ir::FunctionData* f : functions(u)) {
      Arena arena;
      ir::Cfg cfg;
      cfg.compute(*f, arena);
      for (u32 b = 1; b < f->blocks.size(); ++b)
        if (!cfg.reachable(ir::Block(b))) dead_blocks.insert(fmt::format("{} b{}", f->module->symbol_name(f->symbol), b));
    }
    std::string kept, function;
    bool dead = false, unused = false;
    for (const std::string& line : split_lines(text)) {
      if (line.starts_with("func ")) {
        const usize at = line.find('@') + 1;
        function = line.substr(at, line.find('(', at) - at);
        const auto mentions = [&](const std::string& what) {
          for (usize p = text.find(what); p != std::string::npos; p = text.find(what, p + 1))
            if (std::isalnum(static_cast<unsigned char>(text[p + what.size()])) == 0 && text.compare(p - 1, 1, " ") == 0 &&
                text.rfind("func", p) < text.rfind('\n', p))
              return true;
          return false;
        };
        unused = function != "f0" && function != "memory" && !mentions("@" + function);
      }
      if (line.starts_with("b")) dead = dead_blocks.contains(function + " " + line.substr(0, line.find_first_of("(:")));
      if (line == "}") dead = false;
      if (!dead && !unused) kept += line + "\n";
      if (line == "}") unused = false;
    }
    return kept;
  }

  std::string text_;
  std::vector<std::vector<Bits>> arguments_;
  Fails fails_;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace random_ir

#endif  // JITKIT_TESTS_RANDOM_IR_REDUCE_HPP
