// The filetest runner: runs the .jk files it is given (files or directories; tests/filetests if none).
//
//   --bless         rewrites expectations to what happens (or JITKIT_BLESS=1 in the environment)
//   --coverage      also fails for what ops.def or rules.def asks for and no file tests
//   --executor E    runs calls on E only; may be repeated
//   --opt LEVEL     optimises first (fast or full), and only runs calls
// See filetest.hpp for what a file says.
#include <checked_optimiser.hpp>
#include <fmt/format.h>
#include <jitkit/ir/printer.hpp>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cfg_text.hpp"
#include "code_text.hpp"
#include "coverage.hpp"
#include "executor.hpp"
#include "expected_errors.hpp"
#include "filetest.hpp"
#include "native_targets.hpp"
#include "report.hpp"
#include "run_lines.hpp"

namespace filetest {
namespace {

struct Options {
  bool bless = false;
  bool coverage = false;
  std::vector<std::string> executors;
  ir::OptLevel level = ir::OptLevel::none;
  std::vector<fs::path> paths;
};

// A file with what its run directives ask.
struct Loaded {
  explicit Loaded(const fs::path& p) : test(p) {}
  FileTest test;
  std::vector<Case> cases;
  std::vector<std::string> modes;
  std::string only;
  bool good = true;  // read and free of errors

  std::string name() const { return test.path.filename().string(); }
  // The name that `only` directives use.
  static std::string_view family(const Executor& e) { return e.isa() != nullptr ? e.isa()->name : e.name(); }
  bool runs_on(const Executor& e) const {
    if (cases.empty()) return false;
    const auto named = [this](std::string_view name) {
      return (" " + only + " ").find(fmt::format(" {} ", name)) != std::string::npos;
    };
    if (!named(e.name()) && (e.on_request() || !(only.empty() || named(family(e))))) return false;
    bool all = true;
    test.unit->for_each([&](const ir::FunctionData& f, ir::TextMap&) {
      all &= f.isa == nullptr || f.isa == e.isa();
    });
    return all;
  }
};

class Runner {
 public:
  explicit Runner(Options o) : options_(std::move(o)) {
    executors_.push_back(std::make_unique<InterpreterExecutor>());
    executors_.push_back(std::make_unique<NativeExecutor<Arm64>>());
    executors_.push_back(std::make_unique<NativeExecutor<Arm64Modern>>());
    executors_.push_back(std::make_unique<NativeExecutor<X86_64>>());
    executors_.push_back(std::make_unique<NativeExecutor<X86_64Modern>>());
    if (X86_64Sha::is_host) executors_.push_back(std::make_unique<NativeExecutor<X86_64Sha>>());
    if (X86_64Avx512::is_host) executors_.push_back(std::make_unique<NativeExecutor<X86_64Avx512>>());
    for (const auto& e : executors_)
      if (e->isa() != nullptr) targets_.push_back(e->isa());
  }

  int run() {
    for (const fs::path& p : options_.paths) collect(p);
    std::sort(files_.begin(), files_.end(),
              [](const auto& a, const auto& b) { return a->test.path < b->test.path; });
    for (const auto& f : files_) load(*f);
    for (const auto& e : executors_) execute(*e);
    if (options_.coverage) check_coverage();
    return report_.finish();
  }

 private:
  void collect(const fs::path& p) {
    if (!fs::is_directory(p)) {
      files_.push_back(std::make_unique<Loaded>(p));
      return;
    }
    for (const auto& entry : fs::recursive_directory_iterator(p))
      if (entry.path().extension() == ".jk") files_.push_back(std::make_unique<Loaded>(entry.path()));
  }

  void load(Loaded& f) {
    if (!f.test.read(targets_)) return report_.fail(f.name(), "cannot be read");
    for (const Directive& d : f.test.directives("test")) f.modes.push_back(d.text);
    for (const Directive& d : f.test.directives("only")) f.only = d.text;
    if (f.modes.empty()) return report_.fail(f.name(), "no `; test:` directive");
    f.good = f.test.errors.empty();
    std::string output;
    if (options_.level != ir::OptLevel::none) return load_optimised(f);
    for (const std::string& mode : f.modes) {
      if (mode != "verify" && !f.good) {
        report_.fail(f.name(), "not free of errors" + compare_errors(f.test));
        continue;
      }
      if (!perform(f, mode, output)) report_.fail(f.name(), "unknown test mode " + mode);
    }
    check_output(f, output);
    if (f.good) report_.check(f.name() + " (text)", round_trip(f.test));
  }

