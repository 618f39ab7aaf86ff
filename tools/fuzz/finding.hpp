// A difference as a file for its finder: a .jk with the reduced program, a function that makes its calls and
// gives what differs, and how to see that.
#ifndef JITKIT_TOOLS_FUZZ_FINDING_HPP
#define JITKIT_TOOLS_FUZZ_FINDING_HPP

#include <memory>
#include <string>

#include "source.hpp"

namespace jitkit::fuzz {

class Finding {
 public:
  static constexpr const char* entry = "difference";

  // `p`: reduced. `how`: the options of `jitkit run` for the executor. `again`: the command that finds it again, for
  // what `jitkit run` does not show (values at points among it).
  Finding(Program& p, Executor& e, Source& source, std::string how, const std::string& again)
      : source_(source), how_(std::move(how)) {
    describe(p, e);
    if (!shown_) text_ = comment("jitkit run does not show it. Again, before it was reduced:\n" + again) + text_;
  }

  // The file, and whether `jitkit run` of its function @difference shows it.
  const std::string& text() const { return text_; }
  bool shown() const { return shown_; }

 private:
  void describe(Program& p, Executor& e) {
    Job job{&p};
    e.execute(job, true);
    if (job.refused()) {
      text_ = comment(job.failure) + p.text();
      return;
    }
    const usize n = p.first_difference(job.outcomes);
    if (n == p.cases().size()) {
      text_ = comment("not seen again after it was reduced") + p.text();
      return;
    }
    std::string calls;
    for (usize k = 0; k < n; ++k)
      calls += fmt::format("{} == {}\n", p.patched_call_text(k), p.outcome_text(k, p.expected()[k], true));
    calls += fmt::format("on {}: {}\n", e.name(), p.difference_text(n, job.outcomes[n]));
    text_ = comment(calls) + with_entry(p, n, e);
    if (p.patched(n)) return;
    for (usize k = 0; k <= n; ++k)
      text_ += fmt::format("; run: {} == {}\n", p.call_text(k), p.outcome_text(k, p.expected()[k], true));
  }

  static std::string comment(const std::string& lines) {
    std::string s;
    for (usize at = 0; at < lines.size();) {
      const usize end = std::min(lines.find('\n', at), lines.size());
      s += "; " + lines.substr(at, end - at) + "\n";
      at = end + 1;
    }
    return s;
  }

  // The program with a function of no parameters that makes the calls up to n and returns what the last
  // one does, if that differs too.
  std::string with_entry(Program& p, usize n, Executor& e) {
    Program more(p.text(), p.cases());
    Unit& u = more.unit();
    const FunctionData& last = more.function(n);
    const std::span<const Param> given = u.module.results(last.signature);
    std::vector<Param> results;
    for (const Param& r : given) results.push_back(plain(r.type));
    const SymbolRef s = u.module.declare_function(entry, u.module.add_signature({}, results));
    u.module.symbol(s).linkage = Linkage::exported;
    Builder b(*u.add_function(s));
    b.entry();
    Inst call;
    for (usize k = 0; k <= n; ++k) {
      std::vector<Value> arguments;
      const std::vector<Type> types = parameter_types(more.function(k));
      for (usize i = 0; i < types.size(); ++i) {
        const Bits& v = more.cases()[k].arguments[i].low;
        arguments.push_back(b.constant(types[i], v.lo, v.hi));
      }
      call = b.call(more.function(k).symbol, std::span<const Value>(arguments));
    }
    std::vector<Value> values;
    for (u32 k = 0; k < results.size(); ++k) values.push_back(b.result(call, k));
    b.ret(std::span<const Value>(values));
    std::string text;
    StringSink out(text);
    print(u, out);
    Program whole(text, {{entry}});
    Job job{&whole};
    if (source_.expect(whole) && whole.optimise(p.level()).empty()) e.execute(job, true);
    shown_ = whole.error().empty() && !whole.patched(0) && !job.refused() && !job.good();
    if (shown_)  // what an exit holds is not
      shown_ = !whole.expected()[0].trap() || !job.outcomes[0].trap();
    const std::string show =
        fmt::format("jitkit run FILE {1} {0}\njitkit run FILE {2} {0}\n", entry, how_, source_.run_options());
    return shown_ ? comment(show) + text : p.text();
  }
  static Param plain(Type t) {
    Param p;
    p.type = t;
    return p;
  }

  Source& source_;
  std::string how_;
  std::string text_;
  bool shown_ = false;
};

}  // namespace jitkit::fuzz

#endif  // JITKIT_TOOLS_FUZZ_FINDING_HPP