  void load_optimised(Loaded& f) {
    if (!f.good || std::find(f.modes.begin(), f.modes.end(), "run") == f.modes.end()) return;
    optimise(f, ir::PassList(options_.level));
    collect_cases(f);
  }
  void optimise(Loaded& f, const ir::PassList& passes) {
    report_.check(f.name() + " (verifies after each pass)", tools::optimise_checked(*f.test.unit, passes));
  }

  // False if there is no such mode. What it prints goes to `output`.
  bool perform(Loaded& f, const std::string& mode, std::string& output) {
    StringSink out(output);
    if (mode == "run") {
      collect_cases(f);
    } else if (mode == "print") {
      ir::print(*f.test.unit, out);
    } else if (mode == "cfg") {
      f.test.unit->for_each([&](const ir::FunctionData& g, ir::TextMap&) { print_cfg(out, g); });
    } else if (mode.starts_with("opt ")) {
      const std::string what = mode.substr(4);
      ir::OptLevel level = ir::OptLevel::none;
      const bool is_level = ir::level_named(what, level);
      ir::PassList passes(level);
      if (!is_level && !passes.apply(what).empty()) return false;
      optimise(f, passes);
      ir::print(*f.test.unit, out);
    } else if (mode.starts_with("compile ")) {
      const std::string why = print_code(*f.test.unit, std::string_view(mode).substr(8), out);
      if (!why.empty()) report_.fail(f.name(), why);
    } else if (mode == "verify") {
      check_errors(f);
    } else {
      return false;
    }
    return true;
  }

  void check_errors(Loaded& f) {
    const std::string why = compare_errors(f.test);
    if (why.empty() || !options_.bless) return report_.check(f.name(), why);
    const usize old = f.test.directives("error").size();
    const std::string blessed = blessed_errors(f.test, old);
    const bool written = f.test.bless(f.test.expected(), [&](u32, const std::string& line) {
      return line.starts_with("; test: verify") ? line + blessed : line;
    }, [](const std::string& line) { return line.starts_with("; error:"); });
    report_.check(f.name(), written ? "" : "cannot be written");
  }

  void check_output(Loaded& f, const std::string& output) {
    const std::string why = difference(f.test.expected(), output);
    if (why.empty()) {
      if (!output.empty()) report_.pass();
    } else if (options_.bless) {
      bless(f, output, {});
    } else {
      report_.fail(f.name(), why);
    }
  }

  void bless(Loaded& f, const std::string& output, const std::vector<std::pair<u32, std::string>>& lines) {
    const bool written = f.test.bless(output, [&](u32 n, const std::string& line) {
      for (const auto& [at, text] : lines)
        if (at == n) return text;
      return line;
    }, [](const std::string&) { return false; });
    report_.check(f.name(), written ? "" : "cannot be written");
  }

  // What is printed reads back and prints the same.
  std::string round_trip(const FileTest& t) const {
    std::string first, second;
    StringSink first_out(first), second_out(second);
    ir::print(*t.unit, first_out);
    ir::Unit again;
    ir::Diagnostics errors;
    if (!ir::parse(first, again, targets_, errors))
      return fmt::format("what is printed does not parse: {}\n{}", error_text(errors, 0), first);
    ir::print(again, second_out);
    return difference(first, second);
  }

  void collect_cases(Loaded& f) {
    for (const Directive& d : f.test.directives("run")) {
      RunLine line(f.test, d);
      if (!line.parse(f.cases))
        report_.fail(f.name(), fmt::format("line {}: {}", d.line, line.error()));
    }
    if (f.cases.empty()) report_.fail(f.name(), "no `; run:` directive");
  }

  void execute(Executor& e) {
    if (!options_.executors.empty() && std::find(options_.executors.begin(), options_.executors.end(),
                                                 e.name()) == options_.executors.end())
      return;
    std::vector<Batch> batches;
    std::vector<Loaded*> loaded;
    for (const auto& f : files_) {
      if (!f->good || !f->runs_on(e)) continue;
      batches.push_back({&f->test, &f->cases, {}, {}});
      loaded.push_back(f.get());
    }
    if (const std::string missing = e.missing(); !missing.empty()) {
      for (const Loaded* f : loaded) report_.skip(fmt::format("{}:{}", f->name(), e.name()), missing);
      return;
    }
    e.execute(batches);
    for (usize i = 0; i < batches.size(); ++i) check_outcomes(*loaded[i], batches[i], e);
  }

  void check_outcomes(Loaded& f, const Batch& b, const Executor& e) {
    const std::string name = fmt::format("{} on {}", f.name(), e.name());
    if (!b.failure.empty()) return report_.fail(name, b.failure);
    std::string why;
    std::vector<std::pair<u32, std::string>> blessed;
    for (usize i = 0; i < f.cases.size(); ++i) {
      const Case& c = f.cases[i];
      const std::string actual = outcome_text(c, b.outcomes[i]);
      if (blessed.empty() || blessed.back().first != c.line)
        blessed.push_back({c.line, fmt::format("; run: @{}", c.function->module->symbol_name(
                                                                 c.function->symbol))});
      else
        blessed.back().second += ", ";
      const bool good = as_expected(c, b.outcomes[i]);
      blessed.back().second +=
          fmt::format("{} == {}", call_text(c), good ? expected_text(c) : actual);
      if (!good)
        why += fmt::format("\n  line {}: @{}{} == {}, not {}", c.line,
                           c.function->module->symbol_name(c.function->symbol), call_text(c), actual,
                           expected_text(c));
    }
    if (!why.empty() && options_.bless && std::string_view(e.name()) == "interp")
      return bless(f, f.test.expected(), blessed);
    report_.check(name, why.empty() ? why : "other results than expected:" + why);
  }

  void check_coverage() {
    Coverage coverage;
    for (const auto& f : files_)
      if (f->good && !f->cases.empty())
        f->test.unit->for_each([&](const ir::FunctionData& g, ir::TextMap&) { coverage.cover(g); });
    for (const auto& f : files_)
      for (const ir::Diagnostic& d : f->test.errors.list()) coverage.cover_rule(d.rule);
    const std::vector<std::string> missing = coverage.missing();
    for (const std::string& s : missing) report_.fail("coverage", "no test of " + s);
    for (usize i = missing.size(); i < coverage.required(); ++i) report_.pass();
  }

  Options options_;
  std::vector<const ir::IsaInfo*> targets_;
  std::vector<std::unique_ptr<Executor>> executors_;
  std::vector<std::unique_ptr<Loaded>> files_;
  Report report_;
};

int usage() {
  fmt::print(stderr, "usage: filetest [--bless] [--coverage] [--executor NAME]... [--opt fast|full] [FILE|DIRECTORY]...\n");
  return 2;
}

}  // namespace
}  // namespace filetest

int main(int argc, char** argv) {
  filetest::Options o;
  const char* bless = std::getenv("JITKIT_BLESS");
  o.bless = bless != nullptr && std::string_view(bless) == "1";
  for (int i = 1; i < argc; ++i) {
    const std::string_view a = argv[i];
    if (a == "--bless") {
      o.bless = true;
    } else if (a == "--coverage") {
      o.coverage = true;
    } else if (a == "--executor" && i + 1 < argc) {
      o.executors.emplace_back(argv[++i]);
    } else if (a == "--opt" && i + 1 < argc && jitkit::ir::level_named(argv[i + 1], o.level)) {
      ++i;
    } else if (a.starts_with("--")) {
      return filetest::usage();
    } else {
      o.paths.emplace_back(a);
    }
  }
  if (o.paths.empty()) o.paths.emplace_back(JITKIT_FILETESTS);
  return filetest::Runner(std::move(o)).run();
}
